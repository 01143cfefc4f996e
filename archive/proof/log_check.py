"""Checks leaf by leaf that the tables hold what the tree says: captures, records, events."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, and_, func, select

from archive import merkle
from archive.proof import forms, reading, tree
from archive.proof.forms import Stated
from archive.proof.reading import EventRow, HeldRecord
from archive.proof.tree import StoredTree
from archive.tables import captures, events, leaves, notices, records, versions
from noticewatch.errors import NoticewatchError

if TYPE_CHECKING:
    from archive.store import Archive

_PAGE: Final = 200
Told = Callable[[int], None]


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


@dataclass(slots=True)
class LogCheck:
    """Goes through the leaves from ``begin`` to the end of an extent, a page of the table ``leaves`` at a time.
    records, events: up to which number all have a leaf.

    A record that a leaf placed elsewhere than it stands now is waited for: a later leaf must say where it stands.
    """

    archive: "Archive"
    begin: int
    end: Extent
    records: int = 0
    events: int = 0
    awaited: dict[int, str] = field(default_factory=dict)
    _ahead: set[int] = field(default_factory=set)

    def run(self, told: Told) -> None:
        """Check all. ``told``: how many leaves are done. Raises DoesNotHold that names the first thing."""
        at = self.begin
        while at < self.end.leaves:
            with self.archive.reading() as connection:
                at = self._page(connection, at)
            told(at - self.begin)
        if self.records < self.end.records:
            raise DoesNotHold(f"Record {self.records + 1} has no leaf; it was not written by noticewatch.")
        self._settle_awaited()
        with self.archive.reading() as connection:
            _all_were_told(connection)

    def _page(self, connection: Connection, at: int) -> int:
        query = select(leaves).where(leaves.c.number >= at).order_by(leaves.c.number).limit(_PAGE)
        rows, stored = connection.execute(query).all(), StoredTree(connection)
        held = _Held(connection, [row for row in rows if row.number < self.end.leaves])
        for row in rows:
            if row.number >= self.end.leaves:
                return at
            if row.number != at:
                break
            self._entry(row, held, stored)
            at += row.leaves
        else:
            if rows:
                return at
        raise DoesNotHold(f"Leaf {at} of the log is missing.")

    def _entry(self, row: Any, held: "_Held", stored: StoredTree) -> None:
        if row.kind == "event":
            if row.seq != self.events + 1:
                raise DoesNotHold(f"Event {self.events + 1} has no leaf where it is due (leaf {row.number}).")
            _check_events(held.connection, row, stored)
            self.events += row.leaves
            return
        if row.kind in {"epoch", "key"}:
            _same(stored, row.number, _bytes(row.body), f"Leaf {row.number} ({row.kind})")
            return
        capture = held.captures.get(row.capture)
        if capture is None:
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
        self._records(row.capture, capture["id"], placed, held.records)

    def _records(
        self, capture: int, capture_id: str, placed: Sequence[Stated], standing: Mapping[int, HeldRecord]
    ) -> None:
        numbers = [one[0] for one in placed]
        if self.awaited or list(map(standing.get, numbers)) != [(*one, capture) for one in placed]:
            self._await(capture, capture_id, placed, standing)
        self._have_leaves(numbers)

    def _await(
        self, capture: int, capture_id: str, placed: Sequence[Stated], standing: Mapping[int, HeldRecord]
    ) -> None:
        for one in placed:
            record, row = one[:2]
            said = f"Record {record} (row {row} of capture {capture_id})"
            if record not in standing:
                raise DoesNotHold(f"{said} is missing.")
            if standing[record] == (*one, capture):
                self.awaited.pop(record, None)
            else:
                self.awaited[record] = f"{said} is not what its leaf says."

    def _have_leaves(self, numbers: Sequence[int]) -> None:
        """Note that records have a leaf; those of one transaction come in order of their captures."""
        first = self.records + 1
        if not self._ahead and numbers == list(range(first, first + len(numbers))):
            self.records += len(numbers)
            return
        self._ahead.update(number for number in numbers if number > self.records)
        while self.records + 1 in self._ahead:
            self.records += 1
            self._ahead.remove(self.records)

    def _settle_awaited(self) -> None:
        """Look for the leaves of records that were moved while this check was running."""
        if not self.awaited:
            return
        with self.archive.reading() as connection:
            query = select(leaves.c.body, leaves.c.capture, captures.c.id).join(captures)
            query = query.where(leaves.c.kind == "records", leaves.c.number >= self.end.leaves)
            standing = reading.records_of(connection, self.awaited)
            for body, capture, capture_id in connection.execute(query.order_by(leaves.c.number)).all():
                placed = [one for one in forms.packed_rows(bytes(body)) if one[0] in self.awaited]
                if placed:
                    self._records(capture, capture_id, placed, standing)
        for sentence in self.awaited.values():
            raise DoesNotHold(sentence)


class _Held:
    """What the tables hold of the captures and records of a page of leaves."""

    def __init__(self, connection: Connection, rows: Sequence[Any]) -> None:
        self.connection = connection
        self.captures = reading.captures_of(connection, {row.capture for row in rows if row.capture is not None})
        self.placed = {row.number: forms.packed_rows(_bytes(row.body)) for row in rows if row.kind == "records"}
        numbers = {one[0] for placed in self.placed.values() for one in placed}
        self.records = reading.records_of(connection, numbers)


def check_tree(archive: "Archive", begin: int, end: int) -> None:
    """Check that the inner nodes of the stored tree above these leaves follow from those below. Raises DoesNotHold."""
    level = 0
    while end:
        begin, end = begin // tree.WIDTH, end // tree.WIDTH
        for first in range(begin, end, tree.WIDTH):
            with archive.reading() as connection:
                _check_tiles(StoredTree(connection), level, first, min(first + tree.WIDTH, end))
        level += 1


def _check_tiles(stored: StoredTree, level: int, first: int, end: int) -> None:
    for number in range(first, end):
        above, place = divmod(number, tree.WIDTH)
        root = merkle.root(tree.split(stored.tile(level, number)))
        if tree.split(stored.tile(level + 1, above))[place : place + 1] != [root]:
            raise DoesNotHold(f"The tree is damaged: tile {number} of level {level} has another root above it.")


def _check_events(connection: Connection, row: Any, stored: StoredTree) -> None:
    held = reading.event_rows(connection, row.seq, row.seq + row.leaves - 1)
    hashes = forms.event_hashes(held)
    whole = b"".join(hashes) == stored.hashes(row.number, row.leaves)
    if not whole or [one[5] for one in held] != list(range(row.seq, row.seq + row.leaves)):
        _name_event(row, list(map(EventRow._make, held)), hashes, stored)


def _name_event(row: Any, held: Sequence[EventRow], hashes: Sequence[bytes], stored: StoredTree) -> None:
    """Name the first event of an entry of the table ``leaves`` that is missing or not as it was."""
    for offset in range(row.leaves):
        seq, place = row.seq + offset, row.number + offset
        if offset >= len(held) or held[offset].seq != seq:
            raise DoesNotHold(f"Event {seq} is missing from the log.")
        if hashes[offset] != stored.hashes(place, 1):
            said = f"{held[offset].notice}, version {held[offset].version}"
            raise DoesNotHold(f"Event {seq} ({said}) is not what leaf {place} of the tree says.")


def _bytes(body: object) -> bytes:
    """What the table holds in a place for bytes, whatever somebody put there."""
    return bytes(body) if isinstance(body, (bytes, memoryview)) else str(body).encode()


def _same(stored: StoredTree, place: int, data: bytes, said: str) -> None:
    if stored.hashes(place, 1) != merkle.leaf_hash(data):
        raise DoesNotHold(f"{said} is not what leaf {place} of the tree says.")


def _no_gap(connection: Connection, column: Any, top: int, sentence: str) -> None:
    """Numbers that are given one by one, and never again, have no gap."""
    if int(connection.scalar(select(func.count()).select_from(column.table)) or 0) == top:
        return
    before = 0
    for number in connection.scalars(select(column).order_by(column)):
        if number != before + 1:
            raise DoesNotHold(sentence.format(before + 1))
        before = number


def _all_were_told(connection: Connection) -> None:
    """Every version is that of the event that brought it: no other content is proved, nor may be shown."""
    v, e = versions.c, events.c
    brought = versions.outerjoin(events, and_(e.seq == v.seq, e.notice == v.notice, e.version == v.version))
    query = select(notices.c.id, v.version).select_from(brought.outerjoin(notices, notices.c.number == v.notice))
    row = connection.execute(query.where(e.seq.is_(None)).limit(1)).first()
    if row is not None:
        raise DoesNotHold(f"Version {row.version} of {row.id} has no event; it was not written by noticewatch.")


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
