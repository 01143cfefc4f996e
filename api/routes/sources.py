"""``/api/v1/sources``, ``/coverage`` and ``/runs``, and the page that says them in words."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api import forms
from api.context import Context, context
from api.coverage import coverage_view, run_line, scope_name, sources_form, strips
from api.negotiation import json_answer, wants_json
from api.pages import render
from archive import queries
from noticewatch import addresses

router = APIRouter(tags=["coverage"])
Given = Annotated[Context, Depends(context)]


@router.get(f"{addresses.API}/sources", summary="Sources with their health")
@router.get("/sources.json", include_in_schema=False)
def sources(held: Given) -> Response:
    """What each source covers, its last complete crawl, its last verdict with reasons, and when it is due next."""
    return json_answer(sources_form(held, coverage_view(held)))


@router.get(f"{addresses.API}/coverage", summary="What the archive covers")
def coverage(held: Given) -> Response:
    """Counts, gaps, and how the windows of every scope were judged when they were last appended."""
    view = coverage_view(held)
    windows = [forms.coverage_form(row) for source in view.sources for row in source.windows]
    return json_answer(view.form() | {"scopes": windows})


@router.get(f"{addresses.API}/runs", summary="Runs, newest first")
def runs(held: Given, source: str | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> Response:
    """Every crawl, replay, import and re-reading, with its verdict and reasons."""
    with held.archive.reading() as connection:
        rows = queries.runs(connection, source, limit)
    return json_answer({"items": [forms.run_form(row) for row in rows]})


@router.get("/sources", include_in_schema=False)
def sources_page(request: Request, held: Given) -> Response:
    """A row a source: covers, since, last complete, verdict and reason in words, next; then the latest runs."""
    view = coverage_view(held)
    if wants_json(request):
        return json_answer(sources_form(held, view))
    with held.archive.reading() as connection:
        rows = queries.runs(connection, limit=20)
    values = {
        "view": view,
        "strips": strips(held),
        "runs": [run_line(row) for row in rows],
        "scope_names": {part.scope: scope_name(part.scope) for source in view.sources for part in source.windows},
        "twin": "/sources.json",
    }
    return render(request, "sources.html", values)
