"""What happened on the watchlist in a week, a contract a line: what ``/new`` tells."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from api.context import Context
from archive import queries
from archive.event_queries import loud_between
from archive.rows import NoticeRow
from noticewatch import words
from noticewatch.errors import UsageError
from noticewatch.models import Event, EventKind
from watchlist import queries as watchlist
from watchlist.evidence import Tag

LOOKED_AT: Final = 5_000
"""Events of a week that are looked at, the newest; more are not told apart."""
_WEEK: Final = re.compile(r"([12]\d{3})-W(\d{2})")
_WEIGHTS: Final = {
    EventKind.NEW: 3, EventKind.AWARDED: 3, EventKind.CANCELLED: 3, EventKind.WITHDRAWN: 3,
    EventKind.DEADLINE_MOVED: 2, EventKind.UNLISTED: 2, EventKind.RELISTED: 2, EventKind.DOCUMENT_ADDED: 2,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days, the last one included. ``name``: ``2026-W48`` for a week from Monday to Sunday, else empty."""

    first: date
    last: date
    name: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A contract of which there is news: its weightiest event, what happened to it in words, and its notice."""

    event: Event
    what: str
    row: NoticeRow
    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class News:
    """Contracts of which there is news, the weightiest first; ``capped``: there were more events than are looked at;
    ``any_ever``: anything was ever news.
    """

    lines: Sequence[Line]
    capped: bool
    any_ever: bool


def week_named(name: str) -> Week:
    """The week of an ISO 8601 name (``2026-W48``). Raises UsageError."""
    match = _WEEK.fullmatch(name)
    try:
        if match is None:
            raise ValueError  # noqa: TRY301 - one sentence for every way a name can be wrong
        first = date.fromisocalendar(int(match[1]), int(match[2]), 1)
        return Week(first, first + timedelta(days=6), name)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"There is no week {name[:20]!r}; write it as 2026-W48.") from error


def name_of(day: date) -> str:
    """The name of a day's week."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def news(held: Context, week: Week) -> News:
    """The news of a week; read once for each state of the log."""
    at = held.head(), held.dictionary.version
    return held.remember(f"news:{week.first}", at, lambda: _read(held, week))


def chosen(events: Iterable[Event], tiers: Mapping[int, set[str]], contracts: Mapping[int, int]) -> list[list[Event]]:
    """Events by contract, those first that are matched strongly, not late, weightiest, then newest; of each contract
    the weightiest event first. Pure.
    """
    groups: dict[int, list[Event]] = {}
    for event in events:
        groups.setdefault(contracts.get(event.notice_number, -event.notice_number), []).append(event)

    def weight(event: Event) -> tuple[bool, bool, int, int]:
        strong = "alert" in tiers.get(event.notice_number, ())
        return strong, not event.late, max((_WEIGHTS.get(kind, 1) for kind in event.kinds), default=0), event.seq

    ordered = [sorted(group, key=weight, reverse=True) for group in groups.values()]
    return sorted(ordered, key=lambda group: weight(group[0]), reverse=True)


def _read(held: Context, week: Week) -> News:
    begin = datetime.combine(week.first, time(), UTC)
    end = begin + timedelta(days=7)
    with held.archive.reading() as connection:
        events = loud_between(connection, begin, end, LOOKED_AT, watchlist.watched())
        numbers = {event.notice_number for event in events}
        tiers = watchlist.tiers_of(connection, numbers)
        groups = chosen(events, tiers, queries.procurement_of(connection, numbers))
        rows = queries.notices(connection, [group[0].notice_number for group in groups])
        tags = watchlist.tags_of(connection, rows, held.dictionary)
        ever = bool(queries.latest_events(connection, 1))
    lines = [
        Line(group[0], _what(group), rows[number], tuple(tags.get(number, ())))
        for group in groups
        if (number := group[0].notice_number) in rows and rows[number].tombstone is None
    ]
    return News(lines, len(events) == LOOKED_AT, ever)


def _what(group: Sequence[Event]) -> str:
    """What happened, each kind once, the weightiest event's first."""
    kinds = dict.fromkeys(kind for event in group for kind in event.kinds)
    said = words.listed(words.EVENTS.get(kind, kind.replace("_", " ")) for kind in kinds)
    return said + (f", first seen here {words.LATE}" if group[0].late else "")
