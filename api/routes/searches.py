"""``/api/v1/searches``: saved searches without accounts. Whoever has the token of a search can change and delete it."""

from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import ValidationError
from sqlalchemy import Connection

from alerts import overview
from alerts.previewing import preview
from alerts.searches import SavedSearch, SavedTarget, understood
from api import subscribing
from api.bodies import body, object_of, refuse_other_sites
from api.context import Context, context
from api.limits import limit_headers
from api.negotiation import json_answer
from api.saved_forms import preview_form, saved_form, target_form
from api.saving import Given, GivenTarget, bad_field, changed_by, from_form, given_from
from archive import queries
from noticewatch import addresses
from noticewatch.errors import NotFound
from noticewatch.identifiers import now
from watchlist import queries as watchlist

router = APIRouter(prefix=f"{addresses.API}/searches", tags=["alerts"])
Held = Annotated[Context, Depends(context)]
Body = Annotated[bytes, Depends(body)]


@router.get("/preview", summary="What a search would have found")
def preview_search(request: Request, held: Held) -> Response:
    """The latest results of a search that is not saved, and about how many a week it would give. Takes the parameters
    of ``/api/v1/notices`` and ``tiers``.
    """
    return json_answer(previewed(held, given_from(from_form(request.query_params.multi_items()))))


@router.post("", summary="Save a search", status_code=201)
def create(request: Request, held: Held, received: Body) -> Response:
    """Save a search: query, lens, tiers, filters, from, to, amount_min, amount_max as in search; reasons, changes,
    due_days; rhythm, local_time, weekday, zone; name; targets, each a channel (email, webhook, chat) and an address.
    Answers with the private link and the secrets of webhooks, which are not told again. An e-mail address gets nothing
    but a question until its owner has confirmed it.
    """
    refuse_other_sites(request, held.settings)
    signed = subscribing.sign_up(held, request, given_from(object_of(received)))
    base = held.settings.base_url
    form = form_of_search(held, signed.search)
    for target in form["targets"]:
        if target["id"] in signed.secrets:
            target["secret"] = signed.secrets[target["id"]]
    links = {
        "manage_url": base + addresses.alert_manage(signed.token),
        "api_url": base + addresses.saved_search_api(signed.token),
    }
    answer = json_answer(links | form, 201)
    answer.headers.update(limit_headers(signed.granted) | {"Location": links["api_url"]})
    return answer


@router.get("/{token}", summary="A saved search")
def one(held: Held, token: str) -> Response:
    """What it asks for, its targets and its latest messages."""
    with held.archive.reading() as connection:
        saved = subscribing.found(connection, token)
    return json_answer(form_of_search(held, saved))


@router.patch("/{token}", summary="Change a saved search")
def change(request: Request, held: Held, token: str, received: Body) -> Response:
    """Change what is sent, and leave the rest. A changed question counts from the next event of the log on."""
    refuse_other_sites(request, held.settings)
    sent = object_of(received)
    return json_answer(form_of_search(held, subscribing.change(held, token, lambda saved: changed_by(saved, sent))))


@router.delete("/{token}", summary="Delete a saved search", status_code=204)
def delete(request: Request, held: Held, token: str) -> Response:
    """Delete it with its targets, what it found and its messages. It cannot be undone."""
    refuse_other_sites(request, held.settings)
    subscribing.delete(held, token)
    return Response(status_code=204)


@router.post("/{token}/targets", summary="Add a target", status_code=201)
def add_target(request: Request, held: Held, token: str, received: Body) -> Response:
    """Add a target: a channel and an address. Answers with the secret of a webhook, which is not told again."""
    refuse_other_sites(request, held.settings)
    added = subscribing.add_target(held, request, token, _target(object_of(received)))
    return json_answer(target_form(added, (), {}) | _secret(added.target.secret), 201)


@router.delete("/{token}/targets/{target_id}", summary="Remove a target", status_code=204)
def remove_target(request: Request, held: Held, token: str, target_id: str) -> Response:
    """Remove a target with what waits for it. The search goes with its last one."""
    refuse_other_sites(request, held.settings)
    subscribing.with_target(held, token, target_id, subscribing.remove)
    return Response(status_code=204)


@router.post("/{token}/targets/{target_id}/test", summary="Test a target")
def test_target(request: Request, held: Held, token: str, target_id: str) -> Response:
    """Send a test now; answers with what the other side said. What ``state`` means: delivered, retry (it would be tried
    again) or gone.
    """
    refuse_other_sites(request, held.settings)
    outcome = subscribing.test(held, token, target_id)
    return json_answer({"state": outcome.state, "answer": outcome.answer})


@router.post("/{token}/targets/{target_id}/{action}", summary="Pause or resume a target, or change its secret")
def act(request: Request, held: Held, token: str, target_id: str, action: str) -> Response:
    """``pause``; ``resume``, which sends first what was kept; ``secret``, a new one for a webhook, beside which the old
    one signs until ``end_old_secret``; ``confirmation``, to ask an address again.
    """
    refuse_other_sites(request, held.settings)
    if action == "confirmation":
        subscribing.ask_again(held, token, target_id)
        return json_answer({"asked": "Unless it was asked several times today already."})
    do = ACTIONS.get(action)
    if do is None:
        raise NotFound(f"There is no action {action[:40]!r}; there are test, confirmation, {', '.join(ACTIONS)}.")
    told = subscribing.with_target(held, token, target_id, do)
    with held.archive.reading() as connection:
        saved = subscribing.found(connection, token)
        target = subscribing.target_of(saved, target_id)
        form = target_form(target, *_messages(connection, saved))
    return json_answer(form | _secret(told))


ACTIONS: Final[dict[str, Callable[[Connection, SavedTarget], str | None]]] = {
    "pause": subscribing.pause, "resume": subscribing.resume, "secret": subscribing.rotate,
    "end_old_secret": subscribing.end_old_secret,
}  # fmt: skip


def previewed(held: Context, given: Given) -> dict[str, Any]:
    """The JSON of a preview. Raises QueryError, UsageError."""
    found = preview(held.search, given.terms, now())
    with held.archive.reading() as connection:
        rows = queries.notices(connection, found.latest)
        tags = watchlist.tags_of(connection, rows)
    return preview_form(found, rows, tags)


def form_of_search(held: Context, saved: SavedSearch) -> dict[str, Any]:
    """A saved search in JSON, with its targets and latest messages."""
    with held.archive.reading() as connection:
        sent, waiting = _messages(connection, saved)
    return saved_form(saved, understood(saved, held.search.names), held.settings.base_url, sent, waiting)


def _messages(connection: Connection, saved: SavedSearch) -> tuple[list[overview.Sent], dict[int, int]]:
    """Its latest messages, and how much waits for each of its targets by number."""
    return overview.sent(connection, saved.number), overview.waiting_for(connection, saved.number)


def _target(value: dict[str, Any]) -> GivenTarget:
    try:
        return GivenTarget.model_validate(value)
    except ValidationError as error:
        raise bad_field(error, GivenTarget) from None


def _secret(secret: str) -> dict[str, str]:
    return {"secret": secret} if secret else {}
