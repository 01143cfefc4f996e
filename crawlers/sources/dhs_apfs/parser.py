"""Reads the list of forecasts: one bare JSON list, an element a forecast."""

import hashlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from crawlers.json_rows import elements
from crawlers.members import Members
from crawlers.parsing import Row, Shape
from crawlers.sources.dhs_apfs.mapping import NEEDED, carried, to_notice
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Reading


def rows(stream: BinaryIO, shape: Shape) -> Iterator[Row]:
    """Rows of the list with their byte ranges. Raises SourceDrift where it is not what was due."""
    payload = stream.read()
    for index, (start, end, members) in enumerate(elements(payload)):
        if not isinstance(members, dict):
            raise SourceDrift(f"Element {index + 1} of the list is no object.")
        shape.missing |= NEEDED - members.keys()
        number = _id(members, index)
        yield Row(index, start, end, hashlib.sha256(payload[start:end]).hexdigest(), number, "", members)


def read_row(row: Row, capture: Capture, shape: Shape) -> Reading:  # noqa: ARG001 - the capture's time is not needed
    """The reading of a row. Raises SourceDrift where it has no id."""
    members = Members(row.raw, shape)
    notice = to_notice(members, shape)
    members.close()
    return Reading(
        source_number=row.source_number,
        key=row.source_number,
        revision="",
        notice=notice,
        carried=carried(tuple(row.raw)),
        index=row.index,
        start=row.start,
        end=row.end,
        sha256=row.sha256,
    )


def _id(members: dict[str, Any], index: int) -> str:
    stated = members.get("id")
    if isinstance(stated, bool) or not isinstance(stated, (int, str)) or not str(stated).strip():
        raise SourceDrift(f"Element {index + 1} of the list has no id.")
    return str(stated).strip()
