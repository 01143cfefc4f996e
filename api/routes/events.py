"""``/api/v1/events``: the log, for mirrors."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from api import forms
from api.context import Context, context
from api.negotiation import json_answer
from archive import log, queries
from noticewatch import addresses
from noticewatch.addresses import MOST_NUMBER

router = APIRouter(prefix=addresses.API, tags=["log"])


@router.get("/events", summary="The log after a sequence number")
def events(
    held: Annotated[Context, Depends(context)],
    after: Annotated[int, Query(ge=0, le=MOST_NUMBER, description="the last seq you hold")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    loud: Annotated[bool, Query(description="only events that are news")] = False,
) -> Response:
    """Events in the order of ``seq``. ``epoch`` changes when the log was restored: begin again then."""
    with held.archive.reading() as connection:
        rows = queries.events(connection, after, limit, loud_only=loud)
        head = log.head(connection)
    last = rows[-1].seq if rows else after
    return json_answer({
        "epoch": held.archive.epoch,
        "head": head,
        "items": [forms.event_form(event) for event in rows],
        "next": f"{addresses.API}/events?after={last}&limit={limit}" if len(rows) == limit else None,
    })  # fmt: skip
