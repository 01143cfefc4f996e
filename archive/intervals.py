"""Sightings of one source number as intervals in time: one interval a wording, A, B, A is three."""

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum, auto
from typing import NamedTuple

from archive.held import HeldRecord, Place


class Outcome(Enum):
    """What a sighting does to the intervals of its source number."""

    KNOWN = auto()
    """The same wording was seen then already."""
    EXTENDED = auto()
    """It stretches an interval of the same wording; ``record`` was changed."""
    FRESH = auto()
    """It is a wording of its own there, so it must be a record."""
    SPLIT = auto()
    """It falls inside the interval of another wording: ``record`` was cut, ``later`` is its second half."""
    SECOND_WORD = auto()
    """The same capture has spoken for this number already; what it said first stands."""


class Sighted(NamedTuple):
    """The outcome of a sighting; see :class:`Outcome`."""

    outcome: Outcome
    record: HeldRecord | None = None
    later: HeldRecord | None = None


def sight(intervals: Sequence[HeldRecord], place: Place, sha256: str) -> Sighted:
    """File a sighting into the intervals of its source number (any order) and say what that does.

    Intervals of one number never overlap, and neighbours in time never hold the same bytes; this keeps it so. Intervals
    are changed in place where they are stretched or cut.
    """
    before: HeldRecord | None = None
    after: HeldRecord | None = None
    for held in intervals:
        if held.first.moment <= place.moment <= held.last.moment:
            return _inside(held, place, sha256)
        if held.last.moment < place.moment:
            before = held if before is None or before.last.moment < held.last.moment else before
        else:
            after = held if after is None or held.first.moment < after.first.moment else after
    if before is not None and before.sha256 == sha256:
        before.last, before.dirty = place, True
        return Sighted(Outcome.EXTENDED, before)
    if after is not None and after.sha256 == sha256:
        after.first, after.dirty = place, True
        return Sighted(Outcome.EXTENDED, after)
    return Sighted(Outcome.FRESH)


def _inside(held: HeldRecord, place: Place, sha256: str) -> Sighted:
    if held.sha256 == sha256:
        return Sighted(Outcome.KNOWN, held)
    if place.moment in {held.first.moment, held.last.moment}:
        return Sighted(Outcome.SECOND_WORD, held)
    later = replace(held, number=0, first=held.last, dirty=False)
    held.last, held.dirty = held.first, True
    return Sighted(Outcome.SPLIT, held, later)
