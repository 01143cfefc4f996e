"""Reads actions of USAspending: answers of ``spending_by_transaction``, JSON, one element of ``results`` an action; by
import also downloaded files of actions, CSV.
"""

import hashlib
import io
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, BinaryIO, Final

from crawlers.parsing import Row, Shape
from crawlers.sources.usaspending_awards.tables import Joined, table
from crawlers.sources.usaspending_transactions import downloads
from crawlers.sources.usaspending_transactions.mapping import CARRIES, NEEDED, UNREAD, Identity, to_notice
from crawlers.sources.usaspending_transactions.noise import NOISE
from crawlers.sources.usaspending_transactions.scanning import results
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Notice, Reading

_LOOKED_AT: Final = 4096
_NAMELESS: Final = "of the answer has no generated id or modification number."


def rows(stream: BinaryIO, shape: Shape) -> Iterator[Row]:
    """Rows of an answer or a file with their byte ranges. Raises SourceDrift where it is not what was due."""
    start = stream.read(_LOOKED_AT)
    whole = io.BufferedReader(Joined(start, stream))
    if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[", b"<", b""):
        yield from _answer_rows(whole.read(), shape)
    else:
        yield from _file_rows(whole, shape)


def read_row(row: Row, capture: Capture, shape: Shape) -> Reading:  # noqa: ARG001 - the capture's time is not needed
    """The reading of a row. Raises SourceDrift where it cannot be an action."""
    columns, held = row.raw
    notice, key = _of_file(row.index, held, shape) if columns else _of_answer(row.index, held, shape)
    return Reading(
        source_number=row.source_number,
        key=key,
        revision="",
        notice=notice,
        carried=downloads.carried(columns) if columns else _carried(tuple(held)),
        index=row.index,
        start=row.start,
        end=row.end,
        sha256=row.sha256,
    )


def _answer_rows(payload: bytes, shape: Shape) -> Iterator[Row]:
    advice = list[str]()
    for index, (start, end, members) in enumerate(results(payload, advice)):
        if not isinstance(members, dict):
            raise SourceDrift(f"Result {index + 1} of the answer is no object.")
        shape.missing |= NEEDED - members.keys()
        shape.unread |= members.keys() - CARRIES.keys() - UNREAD.keys()
        identity = Identity.of(members)
        if identity is None:
            raise SourceDrift(f"Result {index + 1} {_NAMELESS}")
        sha256 = hashlib.sha256(NOISE.sub(b"", payload[start:end])).hexdigest()
        yield Row(index, start, end, sha256, identity.key, "", (None, members))
    shape.remarks.update(f"the source advises: {message}" for message in advice)


def _file_rows(stream: BinaryIO, shape: Shape) -> Iterator[Row]:
    for index, row in enumerate(table(stream, downloads.layout(), shape)):
        if "modification_number" not in row.columns:
            raise SourceDrift(downloads.SUMMARIES)
        identity = downloads.action_of(row.cells)
        if identity is None:
            raise SourceDrift(f"Row {index + 1} names no action: agency, number or modification number is missing.")
        yield Row(index, row.start, row.end, row.sha256, identity.key, "", (row.columns, row.cells))


def _of_answer(index: int, members: dict[str, Any], shape: Shape) -> tuple[Notice, str]:
    identity = Identity.of(members)
    if identity is None:
        raise SourceDrift(f"Result {index + 1} {_NAMELESS}")
    return to_notice(members, identity, shape), identity.key


def _of_file(index: int, cells: dict[str, str], shape: Shape) -> tuple[Notice, str]:
    identity = downloads.action_of(cells)
    if identity is None:
        raise SourceDrift(f"Row {index + 1} names no action.")
    return downloads.notice_of(cells, identity, shape), identity.key


@lru_cache(maxsize=64)
def _carried(members: tuple[str, ...]) -> frozenset[str]:
    return frozenset(path for member in members for path in CARRIES.get(member, ()))
