"""Reads answers of SAM.gov's opportunities search: JSON, one element of ``opportunitiesData`` a notice.

A bare list of such elements, which is what people keep of the answers, is read too, and so is an answer of the address
that a notice names as its ``description``: the text alone, of the notice that the address asks for.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from crawlers.json_rows import Element, elements, elements_of
from crawlers.parsing import Row, Shape
from crawlers.sources.sam_gov_opportunities.mapping import carried, revision_of, text_alone, to_notice
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Notice, Reading

_NONE: Final = re.compile(rb'"totalRecords"\s*:\s*"?0\b')
_TEXT_ONLY: Final = re.compile(rb'\s*\{\s*"description"\s*:\s*"(?:[^"\\]|\\.)*"\s*\}\s*')
_NO_TEXT: Final = "description not found"
_ASKED: Final = re.compile(r"[?&]noticeid=([0-9a-z]+)", re.IGNORECASE)


def rows(stream: BinaryIO, shape: Shape) -> Iterator[Row]:
    """Rows of an answer with their byte ranges. Raises SourceDrift where it is not what was due."""
    payload = stream.read()
    if _TEXT_ONLY.fullmatch(payload):
        yield from _text(payload)
        return
    for index, (start, end, item) in enumerate(_items(payload)):
        number = item.get("noticeId") if isinstance(item, dict) else None
        if not isinstance(number, str) or not number.strip():
            raise SourceDrift(f"Element {index + 1} of the answer is no notice: it has no noticeId.")
        if not item.get("postedDate"):
            shape.missing.add("postedDate")
        number = number.strip()
        sha256 = hashlib.sha256(payload[start:end]).hexdigest()
        yield Row(index, start, end, sha256, number, revision_of(item.get("postedDate"), number), item)


def read_row(row: Row, capture: Capture, shape: Shape) -> Reading:
    """The reading of a row. Raises SourceDrift where it states no type, or is a text without its notice's address."""
    if "noticeId" not in row.raw:
        return _text_reading(row, capture)
    if not isinstance(row.raw.get("type"), str) or not row.raw["type"].strip():
        raise SourceDrift(f"Notice {row.source_number} states no type.")
    return _reading(row, row.source_number, to_notice(row.raw, shape), carried(row.raw))


def _text_reading(row: Row, capture: Capture) -> Reading:
    asked = _ASKED.search(capture.url)
    if asked is None:
        raise SourceDrift(
            "The answer holds the text of a notice, and its address does not say of which; "
            "import it with its address (--url …/noticedesc?noticeid=ID)."
        )
    return _reading(row, asked[1], text_alone(asked[1], row.raw["description"]), frozenset({"description"}))


def _reading(row: Row, number: str, notice: Notice, paths: frozenset[str]) -> Reading:
    return Reading(
        source_number=number,
        key=None,
        revision=row.revision,
        notice=notice,
        carried=paths,
        index=row.index,
        start=row.start,
        end=row.end,
        sha256=row.sha256,
    )


def _text(payload: bytes) -> Iterator[Row]:
    """The one row of an answer that holds a text alone; its address says whose. None where there is no text."""
    ((start, end, whole),) = elements(b"[" + payload + b"]")
    if whole["description"].strip().rstrip(".").casefold() not in {"", _NO_TEXT}:
        raw = payload[start - 1 : end - 1]
        yield Row(0, start - 1, end - 1, hashlib.sha256(raw).hexdigest(), "", "", whole)


def _items(payload: bytes) -> Iterator[Element]:
    if payload.lstrip()[:1] == b"[":
        return elements(payload)
    return elements_of(payload, "opportunitiesData", may_lack=bool(_NONE.search(payload[:4096])))
