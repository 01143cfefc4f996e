"""``{"results": [{"id": …, "title": …}], "page_metadata": {"hasNext": false}}``"""

import hashlib
import json
from collections.abc import Iterator
from typing import BinaryIO

from crawlers.parsing import Row, Shape
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Kind, Notice, Reading, Text


def rows(stream: BinaryIO, shape: Shape) -> Iterator[Row]:
    payload = stream.read()
    try:
        results = json.loads(payload)["results"]
    except (ValueError, KeyError, TypeError) as error:
        raise SourceDrift("the answer is not the JSON that was due") from error
    place = 0
    for index, raw in enumerate(results):
        shape.unread.update(raw.keys() - {"id", "title"})
        if "title" not in raw:
            shape.missing.add("title")
        written = json.dumps(raw, separators=(",", ":")).encode()
        start = payload.index(written, place)
        place = start + len(written)
        yield Row(index, start, place, hashlib.sha256(written).hexdigest(), raw["id"], "", raw)


def read_row(row: Row, capture: Capture, shape: Shape) -> Reading:
    if row.raw["title"] == "unreadable":
        raise SourceDrift("a title says that it is unreadable")
    notice = Notice(kind=Kind.AWARD, title=(Text(text=row.raw["title"]),))
    carried = frozenset({"kind", "title"})
    key = row.source_number
    return Reading(row.source_number, key, "", notice, carried, row.index, row.start, row.end, row.sha256)
