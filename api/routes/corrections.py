"""``/api/v1/corrections`` and ``/corrections``: what was joined, split, taken down or restored, why, and when."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api.context import Context, context
from api.corrections import correction_form, correction_words, named
from api.negotiation import json_answer, wants_json
from api.pages import render
from archive import corrections
from archive.corrections import Correction
from noticewatch import addresses

router = APIRouter(tags=["log"])
Given = Annotated[Context, Depends(context)]
Before = Annotated[
    int | None, Query(ge=1, le=addresses.MOST_NUMBER, description="only corrections with a smaller number")
]

_PAGE = 100


@router.get(f"{addresses.API}/corrections", summary="Corrections and take-downs, newest first")
def all_corrections(held: Given, before: Before = None, limit: Annotated[int, Query(ge=1, le=500)] = _PAGE) -> Response:
    """Every correction with its reason, what it names, and its entries in the log (``/api/v1/events``). They and
    it are proved like all others (``/api/v1/proofs/inclusion?correction=``).
    """
    return json_answer(_form(held, before, limit))


@router.get("/corrections.json", include_in_schema=False)
def twin(held: Given, before: Before = None) -> Response:
    """The page in JSON."""
    return json_answer(_form(held, before, _PAGE))


@router.get("/corrections", include_in_schema=False)
def page(request: Request, held: Given, before: Before = None) -> Response:
    """The page: a list in plain words."""
    if wants_json(request):
        return json_answer(_form(held, before, _PAGE))
    made, more, total = _read(held, before, _PAGE)
    values = {
        "corrections": [(one, correction_words(one), named(one)) for one in made],
        "more": more,
        "total": total,
        "twin": "/corrections.json",
        "permanent": "/corrections",
    }
    return render(request, "corrections.html", values)


def _read(held: Context, before: int | None, limit: int) -> tuple[list[Correction], int | None, int]:
    """Corrections of a page, the number before which the next page begins, and how many there are in all."""
    with held.archive.reading() as connection:
        made = corrections.latest(connection, limit, before=before)
        total = corrections.count(connection)
    more = made[-1].number if made and made[-1].number > 1 else None
    return made, more, total


def _form(held: Context, before: int | None, limit: int) -> dict[str, Any]:
    made, more, total = _read(held, before, limit)
    follows = f"{addresses.API}/corrections?before={more}&limit={limit}" if more else None
    return {"items": [correction_form(one) for one in made], "total": total, "next": follows}
