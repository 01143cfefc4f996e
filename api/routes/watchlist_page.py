"""``/watchlist`` and ``/api/v1/watchlist``: what is looked for, why, what is not, and how to object."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.context import Context, context
from api.negotiation import json_answer, wants_json
from api.pages import render
from api.watchlist import view
from noticewatch import addresses

router = APIRouter(tags=["profiles"])
Given = Annotated[Context, Depends(context)]


@router.get(f"{addresses.API}/watchlist", summary="What is on the watchlist")
def watchlist(held: Given) -> Response:
    """Technologies and vendors with their notices, what is left out or for review, the version and its history."""
    return _answer(held)


@router.get("/watchlist.json", include_in_schema=False)
def twin(held: Given) -> Response:
    """The page in JSON."""
    return _answer(held)


@router.get("/watchlist", include_in_schema=False)
def page(request: Request, held: Given) -> Response:
    """The page, in plain words."""
    if wants_json(request):
        return _answer(held)
    values = {"warnings": held.search.behind(), "view": view(held)}
    return render(request, "watchlist.html", values | {"twin": "/watchlist.json", "permanent": "/watchlist"})


def _answer(held: Context) -> Response:
    warnings = held.search.behind()
    return json_answer(view(held).form() | {"warnings": warnings})
