"""What the notices of a vendor, technology or public body add up to: totals by kind of amount, and fiscal years. Pure.

Whose notices they are is a parameter: which of a notice's names its money is stacked by, and whether the same money
stands at another one of the kind too.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from api.timeline import obligation
from archive.rows import NoticeRow
from noticewatch import words
from noticewatch.buyers import buyers as buyers_table
from noticewatch.dates import dated
from noticewatch.models import AmountKind, Kind, Notice
from noticewatch.naming import buyer_id, buyer_name, party_names

_MOST_SERIES = 6
SEVERAL_SELLERS = "several sellers together"
NOT_ADDED = "not added"
"""In the place of a sum."""

Shared: TypeAlias = Callable[[NoticeRow], bool]
"""Whether a notice's money is not this thing's alone."""


@dataclass(frozen=True, slots=True)
class Total:
    """A sum of amounts of one kind in one currency, or, where they may not be added, only their number.

    shared: how much of the sum is not this thing's alone, empty where nothing is.
    """

    kind: str
    value: str
    count: int
    note: str
    shared: str = ""


@dataclass(frozen=True, slots=True)
class Stated:
    """A value that counts in the total of its kind, and the notice that states it; None is counted and never added.

    note: how that total is to be read.
    """

    kind: str
    note: str
    row: NoticeRow
    value: Decimal | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """A name, how many notices carry it, and its page where it has one."""

    name: str
    count: int
    href: str = ""


@dataclass(frozen=True, slots=True)
class Obligations:
    """Obligated money of one currency by series (a buyer, a seller) and fiscal year, whole units; ``others``: other
    currencies in which something is obligated, which stand in no series; ``of``: the sources and contracting bodies
    whose notices it rests on.
    """

    currency: str
    years: tuple[int, ...]
    series: Mapping[str, Mapping[int, Decimal]]
    others: tuple[str, ...] = ()
    of: frozenset[tuple[str, str]] = frozenset()


def nothing_shared(_: NoticeRow) -> bool:
    """For things of a kind that no money stands at twice."""
    return False


def totals(rows: Sequence[NoticeRow], shared: Shared = nothing_shared) -> list[Total]:
    """Totals by kind: obligations of distinct actions, and the latest awarded value of contracts without actions."""
    return summed(stated_values(rows), shared)


def stated_values(rows: Sequence[NoticeRow]) -> list[Stated]:
    """The values that the totals of these notices are made of. Which one counts depends on all of the notices."""
    own = [row for row in rows if row.notice.kind is not Kind.SUBAWARD]
    parts = [row for row in rows if row.notice.kind is Kind.SUBAWARD]
    return [
        *_of_kind("Obligated", "what the held actions commit, added; the known part", _obligated(rows)),
        *_of_kind("Awarded", "latest awarded value of contracts of which no action is held", _awarded(own)),
        *_of_kind("Sub-awards", "latest report of each; part of the money of the awards above them", _reported(parts)),
        *_not_added(rows),
    ]


def summed(values: Iterable[Stated], shared: Shared = nothing_shared) -> list[Total]:
    """One total a kind and currency, in the order of the kinds as given."""
    kinds: dict[str, dict[str, list[Stated]]] = {}
    for one in values:
        kinds.setdefault(one.kind, {}).setdefault(one.currency, []).append(one)
    return [_total(group, shared) for of_kind in kinds.values() for _, group in sorted(of_kind.items())]


def obligations(rows: Sequence[NoticeRow], series: Callable[[Notice], str], others: str) -> Obligations | None:
    """Obligations by series and federal fiscal year, in the currency most used; None where nothing is obligated.

    series: what a notice's money is stacked by; others: what the small ones are called together.
    """
    by_currency: dict[str, dict[str, dict[int, Decimal]]] = {}
    used: Counter[str] = Counter()
    of = set[tuple[str, str]]()
    for row, value, currency in _obligated(rows):
        used[currency] += 1
        of.add((row.source, buyer_id(row.notice) or ""))
        years = by_currency.setdefault(currency, {}).setdefault(series(row.notice), {})
        year = fiscal_year(dated(row.notice, row.first_seen)[0])
        years[year] = years.get(year, Decimal(0)) + value
    if not used:
        return None
    currency = used.most_common(1)[0][0]
    kept = _with_others(by_currency[currency], others)
    seen = [year for years in kept.values() for year in years]
    rest = tuple(sorted(other or words.NOT_STATED for other in used if other != currency))
    return Obligations(currency, tuple(range(min(seen), max(seen) + 1)), kept, rest, frozenset(of))


def buyer_label(notice: Notice) -> str:
    """One name for a body that sources print differently: that of the buyers table, else the name as printed."""
    known = buyer_id(notice)
    return buyers_table()[known].short_name if known else buyer_name(notice)


def seller_label(notice: Notice) -> str:
    """The seller as printed. What is shared by several counts once, as shared."""
    names = party_names(notice, "supplier", "reseller")
    if len(names) > 1:
        return SEVERAL_SELLERS
    return names[0] if names else words.NOT_STATED


def fiscal_year(day: str) -> int:
    """The United States federal fiscal year of an ISO day: October begins the next."""
    return int(day[:4]) + (int(day[5:7]) >= 10)


def named(names: Iterable[tuple[str, str]], most: int = 12) -> list[Named]:
    """The names seen most, given with the address of their page or nothing."""
    counted: Counter[str] = Counter()
    pages: dict[str, str] = {}
    for name, href in names:
        counted[name] += 1
        pages[name] = pages.get(name) or href
    return [Named(name, count, pages[name]) for name, count in counted.most_common(most)]


_Sum: TypeAlias = tuple[NoticeRow, Decimal, str]
"""A value with the notice that states it and its currency, empty where that is not stated."""


def _of_kind(kind: str, note: str, stated: Iterable[_Sum]) -> Iterator[Stated]:
    for row, value, currency in stated:
        yield Stated(kind, note, row, value, currency)


def _total(values: Sequence[Stated], shared: Shared) -> Total:
    first = values[0]
    if first.value is None:
        return Total(first.kind, NOT_ADDED, len(values), first.note)
    part = [one for one in values if shared(one.row)]
    said = _money(part, first.currency) if part else ""
    return Total(first.kind, _money(values, first.currency), len(values), first.note, said)


def _money(values: Iterable[Stated], currency: str) -> str:
    return words.money(sum((one.value or Decimal(0) for one in values), Decimal(0)), currency or None)


def _obligated(rows: Iterable[NoticeRow]) -> Iterator[_Sum]:
    for row in rows:
        change = obligation(row)
        if change is not None and change.value is not None:
            yield row, change.value, change.currency or ""


def _awarded(rows: Sequence[NoticeRow]) -> Iterator[_Sum]:
    with_actions = {row.procurement_id for row in rows if obligation(row) is not None}
    latest: dict[str, tuple[str, _Sum]] = {}
    for row, value, currency in _reported(rows):
        if row.procurement_id not in with_actions:
            day = dated(row.notice, row.first_seen)[0]
            held = latest.get(row.procurement_id)
            if held is None or held[0] <= day:
                latest[row.procurement_id] = (day, (row, value, currency))
    yield from (stated for _, stated in latest.values())


def _reported(rows: Iterable[NoticeRow]) -> Iterator[_Sum]:
    """Every value that is called awarded."""
    for row in rows:
        for amount in row.notice.amounts:
            if amount.kind is AmountKind.AWARDED and amount.value is not None:
                yield row, amount.value, amount.currency or ""


def _not_added(rows: Iterable[NoticeRow]) -> list[Stated]:
    """Every other kind of amount, once a notice, in the order of the kinds."""
    stated = [(kind, row) for row in rows for kind in {amount.kind for amount in row.notice.amounts}]
    note = "stated on single notices; never added"
    return [
        Stated(words.AMOUNT_KINDS[kind].capitalize(), note, row)
        for kind, row in sorted(stated, key=lambda pair: pair[0])
        if kind not in {AmountKind.OBLIGATED, AmountKind.AWARDED}
    ]


def _with_others(series: dict[str, dict[int, Decimal]], called: str) -> dict[str, dict[int, Decimal]]:
    """The series with most money, the rest as one."""
    ordered = sorted(series, key=lambda name: sum(map(abs, series[name].values())), reverse=True)
    if len(ordered) <= _MOST_SERIES:
        return {name: series[name] for name in ordered}
    kept = {name: series[name] for name in ordered[: _MOST_SERIES - 1]}
    others: dict[int, Decimal] = {}
    for name in ordered[_MOST_SERIES - 1 :]:
        for year, value in series[name].items():
            others[year] = others.get(year, Decimal(0)) + value
    return kept | {called: others}
