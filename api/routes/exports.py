"""``/api/v1/notices.csv`` and ``.jsonl``: download these results."""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse

from api import addresses
from api.context import Context, context
from api.exports import csv_lines, json_lines
from api.parameters import request_from
from api.searching import every_notice, run_search
from archive import queries
from archive.rows import NoticeRow
from indexer.items import Item
from indexer.requests import SearchRequest

router = APIRouter(prefix=addresses.API, tags=["notices"])
Given = Annotated[Context, Depends(context)]
_TOGETHER = 500


@router.get("/notices.csv", summary="Results as CSV, complete")
def as_csv(request: Request, held: Given) -> Response:
    """Single notices that match, in the order they were found; the filters are those of the search."""
    wanted = _checked(held, request)
    lines = csv_lines(_pairs(held, wanted), held.settings.base_url)
    return StreamingResponse(lines, headers=_attachment("csv"), media_type="text/csv; charset=utf-8")


@router.get("/notices.jsonl", summary="Results as JSON lines, complete")
def as_json_lines(request: Request, held: Given) -> Response:
    """The same with the whole content of each notice."""
    wanted = _checked(held, request)
    return StreamingResponse(
        json_lines(_pairs(held, wanted)), headers=_attachment("jsonl"), media_type="application/jsonl"
    )


def _checked(held: Context, request: Request) -> SearchRequest:
    """The request, asked once for one item, so that a faulty question is a problem and not half a file."""
    wanted = request_from(request.query_params)
    run_search(held, SearchRequest(query=wanted.query, filters=wanted.filters, lens=wanted.lens, limit=1, facets=()))
    return wanted


def _pairs(held: Context, wanted: SearchRequest) -> Iterator[tuple[Item, NoticeRow]]:
    found = every_notice(held, wanted)
    while batch := list(islice(found, _TOGETHER)):
        with held.archive.reading() as connection:
            numbers = queries.numbers_of(connection, [item.id for item in batch])
            rows = queries.notices(connection, numbers.values())
        yield from ((item, rows[numbers[item.id]]) for item in batch if item.id in numbers)


def _attachment(extension: str) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="noticewatch.{extension}"',
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
    }
