"""``/vendors/{id}``, ``/technologies/{id}``, ``/buyers/{id}``: what it is, what was paid, what is only mentioned."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from api.chart import chart
from api.context import Context, context
from api.coverage import coverage_view
from api.cut_years import cuts_of
from api.family import RULE, Bought, Family, family
from api.hits import Row, row_of_item, row_of_notice
from api.negotiation import wants_json
from api.pages import render
from api.profile import NOT_ADDED, Total
from api.profiles import BUYER, TECHNOLOGY, VENDOR, Axis, Profile, Shown, asked_of, profile
from api.routes.profiles import buyer_answer, technology_answer, vendor_answer
from api.routes.search_page import Choice
from api.subjects import buyer_by, buyer_counts, tag_counts, technology_by, vendor_by
from noticewatch import addresses, words
from noticewatch.buyers import WHOLE_STATES, BuyerEntry, ancestors, buyers, children
from watchlist.family import Kin, When, members_of, tie_words
from watchlist.records import Technology, Vendor

router = APIRouter(include_in_schema=False)
Given = Annotated[Context, Depends(context)]
_NO_NAMES = ("prefix", "code", "cgac")
"""Ends of the alias systems of the buyers table that hold codes."""
_WHEN: Final[dict[When, str]] = {
    "before": "before it belonged to {}",
    "while": "while it belonged to {}",
    "after": "after it left {}",
    "not_known": "not known whether it belonged to {}",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table of a family: whose goods, when, and what was bought."""

    name: str
    href: str
    when: str
    bought: Bought
    sums: tuple[str, ...]


@router.get("/vendors/{vendor_id:path}")
def vendor_page(request: Request, held: Given, vendor_id: str) -> Response:
    """A vendor's page; its other names lead to it."""
    wanted = vendor_id.removesuffix(".json")
    vendor = vendor_by(held, wanted)
    if wants_json(request):
        return vendor_answer(held, vendor)
    if vendor.id != wanted:
        return RedirectResponse(addresses.vendor(vendor.id), 302)
    values = _values(held, VENDOR, vendor.id, vendor.name, addresses.vendor(vendor.id))
    return render(request, "vendor.html", values | _vendor(held, vendor))


@router.get("/technologies/{technology_id:path}")
def technology_page(request: Request, held: Given, technology_id: str) -> Response:
    """A technology's page; its name leads to it."""
    wanted = technology_id.removesuffix(".json")
    entry = technology_by(held, wanted)
    if wants_json(request):
        return technology_answer(held, entry)
    if entry.id != wanted:
        return RedirectResponse(addresses.technology(entry.id), 302)
    values = _values(held, TECHNOLOGY, entry.id, entry.name, addresses.technology(entry.id))
    return render(request, "technology.html", values | _technology(held, entry))


@router.get("/buyers/{buyer_id:path}")
def buyer_page(request: Request, held: Given, buyer_id: str) -> Response:
    """A public body's page, with all its parts; its other names lead to it."""
    wanted = buyer_id.removesuffix(".json")
    entry = buyer_by(wanted)
    if wants_json(request):
        return buyer_answer(held, entry)
    if entry.id != wanted:
        return RedirectResponse(addresses.buyer(entry.id), 302)
    values = _values(held, BUYER, entry.id, entry.short_name, addresses.buyer(entry.id))
    return render(request, "buyer.html", values | _buyer(held, entry))


def _values(held: Context, axis: Axis, of: str, name: str, address: str) -> dict[str, Any]:
    warnings, found = held.search.behind(), profile(held, axis, of)
    asked, coverage = asked_of(axis, of), coverage_view(held)
    cuts = cuts_of(found.obligations, coverage)
    filters = {kind: list(values) for kind, values in asked.filters.items()} if asked else {}
    return {
        "name": name,
        "found": found,
        "warnings": warnings,
        "first": found.first,
        "last": found.last,
        "chart": chart(found.obligations) if found.obligations else None,
        "cuts": cuts,
        "chart_note": _chart_note(found),
        "orders": [row_of(one, (axis.name, of)) for one in found.orders],
        "review": [row_of(one, (axis.name, of)) for one in found.mentioned],
        "search_matched": addresses.search(filters) if filters else "",
        "search_review": addresses.search(filters | {"tier": "review"}),
        "search_everything": addresses.search({"q": name, "lens": "everything"}),
        "renewals": addresses.search(filters, "/renewals") if len(filters.get(axis.name, ())) == 1 else "",
        "coverage": coverage,
        "twin": f"{address}.json",
        "permanent": address,
    }


def _chart_note(found: Profile) -> str:
    note = "Years of which only a part is held show too little; they are marked."
    others = found.obligations.others if found.obligations else ()
    return f"{note} What is obligated in {words.listed(others)} stands in the table above only." if others else note


def _vendor(held: Context, vendor: Vendor) -> dict[str, Any]:
    """What is looked for, which was not checked one by one; ties between firms as "see also", checked ones by date."""
    technologies, vendors = held.dictionary.technologies, held.dictionary.vendors
    named = [technologies[t] for t in vendor.technologies if t in technologies]
    near = [Kin(parent.vendor, parent) for parent in vendor.parents if parent.vendor in vendors]
    near += members_of(vendors, vendor.id)
    return {
        "vendor_names": list(dict.fromkeys([vendor.name, *vendor.aliases])),
        "products": vendor.product_names,
        "identifiers": [identifier.id for identifier in vendor.identifiers],
        "technologies": [Choice(t.name, 0, addresses.technology(t.id)) for t in named],
        "related": [Choice(_kin(vendors[kin.vendor], kin), 0, addresses.vendor(kin.vendor)) for kin in near],
        "ambiguous": vendor.ambiguous,
        "note": vendor.note,
    } | _family(held, vendor)


def _family(held: Context, vendor: Vendor) -> dict[str, Any]:
    """The lines of its family by date, in the order in which its members joined, and the ties that these rest on."""
    found = family(held, vendor.id)
    if found is None:
        return {"family": ()}
    vendors = held.dictionary.vendors
    belongings = [one.belonging for one in (*found.members, *found.owners)]
    ties = dict.fromkeys(kin for one in belongings for kin in one.ties)
    return {
        "family": list(_lines(vendors, vendor, found)),
        "family_rule": RULE,
        "family_ties": [(vendors[kin.vendor].name, kin.tie, tie_words(kin.tie)) for kin in ties],
    }


def _lines(vendors: Mapping[str, Vendor], vendor: Vendor, found: Family) -> Iterator[Line]:
    if found.members:
        yield _line(vendor.name, "", "itself", found.itself)
    for member in (*found.members, *found.owners):
        of, owner = vendors[member.belonging.vendor], member.belonging.owner
        href = "" if of is vendor else addresses.vendor(of.id)
        told = {when: part for when, part in member.parts.items() if part.notices}
        for when, part in told.items():
            yield _line(of.name, href, _WHEN[when].format(vendors[owner].name if owner in vendors else owner), part)
        if not told:
            yield _line(of.name, href, "nothing is held", member.parts["while"])
    if found.members:
        yield _line("All together", "", "itself, and the others while they belonged to it", found.together)


def _line(name: str, href: str, when: str, bought: Bought) -> Line:
    return Line(name, href, when, bought, tuple(map(_sum, bought.totals)))


def _sum(total: Total) -> str:
    if total.value == NOT_ADDED:
        return f"{total.kind} not added ({words.count_words(total.count, 'notice')})"
    return f"{total.kind} {total.value}" + (f" ({total.shared} of it {VENDOR.with_others})" if total.shared else "")


def _kin(vendor: Vendor, kin: Kin) -> str:
    dates = tie_words(kin.tie)
    return f"{vendor.name} ({dates})" if dates else vendor.name


def _technology(held: Context, entry: Technology) -> dict[str, Any]:
    """Its definition, the words that are looked for, what is wider and narrower, and who is watched for it."""
    counts, all_of_them = tag_counts(held, "technology"), held.dictionary.technologies
    of_vendors = tag_counts(held, "vendor")
    narrower = [t for t in all_of_them.values() if t.parent == entry.id]
    known = [v for v in held.dictionary.vendors.values() if entry.id in v.technologies]
    return {
        "definition": entry.definition,
        "terms": held.dictionary.terms_of(entry.id),
        "not_meant": held.dictionary.other_meanings_of(entry.id),
        "wider": [Choice(t.name, 0, addresses.technology(t.id)) for t in _above(all_of_them, entry)],
        "narrower": [
            Choice(t.name, counts[t.id].notices if t.id in counts else 0, addresses.technology(t.id)) for t in narrower
        ],
        "known_vendors": [
            Choice(v.name, of_vendors[v.id].alerts if v.id in of_vendors else 0, addresses.vendor(v.id))
            for v in sorted(known, key=lambda v: v.name.casefold())
        ],
    }


def _above(technologies: Any, entry: Technology) -> Iterator[Technology]:
    """The technologies that one belongs to, the nearest first."""
    seen = {entry.id}
    while (parent := technologies.get(entry.parent)) is not None and parent.id not in seen:
        seen.add(parent.id)
        yield parent
        entry = parent


def _buyer(held: Context, entry: BuyerEntry) -> dict[str, Any]:
    """Where it belongs, its parts with what there is of each, and whether any source covers it at all."""
    counts = buyer_counts(held)
    below = [(part, counts[part.id].on_watchlist) for part in children().get(entry.id, ()) if part.id in counts]
    covered = {source.jurisdiction.upper() for source in held.sources.values()}
    own = counts.get(entry.id)
    return {
        "level": entry.level,
        "jurisdiction": entry.jurisdiction,
        "printed": sorted({v for system, v in entry.aliases if not (system.endswith(_NO_NAMES) or v.isdigit())}),
        "above": [Choice(buyers()[b].short_name, 0, addresses.buyer(b)) for b in ancestors(entry.id)[1:]],
        "parts": [
            Choice(part.short_name, count, addresses.buyer(part.id))
            for part, count in sorted(below, key=lambda pair: -pair[1])
        ],
        "all_parts": len(children().get(entry.id, ())),
        "held_total": own.held if own else 0,
        "covered": entry.jurisdiction in covered,
        "search_all": "" if entry.level in WHOLE_STATES else addresses.search(
            {"buyer": entry.id, "lens": "everything"}
        ),
    }  # fmt: skip


def row_of(shown: Shown, of: tuple[str, str]) -> Row:
    """A contract as a whole with the words for which it stands on the page of kind and id; a mere mention by itself."""
    alone = row_of_notice(shown.row, shown.tags, quote=True, of=of)
    return replace(row_of_item(shown.item), snippets=alone.snippets) if shown.item else alone
