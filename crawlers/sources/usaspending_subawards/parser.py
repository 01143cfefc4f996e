"""Reads sub-awards of USAspending: downloads as CSV, and answers of the search by ``spending_level`` subawards.

Companies report a sub-award again each month in which it changed, under the same number: each report is a state of one
notice, in order of the day on which it was last touched.
"""

import hashlib
import io
import tomllib
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Final

from crawlers.parsing import Row, Shape
from crawlers.sources.usaspending_awards.tables import Joined, Layout, table
from crawlers.sources.usaspending_subawards.mapping import (
    CARRIES,
    MEMBERS,
    Name,
    in_row,
    in_table,
    name_in_row,
    name_in_table,
    to_notice,
)
from crawlers.sources.usaspending_transactions.noise import NOISE
from crawlers.sources.usaspending_transactions.scanning import results
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Reading

_LOOKED_AT: Final = 4096


def rows(stream: BinaryIO, shape: Shape) -> Iterator[Row]:
    """Rows of an answer or a file with their byte ranges. Raises SourceDrift where it is neither."""
    start = stream.read(_LOOKED_AT)
    whole = io.BufferedReader(Joined(start, stream))
    if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[", b"<", b""):
        yield from _answer_rows(whole.read(), shape)
    else:
        yield from _table_rows(whole, shape)


def read_row(row: Row, capture: Capture, shape: Shape) -> Reading:  # noqa: ARG001 - the capture's time is not needed
    """The reading of a row. Raises SourceDrift where it cannot be a sub-award."""
    columns, held = row.raw
    name = _named(held, row.index)
    given = in_table(held, name, shape) if columns else in_row(held, name, shape)
    return Reading(
        source_number=row.source_number,
        key=name.key,
        revision=row.revision,
        notice=to_notice(given),
        carried=_carried(columns or frozenset(held)),
        index=row.index,
        start=row.start,
        end=row.end,
        sha256=row.sha256,
    )


@cache
def layout() -> Layout:
    """What is known of downloads of sub-awards: columns.toml beside this file."""
    stated = tomllib.loads((Path(__file__).parent / "columns.toml").read_text(encoding="utf-8"))
    unread = frozenset(column for group in stated["unread"] for column in group["columns"])
    return Layout(frozenset({"subaward_number"}), CARRIES.keys(), unread, {})


def _table_rows(stream: BinaryIO, shape: Shape) -> Iterator[Row]:
    for index, row in enumerate(table(stream, layout(), shape)):
        name = _named(row.cells, index)
        touched = row.cells.get("subaward_fsrs_report_last_modified_date", "")[:10]
        report = row.cells.get("subaward_fsrs_report_id", "")
        signed = row.cells.get("subaward_action_date", "")
        revision = f"{touched or signed} {signed} {report}".strip()
        number = report or f"{name.key}:{signed}"
        yield Row(index, row.start, row.end, row.sha256, number, revision, (row.columns, row.cells))


def _answer_rows(payload: bytes, shape: Shape) -> Iterator[Row]:
    advice = list[str]()
    for index, (start, end, values) in enumerate(results(payload, advice)):
        if not isinstance(values, dict):
            raise SourceDrift(f"Result {index + 1} of the answer is no object.")
        name = _named(values, index)
        signed = str(values.get("Sub-Award Date") or "")
        sha256 = hashlib.sha256(NOISE.sub(b"", payload[start:end])).hexdigest()
        yield Row(index, start, end, sha256, f"{name.key}:{signed}", signed, (None, values))
    shape.remarks.update(f"the source advises: {message}" for message in advice)


def _named(held: Any, index: int) -> Name:
    name = name_in_row(held) if "Sub-Award ID" in held else name_in_table(held)
    if name is None:
        raise SourceDrift(f"Row {index + 1} names no sub-award: its number or the id of the award above it is missing.")
    return name


@lru_cache(maxsize=64)
def _carried(names: frozenset[str]) -> frozenset[str]:
    known = {**CARRIES, **MEMBERS}
    return frozenset({"kind", "status", "title_from", *(path for name in names for path in known.get(name, ()))})
