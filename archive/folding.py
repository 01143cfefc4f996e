"""The fold of one notice's records, kept while an append works on it: a further record costs what it adds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from archive.fold import Step, merge_witnesses, precedence, state_after
from archive.held import HeldRecord

_Order: TypeAlias = tuple[str, str, str, int, str]


@dataclass(frozen=True, slots=True)
class _Folded:
    """A step with all that it followed from, and the state of every witness after it."""

    step: Step
    order: _Order
    paths: Mapping[str, Any]
    carried: frozenset[str]
    states: Mapping[str, Mapping[str, Any]]
    revisions: Mapping[str, str]

    def holds(self, record: HeldRecord, order: _Order) -> bool:
        """Whether the step would come out the same: the record stands where it stood and says what it said."""
        return (
            self.step.record is record
            and self.paths is record.paths
            and self.carried is record.carried
            and self.order == order
        )


class Fold:
    """Steps of a history as :func:`archive.fold.history` gives them; those before the first difference are kept."""

    def __init__(self) -> None:
        self._folded: list[_Folded] = []
        self._ranks: Mapping[str, int] = {}

    def steps(self, records: Sequence[HeldRecord], ranks: Mapping[str, int]) -> tuple[list[Step], int]:
        """All steps, and how many of them are the very ones that the last call gave."""
        in_order = sorted(((record.order, record) for record in records), key=lambda pair: pair[0])
        kept = self._kept(in_order, ranks)
        del self._folded[kept:]
        self._ranks = ranks
        for order, record in in_order[kept:]:
            self._folded.append(self._next(order, record))
        return [folded.step for folded in self._folded], kept

    def _kept(self, in_order: Sequence[tuple[_Order, HeldRecord]], ranks: Mapping[str, int]) -> int:
        if ranks != self._ranks:
            return 0
        kept = 0
        for folded, (order, record) in zip(self._folded, in_order, strict=False):
            if not folded.holds(record, order):
                break
            kept += 1
        return kept

    def _next(self, order: _Order, record: HeldRecord) -> _Folded:
        last = self._folded[-1] if self._folded else None
        states = dict(last.states) if last else {}
        revisions = dict(last.revisions) if last else {}
        states[record.source] = state_after(states.get(record.source, {}), record)
        revisions[record.source] = record.revision
        merged = merge_witnesses(states, revisions, precedence(revisions, self._ranks))
        step = Step(record, merged, last is None or merged != last.step.paths)
        return _Folded(step, order, record.paths, record.carried, states, revisions)
