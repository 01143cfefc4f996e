"""``/api/v1/vendors``, ``/technologies`` and ``/buyers``: simple profiles in JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.context import Context, context
from api.coverage import coverage_view
from api.forms import member_form, tag_form
from api.negotiation import etag_of, json_answer, tagged_json
from api.searching import item_form, run_search
from api.vendors import Profile, profile, vendor_by
from indexer.requests import SearchRequest
from noticewatch import addresses
from noticewatch.buyers import BuyerEntry, ancestors, buyers
from noticewatch.errors import NotFound
from watchlist import queries as watchlist
from watchlist.dictionary import Vendor

router = APIRouter(prefix=addresses.API, tags=["profiles"])
Given = Annotated[Context, Depends(context)]


@router.get("/vendors", summary="Vendors of the watchlist")
def vendors(held: Given) -> Response:
    """Every vendor that is looked for, with how many notices were matched and how many are to be checked."""
    return vendors_answer(held)


@router.get("/vendors/{vendor_id}", summary="One vendor")
def vendor(request: Request, held: Given, vendor_id: str) -> Response:
    """Names, totals by kind of amount, fiscal years by buyer, sellers, contracts, and what is only mentioned."""
    return vendor_answer(request, held, vendor_by(held, vendor_id))


@router.get("/technologies", summary="Technologies of the watchlist")
def technologies(held: Given) -> Response:
    """Every technology with its definition and how many notices carry it."""
    with held.archive.reading() as connection:
        counts = _by_tag(watchlist.counts_by_tag(connection))
    found = held.dictionary.technologies.values()
    return json_answer({"items": [_technology(t) | _tiers(counts, "technology", t.id) for t in found]})


@router.get("/technologies/{technology_id}", summary="One technology")
def technology(held: Given, technology_id: str) -> Response:
    """A technology, its latest contracts and who buys it."""
    entry = held.dictionary.technologies.get(technology_id)
    if entry is None:
        raise NotFound(
            f"No technology {technology_id[:80]!r} is on the watchlist; {addresses.API}/technologies lists them."
        )
    return json_answer(_technology(entry) | _latest(held, "technology", technology_id))


@router.get("/buyers", summary="Public bodies")
def all_buyers() -> Response:
    """The buyers table: names, parents, levels."""
    return json_answer({"items": [_buyer(entry) for entry in buyers().values()]})


@router.get("/buyers/{buyer_id}", summary="One public body")
def buyer(held: Given, buyer_id: str) -> Response:
    """A public body, its latest contracts on the watchlist and from whom it buys."""
    entry = buyers().get(buyer_id)
    if entry is None:
        raise NotFound(f"No public body {buyer_id[:80]!r} is known; {addresses.API}/buyers lists them.")
    return json_answer(_buyer(entry) | {"above": list(ancestors(buyer_id)[1:])} | _latest(held, "buyer", buyer_id))


def vendors_answer(held: Context) -> Response:
    """The list of vendors in JSON."""
    with held.archive.reading() as connection:
        counts = _by_tag(watchlist.counts_by_tag(connection))
    items = [_vendor(v) | _tiers(counts, "vendor", v.id) for v in held.dictionary.vendors.values()]
    return json_answer({"items": items, "dictionary": held.dictionary.version})


def vendor_answer(request: Request, held: Context, entry: Vendor) -> Response:
    """A vendor in JSON."""
    found = profile(held, entry.id)
    form = _vendor(entry) | _profile(found) | {"coverage": coverage_view(held).form()}
    return tagged_json(request, form, etag_of(form))


def _profile(found: Profile) -> dict[str, Any]:
    years = found.obligations
    return {
        "matched": found.strong,
        "ordered": found.ordered,
        "to_be_checked": found.review,
        "contracts": found.contracts,
        "first": found.first or None,
        "last": found.last or None,
        "totals": [asdict(total) for total in found.totals],
        "obligated_by_fiscal_year": {
            "currency": years.currency or None,
            "buyers": {name: {str(y): str(v) for y, v in values.items()} for name, values in years.by_buyer.items()},
        } if years else None,
        "buyers": [asdict(line) for line in found.buyers],
        "sellers": [asdict(line) for line in found.sellers],
        "latest": [item_form(shown.item) for shown in found.orders if shown.item],
        "mentioned": [
            member_form(shown.row) | {"tags": [tag_form(tag) for tag in shown.tags]} for shown in found.mentioned
        ],
    }  # fmt: skip


def _vendor(entry: Vendor) -> dict[str, Any]:
    return {
        "id": entry.id,
        "name": entry.name,
        "url": addresses.vendor(entry.id),
        "kind": entry.kind,
        "names": list(entry.aliases),
        "products": list(entry.product_names),
        "technologies": list(entry.technologies),
        "identifiers": [identifier.id for identifier in entry.identifiers],
        "ambiguous": bool(entry.note),
    }


def _technology(entry: Any) -> dict[str, Any]:
    return {
        "id": entry.id,
        "name": entry.name,
        "parent": entry.parent or None,
        "definition": entry.definition,
        "url": addresses.search({"technology": entry.id}),
    }


def _buyer(entry: BuyerEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "name": entry.name,
        "parent": entry.parent,
        "level": entry.level,
        "jurisdiction": entry.jurisdiction,
        "url": addresses.search({"buyer": entry.id}),
    }


def _by_tag(counts: Iterable[watchlist.TagCount]) -> dict[tuple[str, str], watchlist.TagCount]:
    return {(count.kind, count.id): count for count in counts}


def _tiers(counts: Mapping[tuple[str, str], watchlist.TagCount], kind: str, tag_id: str) -> dict[str, int]:
    count = counts.get((kind, tag_id))
    alerts, notices = (count.alerts, count.notices) if count else (0, 0)
    return {"matched": alerts, "to_be_checked": notices - alerts}


def _latest(held: Context, name: str, value: str) -> dict[str, Any]:
    answered = run_search(held, SearchRequest(filters={name: (value,)}, limit=20))
    facets = {f: [asdict(v) for v in values] for f, values in answered.answer.facets.items()}
    return {"total": answered.answer.total, "latest": [item_form(item) for item in answered.items], "facets": facets}
