"""The searches that are active, compiled and kept between batches: a revision never changes, so neither does this."""

import gc
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

from sqlalchemy import Connection, func, or_, select

from alerts.models import Reason
from alerts.searches import compiled
from alerts.tables import search_revisions
from alerts.terms import UNREAD, read
from indexer.ast import Node
from indexer.names import Names
from indexer.sieve import Anchor, Sieve, anchors
from noticewatch.database import chunks, plain_rows
from noticewatch.errors import UsageError
from noticewatch.models import EventKind

_log = logging.getLogger("noticewatch.alerts")
_MANY: Final = 5_000
"""Searches taken up at once from which on the collector of cyclic garbage never walks them: walking 100,000 stops every
thread for seconds, and they go by themselves when they are let go of.
"""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Compiled:
    """What a search asks for, ready to run; searches that ask the same share it. ``anchors``: see indexer/sieve.py."""

    node: Node
    anchors: tuple[frozenset[Anchor], ...]
    reasons: frozenset[Reason]
    changes: frozenset[EventKind]
    due_days: frozenset[int]


@dataclass(slots=True)
class Active:
    """A revision that counts from one event of the log to another, both inclusive."""

    number: int
    search: int
    from_seq: int
    to_seq: int | None
    asks: Compiled

    def counts(self, seq: int) -> bool:
        """Whether it was active when an event was committed."""
        return self.from_seq <= seq and (self.to_seq is None or seq <= self.to_seq)


class Revisions:
    """Keeps up with the table of revisions."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._held: dict[int, Active] = {}
        self._asked: WeakValueDictionary[str, Compiled] = WeakValueDictionary()
        self._by_anchor: dict[Anchor, dict[int, frozenset[Anchor] | None]] = {}
        self._anchorless: set[int] = set()
        self._seen: tuple[object, ...] = ()
        self.broken: dict[int, str] = {}
        """Revisions that cannot be run any more, by their numbers, each with the sentence that says why."""

    def __len__(self) -> int:
        return len(self._held)

    def refresh(self, connection: Connection, after: int) -> None:
        """Take up what is new, and let go of what counts for no event behind ``after``."""
        r = search_revisions.c
        counting = or_(r.active_to_seq.is_(None), r.active_to_seq > after)
        told = func.count(), func.max(r.number), func.count(r.active_to_seq), func.sum(r.active_to_seq)
        seen = tuple(connection.execute(select(*told).where(counting)).one())
        if seen == self._seen:  # no number is given twice, and an end is only ever set: these are the same rows
            return
        found = dict(plain_rows(connection, select(r.number, r.active_to_seq).where(counting)))
        for number in self._held.keys() - found.keys():
            self._forget(number)
        for number, to_seq in found.items():
            if (held := self._held.get(number)) is not None:
                held.to_seq = to_seq
        self.broken = {number: why for number, why in self.broken.items() if number in found}
        self._take(connection, [number for number in found if number not in self._held and number not in self.broken])
        self._seen = seen

    def candidates(self, sieve: Sieve) -> Iterator[Active]:
        """Those that may match anything in a batch, in order: an anchor, and one beside it, stand in one document."""
        fields = {field for field, _ in self._by_anchor}
        chosen = set(self._anchorless)
        for anchor in sieve.holds(fields):
            if numbers := self._by_anchor.get(anchor):
                places = sieve.places(*anchor)
                chosen.update(
                    number for number, beside in numbers.items() if beside is None or sieve.holders(beside) & places
                )
        return (self._held[number] for number in sorted(chosen))

    def _take(self, connection: Connection, numbers: list[int]) -> None:
        r = search_revisions.c
        query = select(r.number, r.search, r.active_from_seq, r.active_to_seq, r.terms)
        for chunk in chunks(numbers):
            for number, search, from_seq, to_seq, terms in plain_rows(connection, query.where(r.number.in_(chunk))):
                try:
                    asks = self._compiled(terms)
                except (UsageError, ValueError) as error:  # its words are not logged: they are a reader's
                    self.broken[number] = str(error) if isinstance(error, UsageError) else UNREAD
                    _log.warning("Saved search %d cannot be run any more; its owner is told.", search)
                    continue
                self._held[number] = Active(number, search, from_seq, to_seq, asks)
                self._place(number, asks.anchors)
        if len(numbers) >= _MANY:
            gc.freeze()

    def _place(self, number: int, sets: Sequence[frozenset[Anchor]]) -> None:
        if not sets:
            self._anchorless.add(number)
            return
        first, *others = sets
        for anchor in first:
            self._by_anchor.setdefault(anchor, {})[number] = others[0] if others else None

    def _forget(self, number: int) -> None:
        self._anchorless.discard(number)
        for anchor in next(iter(self._held.pop(number).asks.anchors), ()):
            del self._by_anchor[anchor][number]
            if not self._by_anchor[anchor]:
                del self._by_anchor[anchor]

    def _compiled(self, written: str) -> Compiled:
        held = self._asked.get(written)
        if held is None:
            terms, unread = read(written)
            if unread:
                raise UsageError(unread)
            node, _ = compiled(terms, self._names)
            held = Compiled(
                node, anchors(node), frozenset(terms.reasons), frozenset(terms.changes), frozenset(terms.due_days)
            )
            self._asked[written] = held
        return held


def first_seq(connection: Connection, after: int) -> int | None:
    """The first event that any revision counts for which still counts for some behind ``after``; None without any."""
    r = search_revisions.c
    query = select(func.min(r.active_from_seq)).where(or_(r.active_to_seq.is_(None), r.active_to_seq > after))
    first: int | None = connection.scalar(query)
    return first
