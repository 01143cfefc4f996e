"""``/api/v1/suggestions``: names while a reader types."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from api.context import Context, context
from api.negotiation import incomplete, json_answer
from indexer.suggestions import MOST
from noticewatch import addresses

router = APIRouter(prefix=addresses.API, tags=["notices"])
Given = Annotated[Context, Depends(context)]


@router.get("/suggestions", summary="Names that begin so")
def suggestions(
    held: Given,
    q: Annotated[str, Query(max_length=200, description="what was typed so far; two letters at least")] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 8,
) -> Response:
    """Vendors, technologies and public bodies of which a word of a name begins so, those with most results first; each
    with the question that finds it.
    """
    headers = incomplete(held.search.behind())
    answer = json_answer({"items": [asdict(one) for one in held.search.suggest(q, limit)]})
    answer.headers.update(headers)
    return answer
