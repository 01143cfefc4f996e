"""Checks a part of the tree leaf by leaf: whether the tables hold what its leaves say of captures, records, events and
of the contents that events brought.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Connection, select

from archive import merkle
from archive.proof import forms, reading
from archive.proof.content_check import check_contents
from archive.proof.extent import DoesNotHold
from archive.proof.forms import Stated
from archive.proof.reading import EventRow, EventTold, HeldRecord
from archive.proof.tree import WIDTH, StoredTree
from archive.tables import leaves
from noticewatch.database import plain_rows

if TYPE_CHECKING:
    from archive.store import Archive

_PAGE: Final = 250
_AT_ONCE: Final = 1_000
"""Records and events of which a page of leaves speaks, in round numbers."""
Told = Callable[[int], None]


class LeafRow(NamedTuple):
    """A row of the table ``leaves``."""

    number: int
    leaves: int
    kind: str
    capture: int | None
    seq: int | None
    body: Any


@dataclass(slots=True)
class Placings:
    """What leaves say of records, in their order. numbers: which records, in ranges from first to last; awaited: of
    those that the last of their leaves here places elsewhere than they stand, what is wrong if no later leaf places
    them there.
    """

    numbers: list[tuple[int, int]] = field(default_factory=list)
    awaited: dict[int, str] = field(default_factory=dict)

    def add(self, capture: int, capture_id: str, placed: Sequence[Stated], standing: Mapping[int, HeldRecord]) -> None:
        """Note the records of one more leaf. Raises DoesNotHold for one that is missing."""
        numbers = [one[0] for one in placed]
        in_a_row = bool(numbers) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        self.numbers += [(numbers[0], numbers[-1])] if in_a_row else zip(numbers, numbers, strict=True)
        if self.awaited:
            for number in numbers:
                self.awaited.pop(number, None)
        for one in placed:
            held = standing.get(one[0])
            if held is not None and held[0] == (*one, capture):
                continue
            said = f"Record {one[0]} (row {one[1]} of capture {capture_id})"
            if held is None:
                raise DoesNotHold(f"{said} is missing.")
            self.awaited[one[0]] = f"{said} is not what its leaf says."

    def follow(self, later: "Placings") -> None:
        """Take in what the leaves behind these say."""
        for record in [one for one in self.awaited if any(first <= one <= last for first, last in later.numbers)]:
            del self.awaited[record]
        self.awaited |= later.awaited
        self.numbers += later.numbers
        self.join_ranges()

    def join_ranges(self) -> None:
        """Hold ranges that touch as one."""
        joined = list[tuple[int, int]]()
        for first, last in sorted(self.numbers):
            if joined and first <= joined[-1][1] + 1:
                joined[-1] = joined[-1][0], max(joined[-1][1], last)
            else:
                joined.append((first, last))
        self.numbers = joined


@dataclass(frozen=True, slots=True)
class LogPart:
    """The leaves from ``begin``, where a row of the table ``leaves`` begins, up to ``end``. events: which all have a
    leaf before.
    """

    begin: int
    end: int
    events: int

    def run(self, archive: "Archive", told: Told) -> Placings:
        """Check all. ``told``: how many leaves are done. Raises DoesNotHold that names the first thing."""
        run = _Run(self.begin, self.end, self.events)
        while run.at < self.end:
            with archive.reading() as connection:
                run.page(connection)
            told(run.at - self.begin)
        return run.placings


@dataclass(slots=True)
class _Run:
    """How far the check of a part has come."""

    at: int
    end: int
    events: int
    placings: Placings = field(default_factory=Placings)

    def page(self, connection: Connection) -> None:
        """Check the next rows of the table ``leaves``."""
        own = leaves.c.number >= self.at, leaves.c.number < self.end
        query = select(*(leaves.c[name] for name in LeafRow._fields)).where(*own)
        rows = _page(list(map(LeafRow._make, plain_rows(connection, query.order_by(leaves.c.number).limit(_PAGE)))))
        stored, held = StoredTree(connection), _Held(connection, rows, self.events)
        if rows:
            stored.read(0, rows[0].number // WIDTH, (rows[-1].number + rows[-1].leaves - 1) // WIDTH)
        for row in rows:
            if row.number != self.at:
                break
            self._entry(row, held, stored)
            self.at += row.leaves
        else:
            if rows and self.at <= self.end:
                self.placings.join_ranges()
                return
        raise DoesNotHold(f"Leaf {self.at} of the log is missing.")

    def _entry(self, row: LeafRow, held: "_Held", stored: StoredTree) -> None:
        if row.kind == "event":
            if row.seq is None or row.seq != self.events + 1:
                raise DoesNotHold(f"Event {self.events + 1} has no leaf where it is due (leaf {row.number}).")
            _check_events(held, row, stored)
            self.events += row.leaves
            return
        if row.kind in {"epoch", "key", "correction"}:
            _same(stored, row.number, _bytes(row.body), f"Leaf {row.number} ({row.kind})")
            return
        capture = held.captures.get(row.capture or 0)
        if row.capture is None or capture is None:
            raise DoesNotHold(f"Capture {row.capture} by number (leaf {row.number}) is missing.")
        if row.kind == "thinned":
            _same(stored, row.number, _bytes(row.body), f"The thinning of capture {capture['id']} (leaf {row.number})")
            return
        if row.kind == "capture":
            _same(stored, row.number, forms.capture_leaf(capture), f"Capture {capture['id']} (leaf {row.number})")
            return
        placed = held.placed[row.number]
        data = forms.records_leaf(capture["id"], placed)
        _same(stored, row.number, data, f"The list of records of capture {capture['id']} (leaf {row.number})")
        self.placings.add(row.capture, capture["id"], placed, held.records)


def _page(rows: list[LeafRow]) -> list[LeafRow]:
    """As many of these rows as are checked at once: up to the events of a transaction, which follow its records."""
    end, held = 0, 0
    for place, row in enumerate(rows, start=1):
        if row.kind == "event":
            end, held = place, held + row.leaves
        elif row.kind == "records":
            held += forms.packed(_bytes(row.body))
        if held >= _AT_ONCE and (end or held >= 2 * _AT_ONCE):
            return rows[: end or place]
    return rows[: end or len(rows)]


class _Held:
    """What the tables hold of the captures, records and events of a page of leaves. events: told of before it."""

    def __init__(self, connection: Connection, rows: Sequence[LeafRow], events: int) -> None:
        self.connection = connection
        self.captures = reading.captures_of(connection, {row.capture for row in rows if row.capture is not None})
        self.placed = {row.number: forms.packed_rows(_bytes(row.body)) for row in rows if row.kind == "records"}
        numbers = {one[0] for placed in self.placed.values() for one in placed}
        self.records = reading.records_of(connection, numbers)
        told = sum(row.leaves for row in rows if row.kind == "event")
        self._told, self._first = reading.events_told(connection, events + 1, events + told) if told else [], events + 1

    def told(self, row: LeafRow) -> Sequence[EventTold]:
        """The events of which an entry of the table ``leaves`` speaks, where none before them is missing."""
        assert row.seq is not None
        return self._told[row.seq - self._first : row.seq - self._first + row.leaves]


def _check_events(held: _Held, row: LeafRow, stored: StoredTree) -> None:
    """Check the events of an entry of the table ``leaves``, then what they brought."""
    assert row.seq is not None
    told, lineages = held.told(row), None if row.body is None else forms.unpack_lineages(_bytes(row.body), row.leaves)
    hashes = forms.event_hashes(told, lineages)
    whole = b"".join(hashes) == stored.hashes(row.number, row.leaves)
    if not whole or [one[5] for one in told] != list(range(row.seq, row.seq + row.leaves)):
        _name_event(row, [EventRow._make(one[: len(EventRow._fields)]) for one in told], hashes, stored)
    check_contents(held.connection, told, held.records, lineages)


def _name_event(row: LeafRow, held: Sequence[EventRow], hashes: Sequence[bytes], stored: StoredTree) -> None:
    """Name the first event of an entry of the table ``leaves`` that is missing or not as it was."""
    assert row.seq is not None
    for offset in range(row.leaves):
        seq, place = row.seq + offset, row.number + offset
        if offset >= len(held) or held[offset].seq != seq:
            raise DoesNotHold(f"Event {seq} is missing from the log.")
        if hashes[offset : offset + 1] != [stored.hashes(place, 1)]:
            said = f"{held[offset].notice}, version {held[offset].version}"
            raise DoesNotHold(f"Event {seq} ({said}) is not what leaf {place} of the tree says.")


def _bytes(body: object) -> bytes:
    """What the table holds in a place for bytes, whatever somebody put there."""
    return bytes(body) if isinstance(body, (bytes, memoryview)) else str(body).encode()


def _same(stored: StoredTree, place: int, data: bytes, said: str) -> None:
    if stored.hashes(place, 1) != merkle.leaf_hash(data):
        raise DoesNotHold(f"{said} is not what leaf {place} of the tree says.")
