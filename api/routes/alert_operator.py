"""``/alerts/operator``: what waits, how long, where it fails, what is paused; without addresses or queries."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import Response

from alerts import overview
from alerts.overview import State
from api.bodies import body, form_of, refuse_other_sites
from api.context import Context, context
from api.negotiation import json_answer, wants_json
from api.operator import bearer, require_operator
from api.pages import render
from api.problems import Problem
from api.saved_forms import state_form
from noticewatch import addresses
from noticewatch.database import shared_time

router = APIRouter(tags=["health"])
Held = Annotated[Context, Depends(context)]
_WHY = "The state of all alerts tells where readers are told"


@router.get(f"{addresses.API}/alerts/operator", summary="What waits, and what fails, of all alerts")
def state(held: Held, authorization: Annotated[str | None, Header()] = None) -> Response:
    """Figures of the outbox, targets by host to which nothing comes through, and paused targets; for the operator, by
    the token NOTICEWATCH_ADMIN_TOKEN.
    """
    require_operator(held.settings, bearer(authorization), _WHY)
    return json_answer(state_form(*_state(held)))


@router.get("/alerts/operator", include_in_schema=False)
def ask(request: Request, held: Held, authorization: Annotated[str | None, Header()] = None) -> Response:
    """The page, to whom has the token; else the box for it."""
    if wants_json(request):
        return state(held, authorization)
    if authorization:
        require_operator(held.settings, bearer(authorization), _WHY)
        return _page(request, held)
    return render(request, "alert_operator.html", {"state": None, "problem": None})


@router.post("/alerts/operator", include_in_schema=False)
def show(request: Request, held: Held, received: Annotated[bytes, Depends(body)]) -> Response:
    """The page, for a token from the box. It is kept nowhere: no cookie, no address."""
    refuse_other_sites(request, held.settings)
    try:
        require_operator(held.settings, dict(form_of(received)).get("token", "").strip(), _WHY)
    except Problem as problem:
        values = {"state": None, "problem": problem}
        return render(request, "alert_operator.html", values, status=problem.status)
    return _page(request, held)


def _page(request: Request, held: Context) -> Response:
    told, seconds = _state(held)
    waits = any(row.oldest for row in told.rows)
    values = {"state": told, "oldest": _words(seconds) if waits else "", "problem": None}
    return render(request, "alert_operator.html", values)


def _state(held: Context) -> tuple[State, int]:
    with held.archive.reading() as connection:
        at = shared_time(connection)
        told = overview.state(connection, at)
    return told, told.oldest_seconds(at)


def _words(seconds: int) -> str:
    """``40 seconds``, ``12 minutes``, ``3 hours``."""
    if seconds < 120:
        return f"{seconds} seconds"
    return f"{seconds // 60} minutes" if seconds < 7200 else f"{seconds // 3600} hours"
