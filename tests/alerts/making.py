"""Saved searches over a small log that grows by crawls, and what they found."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import select

from alerts import searches
from alerts.matching import AlertReader
from alerts.models import Reason, Rhythm, Target, Terms, Timing
from alerts.searches import SavedSearch
from alerts.tables import alert_groups, matches, outbox, search_revisions
from alerts.tokens import Tokens
from archive import tables as t
from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from indexer.names import Names
from noticewatch.models import Reading
from tests.archive.making import append
from tests.dictionary import dictionary, matcher
from watchlist.tagger import Tagger

ANY = {"lens": "everything"}
EVERY_REASON = tuple(Reason)
WINDOW = "w"


@cache
def names() -> Names:
    return Names(dictionary())


def save(
    archive: Archive,
    query: str = "",
    *,
    to: Sequence[str] = ("someone@example.org",),
    state: searches.TargetState = "active",
    rhythm: Rhythm = Rhythm.AT_ONCE,
    timing: Timing | None = None,
    **terms: Any,
) -> SavedSearch:
    """Save a search over everything, for what is new, to mail addresses."""
    asked = Terms(query=query, **({"lens": "everything"} | terms))
    with archive.writing() as connection:
        saved, _ = searches.create(
            connection, Tokens(archive.folder), names(), asked,
            [(Target("email", address), state) for address in to], timing or Timing(rhythm),
        )  # fmt: skip
    return saved


def opened(archive: Archive, *first: Reading) -> None:
    """A first whole crawl, which opens the window: what a later one brings is news."""
    append(archive, [], windows={WINDOW: list(first)}, day=0, kind="crawl")
    follow(archive)


def crawl(archive: Archive, *readings: Reading, day: float = 1, **more: Any) -> None:
    """A later whole crawl of the same window."""
    append(archive, [], windows={WINDOW: list(readings)}, day=day, kind="crawl", **more)


def follow(archive: Archive, reader: AlertReader | None = None) -> None:
    """Bring every reader, alerts among them, to the head of the log."""
    drive(archive, [Joiner(), Tagger(matcher()), reader or AlertReader(matcher())])


def found(archive: Archive) -> list[tuple[int, str, str, str]]:
    """What was found: search, notice, how the query stands to it, reasons; in order of search and log."""
    m, r, e, n = matches.c, search_revisions.c, t.events.c, t.notices.c
    query = (
        select(r.search, n.id, m.crossing, m.reasons)
        .join(search_revisions, r.number == m.revision)
        .join(t.events, e.seq == m.seq)
        .join(t.notices, n.number == e.notice)
        .order_by(r.search, m.seq)
    )
    with archive.reading() as connection:
        return [(row[0], row[1].partition(":")[2], row[2], row[3]) for row in connection.execute(query)]


def notices_found(archive: Archive, search: SavedSearch) -> list[str]:
    return [notice for number, notice, _, _ in found(archive) if number == search.number]


def waiting(archive: Archive) -> list[tuple[int, str, int, str]]:
    """Rows of the outbox: search, key of the group, target, when it is due."""
    o, g = outbox.c, alert_groups.c
    query = select(o.search, g.key, o.target, o.due_at).join(alert_groups, g.number == o.event_group)
    with archive.reading() as connection:
        return [tuple(row) for row in connection.execute(query.order_by(o.number))]  # type: ignore[misc]  # of four
