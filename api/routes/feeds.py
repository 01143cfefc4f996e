"""``/feeds/search.atom`` and ``/feeds/search.json``: follow any question without an account or an address.

They answer under ``/api/v1`` as well; the feed that comes names the address without it as its own.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import QueryParams

from api.context import Context, context
from api.feed_entries import feed_of
from api.feeds import Feed, atom, json_feed
from api.negotiation import FRESH, incomplete, json_answer
from api.parameters import request_from, written
from api.problems import Problem
from archive.deadlines import DUE_DAYS
from noticewatch import addresses

router = APIRouter(prefix="/feeds", tags=["feeds"])
DUE: Final = "due_days"
Given = Annotated[Context, Depends(context)]


@router.get("/search.atom", summary="A search as Atom feed")
def search_atom(request: Request, held: Given) -> Response:
    """What is new or changed and matches, newest first; filled up to 50 with the most recently published. Deadlines
    that are near are told for each ``due_days`` given: 1, 3, 7 or 14.
    """
    headers = {"Cache-Control": FRESH} | incomplete(held.search.behind())
    return Response(atom(_feed(request, held)), 200, headers, media_type="application/atom+xml; charset=utf-8")


@router.get("/search.json", summary="A search as JSON feed")
def search_json(request: Request, held: Given) -> Response:
    """The same as JSON Feed 1.1."""
    headers = {"Content-Type": "application/feed+json"} | incomplete(held.search.behind())
    answer = json_answer(json_feed(_feed(request, held)))
    answer.headers.update(headers)
    return answer


def _feed(request: Request, held: Context) -> Feed:
    """The feed that is asked for. Its address is the same for the same question however it was written."""
    given = request.query_params.multi_items()
    wanted = request_from(QueryParams([pair for pair in given if pair[0] != DUE]))
    days = {value for name, value in given if name == DUE}
    if wrong := sorted(days - set(map(str, DUE_DAYS))):
        known = ", ".join(map(str, DUE_DAYS))
        raise Problem(
            400, "bad-request", f"Parameter {DUE} is {wrong[0][:40]!r}; it can be {known}.", parameter=DUE,
        )  # fmt: skip
    told = [day for day in DUE_DAYS if str(day) in days]
    kept = {name: value for name, value in written(wanted).items() if name not in {"sort", "limit", "cursor"}}
    kept[DUE] = [str(day) for day in told]
    address = addresses.search(kept, request.url.path.removeprefix(addresses.API))
    return feed_of(held, wanted, held.settings.base_url + address, told)
