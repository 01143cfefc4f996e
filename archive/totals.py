"""The running total of an award: what its held actions sum up to, and whether that is all of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from sqlalchemy import Connection, func, select

from archive import tables as t
from archive.rows import NoticeRow
from archive.witnesses import sources_of
from noticewatch.models import Amount, AmountKind, Kind, Status, Verdict


@dataclass(frozen=True, slots=True)
class RunningTotal:
    """Sum of the obligated changes of an award's held actions, in whole units of ``currency`` (ISO 4217).

    since, until: days (YYYY-MM-DD) of the first and last action. begun: action 0 is held; complete: and nothing after
    it is missing.
    """

    value: Decimal
    currency: str
    actions: int
    since: str
    until: str
    begun: bool
    complete: bool

    @property
    def label(self) -> str:
        """What the sum may be called: ``total``, or ``known part since DATE``."""
        return "total" if self.complete else f"known part since {self.since}{self.lacking}"

    @property
    def lacking(self) -> str:
        """What is said behind a known part whose first action is not held."""
        return "" if self.begun else ", earlier actions not held"


def running_total(rows: Iterable[NoticeRow], all_since: Callable[[str], bool]) -> list[RunningTotal]:
    """The running total of a procurement's members, one a currency; each notice counts once.

    ``all_since``: whether every window from that day (YYYY-MM-DD) on is complete; see :func:`complete_since`. Members
    without an obligated change, announcements for example, never count, nor do actions that their register has deleted.
    What was taken down is missing, so that no sum beside it is a total.
    """
    distinct = {row.number: row for row in rows if row.notice.status is not Status.WITHDRAWN}
    by_currency: dict[str, list[tuple[str, Decimal]]] = {}
    for row in distinct.values():
        for amount in row.notice.amounts:
            if _counts(amount) and amount.value is not None and amount.currency is not None:
                by_currency.setdefault(amount.currency, []).append((_action_day(row, amount), amount.value))
    withheld = any(row.tombstone for row in distinct.values())
    first_held = any(_is_first(row) for row in distinct.values())
    totals = []
    for currency, actions in sorted(by_currency.items()):
        since, until = min(actions)[0], max(actions)[0]
        whole = first_held and not withheld and bool(since) and all_since(since)
        value = sum((value for _, value in actions), Decimal(0))
        totals.append(RunningTotal(value, currency, len(actions), since, until, first_held, whole))
    return totals


@dataclass(frozen=True, slots=True)
class StatedTotal:
    """What a source itself states as obligated in all of an award, in whole units of ``currency``. as_of: the day up to
    which it counts, YYYY-MM-DD, empty where the source does not say; notice: id of the notice that states it.
    """

    value: Decimal
    currency: str
    as_of: str
    notice: str


def stated_totals(rows: Iterable[NoticeRow]) -> list[StatedTotal]:
    """The latest total that sources state of a procurement's award, one a currency. It is beside the sum of the held
    actions, and never added to it. A sub-award states its own share, and counts for nothing here.
    """
    latest: dict[str, StatedTotal] = {}
    for row in rows:
        if row.notice.kind is Kind.SUBAWARD or row.notice.status is Status.WITHDRAWN:
            continue
        for amount in row.notice.amounts:
            if amount.kind is AmountKind.OBLIGATED and amount.basis == "state" and amount.value is not None:
                stated = StatedTotal(amount.value, amount.currency or "", (amount.as_of or "")[:10], row.id)
                held = latest.get(stated.currency)
                if held is None or stated.as_of >= held.as_of:
                    latest[stated.currency] = stated
    return [latest[currency] for currency in sorted(latest)]


def complete_since(connection: Connection, source: str, scope: str, since: str) -> bool:
    """Whether a scope's windows from a day on are complete, without a day missing up to its last window."""
    w = t.windows.c
    latest = (
        select(func.max(w.number).label("number"))
        .join(t.runs, t.runs.c.number == w.run)
        .where(t.runs.c.source == source, w.scope == scope, w.state == "appended", w.begins >= since)
        .group_by(w.key)
        .subquery()
    )
    query = select(w.begins, w.verdict).join(latest, latest.c.number == w.number).order_by(w.begins)
    rows = connection.execute(query).all()
    if not rows or rows[0].begins[:10] != since or any(row.verdict != Verdict.COMPLETE for row in rows):
        return False
    days = [date.fromisoformat(row.begins[:10]) for row in rows]
    return all((later - earlier).days <= 1 for earlier, later in pairwise(days))


def held_since(connection: Connection, row: NoticeRow, since: str) -> bool:
    """Whether all actions of a notice's buying agency are held from a day on, by one of the notice's sources."""
    issuer = next((number.issuer for number in row.notice.numbers if number.type == "piid"), None)
    named = sources_of(connection, [row.number]).get(row.number, ())
    return issuer is not None and any(complete_since(connection, source, issuer, since) for source in named)


def _counts(amount: Amount) -> bool:
    return amount.kind is AmountKind.OBLIGATED and amount.basis == "change"


def _action_day(row: NoticeRow, amount: Amount) -> str:
    signed = row.notice.date("signed")
    return amount.as_of or (signed.value[:10] if signed else "")


def _is_first(row: NoticeRow) -> bool:
    return any(number.type == "modification" and number.plain == "0" for number in row.notice.numbers)
