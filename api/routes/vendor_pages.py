"""``/vendors`` and ``/vendors/{id}``: who it is, what public bodies paid, and what is only mentioned."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from api.chart import chart
from api.context import Context, context
from api.coverage import coverage_view
from api.hits import Row, row_of_item, row_of_notice
from api.negotiation import wants_json
from api.pages import render
from api.routes.profiles import vendor_answer, vendors_answer
from api.routes.search_page import Choice
from api.vendors import Profile, Shown, profile, vendor_by
from noticewatch import addresses
from watchlist import queries as watchlist
from watchlist.dictionary import Vendor

router = APIRouter(include_in_schema=False)
Given = Annotated[Context, Depends(context)]


@dataclass(frozen=True, slots=True)
class Listed:
    """A vendor in the list of all, with how many notices were matched strongly and how many are to be checked."""

    label: str
    href: str
    alert: int
    review: int


@router.get("/vendors")
@router.get("/vendors.json")
def vendors_page(request: Request, held: Given) -> Response:
    """All vendors of the watchlist, those that occur first."""
    if wants_json(request):
        return vendors_answer(held)
    with held.archive.reading() as connection:
        counts = {count.id: count for count in watchlist.counts_by_tag(connection) if count.kind == "vendor"}
    lines = [listed(vendor, counts.get(vendor.id)) for vendor in held.dictionary.vendors.values()]
    seen = [line for line in lines if line.alert or line.review]
    seen.sort(key=lambda line: (-line.alert, -line.review, line.label.casefold()))
    unseen = sorted((line for line in lines if not line.alert and not line.review), key=lambda x: x.label.casefold())
    return render(request, "vendors.html", {"seen": seen, "unseen": unseen, "twin": "/vendors.json"})


@router.get("/vendors/{vendor_id:path}")
def vendor_page(request: Request, held: Given, vendor_id: str) -> Response:
    """A vendor's page; its other names lead to it."""
    wanted = vendor_id.removesuffix(".json")
    vendor = vendor_by(held, wanted)
    if wants_json(request):
        return vendor_answer(request, held, vendor)
    if vendor.id != wanted:
        return RedirectResponse(addresses.vendor(vendor.id), 302)
    return render(request, "vendor.html", _values(held, vendor, profile(held, vendor.id)))


def listed(vendor: Vendor, count: watchlist.TagCount | None) -> Listed:
    """A vendor's line in the list."""
    alerts, notices = (count.alerts, count.notices) if count else (0, 0)
    return Listed(vendor.name, addresses.vendor(vendor.id), alerts, notices - alerts)


def _values(held: Context, vendor: Vendor, found: Profile) -> dict[str, Any]:
    drawn = chart(found.obligations) if found.obligations else None
    return _identity(held, vendor) | {
        "name": vendor.name,
        "strong_total": found.strong,
        "ordered_total": found.ordered,
        "review_total": found.review,
        "first": found.first,
        "last": found.last,
        "totals": found.totals,
        "chart": drawn,
        "chart_note": "Years of which only a part is held show too little.",
        "buyers": found.buyers,
        "sellers": found.sellers,
        "orders": _rows(found.orders),
        "contracts_total": found.contracts,
        "review": _rows(found.mentioned),
        "search_matched": addresses.search({"vendor": vendor.id}),
        "search_review": addresses.search({"vendor": vendor.id, "tier": "review"}),
        "search_everything": addresses.search({"q": vendor.name, "lens": "everything"}),
        "coverage": coverage_view(held),
        "twin": f"{addresses.vendor(vendor.id)}.json",
        "permanent": addresses.vendor(vendor.id),
    }


def _identity(held: Context, vendor: Vendor) -> dict[str, Any]:
    """What the watchlist looks for. Ties between firms are given as "see also" only: they were not checked singly."""
    technologies, vendors = held.dictionary.technologies, held.dictionary.vendors
    named = [technologies[t] for t in vendor.technologies if t in technologies]
    parents = {parent.vendor for parent in vendor.parents}
    near = [v for v in vendors.values() if v.id in parents or vendor.id in {parent.vendor for parent in v.parents}]
    return {
        "names": list(dict.fromkeys([vendor.name, *vendor.aliases])),
        "products": vendor.product_names,
        "identifiers": [identifier.id for identifier in vendor.identifiers],
        "technologies": [Choice(t.name, 0, addresses.search({"technology": t.id})) for t in named],
        "related": [Choice(v.name, 0, addresses.vendor(v.id)) for v in near],
        "ambiguous": bool(vendor.note),
        "ambiguous_note": vendor.note,
    }


def _rows(shown: Sequence[Shown]) -> list[Row]:
    return [row_of(each) for each in shown]


def row_of(shown: Shown) -> Row:
    """A contract as a whole with the words that name the vendor; a mere mention by itself."""
    alone = row_of_notice(shown.row, shown.tags, quote=True)
    return replace(row_of_item(shown.item), snippets=alone.snippets) if shown.item else alone
