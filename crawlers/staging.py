"""Rows of an answer on their way to the archive: found, compared with what is known, read, put in order.

Small answers stay in memory. Of a bulk file only places and hashes do: its unknown rows are read in a second pass, and
what they give waits in a temporary file.
"""

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from archive.log import Seen, Sighting
from archive.thinned import Kept, PayloadThinned
from crawlers.flat_rows import FlatRows
from crawlers.held import Held
from crawlers.known import Hashes
from crawlers.parsing import Parser, Row, Shape
from crawlers.sorted_spool import SortedSpool
from noticewatch.errors import SourceDrift
from noticewatch.models import Reading


@dataclass(slots=True)
class Found:
    """The rows of one capture: a list that holds their ``raw``, or FlatRows where the payload is large."""

    held: Held
    rows: Collection[Row]

    def numbers(self) -> Iterator[str]:
        """Source numbers of all rows."""
        if isinstance(self.rows, FlatRows):
            return iter(self.rows.numbers)
        return (row.source_number for row in self.rows)

    def keep(self, indexes: Collection[int]) -> None:
        """Forget all rows but those with these indexes."""
        if isinstance(self.rows, FlatRows):
            kept = FlatRows()
            for place in range(len(self.rows)):
                if self.rows.index(place) in indexes:
                    kept.add(self.rows.row(place))
            self.rows = kept
        else:
            self.rows = [row for row in self.rows if row.index in indexes]


@dataclass(slots=True)
class Tally:
    """Counts over the rows of a walk: rows, distinct source numbers, exact doubles, and rows beside another, different
    one of their number in the same answer: of these one speaks.
    """

    rows: int = 0
    doubles: int = 0
    beside: int = 0
    numbers: set[str] = field(default_factory=set)
    _seen: set[bytes] = field(default_factory=set)
    _first: FlatRows | None = None

    def add(self, rows: Collection[Row]) -> None:
        """Count the rows of one more answer."""
        if isinstance(rows, FlatRows):
            distinct, numbers = len(rows) - len(rows.repeats()), set(rows.numbers)
        else:
            distinct, numbers = len({row.sha256 for row in rows}), {row.source_number for row in rows}
        self.numbers = self.numbers | numbers if self.numbers else numbers
        self.beside += distinct - len(numbers)
        if isinstance(rows, FlatRows) and not self.rows:  # the one file of a walk: its hashes need not be held twice
            self._first, self.rows, self.doubles = rows, len(rows), len(rows) - distinct
            return
        if self._first is not None:
            self._seen.update(self._first.digests())
            self._first = None
        self.rows += len(rows)
        self._seen.update(rows.digests() if isinstance(rows, FlatRows) else (bytes.fromhex(row.sha256) for row in rows))
        self.doubles = self.rows - len(self._seen)  # the source number is among the bytes


def parsed(parser: Parser, held: Held, shape: Shape) -> Iterator[Row]:
    """The rows of a capture; of one that was thinned those that are kept, each where it stood. Raises SourceDrift."""
    try:
        stream = held.open()
    except PayloadThinned as left:
        yield from standing(parser.rows(left.kept.stream(), shape), left.kept)
        return
    with stream:
        yield from parser.rows(stream, shape)


def standing(rows: Iterable[Row], kept: Kept) -> Iterator[Row]:
    """Rows of what is kept of a payload, each with its index and byte range in the whole."""
    for row in rows:
        index, start = kept.original(row.start)
        yield replace(row, index=index, start=start, end=start + row.end - row.start)


def find_rows(parser: Parser, held: Held, shape: Shape) -> Found:
    """The rows of a capture, found and hashed. Raises SourceDrift where it is not what was due."""
    if held.small:
        return Found(held, list(parsed(parser, held, shape)))
    rows = FlatRows()
    for row in parsed(parser, held, shape):
        rows.add(row)
    return Found(held, rows)


class Stage:
    """Readings and sightings of one capture. Of a small one they are given back in chain order: revision, then source
    number; of a large one first the sightings, in order of their rows, then the readings in chain order.
    """

    def __init__(self) -> None:
        self._items: list[tuple[str, str, int, Seen]] = []
        self._spool: SortedSpool | None = None
        self._flat: tuple[FlatRows, array[int], array[int]] | None = None

    def add(self, row: Row, item: Seen) -> None:
        """Keep what a row of a small capture gave."""
        self._items.append((row.revision, row.source_number, row.index, item))

    def add_sightings(self, rows: FlatRows, places: "array[int]", records: "array[int]") -> None:
        """Keep rows of a large capture that were seen again, each with its record."""
        self._flat = rows, places, records

    def spool(self, reading: Reading) -> None:
        """Keep what a row of a large capture gave, out of memory."""
        if self._spool is None:
            self._spool = SortedSpool()
        self._spool.add(reading)

    def __len__(self) -> int:
        sightings = len(self._flat[1]) if self._flat else 0
        return len(self._items) + sightings + (len(self._spool) if self._spool else 0)

    def __iter__(self) -> Iterator[Seen]:
        if self._flat is not None:
            rows, places, records = self._flat
            yield from map(rows.sighting, places, records)
        for _, _, _, item in sorted(self._items, key=lambda kept: kept[:3]):
            yield item
        if self._spool is not None:
            yield from self._spool

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._spool is not None:
            self._spool.close()


def stage(
    parser: Parser, found: Found, known: Mapping[str, str], taken: set[Any], shape: Shape
) -> tuple[Stage, list[str]]:
    """Stage the rows of a capture; gives the stage and a sentence for each row that could not be read.

    ``known``: SHA-256 of the latest record by source number; such rows are sightings and are not read. ``taken``:
    SHA-256 of rows that the walk has staged already; exact doubles are staged once. The found rows are freed.
    """
    if isinstance(found.rows, FlatRows):
        staged, problems = _stage_flat(parser, found, found.rows, known, shape)
    else:
        staged, problems = _stage_small(parser, found, known, taken, shape)
    found.rows = []
    return staged, problems


def _stage_small(
    parser: Parser, found: Found, known: Mapping[str, str], taken: set[Any], shape: Shape
) -> tuple[Stage, list[str]]:
    staged, problems = Stage(), list[str]()
    for row in found.rows:
        if row.sha256 in taken:
            continue
        taken.add(row.sha256)
        if known.get(row.source_number) == row.sha256:
            record = known.record(row.source_number) if isinstance(known, Hashes) else 0
            staged.add(row, Sighting(row.source_number, row.index, row.start, row.end, row.sha256, record))
            continue
        try:
            staged.add(row, parser.read_row(row, found.held.capture, shape))
        except SourceDrift as error:
            problems.append(str(error))
    return staged, problems


def _stage_flat(
    parser: Parser, found: Found, rows: FlatRows, known: Mapping[str, str], shape: Shape
) -> tuple[Stage, list[str]]:
    """Stage a bulk file: unknown rows are read in a second pass. Doubles are known by the file alone."""
    staged, problems = Stage(), list[str]()
    again, unknown = _compared(rows, known)
    records = known.record if isinstance(known, Hashes) else lambda _: 0
    staged.add_sightings(rows, again, array("Q", (records(rows.numbers[place]) for place in again)))
    if unknown:
        for row in _second_pass(parser, found.held, rows, unknown):
            try:
                staged.spool(parser.read_row(row, found.held.capture, shape))
            except SourceDrift as error:
                problems.append(str(error))
    return staged, problems


def _compared(rows: FlatRows, known: Mapping[str, str]) -> "tuple[array[int], array[int]]":
    """Places of the rows whose bytes are known, and of those that must be read; exact doubles are in neither."""
    again, unknown, repeats = array("Q"), array("Q"), rows.repeats()
    held = known.digest if isinstance(known, Hashes) else lambda number: bytes.fromhex(known.get(number, ""))
    for place, (number, digest) in enumerate(zip(rows.numbers, rows.digests(), strict=True)):
        if place not in repeats:
            (again if held(number) == digest else unknown).append(place)
    return again, unknown


def _second_pass(parser: Parser, held: Held, rows: FlatRows, places: "array[int]") -> Iterator[Row]:
    """The rows at these places, in order, with what is needed to read them."""
    wanted = map(rows.index, places)
    due = next(wanted, None)
    for row in parsed(parser, held, Shape()):
        if row.index == due:
            yield row
            due = next(wanted, None)
            if due is None:
                return


def read_rows(parser: Parser, held: Held, rows: Collection[int]) -> dict[int, Reading]:
    """Rows of a capture read again with the present parser, by their index; a row that cannot be read is left out."""
    wanted, read = set(rows), dict[int, Reading]()
    if not wanted:
        return read
    for row in parsed(parser, held, Shape()):
        if row.index in wanted:
            try:
                read[row.index] = parser.read_row(row, held.capture, Shape())
            except SourceDrift:
                continue
    return read
