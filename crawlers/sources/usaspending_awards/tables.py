"""Rows of a downloaded CSV file by their bytes: read by the names in its header, never by position. Pure.

One line after the other is taken from the stream, so a file of any size is read in little memory.
"""

import csv
import hashlib
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from crawlers.encodings import foreign_encoding
from crawlers.parsing import Shape
from noticewatch.errors import SourceDrift

LONGEST: Final = 4_000_000
"""Most bytes of a row; the longest seen has 9,000."""

_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Layout:
    """What is known of a kind of file. ``keys``: columns of which a header has one at least; ``read``: columns that are
    read; ``unread``: columns that are known and not read; ``bare``: by number of columns the names of files without a
    header; ``due``: by sort of file the columns that are missed where a header of that sort lacks them.
    """

    keys: Collection[str]
    read: Collection[str]
    unread: Collection[str]
    bare: Mapping[int, Sequence[str]]
    due: Sequence[Collection[str]] = ()

    def missing(self, columns: Collection[str]) -> set[str]:
        """Columns that a header lacks of those of the sort of file with which it shares most."""
        held = set(columns)
        nearest = max(self.due, key=lambda due: (len(held & set(due)), -len(due)), default=())
        return set(nearest) - held


@dataclass(frozen=True, slots=True)
class Cells:
    """A row: its place, the SHA-256 of its bytes without the line's end, its cells that are not empty by column, and
    the names of all columns of its file.
    """

    start: int
    end: int
    sha256: str
    cells: dict[str, str]
    columns: frozenset[str]


def table(stream: BinaryIO, layout: Layout, shape: Shape) -> Iterator[Cells]:
    """The rows of a file. Raises SourceDrift where it has no known header or is broken or cut off; rows come before."""
    names: Sequence[str] | None = None
    columns, ended = frozenset[str](), False
    for start, raw in records(stream):
        encoding = foreign_encoding(raw) if start == 0 else ""
        if encoding:
            raise SourceDrift(f"The file is {encoding} where UTF-8 was due.")
        values = _values(raw, shape)
        if names is None:
            names, headed = _names(values, layout)
            columns = frozenset(names)
            shape.unread |= columns - set(layout.read) - set(layout.unread) - {""}
            shape.missing |= layout.missing(columns)
            if headed:
                ended = raw.endswith(b"\n")
                continue
        if len(values) != len(names):
            raise SourceDrift(
                f"The row at byte {start:,} has {len(values)} cells where the file has {len(names)} columns: it is cut "
                "off or broken; fetch it again."
            )
        if ended and not raw.endswith(b"\n"):
            shape.types["the last row has no end, so the file may be cut off"] += 1
        ended, held = raw.endswith(b"\n"), raw.rstrip(b"\r\n")
        skipped = len(_BOM) if start == 0 and held.startswith(_BOM) else 0
        filled = {name: value for name, cell in zip(names, values, strict=True) if (value := cell.strip())}
        yield Cells(start + skipped, start + len(held), hashlib.sha256(held[skipped:]).hexdigest(), filled, columns)
    if names is None:
        raise SourceDrift("The file is empty where a header line was due.")


def records(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """First byte and bytes of each row; a row goes over several lines where a quoted cell does. Raises SourceDrift."""
    place, start, held, quotes = 0, 0, list[bytes](), 0
    length = 0
    while line := stream.readline(LONGEST):
        held.append(line)
        quotes += line.count(b'"')
        length += len(line)
        if length >= LONGEST:
            raise SourceDrift(f"The file has a row of more than {LONGEST:,} bytes, so it is no file of this source.")
        if quotes % 2:
            continue
        if length > len(line) or line.strip():
            yield start, b"".join(held)
        place += length
        start, held, quotes, length = place, [], 0, 0
    if held:
        raise SourceDrift("The file ends inside a quoted cell: it is cut off; fetch it again.")


def _values(raw: bytes, shape: Shape) -> list[str]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
        shape.remarks["rows that are not UTF-8, read as Windows-1252"] += 1
    csv.field_size_limit(LONGEST)
    try:
        return next(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (csv.Error, StopIteration) as error:
        raise SourceDrift("The file is broken CSV; fetch it again.") from error


def _names(values: Sequence[str], layout: Layout) -> tuple[Sequence[str], bool]:
    """The names of the columns, and whether they came from a header line."""
    names = [value.strip() for value in values]
    if any(key in names for key in layout.keys):
        doubled = {name for name in names if names.count(name) > 1}
        if doubled:
            raise SourceDrift(f"The header names a column twice: {', '.join(sorted(doubled))}.")
        return names, True
    if values and values[0].lstrip().startswith("<"):
        raise SourceDrift("The file is an HTML or XML page where CSV was due.")
    bare = layout.bare.get(len(values))
    if bare is None:
        raise SourceDrift(
            f"The file has no header line that names {' or '.join(sorted(layout.keys))}, and no known file without one "
            f"has {len(values)} columns; add its header line and import it again."
        )
    return bare, False


class Joined(io.RawIOBase):
    """Bytes that were read already, and the stream that they came from."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start, self._rest = start, rest

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; gives how many bytes."""
        block = self._start[: len(buffer)] or self._rest.read(len(buffer))
        self._start = self._start[len(buffer) :]
        buffer[: len(block)] = block
        return len(block)
