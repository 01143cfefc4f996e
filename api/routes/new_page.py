"""``/new``: this week in five lines, each with its source."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.context import Context, context
from api.coverage import coverage_view
from api.forms import member_form, tag_form
from api.hits import Row, row_of_item, row_of_notice
from api.negotiation import json_answer, wants_json
from api.news import Line, News, Week, name_of, news, week_named
from api.pages import render
from api.problems import Problem
from api.routes.search_page import value_label
from api.searching import item_form, run_search
from indexer.requests import SearchRequest
from noticewatch import addresses, words
from noticewatch.identifiers import now

router = APIRouter(include_in_schema=False)
Given = Annotated[Context, Depends(context)]
_LINES = 5
_MOST = 100
_FEEDS = (
    {"type": "application/atom+xml", "title": "noticewatch: the watchlist", "href": "/feeds/search.atom"},
    {"type": "application/feed+json", "title": "noticewatch: the watchlist", "href": "/feeds/search.json"},
)


@router.get("/new")
@router.get("/new.json")
def new_page(request: Request, held: Given) -> Response:
    """The last seven days, or a week that is named (``week=2026-W48``); ``all`` tells all of it."""
    week, most = _asked(request)
    warnings = held.search.behind()
    found = news(held, week)
    recent = [] if found.lines else run_search(held, SearchRequest(limit=_LINES, facets=())).items
    if wants_json(request):
        return json_answer({
            "first": str(week.first), "last": str(week.last), "total": len(found.lines), "at_least": found.capped,
            "items": [_form(line) for line in found.lines[:most]],
            "most_recently_published": [item_form(item) for item in recent],
            "coverage": coverage_view(held).form(), "warnings": warnings,
        })  # fmt: skip
    return render(request, "new.html", _values(held, week, found, most) | {
        "recent": [_titled(held, row_of_item(item)) for item in recent], "warnings": warnings,
    })  # fmt: skip


def _asked(request: Request) -> tuple[Week, int]:
    for name in request.query_params:
        if name not in {"week", "all"}:
            raise Problem(400, "bad-request", f"There is no parameter {name[:40]!r}; known are week and all.")
    given = request.query_params.get("week")
    today = now().date()
    week = week_named(given) if given else Week(today - timedelta(days=6), today)
    return week, _MOST if "all" in request.query_params else _LINES


def _values(held: Context, week: Week, found: News, most: int) -> dict[str, Any]:
    named = {"week": week.name} if week.name else {}
    today = now().date()
    return {
        "week": week,
        "found": found,
        "lines": [_line(held, line) for line in found.lines[:most]],
        "rest": max(len(found.lines) - most, 0),
        "all_href": addresses.search(named | {"all": "1"}, "/new") if most < min(len(found.lines), _MOST) else "",
        "before": _link((week.first if week.name else today - timedelta(days=today.weekday())) - timedelta(days=1)),
        "after": _link(week.last + timedelta(days=1)) if week.name and week.last < today else "",
        "this_week": _link(today),
        "feeds": _FEEDS,
        "coverage": coverage_view(held),
        "twin": addresses.search(named, "/new.json"),
        "permanent": addresses.search(named, "/new"),
    }


def _link(day: Any) -> str:
    return addresses.search({"week": name_of(day)}, "/new")


def _line(held: Context, line: Line) -> dict[str, Any]:
    return {
        "day": words.short_day(line.event.committed_at.date()),
        "what": words.first_upper(line.what),
        "version": addresses.version(line.event.notice_id, line.event.version),
        "row": _titled(held, row_of_notice(line.row, line.tags, quote=True)),
    }


def _titled(held: Context, row: Row) -> Row:
    return replace(row, source=value_label(held, "source", row.source))


def _form(line: Line) -> dict[str, Any]:
    return {
        "seq": line.event.seq,
        "kinds": list(line.event.kinds),
        "what": line.what,
        "late": line.event.late,
        "noted_at": line.event.committed_at.isoformat(),
        "version": addresses.version(line.event.notice_id, line.event.version),
        "notice": member_form(line.row) | {"source": line.row.source, "tags": [tag_form(tag) for tag in line.tags]},
    }
