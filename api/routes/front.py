"""``/``: the box, what was published most recently, and one sentence on what all of it rests on."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.context import Context, context
from api.coverage import CoverageView, coverage_view
from api.hits import Row, row_of_item
from api.negotiation import json_answer, wants_json
from api.pages import render
from api.parameters import written
from api.renewals import ROLES, Asked, renewals
from api.routes.search_page import Choice, value_label
from api.searching import Answered, item_form, run_search
from archive import queries
from indexer.requests import SearchRequest
from noticewatch import addresses, words
from noticewatch.identifiers import now
from noticewatch.models import AmountKind, Kind

router = APIRouter(include_in_schema=False)
EXAMPLES = (
    ("Fivecast", {"q": "Fivecast"}),
    ("“license plate” bought by ICE", {"q": '"license plate"', "buyer": "usg-dhs-ice"}),
    ("70CMSD26P00000034", {"q": "70CMSD26P00000034", "lens": "everything"}),
)
_LINES = 5
_ORDERS = (Kind.AWARD, Kind.ORDER, Kind.VEHICLE, Kind.MODIFICATION)
"""Kinds of notice by which something is bought."""
_MOST = 8
_FEEDS = (
    {"type": "application/atom+xml", "title": "noticewatch: the watchlist", "href": "/feeds/search.atom"},
    {"type": "application/feed+json", "title": "noticewatch: the watchlist", "href": "/feeds/search.json"},
)


@router.get("/")
@router.get("/index.json")
def front(request: Request, held: Annotated[Context, Depends(context)]) -> Response:
    """The front page, or its JSON twin."""
    coverage = coverage_view(held)
    wanted = SearchRequest(limit=_LINES, facets=("buyer", "vendor", "technology"))
    answered = held.remember("front", held.state(), lambda: run_search(held, wanted))
    if wants_json(request):
        return json_answer({"latest": [item_form(item) for item in answered.items], "coverage": coverage.form(),
                            "warnings": answered.answer.warnings})  # fmt: skip
    return render(request, "front.html", _values(held, coverage, answered))


def _values(held: Context, coverage: CoverageView, answered: Answered) -> dict[str, Any]:
    rows: list[Row] = [
        replace(row_of_item(item), source=value_label(held, "source", item.source)) for item in answered.items
    ]
    return {
        "coverage": coverage,
        "warnings": answered.answer.warnings,
        "heading": heading(held),
        "latest": rows,
        "examples": [Choice(label, 0, addresses.search(parameters)) for label, parameters in EXAMPLES],
        "ends": ends_soon(held) if answered.items else [],
        "largest": largest(held),
        "all_largest": addresses.search(written(_largest_asked(now().date()))),
        "vendors": _choices(held, answered, "vendor"),
        "buyers": _choices(held, answered, "buyer"),
        "technologies": _choices(held, answered, "technology"),
        "feeds": _FEEDS,
        "twin": "/index.json",
        "permanent": "/",
    }


def ends_soon(held: Context) -> list[tuple[str, str, Row]]:
    """The contracts that end next, within a year: day, what ends, and the contract."""
    today = now().date()
    endings = renewals(held, Asked(today, today + timedelta(days=365))).endings[:_LINES]
    return [(words.short_day(one.day), ROLES[one.role], row_of_item(one.contract.item)) for one in endings]


def largest(held: Context) -> list[Row]:
    """The contracts on which most is obligated among those of which something was ordered in the last twelve months.
    What is announced or a limit is no money spent, and is not held against it.
    """
    asked = _largest_asked(now().date())
    found = held.remember("largest", (held.state(), asked.date_from), lambda: run_search(held, asked))
    obligated = [one for one in found.items if one.headline and one.headline.kind is AmountKind.OBLIGATED]
    return [row_of_item(item) for item in obligated[:_LINES]]


def _largest_asked(today: date) -> SearchRequest:
    return SearchRequest(
        filters={"kind": _ORDERS, "tier": ("alert",)}, sort="amount", facets=(),
        date_from=today - timedelta(days=365),
    )  # fmt: skip


def heading(held: Context) -> str:
    """``New this week`` once a crawl brought news; before that nothing is news, and the page says what it shows."""
    with held.archive.reading() as connection:
        loud = queries.latest_events(connection, 1)
    return "Newest on the watchlist" if loud else "Most recently published on the watchlist"


def _choices(held: Context, answered: Answered, name: str) -> list[Choice]:
    page = {"vendor": addresses.vendor, "buyer": addresses.buyer, "technology": addresses.technology}[name]
    return [
        Choice(value_label(held, name, value.value, value.label), value.count, page(value.value))
        for value in answered.answer.facets.get(name, [])[:_MOST]
    ]
