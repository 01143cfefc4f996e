"""Reads answers of SAM.gov's opportunities search: JSON, one element of ``opportunitiesData`` a notice.

A bare list of such elements, which is what people keep of the answers, is read too.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from crawlers.json_rows import Element, elements, elements_of
from crawlers.parsing import Row, Shape
from crawlers.sources.sam_gov_opportunities.mapping import carried, revision_of, to_notice
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Reading

_NONE: Final = re.compile(rb'"totalRecords"\s*:\s*"?0\b')
_TEXT_ONLY: Final = re.compile(rb'\s*\{\s*"description"\s*:\s*"(?:[^"\\]|\\.)*"\s*\}\s*')


def rows(stream: BinaryIO, shape: Shape) -> Iterator[Row]:
    """Rows of an answer with their byte ranges. Raises SourceDrift where it is not what was due."""
    payload = stream.read()
    for index, (start, end, item) in enumerate(_items(payload)):
        number = item.get("noticeId") if isinstance(item, dict) else None
        if not isinstance(number, str) or not number.strip():
            raise SourceDrift(f"Element {index + 1} of the answer is no notice: it has no noticeId.")
        if not item.get("postedDate"):
            shape.missing.add("postedDate")
        number = number.strip()
        sha256 = hashlib.sha256(payload[start:end]).hexdigest()
        yield Row(index, start, end, sha256, number, revision_of(item.get("postedDate"), number), item)


def read_row(row: Row, capture: Capture, shape: Shape) -> Reading:  # noqa: ARG001 - the capture's time is not needed
    """The reading of a row. Raises SourceDrift where it states no type."""
    if not isinstance(row.raw.get("type"), str) or not row.raw["type"].strip():
        raise SourceDrift(f"Notice {row.source_number} states no type.")
    return Reading(
        source_number=row.source_number,
        key=None,
        revision=row.revision,
        notice=to_notice(row.raw, shape),
        carried=carried(row.raw),
        index=row.index,
        start=row.start,
        end=row.end,
        sha256=row.sha256,
    )


def _items(payload: bytes) -> Iterator[Element]:
    if payload.lstrip()[:1] == b"[":
        return elements(payload)
    if _TEXT_ONLY.fullmatch(payload):
        raise SourceDrift(
            "The answer holds the text of a notice and not which notice it is; "
            "the daily file of SAM.gov holds the same texts, import that (source sam_gov_bulk)."
        )
    return elements_of(payload, "opportunitiesData", may_lack=bool(_NONE.search(payload[:4096])))
