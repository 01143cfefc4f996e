"""``/api/v1/vendors``, ``/technologies`` and ``/buyers``: lists and profiles in JSON."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from api.context import Context, context
from api.coverage import CoverageView, coverage_view
from api.cut_years import cuts_of
from api.family import RULE, Bought, Family, Member, family
from api.forms import member_form, tag_form
from api.negotiation import json_answer
from api.profile import Named
from api.profiles import BUYER, TECHNOLOGY, VENDOR, Axis, Profile, profile
from api.searching import item_form
from api.subjects import BuyerCount, buyer_by, buyer_counts, tag_counts, technology_by, vendor_by
from noticewatch import addresses, words
from noticewatch.buyers import BuyerEntry, ancestors, buyers, children
from watchlist import queries as watchlist
from watchlist.records import Parent, Technology, Vendor

router = APIRouter(prefix=addresses.API, tags=["profiles"])
Given = Annotated[Context, Depends(context)]


@router.get("/vendors", summary="Vendors of the watchlist")
def vendors(held: Given) -> Response:
    """Every vendor that is looked for, with how many notices were matched and how many are to be checked."""
    return vendors_answer(held)


@router.get("/vendors/{vendor_id}", summary="One vendor")
def vendor(held: Given, vendor_id: str) -> Response:
    """Names, totals by kind of amount, the family by date, fiscal years by buyer, sellers, contracts, mentions."""
    return vendor_answer(held, vendor_by(held, vendor_id))


@router.get("/technologies", summary="Technologies of the watchlist")
def technologies(held: Given) -> Response:
    """Every technology with its definition and how many notices carry it."""
    return technologies_answer(held)


@router.get("/technologies/{technology_id}", summary="One technology")
def technology(held: Given, technology_id: str) -> Response:
    """What is looked for, totals by kind of amount, fiscal years by buyer, who sells whose product, contracts."""
    return technology_answer(held, technology_by(held, technology_id))


@router.get("/buyers", summary="Public bodies")
def all_buyers(held: Given) -> Response:
    """The buyers table: names, parents, levels, and how much is held of each with all its parts."""
    return buyers_answer(held)


@router.get("/buyers/{buyer_id}", summary="One public body")
def buyer(held: Given, buyer_id: str) -> Response:
    """What a public body and its parts buy on the watchlist: totals by kind of amount, fiscal years by seller."""
    return buyer_answer(held, buyer_by(buyer_id))


def vendors_answer(held: Context) -> Response:
    """The list of vendors in JSON."""
    warnings, counts = held.search.behind(), tag_counts(held, "vendor")
    items = [_vendor(v) | watchlist.by_tier(counts.get(v.id)) for v in held.dictionary.vendors.values()]
    stated = {"unchecked": words.UNCHECKED, "items": items, "dictionary": held.dictionary.version}
    return json_answer(stated | {"warnings": warnings})


def technologies_answer(held: Context) -> Response:
    """The list of technologies in JSON."""
    warnings, counts = held.search.behind(), tag_counts(held, "technology")
    items = [_technology(held, t) | watchlist.by_tier(counts.get(t.id)) for t in held.dictionary.technologies.values()]
    return json_answer({"items": items, "dictionary": held.dictionary.version, "warnings": warnings})


def buyers_answer(held: Context) -> Response:
    """The list of public bodies in JSON."""
    warnings, counts = held.search.behind(), buyer_counts(held)
    items = [_buyer(entry) | asdict(counts.get(entry.id, BuyerCount())) for entry in buyers().values()]
    return json_answer({"items": items, "warnings": warnings})


def vendor_answer(held: Context, entry: Vendor) -> Response:
    """A vendor in JSON."""
    found = family(held, entry.id)
    stated = {"unchecked": words.UNCHECKED, "family": _family(held, found) if found else None}
    return _answer(held, _vendor(entry) | stated, VENDOR, entry.id)


def technology_answer(held: Context, entry: Technology) -> Response:
    """A technology in JSON."""
    return _answer(held, _technology(held, entry), TECHNOLOGY, entry.id)


def buyer_answer(held: Context, entry: BuyerEntry) -> Response:
    """A public body in JSON."""
    stated = _buyer(entry) | {
        "above": list(ancestors(entry.id)[1:]),
        "parts": [part.id for part in children().get(entry.id, ())],
    }
    return _answer(held, stated, BUYER, entry.id)


def _answer(held: Context, stated: dict[str, Any], axis: Axis, of: str) -> Response:
    warnings, found, coverage = held.search.behind(), profile(held, axis, of), coverage_view(held)
    form = stated | _profile(found, coverage) | {"coverage": coverage.form(), "warnings": warnings}
    return json_answer(form)


def _profile(found: Profile, coverage: CoverageView) -> dict[str, Any]:
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
            f"{found.axis.stacked}s": {
                name: {str(y): str(v) for y, v in values.items()} for name, values in years.series.items()
            },
            "not_in_it": list(years.others),
            "in_part": {str(year): list(why) for year, why in cuts_of(years, coverage).items()},
        } if years else None,
        "buyers": _named(found.buyers),
        "sellers": _named(found.sellers),
        "matched_vendors": _named(found.vendors),
        "matched_technologies": _named(found.technologies),
        "through": [{"maker": t.maker.name, "url": t.maker.href, "seller": t.seller, "count": t.count}
                    for t in found.through],
        "latest": [item_form(shown.item) for shown in found.orders if shown.item],
        "mentioned": [
            member_form(shown.row) | {"tags": [tag_form(tag) for tag in shown.tags]} for shown in found.mentioned
        ],
    }  # fmt: skip


def _named(lines: Any) -> list[dict[str, Any]]:
    def form(line: Named) -> dict[str, Any]:
        return {"name": line.name, "count": line.count, "url": line.href or None}

    return [form(line) for line in lines]


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
        "ambiguous": entry.ambiguous,
        "note": entry.note or None,
        "parents": [_tie(parent) for parent in entry.parents],
    }


def _tie(tie: Parent) -> dict[str, Any]:
    return {
        "name": tie.name, "id": tie.vendor or None, "since": tie.since or None, "until": tie.until or None,
        "source": tie.source, "checked": tie.checked,
    }  # fmt: skip


def _family(held: Context, found: Family) -> dict[str, Any]:
    return {
        "rule": RULE,
        "itself": _bought(found.itself),
        "members": [_member(held, one) for one in found.members],
        "owners": [_member(held, one) for one in found.owners],
        "together": _bought(found.together),
    }


def _member(held: Context, one: Member) -> dict[str, Any]:
    vendors, owner = held.dictionary.vendors, one.belonging.owner
    return {
        "id": one.belonging.vendor,
        "name": vendors[one.belonging.vendor].name,
        "url": addresses.vendor(one.belonging.vendor),
        "owner": vendors[owner].name if owner in vendors else owner,
        "owner_url": addresses.vendor(owner) if owner in vendors else None,
        "ties": [{"of": kin.vendor} | _tie(kin.tie) for kin in one.belonging.ties],
        "parts": [{"when": when} | _bought(part) for when, part in one.parts.items()],
    }


def _bought(part: Bought) -> dict[str, Any]:
    return {
        "contracts": part.contracts,
        "notices": part.notices,
        "totals": [asdict(total) for total in part.totals],
    }


def _technology(held: Context, entry: Technology) -> dict[str, Any]:
    return {
        "id": entry.id,
        "name": entry.name,
        "parent": entry.parent or None,
        "definition": entry.definition,
        "terms": list(held.dictionary.terms_of(entry.id)),
        "url": addresses.technology(entry.id),
    }


def _buyer(entry: BuyerEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "name": entry.name,
        "parent": entry.parent,
        "level": entry.level,
        "jurisdiction": entry.jurisdiction,
        "url": addresses.buyer(entry.id),
    }
