"""``/api/v1/runs/{id}`` and the page of a run: what was asked, how each window was judged, what brought nothing."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from api import forms
from api.context import Context, context
from api.coverage import run_line, scope_name
from api.negotiation import json_answer, wants_json
from api.pages import render
from archive import run_queries
from archive.rows import RunRow
from archive.run_queries import TroubleRow, WindowRow
from noticewatch import addresses, words
from noticewatch.errors import NotFound

router = APIRouter(tags=["coverage"])
Given = Annotated[Context, Depends(context)]
Offset = Annotated[int, Query(ge=0, le=addresses.MOST_NUMBER, description="windows to pass over")]

_PAGE = 100


@router.get(f"{addresses.API}/runs/{{run_id}}", summary="One run, with its windows")
def run(held: Given, run_id: str, offset: Offset = 0, limit: Annotated[int, Query(ge=1, le=500)] = _PAGE) -> Response:
    """A run by its id: verdict, reasons, and its windows with theirs, what is not complete first."""
    return json_answer(_form(held, run_id, offset, limit))


@router.get("/runs/{run_id}.json", include_in_schema=False)
def run_twin(held: Given, run_id: str, offset: Offset = 0) -> Response:
    """The page of a run in JSON."""
    return json_answer(_form(held, run_id, offset, _PAGE))


@router.get("/runs/{run_id}", include_in_schema=False)
def run_page(request: Request, held: Given, run_id: str, offset: Offset = 0) -> Response:
    """The page of a run."""
    if wants_json(request):
        return json_answer(_form(held, run_id, offset, _PAGE))
    found = _run(held, run_id)
    with held.archive.reading() as connection:
        counts = run_queries.verdicts_of(connection, found.number)
        windows = run_queries.windows_of(connection, found.number, offset=offset, limit=_PAGE)
        troubles = run_queries.troubles_of(connection, windows)
    total = sum(counts.values())
    values = {
        "run": run_line(found),
        "findings": found.findings,
        "counts": [(words.VERDICTS.get(verdict, verdict), count) for verdict, count in counts.most_common()],
        "total": total,
        "windows": [_line(window) for window in windows],
        "held": any(window.held for window in windows),
        "troubles": troubles,
        "offset": offset,
        "more": offset + len(windows) if offset + len(windows) < total else None,
        "twin": f"/runs/{run_id}.json",
    }
    return render(request, "run.html", values)


def _run(held: Context, run_id: str) -> RunRow:
    with held.archive.reading() as connection:
        found = run_queries.run(connection, run_id)
    if found is None:
        raise NotFound(f"No run {run_id[:80]!r} is held; {addresses.API}/runs lists them.")
    return found


def _form(held: Context, run_id: str, offset: int, limit: int) -> dict[str, Any]:
    found = _run(held, run_id)
    with held.archive.reading() as connection:
        counts = run_queries.verdicts_of(connection, found.number)
        windows = run_queries.windows_of(connection, found.number, offset=offset, limit=limit)
        troubles = run_queries.troubles_of(connection, windows)
    by_window: dict[int, list[dict[str, Any]]] = {}
    for trouble in troubles:
        by_window.setdefault(trouble.window, []).append(_trouble_form(trouble))
    more = offset + len(windows) < sum(counts.values())
    return {
        **forms.run_form(found),
        "windows_by_verdict": dict(counts),
        "windows": [_window_form(window) | {"problems": by_window.get(window.number, [])} for window in windows],
        "next": f"{addresses.API}/runs/{found.id}?offset={offset + len(windows)}&limit={limit}" if more else None,
    }


def _window_form(window: WindowRow) -> dict[str, Any]:
    return {
        "scope": window.scope, "key": window.key, "begins": window.begins, "ends": window.ends,
        "verdict": window.verdict, "reasons": list(window.reasons), "expected": window.expected, "rows": window.rows,
        "new_records": window.new, "walked_to_the_end": window.walked, "held_back": window.held,
        "released": window.released, "split_into": window.parts, "requests": window.asked,
    }  # fmt: skip


def _trouble_form(trouble: TroubleRow) -> dict[str, Any]:
    return {
        "purpose": trouble.purpose, "page": trouble.page, "method": trouble.method, "url": trouble.url,
        "status": trouble.status, "problem": trouble.problem,
    }  # fmt: skip


def _line(window: WindowRow) -> dict[str, Any]:
    """A window as the page lists it."""
    verdict = "held back" if window.held else words.VERDICTS[window.verdict] if window.verdict else "under way"
    return {
        "scope": scope_name(window.scope), "key": window.key, "verdict": verdict, "code": window.verdict or "running",
        "reasons": window.reasons, "expected": window.expected, "rows": window.rows, "new": window.new,
        "asked": window.asked,
    }  # fmt: skip
