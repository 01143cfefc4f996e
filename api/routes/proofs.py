"""``/api/v1/proofs``: signed heads of the log, and proofs that something is in it."""

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse, Response

from api.context import Context, context
from api.negotiation import json_answer
from api.problems import Problem
from archive.proof import answers, heads
from archive.proof.answers import NotSealed
from noticewatch import addresses
from noticewatch.addresses import MOST_NUMBER
from noticewatch.errors import NotFound

router = APIRouter(prefix=f"{addresses.API}/proofs", tags=["proofs"])
Given = Annotated[Context, Depends(context)]
_T = TypeVar("_T")


@router.get("/head", summary="The latest signed head")
def head(held: Given) -> Response:
    """The latest head with its signature, and the key that signs: algorithm, public part, fingerprint."""
    with held.archive.reading() as connection:
        latest = _sealed(lambda: answers.latest_head(connection))
        return json_answer({"head": latest.form(), "key": answers.key_form(connection, latest.key)})


@router.get("/heads", summary="All signed heads, for mirrors")
def all_heads(held: Given) -> Response:
    """Every head in the order of signing, one JSON object a line. The file only ever grows: ask for a range of it."""
    heads.export(held.archive)
    path = heads.file_of(held.archive)
    if not path.exists():
        raise Problem(503, "archive-not-ready", "The file of heads cannot be written at the moment; try again later.")
    return FileResponse(path, media_type="application/jsonl", headers={"Cache-Control": "no-cache"})


@router.get("/inclusion", summary="That a capture, a record, an event or a correction is in the log")
def inclusion(
    held: Given,
    capture: Annotated[str | None, Query(description="id of a capture")] = None,
    event: Annotated[int | None, Query(ge=1, le=MOST_NUMBER, description="seq of an event")] = None,
    correction: Annotated[int | None, Query(ge=1, le=MOST_NUMBER, description="number of a correction")] = None,
    row: Annotated[
        int | None, Query(ge=0, le=MOST_NUMBER, description="with capture: the record read from this row")
    ] = None,
) -> Response:
    """Each leaf with its exact text, the path to the root of the first signed head that covers it, that head, and the
    key. How to check it stands in docs/proof.md.
    """
    with held.archive.reading() as connection:
        asked = {"row": row, "event": event, "correction": correction}
        _, _, form = _sealed(lambda: answers.inclusion(connection, capture=capture, **asked))
    return json_answer(form)


@router.get("/consistency", summary="That one size of the log is the beginning of another")
def consistency(
    held: Given,
    first: Annotated[int, Query(alias="from", ge=0, le=MOST_NUMBER, description="the smaller size")],
    second: Annotated[int, Query(alias="to", ge=0, le=MOST_NUMBER, description="the larger size")],
) -> Response:
    """The roots at both sizes, and the path by which the second is shown to begin with the first."""
    with held.archive.reading() as connection:
        form = answers.consistency(connection, first, second).form()
    return json_answer(form)


@router.get("/{rest:path}", include_in_schema=False)
def unknown(rest: str) -> Response:
    """Any other address below the proofs."""
    raise NotFound(f"There is no proof {rest[:80]!r}; there are head, heads, inclusion and consistency.")


def _sealed(ask: Callable[[], _T]) -> _T:
    """An answer, or the problem that no signed head covers it yet."""
    try:
        return ask()
    except NotSealed as error:
        raise Problem(404, "not-sealed", str(error)) from error
