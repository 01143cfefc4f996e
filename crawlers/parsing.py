"""What a source's ``parser.py`` offers, and what it may say about the shape of an answer.

A parser is a pure module with two functions: ``rows`` finds the rows of an answer and hashes their bytes, cheaply;
``read_row`` makes a reading of one row. Rows whose bytes are known are never read.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, Protocol

from noticewatch.models import Capture, Reading

MISSING: Final = "columns missing: "
UNREAD: Final = "columns nobody reads: "
"""Findings that begin so say that the shape itself is another; other findings are about single rows."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an answer, found but not read.

    index: place in the answer from 0; start, end: byte range in the payload; sha256: hex, of those bytes, declared
    noise cut; source_number: the source's own number of the thing; revision: as in the reading that it will give (rows
    are appended in order of revision, source number); raw: what ``read_row`` needs, any picklable value.
    """

    index: int
    start: int
    end: int
    sha256: str
    source_number: str
    revision: str
    raw: Any


@dataclass(slots=True)
class Shape:
    """Findings about the shape of the answers of a crawl, gathered by the parser while it reads.

    missing: columns or fields that were expected and are not there; unread: such as nobody reads; types: values of
    another type than was due, ``award.amount is a list where text was due``, with how often; remarks: other findings,
    each a short sentence without the row's data, with how often it occurred.
    """

    missing: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    types: Counter[str] = field(default_factory=Counter)
    remarks: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Shape") -> None:
        """Take the findings of another."""
        self.missing |= other.missing
        self.unread |= other.unread
        self.types += other.types
        self.remarks += other.remarks

    def findings(self) -> list[str]:
        """All findings as sentences."""
        found = []
        if self.missing:
            found.append(f"{MISSING}{', '.join(sorted(self.missing))}")
        if self.unread:
            found.append(f"{UNREAD}{', '.join(sorted(self.unread))}")
        counted = (*self.types.items(), *self.remarks.items())
        found += [f"{remark} ({count} times)" if count > 1 else remark for remark, count in counted]
        return found


class Parser(Protocol):
    """The module ``parser.py`` of a source."""

    def rows(self, stream: BinaryIO, shape: Shape) -> Iterator[Row]:
        """Rows of one answer, in order of their bytes, lazily.

        Raises SourceDrift where the answer is not what the source is known for (HTML, a wrong header, cut off in the
        middle), with one sentence for people; it may have yielded rows before.
        """

    def read_row(self, row: Row, capture: Capture, shape: Shape) -> Reading:
        """The reading of a row. Raises SourceDrift where the row cannot be one of this source."""


def read(parser: Parser, stream: BinaryIO, capture: Capture, shape: Shape | None = None) -> Iterator[Reading]:
    """All readings of one answer, in order of their bytes. Raises SourceDrift."""
    noted = shape if shape is not None else Shape()
    for row in parser.rows(stream, noted):
        yield parser.read_row(row, capture, noted)
