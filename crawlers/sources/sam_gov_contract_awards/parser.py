"""Reads answers of Contract Awards: JSON, one element of ``awardSummary`` an action."""

import hashlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from crawlers.federal_actions import Identity
from crawlers.members import Members
from crawlers.parsing import Row, Shape
from crawlers.sources.sam_gov_contract_awards.answers import results
from crawlers.sources.sam_gov_contract_awards.mapping import identity_of, read_record, strange_section
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Reading

_DELETED: Final = "DELETEDSTATUS=YES"


def rows(stream: BinaryIO, shape: Shape) -> Iterator[Row]:  # noqa: ARG001 - what a record lacks is said by read_row
    """Records of an answer with their byte ranges. Raises SourceDrift where it is not what was due."""
    payload = stream.read()
    for index, (start, end, values) in enumerate(results(payload)):
        identity = _identity(values, index)
        strange = strange_section(values)
        if strange is not None:
            raise SourceDrift(f"Record {index + 1} of the answer has other members in {strange} than was due.")
        sha256 = hashlib.sha256(payload[start:end]).hexdigest()
        yield Row(index, start, end, sha256, identity.key, "", values)


def read_row(row: Row, capture: Capture, shape: Shape) -> Reading:
    """The reading of a record. Raises SourceDrift where it cannot be an action."""
    identity = _identity(row.raw, row.index)
    notice, carried = read_record(row.raw, identity, shape, deleted=_DELETED in capture.url.upper())
    return Reading(
        source_number=row.source_number,
        key=identity.key,
        revision="",
        notice=notice,
        carried=carried,
        index=row.index,
        start=row.start,
        end=row.end,
        sha256=row.sha256,
    )


def _identity(values: Any, index: int) -> Identity:
    identity = identity_of(Members(values, Shape()))
    if identity is None:
        raise SourceDrift(f"Record {index + 1} of the answer has no agency, contract number or modification number.")
    return identity
