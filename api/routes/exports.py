"""``/api/v1/notices.csv`` and ``.jsonl``: download these results."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse

from api.context import Context, context
from api.exports import csv_lines, json_lines
from api.negotiation import incomplete
from api.parameters import request_from
from api.problems import Problem
from api.searching import every_notice
from indexer.requests import SearchRequest
from noticewatch import addresses

router = APIRouter(prefix=addresses.API, tags=["notices"])
Given = Annotated[Context, Depends(context)]


@router.get("/notices.csv", summary="Results as CSV, complete")
def as_csv(request: Request, held: Given) -> Response:
    """Single notices that match, in the order they were found; the filters are those of the search. The header
    ``Noticewatch-Incomplete`` says what is missing while the index is behind the log.
    """
    headers = _attachment(held, "csv")
    lines = csv_lines(every_notice(held, _checked(held, request)), held.settings.base_url)
    return StreamingResponse(lines, headers=headers, media_type="text/csv; charset=utf-8")


@router.get("/notices.jsonl", summary="Results as JSON lines, complete")
def as_json_lines(request: Request, held: Given) -> Response:
    """The same with the whole content of each notice."""
    headers = _attachment(held, "jsonl")
    lines = json_lines(every_notice(held, _checked(held, request)))
    return StreamingResponse(lines, headers=headers, media_type="application/jsonl")


def _checked(held: Context, request: Request) -> SearchRequest:
    """The request, asked once for one item, so that a faulty question is a problem and not half a file."""
    for name in ("limit", "cursor"):
        if name in request.query_params:
            told = f"A download holds all results; leave {name} out, or ask {addresses.API}/notices for a page."
            raise Problem(400, "bad-request", told, parameter=name)
    wanted = request_from(request.query_params)
    held.search.search(replace(wanted, scope="notice", limit=1, sort="found", cursor=None, facets=()), unwarned=True)
    return wanted


def _attachment(held: Context, extension: str) -> dict[str, str]:
    return incomplete(held.search.behind()) | {
        "Content-Disposition": f'attachment; filename="noticewatch.{extension}"',
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex",
    }
