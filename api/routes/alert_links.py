"""Links of messages: confirm an address, end the messages, and see again exactly what one of them told.

Mail scanners open every link, so opening one changes nothing: a button does, or the one click of RFC 8058, which is a
POST by a mail service on behalf of its reader, without anything else.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from alerts import assembly, overview
from alerts.models import Group
from alerts.tokens import holder
from alerts.view import entry_of, made_words
from api import subscribing
from api.context import Context, context
from api.forms import event_form, stamp
from api.negotiation import json_answer, wants_json
from api.pages import render
from noticewatch import addresses, words
from noticewatch.addresses import MOST_NUMBER
from noticewatch.errors import NotFound

router = APIRouter(include_in_schema=False)
Held = Annotated[Context, Depends(context)]
PAGE: Final = 50
"""Contracts and notices of a message on one page."""


@router.get("/alerts/confirm/{token}")
def ask_to_confirm(request: Request, held: Held, token: str) -> Response:
    """A button that confirms an address."""
    with held.archive.reading() as connection:
        if holder(connection, "confirm", token) is None:
            raise _ended()
    return _page(
        request, "Do you want these messages?",
        "Somebody asked for alerts of public notices to be sent to the address where you found this link. "
        "Nothing is sent before you say yes; without it the address is forgotten after three days.",
        "Yes, send them",
    )  # fmt: skip


@router.post("/alerts/confirm/{token}")
def confirm(request: Request, held: Held, token: str) -> Response:
    """The owner of an address wants messages."""
    if not subscribing.confirmed(held, token):
        raise _ended()
    return _page(
        request, "The address is confirmed",
        "From now on you are told what the alert finds. Every message has a link that ends it.",
    )  # fmt: skip


@router.get("/alerts/unsubscribe/{token}")
def ask_to_unsubscribe(request: Request, held: Held, token: str) -> Response:
    """A button that ends the messages."""
    with held.archive.reading() as connection:
        if holder(connection, "unsubscribe", token) is None:
            return _unsubscribed(request)
    return _page(
        request, "End these messages?",
        "The address is deleted from the alert, with all that waits for it. An alert that goes nowhere else is deleted "
        "as a whole.",
        "End them",
    )  # fmt: skip


@router.post("/alerts/unsubscribe/{token}")
def unsubscribe(request: Request, held: Held, token: str) -> Response:
    """End the messages, whoever sends this and whatever with it."""
    subscribing.unsubscribed(held, token)
    return _unsubscribed(request)


@router.get("/alerts/replay/{delivery_id}")
def replay(
    request: Request,
    held: Held,
    delivery_id: str,
    after: Annotated[int, Query(ge=0, le=MOST_NUMBER)] = 0,
) -> Response:
    """Exactly the notices and versions that one message told, in the order they were found; a page of them."""
    with held.archive.reading() as connection:
        told = overview.message(connection, delivery_id)
        if told is None:
            raise NotFound("No message has this address; it was of an alert that is deleted, or the link is not whole.")
        shown = told.groups[after : after + PAGE]
        groups = _groups(held, connection, shown)
    following = after + PAGE if after + PAGE < len(told.groups) else None
    at = addresses.alert_replay(delivery_id)
    if wants_json(request):
        return json_answer(
            {
                "id": told.id,
                "made_at": stamp(told.made_at),
                "total": len(told.groups),
                "groups": [[event_form(find.event) for find in group.finds] for group in groups],
                "next": f"{held.settings.base_url}{at}?after={following}" if following else None,
            }
        )
    values: dict[str, Any] = {
        "entries": [entry_of(group, held.settings.base_url) for group in groups],
        "total_words": words.count_words(len(told.groups), "contract or notice", "contracts and notices"),
        "made": made_words(told.made_at),
        "missing": len(shown) - len(groups),
        "first": after + 1,
        "next": f"{at}?after={following}" if following else "",
        "permanent": at,
    }
    return render(request, "alert_replay.html", values)


def _groups(held: Context, connection: Connection, numbers: tuple[int, ...]) -> list[Group]:
    """The groups with these numbers, in that order; those that were taken down since are left out."""
    found, _ = assembly.groups(connection, numbers, held.matcher, held.search.names, len(numbers))
    return sorted(found, key=lambda group: group.finds[0].event.seq)


def _page(request: Request, heading: str, sentence: str, button: str = "") -> Response:
    return render(request, "alert_link.html", {"heading": heading, "sentence": sentence, "button": button})


def _unsubscribed(request: Request) -> Response:
    """The same whether there was anything to end: a link does not tell."""
    return _page(request, "No more messages", "This address gets no messages of this alert any more.")


def _ended() -> NotFound:
    return NotFound("This link leads nowhere any more: the alert is deleted, or the link is not whole.")
