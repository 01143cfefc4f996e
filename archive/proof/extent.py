"""What the log holds at a moment: without gaps, and all of it with leaves."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from archive.proof import tree
from archive.tables import captures, events, leaves, records
from noticewatch.errors import NoticewatchError


class DoesNotHold(NoticewatchError):
    """Something in the archive is not what was proved of it."""

    exit_code = 7


@dataclass(frozen=True, slots=True)
class Extent:
    """How much the log holds at a moment: leaves, and the highest number of a capture and record, and ``seq``."""

    leaves: int
    captures: int
    records: int
    events: int


def extent(connection: Connection) -> Extent:
    """What the log holds now. Raises DoesNotHold where something has no leaf, or is missing in its row of numbers."""
    tops = [int(connection.scalar(select(func.max(c))) or 0) for c in (captures.c.number, records.c.number)]
    held = Extent(tree.size(connection), tops[0], tops[1], int(connection.scalar(select(func.max(events.c.seq))) or 0))
    _no_gap(connection, events.c.seq, held.events, "Event {} is missing from the log.")
    _no_gap(connection, records.c.number, held.records, "Record {} is missing.")
    _all_have_leaves(connection, held)
    return held


def _no_gap(connection: Connection, column: Any, top: int, sentence: str) -> None:
    """Numbers that are given one by one, and never again, have no gap."""
    if int(connection.scalar(select(func.count()).select_from(column.table)) or 0) == top:
        return
    before = 0
    for number in connection.scalars(select(column).order_by(column)):
        if number != before + 1:
            raise DoesNotHold(sentence.format(before + 1))
        before = number


def _all_have_leaves(connection: Connection, held: Extent) -> None:
    last = select(leaves.c.seq + leaves.c.leaves - 1).where(leaves.c.seq.is_not(None)).order_by(leaves.c.seq.desc())
    proved = int(connection.scalar(last.limit(1)) or 0)
    if proved < held.events:
        raise DoesNotHold(f"Event {proved + 1} has no leaf; it was not written by noticewatch.")
    if proved > held.events:
        raise DoesNotHold(f"Event {held.events + 1} is missing from the log.")
    own = select(leaves.c.capture).where(leaves.c.kind == "capture")
    missing = select(captures.c.id).where(captures.c.number.not_in(own)).order_by(captures.c.number)
    unproved = connection.scalar(missing.limit(1))
    if unproved is not None:
        raise DoesNotHold(f"Capture {unproved} has no leaf; it was not written by noticewatch.")
