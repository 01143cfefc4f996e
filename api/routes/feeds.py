"""``/feeds/search.atom`` and ``/feeds/search.json``: follow any question without an account or an address."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.context import Context, context
from api.feed_entries import feed_of
from api.feeds import atom, json_feed
from api.negotiation import FRESH, etag_of, json_answer, unchanged
from api.parameters import request_from, written
from noticewatch import addresses

router = APIRouter(prefix="/feeds", tags=["feeds"])
Given = Annotated[Context, Depends(context)]


@router.get("/search.atom", summary="A search as Atom feed")
def search_atom(request: Request, held: Given) -> Response:
    """What is new or changed and matches, newest first; filled up to 50 with the most recently published."""
    body = atom(feed_of(held, request_from(request.query_params), _address(request, held)))
    return _answer(request, Response(body, media_type="application/atom+xml; charset=utf-8"))


@router.get("/search.json", summary="A search as JSON feed")
def search_json(request: Request, held: Given) -> Response:
    """The same as JSON Feed 1.1."""
    answer = json_answer(json_feed(feed_of(held, request_from(request.query_params), _address(request, held))))
    answer.headers["Content-Type"] = "application/feed+json"
    return _answer(request, answer)


def _address(request: Request, held: Context) -> str:
    """The feed's own address, the same for the same question however it was written."""
    wanted = written(request_from(request.query_params))
    kept = {name: value for name, value in wanted.items() if name not in {"sort", "limit", "cursor"}}
    return held.settings.base_url + addresses.search(kept, request.url.path)


def _answer(request: Request, answer: Response) -> Response:
    etag = etag_of(bytes(answer.body).hex())
    held = unchanged(request, etag)
    if held is not None:
        return held
    answer.headers.update({"ETag": etag, "Cache-Control": FRESH})
    return answer
