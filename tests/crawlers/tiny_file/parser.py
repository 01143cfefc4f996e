"""Lines ``id,title`` under a header."""

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

from crawlers.parsing import Row, Shape
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Kind, Notice, Reading, Text


def rows(stream: BinaryIO, shape: Shape) -> Iterator[Row]:
    header = stream.readline()
    if header != b"id,title\n":
        raise SourceDrift("the file does not begin with the columns id and title")
    start = len(header)
    for index, line in enumerate(stream):
        if not line.endswith(b"\n"):
            raise SourceDrift(f"the file ends in the middle of row {index + 1}")
        number, _, title = line.decode().rstrip("\n").partition(",")
        digest = hashlib.sha256(line).hexdigest()
        yield Row(index, start, start + len(line), digest, number, title[:4], title)
        start += len(line)


def read_row(row: Row, capture: Capture, shape: Shape) -> Reading:
    if not row.raw:
        raise SourceDrift("the row has no title")
    notice = Notice(kind=Kind.AWARD, title=(Text(text=row.raw),))
    carried = frozenset({"kind", "title"})
    number = row.source_number
    return Reading(number, number, row.revision, notice, carried, row.index, row.start, row.end, row.sha256)
