"""Reads the SAM.gov bulk file: CSV in Windows-1252, all fields quoted, line breaks inside them.

Columns are found by name. An answer with fewer columns carries fewer fields.
"""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import BinaryIO, Final

from crawlers.parsing import Row, Shape
from crawlers.sources.sam_gov_bulk.columns import CARRIES, KNOWN, NEEDED
from crawlers.sources.sam_gov_bulk.mapping import Cells, revision, to_notice
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Reading

_BOM: Final = b"\xef\xbb\xbf"
_NOT_TEXT: Final = "�"
_LONGEST: Final = 8_000_000
"""Most bytes of a line or characters of a field; the longest description seen has 32,003."""


def rows(stream: BinaryIO, shape: Shape) -> Iterator[Row]:
    """Rows of the file with their byte ranges. Raises SourceDrift for HTML, a wrong header, a file cut off."""
    csv.field_size_limit(_LONGEST)
    lines = _Lines(stream)
    reader = csv.reader(lines, strict=True)
    header = _next(reader, 0)
    columns = _columns(header, lines, shape)
    number, posted = columns["NoticeId"], columns["PostedDate"]
    index, start = 0, lines.take()[0]
    while (cells := _next(reader, index)) is not None:
        end, sha256, damaged = lines.take()
        if damaged:
            shape.remarks["rows with bytes outside Windows-1252"] += 1
        if cells:
            if len(cells) != len(columns):
                raise SourceDrift(_cut(index, f"it has {len(cells)} of {len(columns)} columns"))
            source_number = cells[number].strip()
            sorted_by = revision(cells[posted], source_number)
            yield Row(index, start, end, sha256, source_number, sorted_by, (tuple(columns), cells))
            index += 1
        start = end
    if not lines.whole:
        raise SourceDrift(_cut(index, "its last row does not end with a line break"))


def read_row(row: Row, capture: Capture, shape: Shape) -> Reading:  # noqa: ARG001 - the capture's time is not needed
    """The reading of a row. Raises SourceDrift where it has no NoticeId or type."""
    columns, values = row.raw
    cells = Cells(dict(zip(columns, values, strict=True)))
    if not row.source_number or not cells["Type"]:
        raise SourceDrift(f"Row {row.index + 1} of the file has no NoticeId or no Type.")
    return Reading(
        source_number=row.source_number,
        key=None,
        revision=row.revision,
        notice=to_notice(cells, shape),
        carried=_carried(columns),
        index=row.index,
        start=row.start,
        end=row.end,
        sha256=row.sha256,
    )


class _Lines:
    """Lines of the stream as text, and where the row that they make ends."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._place, self._damaged = stream, 0, False
        self._hash = hashlib.sha256()
        self.first = b""
        self.whole = False

    def __iter__(self) -> Iterator[str]:
        encoding = "cp1252"
        while line := self._stream.readline(_LONGEST + 1):
            if len(line) > _LONGEST:
                raise SourceDrift(
                    f"The file has a line of more than {_LONGEST:,} bytes, so it is no file of this source."
                )
            raw = line
            self.whole = line.endswith(b"\n")
            if not self.first:
                self.first = line
                if line.startswith(_BOM):
                    encoding, raw = "utf-8", line.removeprefix(_BOM)
            self._place += len(line)
            self._hash.update(line)
            text = raw.decode(encoding, "replace")
            self._damaged = self._damaged or _NOT_TEXT in text
            yield text

    def take(self) -> tuple[int, str, bool]:
        """End of the row just read, SHA-256 of its bytes, whether some were no text. Starts the next row."""
        taken = self._place, self._hash.hexdigest(), self._damaged
        self._hash, self._damaged = hashlib.sha256(), False
        return taken


def _next(reader: Iterator[Sequence[str]], index: int) -> Sequence[str] | None:
    try:
        return next(reader, None)
    except csv.Error as error:
        raise SourceDrift(_cut(index, str(error))) from error


def _cut(index: int, why: str) -> str:
    where = "in its header" if index == 0 else f"behind row {index}"
    return f"The file is cut off or broken {where} ({why}); fetch it again."


def _columns(header: Sequence[str] | None, lines: _Lines, shape: Shape) -> dict[str, int]:
    if lines.first.lstrip().startswith(b"<"):
        raise SourceDrift("The answer is an HTML or XML page where a CSV file was due.")
    if not header:
        raise SourceDrift("The answer is empty where a CSV file was due.")
    columns = {name.strip(): place for place, name in enumerate(header)}
    if len(columns) != len(header):
        raise SourceDrift("The header of the file names a column twice.")
    lacking = sorted(NEEDED - columns.keys())
    if lacking:
        raise SourceDrift(f"The header of the file lacks {', '.join(lacking)}.")
    shape.missing |= KNOWN.keys() - columns.keys()
    shape.unread |= columns.keys() - KNOWN.keys()
    return columns


@lru_cache(maxsize=64)
def _carried(columns: tuple[str, ...]) -> frozenset[str]:
    return frozenset(path for column in columns for path in CARRIES.get(column, ()))
