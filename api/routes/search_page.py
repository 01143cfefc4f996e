"""``/search``: the question as understood, its results, and how to narrow, follow or take them."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from api.context import Context, context
from api.coverage import coverage_view
from api.hits import row_of_item
from api.negotiation import json_answer, wants_json
from api.pages import render
from api.parameters import request_from, with_filter, written
from api.problems import Problem, problem_of
from api.searching import Answered, answer_form, run_search
from indexer.meaning import meaning
from indexer.query import Some, parse, plain_parts
from indexer.requests import FacetValue, SearchAnswer, SearchRequest
from noticewatch import addresses, words
from noticewatch.errors import UsageError
from noticewatch.identifiers import now

router = APIRouter(include_in_schema=False)
Given = Annotated[Context, Depends(context)]
SORTS = (
    ("dated", "Newest first"),
    ("found", "In order of arrival"),
    ("relevance", "Best match"),
    ("amount", "Largest amount"),
    ("due", "Due soonest"),
    ("planned", "Planned soonest"),
)
FACET_NAMES = {
    "vendor": "Vendor", "technology": "Technology", "buyer": "Buyer", "kind": "Kind", "year": "Year",
    "band": "Amount", "source": "Source", "tier": "Match",
}  # fmt: skip
_MOST_VALUES = 12
_PAGES = {"vendor": addresses.vendor, "technology": addresses.technology, "buyer": addresses.buyer}
_BOUNDS = {"due": "-due:<", "planned": "planned:>="}
"""What to put before a day so that what is past on it is left out: of plans, those that may lie ahead stay."""
_CALLED = {"vendor": "vendor", "technology": "technology", "buyer": "public body"}
_WITH_SUMS = ("vendor", "technology", "buyer")


@dataclass(frozen=True, slots=True)
class Choice:
    """A facet's value, a filter in force or a page, as a link. ``more``: what is said behind it."""

    label: str
    count: int
    href: str
    more: str = ""


@router.get("/search")
@router.get("/search.json")
def search_page(request: Request, held: Given) -> Response:
    """The page, or its JSON twin."""
    parameters = request.query_params
    if wants_json(request):
        return json_answer(answer_form(held, run_search(held, request_from(parameters))))
    if any(not value for value in parameters.values()):
        kept = [(name, value) for name, value in parameters.multi_items() if value]
        return RedirectResponse(addresses.search(_grouped(kept)), 303)
    wanted, problem = SearchRequest(query=parameters.get("q", "").strip()), None
    answered = None
    try:
        wanted = request_from(parameters)
        answered = run_search(held, wanted)
    except (UsageError, Problem) as error:
        problem = problem_of(error)
    values = _values(held, wanted, answered, problem)
    return render(request, "search.html", values, status=problem.status if problem else 200)


def _values(held: Context, wanted: SearchRequest, answered: Answered | None, problem: Problem | None) -> dict[str, Any]:
    facets = facets_of(held, wanted, answered) if answered else []
    query = {name: value for name, value in written(wanted).items() if name not in {"sort", "limit"}}
    answer = answered.answer if answered else None
    next_cursor = answer.next_cursor if answer else None
    return _links(wanted, query) | _fault(wanted.query, problem) | {
        "query": wanted.query,
        "lens": wanted.lens,
        "total_words": total_words(wanted, answer.total if answer else 0),
        "understood": answer.understood if answer and wanted.query else "",
        "any_href": any_of(held, wanted) if answer and not answer.total else "",
        "warnings": answer.warnings if answer else (),
        "single_href": addresses.search(written(wanted, scope="notice")) if answer and answer.taken_down else "",
        "problem": problem,
        "carried": [(n, v) for n, vs in written(wanted).items() if n != "sort" for v in _many(vs) if v],
        "sorts": SORTS,
        "sort": wanted.sort,
        "chips": chips(held, wanted),
        "facets": facets,
        "vendor": named_vendor(held, wanted),
        "ahead_href": ahead_of(wanted, answer.understood, now().date()) if answer else "",
        "named": also_named(held, wanted) if answer else (),
        "elsewhere": elsewhere(held, wanted, answer) if answer else "",
        "profiles": profiles_of(held, wanted),
        "rows": [row_of_item(item) for item in answered.items] if answered else [],
        "limit": wanted.limit,
        "next_href": addresses.search(written(wanted, cursor=next_cursor)) if next_cursor else "",
        "first_href": addresses.search(written(wanted)) if wanted.cursor else "",
        "coverage": coverage_view(held),
    }  # fmt: skip


def total_words(wanted: SearchRequest, total: int) -> str:
    """``42 contracts and notices match``: what is counted depends on the scope."""
    one, many = ("notice", "notices") if wanted.scope == "notice" else ("contract or notice", "contracts and notices")
    of = " on the watchlist" if wanted.lens == "watchlist" else ""
    asked = wanted.query or wanted.filters or wanted.date_from or wanted.date_to
    return words.count_words(total, one, many) + (" match" + ("es" if total == 1 else "") if asked else "") + of


def any_of(held: Context, wanted: SearchRequest) -> str:
    """The address of the question for any of its words, where it is of several plain words and phrases; or empty."""
    parts = plain_parts(parse(wanted.query))
    if len(parts) < 2:
        return ""
    return addresses.search(written(wanted, q=meaning(Some(parts), held.search.names).understood))


def named_vendor(held: Context, wanted: SearchRequest) -> Choice | None:
    """The page of the vendor whose name is all that is asked for: notices may name it otherwise, or a product of it."""
    code = held.search.names.code("vendor", wanted.query) if wanted.query else None
    if code is None or code in wanted.filters.get("vendor", ()):
        return None
    return Choice(held.dictionary.label("vendor", code), 0, addresses.vendor(code))


def also_named(held: Context, wanted: SearchRequest) -> list[Choice]:
    """The pages of vendors, technologies and public bodies that are called by the words asked for."""
    named = held.search.named(wanted)
    return [Choice(one.label, one.count, _PAGES[one.field](one.id), _CALLED[one.field]) for one in named]


def elsewhere(held: Context, wanted: SearchRequest, answer: SearchAnswer) -> str:
    """How much there is beside the watchlist where there is nothing on it, in words; empty for nothing."""
    if answer.total or wanted.lens == "everything":
        return ""
    wider = replace(wanted, lens="everything", limit=1, facets=(), cursor=None)
    total = held.search.search(wider).total
    return total_words(wider, total) if total else ""


def ahead_of(wanted: SearchRequest, understood: str, today: date) -> str:
    """The address of the question without what is past, where it is ordered by such a day, or of what is open, and has
    no bound on that day; or empty.
    """
    is_open = "status:open" in understood or "open" in wanted.filters.get("status", ())
    field = wanted.sort if wanted.sort in _BOUNDS else "due" if is_open else ""
    if not field or f"{field}:" in understood:
        return ""
    query = f"({wanted.query}) " if wanted.query else ""
    return addresses.search(written(wanted, q=f"{query}{_BOUNDS[field]}{today.isoformat()}"))


def profiles_of(held: Context, wanted: SearchRequest) -> list[Choice]:
    """The pages of the vendors, technologies and public bodies that the filters in force name."""
    found = []
    for name, page in _PAGES.items():
        codes = [held.search.names.code(name, value) for value in wanted.filters.get(name, ())]
        found += [Choice(held.search.names.label(name, code), 0, page(code)) for code in codes if code]
    return found


def facets_of(held: Context, wanted: SearchRequest, answered: Answered) -> list[dict[str, Any]]:
    """Facets with their values as links that add a filter; values in force are left out."""
    found = []
    for name, label in FACET_NAMES.items():
        chosen = set(wanted.filters.get(name, ()))
        values = [value for value in answered.answer.facets.get(name, []) if value.value not in chosen and value.count]
        choices = [
            Choice(value_label(held, name, value.value, value.label), value.count,
                   addresses.search(with_filter(wanted, name, value.value)),
                   sums_words(value) if name in _WITH_SUMS else "")
            for value in values[:_MOST_VALUES]
        ]  # fmt: skip
        if choices:
            found.append({"name": label, "values": choices})
    return found


def value_label(held: Context, name: str, value: str, label: str = "") -> str:
    """A facet's value in words."""
    if name == "kind":
        return words.kind_words(value)
    if name == "status":
        return words.STATUSES.get(value, value)
    if name == "source" and value in held.sources:
        return held.sources[value].title
    if name == "tier":
        return words.TIERS.get(value, value)
    return label or value


def sums_words(value: FacetValue) -> str:
    """What the results counted at a facet's value have obligated, and how much of it is at other values too."""
    said = []
    for one in value.sums:
        if one.kind == "obligated":
            shared = f", {_whole(one.shared, one.currency)} of it shared with others" if one.shared else ""
            said.append(f"{_whole(one.value, one.currency)} obligated{shared}")
    return "; ".join(said)


def _whole(value: Decimal, currency: str) -> str:
    return words.money(value.quantize(Decimal(1)), currency)


def chips(held: Context, wanted: SearchRequest) -> list[Choice]:
    """Filters in force, each a link that takes it away."""
    found = [
        Choice(filter_words(held, name, value), 0, addresses.search(written(wanted, leave_out=(name, value))))
        for name, values in wanted.filters.items()
        for value in values
    ]
    single = {"from": wanted.date_from, "to": wanted.date_to, "amount_min": wanted.amount_min,
              "amount_max": wanted.amount_max}  # fmt: skip
    for name, bound in single.items():
        if bound is not None:
            href = addresses.search(written(wanted, leave_out=(name, str(bound))))
            found.append(Choice(f"{name.replace('_', ' ').capitalize()}: {bound}", 0, href))
    return found


def filter_words(held: Context, name: str, value: str) -> str:
    """``Vendor: Fivecast``: a filter as readers call it, by whatever name of the value it was asked for."""
    code = held.search.names.code(name, value)
    label = value_label(held, name, code or value, held.search.names.label(name, code) if code else value)
    return f"{FACET_NAMES.get(name, name.capitalize())}: {label}"


def _links(wanted: SearchRequest, query: dict[str, Any]) -> dict[str, Any]:
    api = f"{addresses.API}/notices"
    atom = addresses.search(query, "/feeds/search.atom")
    json_feed = addresses.search(query, "/feeds/search.json")
    title = wanted.query or "everything on the watchlist"
    plain = written(wanted)
    return {
        "lens_links": {
            "watchlist": addresses.search(written(wanted, lens="")),
            "everything": addresses.search(written(wanted, lens="everything")),
        },
        "csv_href": addresses.search(query, f"{api}.csv"),
        "jsonl_href": addresses.search(query, f"{api}.jsonl"),
        "alert_href": addresses.alerts_new({name: value for name, value in query.items() if name != "scope"}),
        "atom_href": atom,
        "json_feed_href": json_feed,
        "twin": addresses.search(plain, "/search.json"),
        "permanent": addresses.search(plain),
        "feeds": (
            {"type": "application/atom+xml", "title": f"noticewatch: {title}", "href": atom},
            {"type": "application/feed+json", "title": f"noticewatch: {title}", "href": json_feed},
        ),
    }


def _fault(query: str, problem: Problem | None) -> dict[str, str]:
    """The question parted at the place of its fault (positions count from 1)."""
    position = problem.members.get("position") if problem else None
    at = max(int(position) - 1, 0) if isinstance(position, int) else len(query)
    return {"before_fault": query[:at], "at_fault": query[at : at + 1] or " ", "after_fault": query[at + 1 :]}


def _many(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _grouped(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped
