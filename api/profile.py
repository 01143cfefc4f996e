"""What a vendor's notices add up to: totals by kind of amount, buyers, sellers, and fiscal years. Pure functions."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from api.timeline import obligation
from archive.rows import NoticeRow
from noticewatch import words
from noticewatch.buyers import buyers as buyers_table
from noticewatch.dates import dated
from noticewatch.models import AmountKind, Kind, Notice
from noticewatch.naming import buyer_name, party_names

_OTHERS = "other buyers"
_MOST_SERIES = 6


@dataclass(frozen=True, slots=True)
class Total:
    """A sum of amounts of one kind in one currency, or, where they may not be added, only their number."""

    kind: str
    value: str
    count: int
    note: str


@dataclass(frozen=True, slots=True)
class Named:
    """A name and how many notices carry it."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Obligations:
    """Obligated money of one currency by buyer and fiscal year, whole units."""

    currency: str
    years: tuple[int, ...]
    by_buyer: Mapping[str, Mapping[int, Decimal]]


def totals(rows: Sequence[NoticeRow]) -> list[Total]:
    """Totals by kind: obligations of distinct actions, and the latest awarded value of contracts without actions."""
    found: list[Total] = []
    sums: dict[str, list[Decimal]] = {}
    for row in rows:
        change = obligation(row)
        if change is not None and change.value is not None:
            sums.setdefault(change.currency or "", []).append(change.value)
    for currency, values in sorted(sums.items()):
        value = words.money(sum(values, Decimal(0)), currency or None)
        found.append(Total("Obligated", value, len(values), "what the held actions commit, added; the known part"))
    found += _awarded([row for row in rows if row.notice.kind is not Kind.SUBAWARD])
    found += _subawards([row for row in rows if row.notice.kind is Kind.SUBAWARD])
    found += _not_added(rows)
    return found


def obligations(rows: Sequence[NoticeRow]) -> Obligations | None:
    """Obligations by buyer and federal fiscal year, in the currency most used; None where nothing is obligated."""
    by_currency: dict[str, dict[str, dict[int, Decimal]]] = {}
    used: Counter[str] = Counter()
    for row in rows:
        change = obligation(row)
        if change is None or change.value is None:
            continue
        currency = change.currency or ""
        used[currency] += 1
        years = by_currency.setdefault(currency, {}).setdefault(buyer_label(row.notice), {})
        year = fiscal_year(dated(row.notice, row.first_seen)[0])
        years[year] = years.get(year, Decimal(0)) + change.value
    if not used:
        return None
    currency = used.most_common(1)[0][0]
    by_buyer = _with_others(by_currency[currency])
    seen = [year for years in by_buyer.values() for year in years]
    return Obligations(currency, tuple(range(min(seen), max(seen) + 1)), by_buyer)


def buyer_label(notice: Notice) -> str:
    """One name for a body that sources print differently: that of the buyers table, else the name as printed."""
    buyer = notice.buyer() or next(iter(notice.buyers), None)
    entry = buyers_table().get(buyer.buyer_id) if buyer and buyer.buyer_id else None
    return entry.short_name if entry else buyer_name(notice)


def fiscal_year(day: str) -> int:
    """The United States federal fiscal year of an ISO day: October begins the next."""
    return int(day[:4]) + (int(day[5:7]) >= 10)


def named(names: Iterable[str], most: int = 12) -> list[Named]:
    """The names seen most."""
    return [Named(name, count) for name, count in Counter(names).most_common(most)]


def buyers(rows: Sequence[NoticeRow]) -> list[Named]:
    """Buyers by number of notices."""
    return named(buyer_label(row.notice) for row in rows)


def sellers(rows: Sequence[NoticeRow]) -> list[Named]:
    """Sellers by number of notices, as printed."""
    return named(name for row in rows for name in party_names(row.notice, "supplier", "reseller"))


def _awarded(rows: Sequence[NoticeRow]) -> list[Total]:
    with_actions = {row.procurement_id for row in rows if obligation(row) is not None}
    latest: dict[str, tuple[str, Decimal, str]] = {}
    for row in rows:
        for amount in row.notice.amounts:
            if (
                amount.kind is AmountKind.AWARDED
                and amount.value is not None
                and row.procurement_id not in with_actions
            ):
                day = dated(row.notice, row.first_seen)[0]
                held = latest.get(row.procurement_id)
                if held is None or held[0] <= day:
                    latest[row.procurement_id] = (day, amount.value, amount.currency or "")
    sums: dict[str, list[Decimal]] = {}
    for _, value, currency in latest.values():
        sums.setdefault(currency, []).append(value)
    return [
        Total("Awarded", words.money(sum(values, Decimal(0)), currency or None), len(values),
              "latest awarded value of contracts of which no action is held")
        for currency, values in sorted(sums.items())
    ]  # fmt: skip


def _subawards(rows: Sequence[NoticeRow]) -> list[Total]:
    """What sub-awards come to; it is part of the money of the awards above them, so it stands in a line of its own."""
    sums: dict[str, list[Decimal]] = {}
    for row in rows:
        for amount in row.notice.amounts:
            if amount.kind is AmountKind.AWARDED and amount.value is not None:
                sums.setdefault(amount.currency or "", []).append(amount.value)
    return [
        Total("Sub-awards", words.money(sum(values, Decimal(0)), currency or None), len(values),
              "latest report of each; part of the money of the awards above them")
        for currency, values in sorted(sums.items())
    ]  # fmt: skip


def _not_added(rows: Sequence[NoticeRow]) -> list[Total]:
    counts: Counter[AmountKind] = Counter()
    for row in rows:
        kinds = {amount.kind for amount in row.notice.amounts}
        counts.update(kinds - {AmountKind.OBLIGATED, AmountKind.AWARDED})
    note = "stated on single notices; never added"
    return [
        Total(words.AMOUNT_KINDS[kind].capitalize(), "not added", count, note) for kind, count in sorted(counts.items())
    ]


def _with_others(by_buyer: dict[str, dict[int, Decimal]]) -> dict[str, dict[int, Decimal]]:
    """The buyers with most money, the rest as one."""
    ordered = sorted(by_buyer, key=lambda name: sum(map(abs, by_buyer[name].values())), reverse=True)
    if len(ordered) <= _MOST_SERIES:
        return {name: by_buyer[name] for name in ordered}
    kept = {name: by_buyer[name] for name in ordered[: _MOST_SERIES - 1]}
    others: dict[int, Decimal] = {}
    for name in ordered[_MOST_SERIES - 1 :]:
        for year, value in by_buyer[name].items():
            others[year] = others.get(year, Decimal(0)) + value
    return kept | {_OTHERS: others}
