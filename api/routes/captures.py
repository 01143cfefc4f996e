"""``/api/v1/captures``: what was received, and its bytes, served so that nothing in them can act."""

from collections.abc import Iterator
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import Response, StreamingResponse
from sqlalchemy import Connection

from api import forms
from api.context import Context, context
from api.negotiation import FRESH, etag_of, json_answer, unchanged
from api.operator import bearer, require_operator
from api.proof import record_at
from api.protection import INERT
from archive import queries
from archive.captures import open_payload, read_range
from archive.documents.queries import answers_document, withheld_file
from archive.rows import CaptureRow
from archive.withheld import Tombstone, Withheld, anything_of
from noticewatch import addresses
from noticewatch.addresses import MOST_NUMBER
from noticewatch.errors import NotFound

router = APIRouter(prefix=f"{addresses.API}/captures", tags=["captures"])
Given = Annotated[Context, Depends(context)]
_BLOCK = 1 << 16
_MANY = "This answer holds many records, with contact data unmasked"
_UNKNOWN = "This answer may repeat what was taken down: records are held to the first and the last answer alone"
_INERT_HEADERS = {"Content-Security-Policy": INERT, "X-Robots-Tag": "noindex, noarchive", "Cache-Control": FRESH}
"""Archived bytes never change, but they may be taken down: whoever kept them asks again, by their entity tag."""


@router.get("/{capture_id}", summary="What is known about a capture")
def one_capture(
    held: Given,
    capture_id: str,
    after: Annotated[int, Query(ge=-1, le=MOST_NUMBER, description="list records after this row")] = -1,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Metadata of a capture, with the records that were read from it, a page of them."""
    with held.archive.reading() as connection:
        row = _capture(held, capture_id)
        records = queries.capture_rows(connection, row.number, after=after, limit=limit)
    form = forms.capture_form(row, records)
    more = len(records) == limit
    form["next"] = f"{addresses.capture(capture_id)}?after={records[-1].row}&limit={limit}" if more else None
    return json_answer(form)


@router.get("/{capture_id}/records/{number}", summary="The archived bytes of one record")
def one_record(
    request: Request, held: Given, capture_id: str, number: Annotated[int, Path(ge=0, le=MOST_NUMBER)]
) -> Response:
    """The archived bytes, as published or as a recorder rebuilt them, in plain text that nothing can run in."""
    capture = _capture(held, capture_id)
    with held.archive.reading() as connection:
        record = record_at(connection, capture.number, number)
    if record is None:
        raise NotFound(
            f"Capture {capture_id} has no record {number}; {addresses.capture(capture_id)} lists those it has."
        )
    if record.tombstone:
        raise Withheld(f"Record {number} of capture {capture_id}", record.tombstone, sha256=record.sha256)
    etag = etag_of(record.sha256)
    answer = unchanged(request, etag)
    if answer is None:
        body = read_range(held.archive, capture, record.start, record.end)
        answer = Response(body, media_type=f"text/plain; charset={_charset(body)}")
    answer.headers.update(_INERT_HEADERS | {"ETag": etag})
    return answer


@router.get("/{capture_id}/payload", summary="The whole archived answer")
def payload(
    request: Request, held: Given, capture_id: str, authorization: Annotated[str | None, Header()] = None
) -> Response:
    """The whole payload: of one record, or the file of a document. Of more than one record it is for the operator, by
    the token NOTICEWATCH_ADMIN_TOKEN.
    """
    capture = _capture(held, capture_id)
    with held.archive.reading() as connection:
        bulk = queries.rows_of(connection, capture.number) != 1
        bulk = bulk and not answers_document(connection, capture.number)
        stone = None if bulk else _withheld(connection, capture.number)
        unknown = not bulk and stone is None and _may_repeat_withheld(connection, capture)
    if bulk or unknown:
        why = _UNKNOWN if unknown else _MANY
        require_operator(held.settings, bearer(authorization), why, otherwise="Single records are open to everyone.")
    if stone:
        what = f"What capture {capture_id} received"
        raise Withheld(what, stone, payload_sha256=capture.capture.payload_sha256)
    etag = etag_of(capture.capture.payload_sha256)
    answer = unchanged(request, etag)
    if answer is None:
        answer = StreamingResponse(_blocks(open_payload(held.archive, capture)), media_type="application/octet-stream")
        answer.headers["Content-Disposition"] = f'attachment; filename="{capture.capture.id}.bin"'
    answer.headers.update(_INERT_HEADERS | {"ETag": etag})
    return answer


@router.get("/{capture_id}/{rest:path}", include_in_schema=False)
def unknown(capture_id: str, rest: str) -> Response:
    """Any other address below a capture."""
    raise NotFound(f"A capture has no part {rest[:80]!r}; see {addresses.capture(capture_id)}.")


def _withheld(connection: Connection, capture: int) -> Tombstone | None:
    """Why an answer of one record, or the file of a document, is withheld."""
    row = next(iter(queries.capture_rows(connection, capture, limit=1)), None)
    return (row.tombstone if row else None) or withheld_file(connection, capture)


def _capture(held: Context, capture_id: str) -> CaptureRow:
    with held.archive.reading() as connection:
        row = queries.capture(connection, capture_id)
    if row is None:
        raise NotFound(f"No capture {capture_id[:80]!r} is held; a notice's page lists the captures it was seen in.")
    return row


def _may_repeat_withheld(connection: Connection, capture: CaptureRow) -> bool:
    """Whether an answer may say again what is withheld: of several that say the same only the first and the last are
    held to the record.
    """
    if answers_document(connection, capture.number) or queries.capture_rows(connection, capture.number, limit=1):
        return False
    return anything_of(connection, capture.capture.source)


def _charset(body: bytes) -> str:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return "windows-1252"
    return "utf-8"


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while block := stream.read(_BLOCK):
            yield block
