"""Reads answers of USAspending's ``spending_by_transaction``: JSON, one element of ``results`` an action."""

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import BinaryIO, Final

from crawlers.parsing import Row, Shape
from crawlers.sources.usaspending_transactions.mapping import CARRIES, NEEDED, UNREAD, Identity, to_notice
from crawlers.sources.usaspending_transactions.scanning import results
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Reading

NOISE: Final = re.compile(
    rb'"(?:internal_id|awarding_agency_id|agency_slug)"\s*:\s*(?:"[^"]*"|[^",{}\[\]]*)\s*(?:,\s*)?'
)
"""Members that say nothing about the action and change when the source rebuilds its database; cut before hashing."""


def rows(stream: BinaryIO, shape: Shape) -> Iterator[Row]:
    """Rows of an answer with their byte ranges. Raises SourceDrift where it is not what was due."""
    payload, advice = stream.read(), list[str]()
    for index, (start, end, members) in enumerate(results(payload, advice)):
        if not isinstance(members, dict):
            raise SourceDrift(f"Result {index + 1} of the answer is no object.")
        shape.missing |= NEEDED - members.keys()
        shape.unread |= members.keys() - CARRIES.keys() - UNREAD.keys()
        identity = Identity.of(members)
        if identity is None:
            raise SourceDrift(f"Result {index + 1} of the answer has no generated id or modification number.")
        sha256 = hashlib.sha256(NOISE.sub(b"", payload[start:end])).hexdigest()
        yield Row(index, start, end, sha256, identity.key, "", members)
    shape.remarks.update(f"the source advises: {message}" for message in advice)


def read_row(row: Row, capture: Capture, shape: Shape) -> Reading:  # noqa: ARG001 - the capture's time is not needed
    """The reading of a row. Raises SourceDrift where it cannot be an action."""
    identity = Identity.of(row.raw)
    if identity is None:
        raise SourceDrift(f"Result {row.index + 1} of the answer has no generated id or modification number.")
    return Reading(
        source_number=row.source_number,
        key=identity.key,
        revision="",
        notice=to_notice(row.raw, identity, shape),
        carried=_carried(tuple(row.raw)),
        index=row.index,
        start=row.start,
        end=row.end,
        sha256=row.sha256,
    )


@lru_cache(maxsize=64)
def _carried(members: tuple[str, ...]) -> frozenset[str]:
    return frozenset(path for member in members for path in CARRIES.get(member, ()))
