"""What a notice said at each step: records folded in order, witnesses merged by rank. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from archive.held import HeldRecord
from noticewatch.dates import is_time_of
from noticewatch.models import Status, carries

LAST_RANK: Final = 1_000
"""Rank of a source that states none."""


@dataclass(frozen=True, slots=True)
class Step:
    """The merged paths of a notice after one of its records; ``changed``: they differ from those before it;
    ``merged`` is None where the record speaks alone.
    """

    record: HeldRecord
    merged: Mapping[str, Any] | None
    changed: bool

    @property
    def paths(self) -> Mapping[str, Any]:
        """What the notice says after the record."""
        return self.record.paths if self.merged is None else self.merged


def state_after(before: Mapping[str, Any], record: HeldRecord) -> dict[str, Any]:
    """A witness's state after a record: every path that the record can carry is as the record says, or gone.

    What it states beyond that (a notice has a kind, whatever is known of it) only fills what nobody has said yet.
    """
    kept = {path: value for path, value in before.items() if not carries(record.carried, path)}
    return record.paths | kept


def merge(states: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One state of several witnesses', best first: each path as the first that states it, completed by the others.

    What another witness adds to it without contradicting it is taken (the code beside a label, the total beside a
    change); where they differ, the better one's word stands alone. A withdrawal that any of them states stands: the
    others have not heard of it yet.
    """
    merged: dict[str, Any] = {}
    for state in reversed(states):
        merged |= {path: _beside(path, value, merged.get(path)) for path, value in state.items()}
    if any(state.get("status") == Status.WITHDRAWN for state in states):
        merged["status"] = Status.WITHDRAWN.value
    return merged


def completed(value: Any, other: Any) -> Any:
    """A value with what another one adds to it and does not contradict; the value itself where they differ.

    To a day another witness adds the time of day.
    """
    if is_time_of(other, value):
        return other
    if isinstance(value, list) and isinstance(other, list):
        return [completed(item, next((one for one in other if _agree(item, one)), None)) for item in value]
    if isinstance(value, Mapping) and isinstance(other, Mapping) and _agree(value, other):
        return {**other, **{name: completed(part, other.get(name)) for name, part in value.items()}}
    return value


def _beside(path: str, value: Any, other: Any) -> Any:
    """A path's value over that of witnesses of lower rank; sums of another basis stand beside each other."""
    if other is None or value == other:
        return value
    whole = completed(value, other)
    if not path.startswith("amounts."):
        return whole
    bases = {amount["basis"] for amount in value}
    return [*whole, *(amount for amount in other if amount["basis"] not in bases)]


def _agree(one: Any, other: Any) -> bool:
    """Whether two values do not contradict each other: what both state is equal."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(_agree(one[name], other[name]) for name in one.keys() & other.keys())
    return bool(one == other or is_time_of(one, other) or is_time_of(other, one))


def precedence(revisions: Mapping[str, str], ranks: Mapping[str, int]) -> list[str]:
    """Witnesses (source → revision that it speaks of), the one that wins first: the newest revision, then the rank.

    A witness that has fallen behind never hides what another one says of a later revision.
    """
    by_rank = sorted(revisions, key=lambda source: (ranks.get(source, LAST_RANK), source))
    return sorted(by_rank, key=lambda source: revisions[source], reverse=True)


def history(records: Sequence[HeldRecord], ranks: Mapping[str, int]) -> list[Step]:
    """The steps of a notice's history from all its records, whatever order they came in."""
    states: dict[str, dict[str, Any]] = {}
    revisions: dict[str, str] = {}
    steps: list[Step] = []
    for record in sorted(records, key=lambda held: held.order):
        states[record.source] = state_after(states.get(record.source, {}), record)
        revisions[record.source] = record.revision
        merged = merge_witnesses(states, revisions, precedence(revisions, ranks))
        steps.append(Step(record, merged, not steps or merged != steps[-1].paths))
    return steps


def merge_witnesses(
    states: Mapping[str, Mapping[str, Any]], revisions: Mapping[str, str], order: Sequence[str]
) -> dict[str, Any]:
    """All witnesses merged; one that speaks of an older revision completes nothing that a newer one states."""
    newest = [source for source in order if revisions[source] == revisions[order[0]]]
    older = [source for source in order if source not in newest]
    return merge([states[source] for source in older]) | merge([states[source] for source in newest])


def predecessor(steps: Sequence[Step], record: HeldRecord) -> HeldRecord | None:
    """The record before this one in order, of the same source; None for a witness's first."""
    before: HeldRecord | None = None
    for step in steps:
        if step.record is record:
            return before
        if step.record.source == record.source:
            before = step.record
    return before
