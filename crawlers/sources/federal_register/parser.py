"""Reads answers of the document search: JSON, one element of ``results`` a document."""

import hashlib
import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from crawlers.json_rows import elements_of
from crawlers.members import Members
from crawlers.parsing import Row, Shape
from crawlers.sources.federal_register.mapping import NEEDED, carried, to_notice
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Reading

NOISE: Final = re.compile(
    rb',?\s*"page_views"\s*:\s*(?:\{[^{}]*\}|null|\d+)|,?\s*"excerpts"\s*:\s*(?:"(?:[^"\\]|\\.)*"|null)'
    rb'|,?\s*"public_inspection_pdf_url"\s*:\s*(?:"(?:[^"\\]|\\.)*"|null)'
)
"""Members that say nothing about the document and change from answer to answer; cut before hashing."""


def rows(stream: BinaryIO, shape: Shape) -> Iterator[Row]:
    """Rows of an answer with their byte ranges; none where nothing matched. Raises SourceDrift."""
    payload = stream.read()
    found = elements_of(payload, "results", may_lack=b'"count"' in payload)
    for index, (start, end, members) in enumerate(found):
        if not isinstance(members, dict):
            raise SourceDrift(f"Result {index + 1} of the answer is no object.")
        shape.missing |= NEEDED - members.keys()
        number = members.get("document_number")
        if not isinstance(number, str) or not number.strip():
            raise SourceDrift(f"Result {index + 1} of the answer has no document number.")
        sha256 = hashlib.sha256(NOISE.sub(b"", payload[start:end])).hexdigest()
        yield Row(index, start, end, sha256, number.strip(), "", members)


def read_row(row: Row, capture: Capture, shape: Shape) -> Reading:  # noqa: ARG001 - the capture's time is not needed
    """The reading of a row. Raises SourceDrift where what should be an address is none."""
    members = Members(row.raw, shape)
    notice = to_notice(members)
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
