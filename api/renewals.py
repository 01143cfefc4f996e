"""When contracts on the watchlist end, and when they end if all their options are used: what ``/renewals`` tells.

A contract's end is the one that was stated last: by its latest action that states one, or by a source's own state of
the award, whichever is later. Ends of forecasts are plans and of sub-awards those of another contract; neither counts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final, Literal, TypeAlias

from sqlalchemy import Connection

from api.context import Context
from archive import queries
from archive.rows import NoticeRow
from archive.totals import RunningTotal, StatedTotal, running_total, stated_totals
from indexer.items import Item
from indexer.leading import modification
from indexer.requests import MOST_HITS, SearchRequest
from indexer.results import item
from noticewatch.dates import dated
from noticewatch.models import Amount, AmountKind, Kind, Notice, Status
from watchlist import queries as watchlist

MOST: Final = 200
"""Ends that one answer holds, and those that fall on the day of its last one."""
MONTHS: Final = 24
"""Months that are looked ahead where nothing else is asked for."""
_OPTIONS: Final = timedelta(days=5 * 366)
"""Options seldom reach further behind the end of the period that they follow: five years are the rule in the United
States (48 CFR 17.204(e))."""
_READ: Final = frozenset({"kind", "status", "dates", "numbers", "reason"})
_NO_CONTRACTS: Final = frozenset({Kind.FORECAST, Kind.SUBAWARD})
Role: TypeAlias = Literal["end", "option_end"]
ROLES: Final[dict[Role, str]] = {"end": "ends", "option_end": "ends if all options are used"}
"""What readers call them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which ends are asked for: first and last day, both inclusive, and filters of the search."""

    first: date
    last: date
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stated:
    """A day as a notice states it, with that notice and the day on which it was said."""

    day: str
    by: str
    on: str


@dataclass(frozen=True, slots=True)
class Period:
    """When a contract ends, by its current period and if all options are used; ``ended``: an action that says that it
    was terminated, in the source's words with its day, or empty.
    """

    end: Stated | None
    option_end: Stated | None
    ended: str = ""


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract as a whole, its period, and its money, kinds apart; an amount that no source states is None."""

    item: Item
    period: Period
    obligated: Sequence[RunningTotal]
    stated: Sequence[StatedTotal]
    exercised: Amount | None
    options: Amount | None


@dataclass(frozen=True, slots=True)
class Ending:
    """An end of a contract: of its period (``end``), or the last one if all options are used (``option_end``)."""

    role: Role
    day: str
    contract: Contract


@dataclass(frozen=True, slots=True)
class Renewals:
    """The ends asked for, soonest first, the days of the first MOST of them whole; how many there are in each month, in
    all, and later; how many contracts on the watchlist state an end at all; and what the search says of its answer.
    """

    endings: Sequence[Ending]
    months: Mapping[str, int]
    total: int
    later: int
    stating: int
    warnings: Sequence[str]


def renewals(held: Context, asked: Asked) -> Renewals:
    """The ends asked for; read once for each question and state of the log and the index. Raises SearchUnavailable also
    where no index is built yet: none found is not none.
    """
    wanted = SearchRequest(
        query=f"ends:>={_since(asked.first).isoformat()}", filters=asked.filters, limit=MOST_HITS, facets=(),
        sort="found",
    )  # fmt: skip
    name = f"renewals:{asked.first}:{asked.last}:{sorted(asked.filters.items())}"
    return held.remember(name, held.state(), lambda: _read(held, asked, wanted))


def period_of(rows: Iterable[NoticeRow]) -> Period:
    """The period of a contract from its notices. Pure."""
    ordered = sorted((row for row in rows if _is_contract(row)), key=lambda row: (stated_on(row), row.number))
    return Period(_last(ordered, "end"), _last(ordered, "option_end"), _termination(ordered))


def stated_on(row: NoticeRow) -> str:
    """The day on which a notice said what it says: of an action that of the action, of an award's state the day up to
    which it was kept, else that of its capture.
    """
    modified = row.notice.date("modified")
    if modification(row) is None and modified is not None:
        return modified.value[:10]
    day, by = dated(row.notice, row.first_seen)
    return day if modification(row) is not None or by == "posted" else row.captured_at.date().isoformat()


def ends(notice: Notice, role: Role) -> str | None:
    """The last day of a role that a notice states to the day; None where it states none."""
    days = [d.value[:10] for d in notice.dates if d.role == role and d.precision in {"time", "day"}]
    return max(days, default=None)


def _since(first: date) -> date:
    """From when on the period of a contract may have ended whose options have not."""
    return first - _OPTIONS if first - date.min > _OPTIONS else date.min


def _hits(held: Context, wanted: SearchRequest) -> tuple[list[int], Sequence[str]]:
    """All numbers, and what the search says of the first of its answers."""
    answer = held.search.search(wanted, unwarned=True)
    found, warnings = list(answer.hits), answer.warnings
    while answer.next_cursor is not None:
        answer = held.search.search(replace(wanted, cursor=answer.next_cursor))
        found += answer.hits
    return found, warnings


def _read(held: Context, asked: Asked, wanted: SearchRequest) -> Renewals:
    hits, warnings = _hits(held, wanted)
    with held.archive.reading() as connection:
        periods = {number: period_of(rows) for number, rows in _groups(connection, hits, _READ).items()}
        all_ends = sorted(_endings(periods), key=lambda end: (end[1], end[0], end[2]))
        chosen = [end for end in all_ends if asked.first.isoformat() <= end[1] <= asked.last.isoformat()]
        shown = [end for end in chosen if end[1] <= chosen[:MOST][-1][1]]
        contracts = _contracts(held, connection, {number: periods[number] for number, _, _ in shown})
    return Renewals(
        endings=[Ending(role, day, contracts[number]) for number, day, role in shown if number in contracts],
        months=dict(sorted(Counter(day[:7] for _, day, _ in chosen).items())),
        total=len(chosen),
        later=sum(day > asked.last.isoformat() for _, day, _ in all_ends),
        stating=sum(period.end is not None or period.option_end is not None for period in periods.values()),
        warnings=warnings,
    )


def _groups(
    connection: Connection, hits: Iterable[int], fields: frozenset[str] | None = None
) -> dict[int, list[NoticeRow]]:
    """Members by number of the procurement; a notice that stands alone by its own, negative."""
    of_hit = queries.procurement_of(connection, hits)
    groups = queries.members(connection, set(of_hit.values()), fields)
    alone = queries.notices(connection, [hit for hit in hits if hit not in of_hit], fields)
    return groups | {-number: [row] for number, row in alone.items()}


def _endings(periods: Mapping[int, Period]) -> Iterator[tuple[int, str, Role]]:
    """Ends by number of the contract; one that falls on the same day with and without options is told once."""
    for number, period in periods.items():
        end = period.end.day if period.end else ""
        if end:
            yield number, end, "end"
        if period.option_end and period.option_end.day != end:
            yield number, period.option_end.day, "option_end"


def _contracts(held: Context, connection: Connection, periods: Mapping[int, Period]) -> dict[int, Contract]:
    groups = queries.members(connection, [number for number in periods if number > 0])
    alone = queries.notices(connection, [-number for number in periods if number < 0])
    groups |= {-number: [row] for number, row in alone.items()}
    numbers = [row.number for rows in groups.values() for row in rows]
    tags = watchlist.tags_of(connection, numbers, held.dictionary)
    return {
        number: Contract(
            item=item(rows, tags),
            period=periods[number],
            obligated=running_total(rows, lambda _: False),
            stated=stated_totals(rows),
            exercised=_latest(rows, AmountKind.BASE_AND_EXERCISED),
            options=_latest(rows, AmountKind.BASE_AND_ALL_OPTIONS),
        )
        for number, rows in groups.items()
        if rows
    }


def _latest(rows: Iterable[NoticeRow], kind: AmountKind) -> Amount | None:
    """The latest value of a kind that is stated of the whole contract; what one action adds to it is not."""
    stated = [
        (stated_on(row), row.number, amount)
        for row in rows
        if _is_contract(row)
        for amount in row.notice.amounts
        if amount.kind is kind and amount.basis in {"state", "limit"} and amount.of == "award"
    ]
    return max(stated, key=lambda one: one[:2])[2] if stated else None


def _is_contract(row: NoticeRow) -> bool:
    notice = row.notice
    return row.tombstone is None and notice.kind not in _NO_CONTRACTS and notice.status is not Status.WITHDRAWN


def _last(ordered: Sequence[NoticeRow], role: Role) -> Stated | None:
    for row in reversed(ordered):
        day = ends(row.notice, role)
        if day is not None:
            return Stated(day, row.id, stated_on(row))
    return None


def _termination(ordered: Sequence[NoticeRow]) -> str:
    for row in reversed(ordered):
        if "terminat" in (row.notice.reason or "").lower():
            return f"{row.notice.reason} ({stated_on(row)})"
    return ""
