"""What a search would have found, before it is saved: from the index, which alerts themselves never use."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

from sqlalchemy import Connection, select

from alerts.models import Terms
from alerts.searches import compiled
from archive import tables as t
from archive.event_queries import events_at
from archive.log import head
from archive.times import moment
from indexer.ast import Between, Code, Node
from indexer.conditions import together
from indexer.documents import NUMBER_BITS, day_number
from indexer.engine import Order, SearchUnavailable
from indexer.search import Search
from noticewatch import words
from noticewatch.models import EventKind

WEEKS: Final = 8
"""Weeks that are looked back over."""

DATED_WEEKS: Final = 26
"""Weeks over which notices are counted by their days, where the log is too young to tell."""

LATEST: Final = 5
"""Results that are shown."""

_PAGE: Final = 200
_PAGES: Final = 5
_DAYS: Final = timedelta(days=1)
_NEWEST: Final = Order("by_found", descending=True)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a search would have found. ``latest``: numbers of the notices found last; ``total``: of all that are held;
    ``found``: new notices in ``weeks``, which are those that the archive has followed its sources for (``basis`` is
    ``found``), or weeks of days that notices are dated by (``dated``); ``marks``: stems of words to be marked.
    """

    understood: str
    warnings: tuple[str, ...]
    marks: frozenset[str]
    total: int
    latest: tuple[int, ...]
    found: int
    weeks: Decimal
    basis: Literal["found", "dated"]

    @property
    def a_week(self) -> Decimal:
        """How many new notices a week, with one decimal."""
        return (Decimal(self.found) / self.weeks).quantize(Decimal("0.1"))

    @property
    def sentence(self) -> str:
        """The same for a reader."""
        rate = self.a_week
        about = "Fewer than one in ten weeks" if self.found and not rate else f"About {_plain(rate)} a week"
        found = words.count_words(self.found, "new notice", "new notices")
        if not self.found:
            about = "None lately"
        weeks = "week" if self.weeks == 1 else f"{_plain(self.weeks)} weeks"
        if self.basis == "found":
            return f"{about}: {found} found in the last {weeks}."
        dated = words.count_words(self.found, "notice", "notices")
        return (
            f"{about}, by the days of notices: {dated} dated within the last {weeks} of what is held. "
            "The archive has not followed its sources for long enough to count what it found as news."
        )


def preview(search: Search, terms: Terms, at: datetime) -> Preview:
    """What the search would have found until ``at``.

    Raises QueryError, FilterError, UsageError as :func:`alerts.searches.compiled`, and SearchUnavailable.
    """
    node, meant = compiled(terms, search.names)
    search.position()  # must be there: none found is not none
    warnings = (*meant.warnings, *search.behind())
    newest = search.engine.find(node, _NEWEST, LATEST)
    with search.archive.reading() as connection:
        followed = _followed_since(connection)
        since = max(at - WEEKS * 7 * _DAYS, followed) if followed else at
        weeks = Decimal((at - since) / (7 * _DAYS)).quantize(Decimal("0.1"))
        young = weeks < 1
        found = 0 if young else _news(search, connection, node, _first_since(connection, since))
    return Preview(
        meant.understood, warnings, frozenset(meant.words), newest.total,
        tuple(number for _, number in newest.hits),
        _dated(search, node, at.date()) if young else found,
        Decimal(DATED_WEEKS) if young else weeks,
        "dated" if young else "found",
    )  # fmt: skip


def newest(search: Search, terms: Terms) -> tuple[int, ...] | None:
    """The number of the notice found last that the search would find, where there is one; None where no index answers.

    Raises UsageError as :func:`alerts.searches.compiled`.
    """
    node, _ = compiled(terms, search.names)
    try:
        search.position()
        return tuple(number for _, number in search.engine.find(node, _NEWEST, 1).hits)
    except SearchUnavailable:
        return None


def _news(search: Search, connection: Connection, node: Node, first: int) -> int:
    """New notices that were news from an event of the log on; where there are very many, by a sample of the latest."""
    wanted = together(node, Between("by_found", first << NUMBER_BITS, None))
    looked, loud, total = 0, 0, 0
    for seqs, of_all in _pages(search, wanted):
        total = of_all
        told = events_at(connection, seqs).values()
        looked += len(seqs)
        loud += sum(not event.quiet and EventKind.NEW in event.kinds for event in told)
    return loud if looked >= total else round(total * loud / looked)


def _pages(search: Search, node: Node) -> Iterator[tuple[list[int], int]]:
    """The ``seq`` by which each notice was found, page by page, the latest first; and how many there are in all."""
    order = _NEWEST
    for _ in range(_PAGES):
        found = search.engine.find(node, order, _PAGE)
        if found.hits:
            yield [key >> NUMBER_BITS for key, _ in found.hits], found.total
        if len(found.hits) < _PAGE:
            return
        order = Order("by_found", descending=True, after=found.hits[-1][0])


def _dated(search: Search, node: Node, today: date) -> int:
    """Notices dated within some weeks before the newest day that any notice held is dated by."""
    anything = Code("scope", "notice")
    held = search.engine.find(together(anything, Between("dated", None, day_number(today))), _BY_DAY, 1)
    if not held.hits:
        return 0
    last = held.hits[0][0] >> NUMBER_BITS
    return search.engine.find(together(node, Between("dated", last - DATED_WEEKS * 7 + 1, last)), _BY_DAY, 1).total


_BY_DAY: Final = Order("by_dated", descending=True)


def _followed_since(connection: Connection) -> datetime | None:
    """When the log told its first news."""
    e = t.events.c
    first = connection.scalar(select(e.committed_at).where(e.quiet.is_(False)).order_by(e.seq).limit(1))
    return moment(first) if first else None


def _first_since(connection: Connection, since: datetime) -> int:
    """About the first event committed since a moment. Clocks may have been set, so this is for estimates alone."""
    e = t.events.c
    low, high = 1, head(connection) + 1
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(
            select(e.seq, e.committed_at).where(e.seq >= middle).order_by(e.seq).limit(1)
        ).first()  # fmt: skip
        if row is None or moment(row.committed_at) >= since:
            high = middle
        else:
            low = row.seq + 1
    return low


def _plain(number: Decimal) -> str:
    """``2``, ``2.5``, ``1,200``."""
    return f"{number:,.0f}" if number >= 10 or number == number.to_integral_value() else f"{number:,}"
