"""Rows of an answer on their way to the archive: found, compared with what is known, read, put in order.

Small answers stay in memory. Of a bulk file only places and hashes do: its unknown rows are read in a second pass, and
what they give is spooled to a temporary file once it grows large.
"""

import pickle
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import IO, Final, Self

from archive.log import Seen, Sighting
from crawlers.held import Held
from crawlers.parsing import Parser, Row, Shape
from noticewatch.errors import SourceDrift
from noticewatch.models import Reading

IN_MEMORY: Final = 48 << 20
"""Bytes of rows whose readings are kept in memory; what is beyond is spooled."""


@dataclass(slots=True)
class Found:
    """The rows of one capture. ``rows`` hold their ``raw`` only where the payload is small."""

    held: Held
    rows: list[Row]


@dataclass(slots=True)
class Tally:
    """Counts over the rows of a walk: rows, distinct source numbers, exact doubles."""

    rows: int = 0
    doubles: int = 0
    numbers: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)

    def add(self, rows: Collection[Row]) -> None:
        """Count the rows of one more answer."""
        self.rows += len(rows)
        for row in rows:
            self.numbers.add(row.source_number)
            self.seen.add(row.sha256)  # the source number is among the bytes
        self.doubles = self.rows - len(self.seen)


def find_rows(parser: Parser, held: Held, shape: Shape) -> Found:
    """The rows of a capture, found and hashed. Raises SourceDrift where it is not what was due."""
    with held.open() as stream:
        if held.small:
            return Found(held, list(parser.rows(stream, shape)))
        return Found(held, [replace(row, raw=None) for row in parser.rows(stream, shape)])


class Stage:
    """Readings and sightings of one capture, given back in chain order: revision, then source number."""

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._left = in_memory
        self._items: list[tuple[str, str, int, Seen | int]] = []
        self._spool: IO[bytes] | None = None

    def __len__(self) -> int:
        return len(self._items)

    def add(self, row: Row, item: Seen) -> None:
        """Keep what a row gave."""
        kept: Seen | int = item
        if isinstance(item, Reading):
            self._left -= row.end - row.start
            if self._left < 0:
                kept = self._spooled(item)
        self._items.append((row.revision, row.source_number, row.index, kept))

    def __iter__(self) -> Iterator[Seen]:
        for _, _, _, item in sorted(self._items, key=lambda kept: kept[:3]):
            yield self._loaded(item) if isinstance(item, int) else item

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._spool is not None:
            self._spool.close()

    def _spooled(self, reading: Reading) -> int:
        if self._spool is None:
            self._spool = tempfile.TemporaryFile(prefix="noticewatch-")  # noqa: SIM115 - closed by __exit__
        place = self._spool.tell()
        pickle.dump(reading, self._spool, pickle.HIGHEST_PROTOCOL)
        return place

    def _loaded(self, place: int) -> Seen:
        assert self._spool is not None
        self._spool.seek(place)
        reading: Reading = pickle.load(self._spool)  # noqa: S301 - our own temporary file
        return reading


def stage(
    parser: Parser, found: Found, known: Mapping[str, str], taken: set[str], shape: Shape
) -> tuple[Stage, list[str]]:
    """Stage the rows of a capture; gives the stage and a sentence for each row that could not be read.

    ``known``: SHA-256 of the latest record by source number; such rows are sightings and are not read. ``taken``:
    SHA-256 of rows that the walk has staged already; exact doubles are staged once. The found rows are freed.
    """
    staged, problems = Stage(), []
    unknown: set[int] = set()
    for row in found.rows:
        if row.sha256 in taken:
            continue
        taken.add(row.sha256)
        if known.get(row.source_number) == row.sha256:
            staged.add(row, Sighting(row.source_number, row.index, row.start, row.end, row.sha256))
        else:
            unknown.add(row.index)
    for row in _with_raw(parser, found, unknown):
        try:
            staged.add(row, parser.read_row(row, found.held.capture, shape))
        except SourceDrift as error:
            problems.append(str(error))
    found.rows = []
    return staged, problems


def read_rows(parser: Parser, held: Held, rows: Collection[int]) -> dict[int, Reading]:
    """Rows of a capture read again with the present parser, by their index; a row that cannot be read is left out."""
    wanted, read = set(rows), {}
    for row in _with_raw(parser, Found(held, []), wanted, again=True):
        try:
            read[row.index] = parser.read_row(row, held.capture, Shape())
        except SourceDrift:
            continue
    return read


def _with_raw(parser: Parser, found: Found, wanted: set[int], *, again: bool = False) -> Iterator[Row]:
    """The wanted rows with what is needed to read them."""
    if not wanted:
        return
    if found.held.small and not again:
        yield from (row for row in found.rows if row.index in wanted)
        return
    with found.held.open() as stream:
        for row in parser.rows(stream, Shape()):
            if row.index in wanted:
                yield row
