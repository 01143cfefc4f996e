"""``/vendors``, ``/technologies`` and ``/buyers``: everything that is looked for, what occurs first."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.context import Context, context
from api.coverage import coverage_view
from api.negotiation import wants_json
from api.pages import render
from api.routes.profiles import buyers_answer, technologies_answer, vendors_answer
from api.subjects import BuyerCount, buyer_counts, tag_counts
from noticewatch import addresses
from noticewatch.buyers import BuyerEntry, buyers, children
from watchlist import queries as watchlist
from watchlist.records import Technology

router = APIRouter(include_in_schema=False)
Given = Annotated[Context, Depends(context)]


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of a list, with how many notices were matched strongly and how many are to be checked.

    depth: of a technology, how many it belongs to.
    """

    label: str
    href: str
    alert: int
    review: int
    depth: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """A public body in the list of all; depth: how many of those shown it belongs to."""

    label: str
    href: str
    count: BuyerCount
    depth: int


@router.get("/vendors")
@router.get("/vendors.json")
def vendors_page(request: Request, held: Given) -> Response:
    """All vendors of the watchlist, those that occur first."""
    if wants_json(request):
        return vendors_answer(held)
    warnings, counts = held.search.behind(), tag_counts(held, "vendor")
    lines = [
        _listed(vendor.name, addresses.vendor(vendor.id), counts.get(vendor.id))
        for vendor in held.dictionary.vendors.values()
    ]
    seen = [line for line in lines if line.alert or line.review]
    seen.sort(key=lambda line: (-line.alert, -line.review, line.label.casefold()))
    unseen = sorted((line for line in lines if not line.alert and not line.review), key=lambda x: x.label.casefold())
    values = {"seen": seen, "unseen": unseen, "warnings": warnings}
    return render(request, "vendors.html", values | {"twin": "/vendors.json", "permanent": "/vendors"})


@router.get("/technologies")
@router.get("/technologies.json")
def technologies_page(request: Request, held: Given) -> Response:
    """All technologies of the watchlist, each under the one it belongs to."""
    if wants_json(request):
        return technologies_answer(held)
    warnings, counts = held.search.behind(), tag_counts(held, "technology")
    lines = list(_technologies(held.dictionary.technologies, counts))
    values = {"lines": lines, "warnings": warnings, "coverage": coverage_view(held)}
    return render(request, "technologies.html", values | {"twin": "/technologies.json", "permanent": "/technologies"})


@router.get("/buyers")
@router.get("/buyers.json")
def buyers_page(request: Request, held: Given) -> Response:
    """All public bodies of the table, those of which anything is held as a tree."""
    if wants_json(request):
        return buyers_answer(held)
    warnings, counts = held.search.behind(), buyer_counts(held)
    unseen = [entry for entry in buyers().values() if entry.id not in counts]
    values = {
        "seen": list(_bodies(children().get(None, ()), counts)),
        "unseen": [Listed(e.short_name, addresses.buyer(e.id), 0, 0) for e in sorted(unseen, key=lambda e: e.name)],
        "warnings": warnings,
        "coverage": coverage_view(held),
        "twin": "/buyers.json",
        "permanent": "/buyers",
    }
    return render(request, "buyers.html", values)


def _listed(label: str, href: str, count: watchlist.TagCount | None, depth: int = 0, note: str = "") -> Listed:
    tiers = watchlist.by_tier(count)
    return Listed(label, href, tiers["matched"], tiers["to_be_checked"], depth, note)


def _technologies(
    entries: Mapping[str, Technology], counts: Mapping[str, watchlist.TagCount], above: str = "", depth: int = 0
) -> Iterator[Listed]:
    for entry in entries.values():
        if entry.parent == above:
            href = addresses.technology(entry.id)
            yield _listed(entry.name, href, counts.get(entry.id), depth, entry.definition)
            yield from _technologies(entries, counts, entry.id, depth + 1)


def _bodies(entries: Iterable[BuyerEntry], counts: Mapping[str, BuyerCount], depth: int = 0) -> Iterator[Body]:
    held = [(entry, counts[entry.id]) for entry in entries if entry.id in counts]
    for entry, count in sorted(held, key=lambda pair: (-pair[1].on_watchlist, -pair[1].held, pair[0].name)):
        yield Body(entry.short_name, addresses.buyer(entry.id), count, depth)
        yield from _bodies(children().get(entry.id, ()), counts, depth + 1)
