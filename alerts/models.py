"""What alerts are made of: saved searches, what was found, the message that says so, and what became of sending it.

Shapes only. The matcher makes groups of finds, the outbox keeps deliveries, channels send messages.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Final, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field

from archive.rows import NoticeRow, VersionRow
from indexer.highlights import Parts
from indexer.requests import Lens, SearchRequest
from noticewatch.models import Event, EventKind
from watchlist.evidence import Tag


class Rhythm(StrEnum):
    """When a search speaks: at once, or in a digest at a local time."""

    AT_ONCE = "at_once"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


class Reason(StrEnum):
    """What counts, as a reader chooses it."""

    NEW = "new"
    AMENDED = "amended"
    AWARDED = "awarded"
    DUE_SOON = "due_soon"
    GONE = "gone"


Change: TypeAlias = Literal[
    EventKind.AMENDED, EventKind.DEADLINE_MOVED, EventKind.AWARDED, EventKind.CANCELLED, EventKind.DOCUMENT_ADDED,
    EventKind.DOCUMENT_CHANGED, EventKind.DOCUMENT_REMOVED, EventKind.DOCUMENT_TEXT,
]  # fmt: skip
"""Kinds of change that a search which asks for amendments may choose among."""


class Terms(BaseModel):
    """What a search asks for. Query, lens and filters as in search, of single notices.

    ``tiers``: of which a tag must be there, where the lens is the watchlist; ``reasons``: what counts; ``changes``:
    which kinds of change, where amendments count; none: any. ``due_days``: how many days before a deadline it is told.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    query: str = ""
    lens: Lens = "watchlist"
    tiers: tuple[Literal["alert", "review"], ...] = ("alert",)
    filters: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    date_from: date | None = None
    date_to: date | None = None
    amount_min: Decimal | None = None
    amount_max: Decimal | None = None
    reasons: tuple[Reason, ...] = (Reason.NEW,)
    changes: tuple[Change, ...] = ()
    due_days: tuple[int, ...] = (7,)

    @property
    def request(self) -> SearchRequest:
        """The same as a search. Its lens lets both tiers through."""
        return SearchRequest(
            self.query, self.lens, "notice", self.filters, self.date_from, self.date_to, self.amount_min,
            self.amount_max, "found",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Timing:
    """When a search speaks. ``at``: local time of digests in ``zone`` (``America/New_York``); ``weekday``: of weekly
    ones, 0 is Monday.
    """

    rhythm: Rhythm = Rhythm.AT_ONCE
    at: time = time(8)
    weekday: int = 0
    zone: str = "UTC"


Weekday: TypeAlias = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)
"""As people write them; a :class:`Timing` counts them from 0."""

ChannelName: TypeAlias = Literal["email", "webhook", "chat", "file", "command"]
TargetState: TypeAlias = Literal["unconfirmed", "active", "paused"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message goes. ``address``: mail address, URL, Apprise URL, file or command line; ``secret``: the signing
    secret of a webhook (``whsec_…``), else empty.
    """

    channel: ChannelName
    address: str
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """A passage in which words of the query stand. ``field`` as in :func:`watchlist.evidence.field_texts`, or
    ``document``; ``place``: document and page in words; ``parts``: (text, whether it matched).
    """

    field: str
    place: str
    parts: Parts


Crossing: TypeAlias = Literal["entered", "still", "left"]
"""How the query stands to a notice: it matches since this version, as before, or no longer."""


@dataclass(frozen=True, slots=True)
class Find:
    """One event of the log that a saved search asked for, with what a message says of it.

    ``before``: the version before it in order, None for a new notice; ``reasons``: which of the chosen reasons it is;
    ``record``: row of the version's record within its capture, None where that is not known.
    """

    event: Event
    notice: NoticeRow
    version: VersionRow
    before: VersionRow | None
    reasons: tuple[Reason, ...]
    crossing: Crossing
    words: tuple[Word, ...]
    tags: tuple[Tag, ...]
    record: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Everything a batch holds of one procurement, in order of the log: one message, or one entry of a digest.

    ``key`` is the procurement, or the notice that stands alone; it is the same whenever the group is made again.
    """

    key: str
    finds: tuple[Find, ...]

    @property
    def latest(self) -> Find:
        """What the message is headed by."""
        return self.finds[-1]


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one target. Addresses are absolute.

    ``id``: idempotency key, the same at each attempt; it stands in the mail's Message-ID and the webhook's
    ``webhook-id``. ``name``: what the search is called; ``understood``: its query as understood; ``groups``: what is
    shown, most important first; ``total``: how many were found, none in a test that shows what is held;
    ``replay_url``: a search that shows exactly these, empty for a test, of which nothing is kept;
    ``unsubscribe_url``: one click ends it (RFC 8058);
    ``note``: what else its owner is told, in sentences; such a message may show nothing besides.
    ``confirm_url``: the message asks for nothing but that its address be confirmed, by this link. It says nothing that
    whoever asked has written, name and query included: the address may be a stranger's.
    """

    id: str
    name: str
    understood: str
    rhythm: Rhythm
    groups: tuple[Group, ...]
    total: int
    made_at: datetime
    base_url: str
    replay_url: str
    manage_url: str
    unsubscribe_url: str
    test: bool = False
    note: str = ""
    confirm_url: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a channel says of an attempt.

    ``delivered``: the other side took it; ``retry``: try later, after ``wait`` seconds where it said so; ``gone``: it
    asked to be left alone (410, unknown mailbox): the target is paused. ``answer``: its first words, without secrets.
    """

    state: Literal["delivered", "retry", "gone"]
    answer: str
    wait: float | None = None
