"""Reads the SAM.gov bulk files: CSV in Windows-1252 or UTF-8, all fields quoted, line breaks inside them.

Columns are found by name. An answer with fewer columns carries fewer fields.
"""

import csv
import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import BinaryIO, Final

from crawlers.parsing import Row, Shape
from crawlers.sources.sam_gov_bulk.columns import CARRIES, KNOWN, NEEDED
from crawlers.sources.sam_gov_bulk.mapping import Cells, revision, to_notice
from crawlers.sources.sam_gov_bulk.scanning import Scanner
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Reading

_NAMES: Final = {"cp1252": "Windows-1252", "utf-8": "UTF-8"}
_USUAL: Final = re.compile(r"(\d{4}-\d\d-\d\d) ([01]\d|2[0-3])(:[0-5]\d:[0-5]\d\.\d{3})-([01]\d)")
"""Almost all times of the file."""


def rows(stream: BinaryIO, shape: Shape) -> Iterator[Row]:
    """Rows of the file with their byte ranges. Raises SourceDrift for HTML, a wrong header, a file cut off."""
    scanner = Scanner(stream)
    index = 0
    try:
        columns = _columns(scanner.header(), scanner.first, shape)
        names = tuple(columns)
        for start, raw, cells, texts in scanner.rows(len(columns), (columns["NoticeId"], columns["PostedDate"])):
            if scanner.damaged(raw):
                shape.remarks[f"rows with bytes outside {_NAMES[scanner.encoding]}"] += 1
            if cells is not None:
                raise SourceDrift(_cut(index, f"it has {len(cells)} of {len(columns)} columns"))
            number, posted = texts
            number = number.strip()
            if number == "NoticeId":
                raise SourceDrift(f"Several files in one: behind row {index} stands the header once more; part them.")
            sha256 = hashlib.sha256(raw).hexdigest()
            sorted_by = _usual_revision(posted, number) or revision(posted, number)
            yield Row(index, start, start + len(raw), sha256, number, sorted_by, (names, scanner.encoding, raw))
            index += 1
    except csv.Error as error:
        raise SourceDrift(_cut(index, str(error))) from error
    if not scanner.whole:
        raise SourceDrift(_cut(index, "its last row does not end with a line break"))


def read_row(row: Row, capture: Capture, shape: Shape) -> Reading:  # noqa: ARG001 - the capture's time is not needed
    """The reading of a row. Raises SourceDrift where it has no NoticeId or type."""
    columns, encoding, raw = row.raw
    values = next(csv.reader([raw.decode(encoding, "replace")], strict=True))
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


def _usual_revision(posted: str, number: str) -> str | None:
    """What ``revision`` gives for a time of the usual form; None for any other, and where UTC has another day."""
    match = _USUAL.fullmatch(posted)
    if match is None:
        return None
    day, hour, rest, offset = match.groups()
    utc = int(hour) + int(offset)
    return f"{day}T{utc:02}{rest}Z {number}" if utc < 24 and _is_day(day) else None


@lru_cache(maxsize=1024)
def _is_day(printed: str) -> bool:
    try:
        return bool(date.fromisoformat(printed))
    except ValueError:
        return False


def _cut(index: int, why: str) -> str:
    where = "in its header" if index == 0 else f"behind row {index}"
    return f"The file is cut off or broken {where} ({why}); fetch it again."


def _columns(header: Sequence[str] | None, first: bytes, shape: Shape) -> dict[str, int]:
    if first.lstrip().startswith(b"<"):
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
