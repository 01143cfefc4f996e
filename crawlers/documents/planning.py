"""Which documents a crawl asks for: those never asked for first, newest notices first, each again when it may differ.

A document that came is asked for again where its notice got a new version since, and every week while the notice is
open. One that did not come is asked for again after a day, then after twice as long each time, up to a month.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Connection, Select, func, select

from archive import tables as t
from archive.documents.tables import document_answers, documents
from archive.times import moment
from crawlers.source import Source

MOST: Final = 100
"""Documents of one crawl: a regular crawl of the source waits for no more than these."""

SCOPE: Final = "attachments"
"""Scope of the windows of documents; each notice is one."""

AGAIN_WHILE_OPEN: Final = timedelta(days=7)
FIRST_RETRY: Final = timedelta(days=1)
LAST_RETRY: Final = timedelta(days=30)

_OPEN: Final = '%"status":"open"%'
"""In the canonical JSON of every notice that is open."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A document to ask for. ``number``: its own."""

    number: int
    notice: str
    url: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The documents of a crawl by notice id, in the order in which they are asked for, and how many wait for later."""

    notices: dict[str, list[Wanted]] = field(default_factory=dict)
    left: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """What was asked of a document before. ``came``: when its newest file did; ``failures``: since then, the last of
    them at ``failed``.
    """

    came: datetime | None = None
    failed: datetime | None = None
    failures: int = 0


def plan(
    connection: Connection, source: Source, watched: Select[Any] | None, at: datetime, *, most: int = MOST
) -> Plan:
    """The documents to ask a source for. ``watched``: numbers of the notices whose documents are wanted, None: all."""
    hosts = frozenset(source.hosts)
    candidates = [row for row in _listed(connection, source, watched) if _host(row.url) in hosts]
    asked = _histories(connection, [row.number for row in candidates])
    due = [
        row
        for row in candidates
        if is_due(asked.get(row.number, History()), moment(row.observed_at), at, is_open=bool(row.is_open))
    ]
    due.sort(key=lambda row: (row.number in asked, -row.seq, row.place))
    found = Plan({}, max(0, len(due) - most))
    for row in due[:most]:
        found.notices.setdefault(row.id, []).append(Wanted(row.number, row.id, row.url))
    return found


def is_due(history: History, listed_at: datetime, at: datetime, *, is_open: bool) -> bool:
    """Whether a document is to be asked for. ``listed_at``: when the notice's current version was observed. Pure."""
    if history.failures and history.failed is not None:
        pause = min(FIRST_RETRY * (1 << min(history.failures - 1, 10)), LAST_RETRY)
        return at - history.failed >= pause
    if history.came is None or history.came < listed_at:
        return True
    return is_open and (at - history.came) >= AGAIN_WHILE_OPEN


def _listed(connection: Connection, source: Source, watched: Select[Any] | None) -> Sequence[Any]:
    """Documents that notices of the source's register list at present, with what is to be known of the notice."""
    n, v, d = t.notices.c, t.versions.c, documents.c
    content = func.coalesce(v.content, t.records.c.content)
    query = (
        select(
            d.number,
            d.url,
            d.place,
            n.id,
            v.observed_at,
            v.seq,
            content.like(_OPEN).label("is_open"),
        )
        .join(t.notices, n.number == d.notice)
        .join(t.versions, (v.notice == n.number) & (v.version == n.current_version))
        .join(t.records, t.records.c.number == v.record)
        .where(d.removed.is_(None), n.register == source.register, n.leads_to.is_(None))
    )
    if watched is not None:
        query = query.where(n.number.in_(watched))
    return connection.execute(query).all()


def _histories(connection: Connection, numbers: Collection[int]) -> dict[int, History]:
    """What was asked of these documents before, by their numbers."""
    a = document_answers.c
    wanted = set(numbers)
    found: dict[int, History] = {}
    query = select(a.document, a.asked_at, a.sha256).order_by(a.document, a.asked_at, a.number)
    for row in connection.execute(query):
        if row.document not in wanted:
            continue
        before, at = found.get(row.document, History()), moment(row.asked_at)
        found[row.document] = History(at) if row.sha256 else History(before.came, at, before.failures + 1)
    return found


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
