"""Reads awards of USAspending in every form: search, award in full, orders under a vehicle, downloads as CSV."""

import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from crawlers.json_rows import decoded
from crawlers.parsing import Row, Shape
from crawlers.sources.usaspending_awards import from_json, from_table
from crawlers.sources.usaspending_awards.award import Award, to_notice
from crawlers.sources.usaspending_awards.columns import layout
from crawlers.sources.usaspending_awards.identity import Identity
from crawlers.sources.usaspending_awards.tables import Joined, table
from crawlers.sources.usaspending_transactions.noise import NOISE
from crawlers.sources.usaspending_transactions.scanning import results
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Reading

LATEST: Final = "latest"
"""Revision of all that states an award as it stands. It sorts behind the days that order rows of files of actions, each
of which states the award as it stood then."""

_LOOKED_AT: Final = 4096
_SUBAWARDS: Final = "These are sub-awards; import them as usaspending_subawards."


@dataclass(frozen=True, slots=True)
class Form:
    """A form of JSON: the member that holds the award's id, how a row is read, what a row of these members carries."""

    member: str
    read: Callable[[Any, Identity, Shape], Award]
    carries: Callable[[frozenset[str]], frozenset[str]]


FORMS: Final = {
    "search": Form("generated_internal_id", from_json.searched, from_json.list_carries),
    "detail": Form("generated_unique_award_id", from_json.in_full, lambda _: from_json.DETAIL_CARRIES),
    "child": Form("generated_unique_award_id", from_json.ordered, lambda _: from_json.CHILD_CARRIES),
}


def rows(stream: BinaryIO, shape: Shape) -> Iterator[Row]:
    """Rows of an answer or a file with their byte ranges. Raises SourceDrift where it is neither."""
    start = stream.read(_LOOKED_AT)
    whole = io.BufferedReader(Joined(start, stream))
    first = start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if first in (b"{", b"[", b"") or first == b"<":
        yield from _json_rows(whole.read(), shape)
    else:
        yield from _table_rows(whole, shape)


def read_row(row: Row, capture: Capture, shape: Shape) -> Reading:  # noqa: ARG001 - the capture's time is not needed
    """The reading of a row. Raises SourceDrift where it cannot be an award."""
    form, held = row.raw
    identity = _identity(form, held)
    if identity is None:
        raise _nameless(row.index)
    if form == "table":
        award, carried = from_table.to_award(held[0], identity, shape), from_table.carried(held[1])
    else:
        award, carried = FORMS[form].read(held, identity, shape), FORMS[form].carries(frozenset(held))
    return Reading(
        source_number=row.source_number,
        key=identity.key,
        revision=row.revision,
        notice=to_notice(award),
        carried=carried,
        index=row.index,
        start=row.start,
        end=row.end,
        sha256=row.sha256,
    )


def _json_rows(payload: bytes, shape: Shape) -> Iterator[Row]:
    _, whole = decoded(payload)
    if isinstance(whole, dict) and "results" not in whole and FORMS["detail"].member in whole:
        start, end = payload.index(b"{"), len(payload.rstrip())
        yield _row(0, start, end, _digest(payload[start:end]), "detail", whole)
        return
    advice = list[str]()
    for index, (start, end, values) in enumerate(results(payload, advice)):
        form = _form(values, index)
        yield _row(index, start, end, _digest(NOISE.sub(b"", payload[start:end])), form, values)
    shape.remarks.update(f"the source advises: {message}" for message in advice)


def _form(values: Any, index: int) -> str:
    """The form of an element of ``results``. Raises SourceDrift for one that is no award."""
    if isinstance(values, dict):
        if "Sub-Award ID" in values:
            raise SourceDrift(_SUBAWARDS)
        for form in ("search", "child"):
            if FORMS[form].member in values:
                return form
    raise SourceDrift(f"Result {index + 1} of the answer has no generated id of an award.")


def _table_rows(stream: BinaryIO, shape: Shape) -> Iterator[Row]:
    known = layout()
    for index, cells in enumerate(table(stream, known, shape)):
        raw = (cells.cells, cells.columns)
        revision = from_table.revision_of(cells.cells)
        yield _row(index, cells.start, cells.end, cells.sha256, "table", raw, revision or LATEST)


def _row(index: int, start: int, end: int, sha256: str, form: str, held: Any, revision: str = LATEST) -> Row:
    identity = _identity(form, held)
    if identity is None:
        raise _nameless(index)
    number = identity.key
    if revision != LATEST:
        number = f"{number}:{revision}:{held[0].get('modification_number', '')}"
    return Row(index, start, end, sha256, number, revision, (form, held))


def _identity(form: str, held: Any) -> Identity | None:
    if form == "table":
        return from_table.identity_of(held[0])
    generated = held.get(FORMS[form].member)
    return Identity.of(generated) if isinstance(generated, str) else None


def _nameless(index: int) -> SourceDrift:
    return SourceDrift(f"Row {index + 1} names no award: its generated id, or agency and number, are missing.")


def _digest(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()
