"""``/alerts``: what alerts are, how one is made, and the private page of one. All of it works without scripts."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from alerts.models import Terms
from alerts.searches import SavedSearch, compiled, understood
from api import subscribing
from api.alert_words import CHANNELS, SAID, SENT, STATES, WAITING, choices
from api.bodies import body, form_of, refuse_other_sites
from api.context import Context, context
from api.hits import row_of_item
from api.limits import limit_headers
from api.negotiation import json_answer, wants_json
from api.pages import render
from api.problems import Problem, problem_of
from api.routes.search_page import filter_words
from api.routes.searches import form_of_search, previewed
from api.saving import changed_by, feed_parameters, form_fields, from_form, given_from, search_parameters, stated
from indexer.items import Item
from noticewatch import addresses
from noticewatch.errors import NoticewatchError, UsageError

router = APIRouter(include_in_schema=False)
Held = Annotated[Context, Depends(context)]
Body = Annotated[bytes, Depends(body)]
_ALSO: Final = ("do", "channel", "address", "target", "sort", "scope", "limit")


@router.get("/alerts")
@router.get("/alerts.json")
def about(request: Request, held: Held) -> Response:
    """What alerts are; in JSON by which ways they come, and where a program asks for them."""
    if wants_json(request):
        ways = [name for name in CHANNELS if name != "email" or held.settings.sends_mail]
        places = {"searches": f"{addresses.API}/searches", "preview": f"{addresses.API}/searches/preview"}
        feeds = {form: f"/feeds/search.{form}" for form in ("atom", "json")}
        return json_answer({"channels": ways, "feeds": feeds, **places})
    values = {"permanent": "/alerts", "mail": held.settings.sends_mail, "twin": "/alerts.json"}
    return render(request, "alerts.html", values)


@router.get("/alerts/new")
@router.get("/alerts/new.json")
def new(request: Request, held: Held) -> Response:
    """The form, filled in from a search, with what it would have found; in JSON this alone."""
    if wants_json(request):
        return json_answer(previewed(held, given_from(from_form(request.query_params.multi_items(), _ALSO))))
    try:
        value = from_form(request.query_params.multi_items(), _ALSO)
    except Problem as problem:
        return render(request, "alert_new.html", _form_values(held, {}, problem=problem), status=problem.status)
    asked = any(value.get(name) for name in value if name != "lens")
    return _filled(request, held, value, _usual(held), "", fresh=True, preview=asked)


@router.post("/alerts/new")
def create(request: Request, held: Held, received: Body) -> Response:
    """Preview or save what was filled in. Nothing is saved for who follows a feed."""
    refuse_other_sites(request, held.settings)
    fields = form_of(received)
    sent = dict(fields)
    channel, address = sent.get("channel", "email"), sent.get("address", "").strip()
    value: dict[str, Any] = {}
    try:
        value = from_form(fields, _ALSO)
        given = given_from(value)
        if channel == "feed" and sent.get("do") != "preview":
            compiled(given.terms, held.search.names)
            return render(request, "alert_feed.html", _links(given.terms))
        if sent.get("do") == "preview":
            return _filled(request, held, value, channel, address)
        if not address:
            raise UsageError("No address is given; write one, or choose a feed, which needs none.")
        signed = subscribing.sign_up(
            held, request, given_from(value | {"targets": [{"channel": channel, "address": address}]})
        )
    except NoticewatchError as error:
        return _filled(request, held, value, channel, address, problem=problem_of(error))
    values = _links(signed.search.terms) | {
        "manage": addresses.alert_manage(signed.token),
        "secrets": list(signed.secrets.values()),
        "mail": channel == "email",
        "understood": understood(signed.search, held.search.names)[0],
    }
    answer = render(request, "alert_saved.html", values, status=201)
    answer.headers.update(limit_headers(signed.granted))
    return answer


@router.get("/alerts/preview")
def shown_preview(request: Request, held: Held) -> Response:
    """What a search would have found, as the forms show it; without a page around it, for their script."""
    found, problem = _tried(held, from_form(request.query_params.multi_items()))
    values = {"found": found, "rows": _rows(found), "problem": problem}
    return render(request, "alert_preview.html", values, status=problem.status if problem else 200)


@router.get("/alerts/manage/{token}")
def manage(request: Request, held: Held, token: str) -> Response:
    """The private page of a saved search."""
    if wants_json(request):
        return json_answer(form_of_search(held, _saved(held, token)))
    return _managed(request, held, token, said=SAID.get(request.query_params.get("said", ""), ""))


@router.post("/alerts/manage/{token}")
def act(request: Request, held: Held, token: str, received: Body) -> Response:
    """Do what a button of the page says."""
    refuse_other_sites(request, held.settings)
    fields = form_of(received)
    sent = dict(fields)
    do = sent.get("do", "")
    try:
        if do in {"save", "preview"}:
            return _edit(request, held, token, from_form(fields, _ALSO), save=do == "save")
        if do == "add":
            return _add(request, held, token, sent)
        if do == "test":
            outcome = subscribing.test(held, token, sent.get("target", ""))
            told = "delivered" if outcome.state == "delivered" else "not delivered"
            return _managed(request, held, token, said=f"The test was {told}. The answer: “{outcome.answer}”")
        if do == "delete":
            subscribing.delete(held, token)
            return _gone(request)
        return _on_target(request, held, token, sent.get("target", ""), do)
    except NoticewatchError as error:
        problem = problem_of(error)
        if problem.status == 404:
            raise
        return _managed(request, held, token, problem=problem, form=dict(sent) if do == "add" else None)


def _on_target(request: Request, held: Context, token: str, target_id: str, do: str) -> Response:
    if do == "confirmation":
        subscribing.ask_again(held, token, target_id)
        return _back(token, "asked")
    known = _ON_TARGETS.get(do)
    if known is None:
        raise UsageError("The page does not know that button; load it again.")
    action, said = known
    told = subscribing.with_target(held, token, target_id, action)
    if told:
        return _managed(request, held, token, secret=told)
    if do == "remove" and _is_gone(held, token):
        return _gone(request)
    return _back(token, said)


_ON_TARGETS: Final[dict[str, tuple[Callable[..., str | None], str]]] = {
    "pause": (subscribing.pause, "paused"),
    "resume": (subscribing.resume, "resumed"),
    "remove": (subscribing.remove, "removed"),
    "secret": (subscribing.rotate, ""),
    "end_old_secret": (subscribing.end_old_secret, "ended"),
}


def _edit(request: Request, held: Context, token: str, value: dict[str, Any], *, save: bool) -> Response:
    value.setdefault("query", "")
    whole = dict.fromkeys(("from", "to", "amount_min", "amount_max")) | value  # what a form leaves empty is taken away
    try:
        if not save:
            given_from(whole)
            return _managed(request, held, token, edited=whole, preview=True)
        subscribing.change(held, token, lambda saved: changed_by(saved, whole))
    except UsageError as error:
        problem = problem_of(error)
        if problem.status == 404:
            raise
        return _managed(request, held, token, problem=problem, edited=whole)
    return _back(token, "saved")


def _add(request: Request, held: Context, token: str, sent: Mapping[str, str]) -> Response:
    channel, address = sent.get("channel", ""), sent.get("address", "").strip()
    if not address:
        raise UsageError("No address is given; write one.")
    given = given_from({"targets": [{"channel": channel, "address": address}]}).targets[0]
    added = subscribing.add_target(held, request, token, given)
    if added.target.secret:
        return _managed(request, held, token, said=SAID["added"], secret=added.target.secret)
    return _back(token, "asked" if added.state == "unconfirmed" else "added")


def _filled(
    request: Request,
    held: Context,
    value: dict[str, Any],
    channel: str,
    address: str,
    *,
    problem: Problem | None = None,
    fresh: bool = False,
    preview: bool = True,
) -> Response:
    """The form as it was filled in, with a preview where there can be one, and what is wrong where something is."""
    found = None
    if preview and problem is None:
        found, problem = _tried(held, value)
    values = _form_values(held, value, problem=problem, found=found)
    values |= {"channel": channel, "address": address, "fresh": fresh and "zone" not in value}
    answer = render(request, "alert_new.html", values, status=problem.status if problem else 200)
    if problem:
        answer.headers.update(problem.headers)
    return answer


def _tried(held: Context, value: Mapping[str, Any]) -> tuple[dict[str, Any] | None, Problem | None]:
    """What the search would have found, or why it cannot be told."""
    try:
        return previewed(held, given_from({name: each for name, each in value.items() if name != "targets"})), None
    except NoticewatchError as error:
        return None, problem_of(error)


def _form_values(
    held: Context, value: Mapping[str, Any], *, problem: Problem | None = None, found: dict[str, Any] | None = None
) -> dict[str, Any]:
    shown = form_fields(value)
    return {
        "shown": shown,
        "filters": [
            {"name": name, "value": each, "label": filter_words(held, name, each)}
            for name, values in shown["filters"].items()
            for each in values
        ],
        "choices": choices(mail=held.settings.sends_mail),
        "problem": problem,
        "found": found,
        "rows": _rows(found),
        "channel": _usual(held),
        "address": "",
        "fresh": False,
    }  # fmt: skip


def _rows(found: Mapping[str, Any] | None) -> list[Any]:
    """What a preview shows of what was found last."""
    return [row_of_item(Item.model_validate(item)) for item in found["items"]] if found else []


def _managed(
    request: Request,
    held: Context,
    token: str,
    *,
    said: str = "",
    problem: Problem | None = None,
    secret: str = "",
    form: Mapping[str, str] | None = None,
    edited: dict[str, Any] | None = None,
    preview: bool = False,
) -> Response:
    """The private page. ``edited``: what the form of changes shows instead of what is saved."""
    saved = _saved(held, token)
    shown = form_of_search(held, saved)
    found = None
    if preview and edited is not None:
        found, problem = _tried(held, edited)
    values = _form_values(held, edited or stated(saved), problem=problem, found=found) | _links(saved.terms)
    values |= {
        "saved": shown,
        "said": said,
        "secret": secret,
        "states": STATES,
        "waiting_words": WAITING,
        "sent_words": SENT,
        "lens_words": _lens_words(saved.terms),
        "addresses_by": {"": "a target that was removed"}
        | {one["id"]: f"{_channel(one['channel'])} {one['address']}" for one in shown["targets"]},
        "adding": form is not None,
        "editing": edited is not None,
        "channel": (form or {}).get("channel", _usual(held)),
        "address": (form or {}).get("address", ""),
        "twin": addresses.saved_search_api(token),
    }
    return render(request, "alert_manage.html", values, status=problem.status if problem else 200)


def _saved(held: Context, token: str) -> SavedSearch:
    with held.archive.reading() as connection:
        return subscribing.found(connection, token)


def _is_gone(held: Context, token: str) -> bool:
    try:
        _saved(held, token)
    except NoticewatchError:
        return True
    return False


def _usual(held: Context) -> str:
    """The channel that a form begins with."""
    return "email" if held.settings.sends_mail else "webhook"


def _channel(channel: str) -> str:
    return CHANNELS[channel][0] if channel in CHANNELS else channel.capitalize()


def _lens_words(terms: Terms) -> str:
    if terms.lens == "everything":
        return "Among all notices."
    tiers = " or ".join(choices()["tiers"][tier] for tier in terms.tiers)
    return f"On the watchlist, with a tag that is {tiers}."


def _links(terms: Terms) -> dict[str, str]:
    parameters, feeds = search_parameters(terms), feed_parameters(terms)
    return {
        "search": addresses.search(parameters),
        "atom": addresses.search(feeds, "/feeds/search.atom"),
        "json_feed": addresses.search(feeds, "/feeds/search.json"),
    }


def _gone(request: Request) -> Response:
    told = {"heading": "The alert is deleted", "sentence": "Nothing of it is kept, and nothing more is sent."}
    return render(request, "alert_link.html", told | {"button": ""})


def _back(token: str, said: str) -> Response:
    return RedirectResponse(f"{addresses.alert_manage(token)}?said={said}", 303)
