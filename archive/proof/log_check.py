"""Checks that the tables hold what the tree says of the log, in parts that do not need each other."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, select

from archive import merkle
from archive.proof import forms, reading, tree
from archive.proof.extent import DoesNotHold, Extent
from archive.proof.log_part import LogPart, Placings, Told
from archive.proof.tree import StoredTree
from archive.tables import captures, leaves

if TYPE_CHECKING:
    from archive.store import Archive

_LEAST_PART: Final = 2_000
"""Leaves of a part; fewer would not be worth the way to another process."""


@dataclass(slots=True)
class LogCheck:
    """Goes through the leaves from ``begin`` to the end of an extent. records, events: up to which number all have a
    leaf before.

    A record that a leaf placed elsewhere than it stands now is waited for: a later leaf must say where it stands.
    """

    archive: "Archive"
    begin: int
    end: Extent
    records: int = 0
    events: int = 0
    _placings: Placings = field(default_factory=Placings)

    def parts(self, most: int, least: int = _LEAST_PART) -> list[LogPart]:
        """The leaves in parts that can be checked alone, at most so many, as equal as entries of the log allow; of
        ``least`` leaves each where there is more than one.
        """
        number = min(most, 1 + (self.end.leaves - self.begin) // least)
        with self.archive.reading() as connection:
            found = [self._entry_at(connection, part, number) for part in range(1, number)]
            begins = sorted({self.begin, *(place for place in found if place is not None)})
            ends = [*begins[1:], self.end.leaves]
            return [
                LogPart(begin, end, _events_before(connection, begin) if begin > self.begin else self.events)
                for begin, end in zip(begins, ends, strict=True)
                if begin < end
            ]

    def run(self, told: Told) -> None:
        """Check all. ``told``: how many leaves are done. Raises DoesNotHold that names the first thing."""
        for part in self.parts(1):
            self.follow(part.run(self.archive, told))
        self.settle()

    def follow(self, found: Placings) -> None:
        """Take in what the check of the next part has found."""
        self._placings.follow(found)

    def settle(self) -> None:
        """Check, when all parts are checked, what no part can say alone. Raises DoesNotHold."""
        self._all_records_have_leaves()
        self._settle_awaited()

    def _entry_at(self, connection: Connection, part: int, parts: int) -> int | None:
        """The place of the first entry of the table ``leaves`` at or behind which a part is to begin."""
        least = self.begin + (self.end.leaves - self.begin) * part // parts
        own = leaves.c.number >= least, leaves.c.number < self.end.leaves
        place: int | None = connection.scalar(select(leaves.c.number).where(*own).order_by(leaves.c.number).limit(1))
        return place

    def _all_records_have_leaves(self) -> None:
        ranges = self._placings.numbers
        if self.records < self.end.records:
            last = next((last for first, last in ranges if first <= self.records + 1 <= last), self.records)
            if last < self.end.records:
                raise DoesNotHold(f"Record {last + 1} has no leaf; it was not written by noticewatch.")

    def _settle_awaited(self) -> None:
        """Look for the leaves of records that were moved while this check was running."""
        awaited = self._placings.awaited
        if not awaited:
            return
        with self.archive.reading() as connection:
            query = select(leaves.c.body, leaves.c.capture, captures.c.id).join(captures)
            query = query.where(leaves.c.kind == "records", leaves.c.number >= self.end.leaves)
            standing = reading.records_of(connection, awaited)
            for body, capture, capture_id in connection.execute(query.order_by(leaves.c.number)).all():
                placed = [one for one in forms.packed_rows(bytes(body)) if one[0] in awaited]
                if placed:
                    self._placings.add(capture, capture_id, placed, standing)
        for sentence in awaited.values():
            raise DoesNotHold(sentence)


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
    stored.read(level, first, end - 1)
    stored.read(level + 1, first // tree.WIDTH, (end - 1) // tree.WIDTH)
    for number in range(first, end):
        above, place = divmod(number, tree.WIDTH)
        root = merkle.root(tree.split(stored.tile(level, number)))
        if tree.split(stored.tile(level + 1, above))[place : place + 1] != [root]:
            raise DoesNotHold(f"The tree is damaged: tile {number} of level {level} has another root above it.")


def _events_before(connection: Connection, place: int) -> int:
    """Up to which ``seq`` the leaves before a place speak of events."""
    own = leaves.c.kind == "event", leaves.c.number < place
    last = select(leaves.c.seq + leaves.c.leaves - 1).where(*own).order_by(leaves.c.number.desc()).limit(1)
    return int(connection.scalar(last) or 0)
