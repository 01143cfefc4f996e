"""A result as readers and programs see it: the item of ``GET /api/v1/notices`` (docs: docs/search.md)."""

from datetime import datetime
from typing import Literal

from noticewatch.models import AmountKind, Kind, Listing, Money, Part, Status


class Named(Part):
    """Something with a page of its own, where ``id`` is known; ``name`` as printed or as the tables have it."""

    id: str | None = None
    name: str


class ItemAmount(Part):
    """An amount with its kind. ``called`` says what the sum of an award's held actions may be called."""

    kind: AmountKind
    basis: Literal["change", "state", "limit", "plan"]
    value: Money | None = None
    minimum: Money | None = None
    maximum: Money | None = None
    currency: str | None = None
    called: str | None = None


class ItemEvidence(Part):
    """Why a tag is there: a quote from ``field`` of the notice ``notice``, as published."""

    notice: str
    field: str
    quote: str
    start: int
    end: int
    by: str
    why: str


class ItemTag(Part):
    """A tag with its evidence. ``role``: maker, product, seller or empty; ``tier``: alert or review."""

    kind: Literal["vendor", "technology"]
    id: str
    label: str
    role: str = ""
    tier: Literal["alert", "review"]
    evidence: tuple[ItemEvidence, ...]


class Highlight(Part):
    """A passage of ``field`` of the notice ``notice``; ``parts`` alternate plain text and (True) matching words.

    Of a document (field ``documents``): ``document`` is its address, ``place`` its name and page, as it is cited.
    """

    notice: str
    field: str
    parts: tuple[tuple[str, bool], ...]
    document: str | None = None
    place: str | None = None


class TakenDown(Part):
    """What stands in the place of a notice that was taken down: why, since when, by which correction, and the hash of
    its content.
    """

    correction: int
    reason: str
    since: datetime
    content_sha256: str


class Item(Part):
    """One result: a procurement by its leading notice, or a single notice.

    ``dated`` is a day as printed and ``dated_by`` says which: posted, signed or first_seen. ``planned_at``: the day,
    month or quarter (``2027-Q1``) for which a forecast plans to ask for offers, else to award. ``rebuilt``: some of it
    rests on captures rebuilt from another collector's files, named in ``recorders``. ``members``: notices it holds.
    ``url``: path of its page. ``taken_down``: what it said is withheld; ``members_taken_down``: so many of its notices.
    """

    id: str
    procurement: str
    title: str | None = None
    title_from: str = "published"
    kind: Kind
    kind_published: str | None = None
    status: Status
    listing: Listing
    buyer: Named | None = None
    suppliers: tuple[Named, ...] = ()
    makers: tuple[Named, ...] = ()
    amounts: tuple[ItemAmount, ...] = ()
    headline: ItemAmount | None = None
    dated: str
    dated_by: str
    posted_at: str | None = None
    due_at: str | None = None
    planned_at: str | None = None
    first_seen: datetime
    numbers: tuple[str, ...] = ()
    tags: tuple[ItemTag, ...] = ()
    highlights: tuple[Highlight, ...] = ()
    source: str
    rebuilt: bool
    recorders: tuple[str, ...] = ()
    members: int = 1
    url: str
    taken_down: TakenDown | None = None
    members_taken_down: int = 0
