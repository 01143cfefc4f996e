"""The timeline of a procurement: its notices in order, with running totals of what was obligated. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from archive.rows import NoticeRow
from archive.said import rebuilt_sentence, stone_words
from archive.totals import RunningTotal, StatedTotal
from noticewatch import addresses, naming, words
from noticewatch.dates import dated
from noticewatch.models import Amount, AmountKind, Status


@dataclass(frozen=True, slots=True)
class Step:
    """One notice of the procurement. ``change`` and ``total`` are empty where it obligates nothing."""

    id: str
    href: str
    day: str
    kind: str
    action: str
    title: str
    change: str
    total: str
    other: str
    here: bool
    rebuilt: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """Steps in order of their days, and what their obligations add up to, said as far as it is known."""

    steps: tuple[Step, ...]
    sentence: str


def timeline(rows: Sequence[NoticeRow], here: str = "", known: str = "") -> Timeline:
    """The timeline of these notices. ``here``: id of the notice whose page it is on; ``known``: what they sum up to."""
    ordered = sorted(rows, key=lambda row: (dated(row.notice, row.first_seen)[0], _action(row), row.number))
    totals: dict[str, Decimal] = {}
    steps = []
    for row in ordered:
        change = obligation(row)
        shown_total = ""
        if change is not None and change.value is not None:
            currency = change.currency or ""
            totals[currency] = totals.get(currency, Decimal(0)) + change.value
            shown_total = words.money(totals[currency], change.currency)
        steps.append(_step(row, change, shown_total, here))
    return Timeline(tuple(steps), known)


def total_sentence(totals: Sequence[RunningTotal], stated: Sequence[StatedTotal] = ()) -> str:
    """What the held actions obligate together, called a total only where nothing is missing; and what the source itself
    states, beside it.
    """
    said = []
    for total in totals:
        called = "total" if total.complete else f"known part since {words.day_words(total.since)}{total.lacking}"
        acts = words.count_words(total.actions, "held action")
        said.append(f"{words.money(total.value, total.currency)} obligated by {acts}: {called}.")
    for own in stated:
        up_to = f", as of {words.day_words(own.as_of)}" if own.as_of else ""
        said.append(f"The source itself states {words.money(own.value, own.currency or None)} obligated in all{up_to}.")
    return " ".join(said)


def obligation(row: NoticeRow) -> Amount | None:
    """What this action alone obligates, or None; an action that its register has deleted obligates nothing."""
    if row.notice.status is Status.WITHDRAWN:
        return None
    for amount in row.notice.amounts:
        if amount.kind is AmountKind.OBLIGATED and amount.basis == "change" and amount.value is not None:
            return amount
    return None


def _step(row: NoticeRow, change: Amount | None, total: str, here: str) -> Step:
    headline = row.notice.stated_amount()
    other = ""
    if change is None and headline is not None:
        other = f"{words.amount_value(headline)} {words.amount_kind(headline.kind, headline.basis)}"
    return Step(
        id=row.id,
        href=addresses.notice(row.id),
        day=words.short_day(dated(row.notice, row.first_seen)[0]),
        kind="" if row.tombstone else words.kind_words(row.notice.kind),
        action=_action(row),
        title=naming.shortened(stone_words(row.tombstone) if row.tombstone else naming.title(row.notice, row.id), 140),
        change=words.amount_value(change) if change else "",
        total=total,
        other=other,
        here=row.id == here,
        rebuilt=bool(rebuilt_sentence(row)),
    )


def _action(row: NoticeRow) -> str:
    return next((number.printed for number in row.notice.numbers if number.type == "modification"), "")
