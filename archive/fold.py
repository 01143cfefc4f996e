"""What a notice said at each step: records folded in order, witnesses merged by rank. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from archive.held import HeldRecord
from noticewatch.models import carries

LAST_RANK: Final = 1_000
"""Rank of a source that states none."""


@dataclass(frozen=True, slots=True)
class Step:
    """The merged paths of a notice after one of its records; ``changed``: they differ from those before it."""

    record: HeldRecord
    paths: Mapping[str, Any]
    changed: bool


def state_after(before: Mapping[str, Any], record: HeldRecord) -> dict[str, Any]:
    """A witness's state after a record: every path that the record can carry is as the record says, or gone."""
    kept = {path: value for path, value in before.items() if not carries(record.carried, path)}
    return kept | record.paths


def merge(states: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One state of several witnesses', best rank first: each path as the first that states it."""
    merged: dict[str, Any] = {}
    for state in reversed(states):
        merged |= state
    return merged


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
        merged = merge([states[source] for source in precedence(revisions, ranks)])
        steps.append(Step(record, merged, not steps or merged != steps[-1].paths))
    return steps


def predecessor(steps: Sequence[Step], record: HeldRecord) -> HeldRecord | None:
    """The record before this one in order, of the same source; None for a witness's first."""
    before: HeldRecord | None = None
    for step in steps:
        if step.record is record:
            return before
        if step.record.source == record.source:
            before = step.record
    return before
