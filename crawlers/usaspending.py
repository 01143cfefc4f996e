"""What the searches of USAspending have in common: groups of award types, the source's own counts, and its refusals.

2026-11: award types of several groups in one search answer 422. Errors occur in two shapes: ``{"detail": …}`` and
``{"message": …}``.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import orjson

from crawlers.spider import Answer, JsonPagesSpider, PlannedRequest, Refusal, Window
from noticewatch.errors import SourceDrift

BASE: Final = "https://api.usaspending.gov/api/v2/search/"
CONTRACTS: Final = ("A", "B", "C", "D")
VEHICLES: Final = ("IDV_A", "IDV_B", "IDV_B_A", "IDV_B_B", "IDV_B_C", "IDV_C", "IDV_D", "IDV_E")
VEHICLE_SCOPE: Final = "-idv"
"""Behind an agency's code: the scope of its vehicles. Contracts have the code alone, as in every earlier crawl."""

_MOST: Final = 300
_TOLD: Final = frozenset({400, 404, 410, 422, 500})
"""Statuses under which the source explains itself; refusals, throttling and outages are told by their status."""


class UsaspendingSearchSpider(JsonPagesSpider):
    """Windows of one day, one agency and one group of award types, in pages.

    scope is the agency's code, with ``-idv`` behind it for vehicles; key the day, with one award type behind it where
    the day was too large for one window. ``counted``: members of the count's request beside its filters.
    """

    count_address: ClassVar[str]
    counted: ClassVar[Mapping[str, str]] = {}
    last_page: ClassVar[int] = 500

    def filters(self, window: Window) -> dict[str, Any]:
        """The filters of a window, in fixed order, so that a recorded request is found again."""
        raise NotImplementedError

    def count_request(self, window: Window) -> PlannedRequest:
        """The source's own count of what a window holds."""
        body = orjson.dumps({"filters": self.filters(window), **self.counted}).decode()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        return PlannedRequest(self.count_address, "POST", body, headers, purpose="count", optional=True)

    def total(self, window: Window, answer: Answer) -> int | None:
        """The count of the window's group in an answer of purpose ``count``. Raises SourceDrift where it has none."""
        if answer.request.purpose != "count":
            return None
        group = "idvs" if window.scope.endswith(VEHICLE_SCOPE) else "contracts"
        results = answer.json.get("results") if isinstance(answer.json, dict) else None
        count = results.get(group) if isinstance(results, dict) else None
        if not isinstance(count, int) or isinstance(count, bool):
            raise SourceDrift(f"{answer.request.url} gives no count of {group}.")
        return count

    def split(self, window: Window) -> Sequence[Window]:
        """The day by single award types."""
        day, _, narrowed = window.key.partition(" ")
        if narrowed:
            return ()
        return [Window(window.scope, f"{day} {code}", window.begins, window.ends) for code in _group(window)]

    def problem(self, answer: Answer) -> Refusal | None:
        """The sentence in the body of an error."""
        return refusal(answer)


def agency_code(window: Window) -> str:
    """The code of the agency whose window it is."""
    return window.scope.removesuffix(VEHICLE_SCOPE)


def award_types(window: Window) -> list[str]:
    """The award types that a window asks for."""
    _, _, narrowed = window.key.partition(" ")
    return [narrowed] if narrowed else list(_group(window))


def searched_window(code: str, day: str, types: Sequence[str]) -> Window:
    """The window of a search for these award types: the inverse of :func:`agency_code` and :func:`award_types`."""
    scope = f"{code}{VEHICLE_SCOPE}" if types and types[0] in VEHICLES else code
    return Window(scope, f"{day} {types[0]}" if len(types) == 1 else day, day, day)


def said(values: Any) -> str:
    """The sentence of an error in either shape; empty where the values hold none."""
    stated = values if isinstance(values, dict) else {}
    words = stated.get("detail") or stated.get("message")
    if isinstance(words, list):
        words = "; ".join(str(word) for word in words)
    return " ".join(str(words).split())[:_MOST] if words else ""


def refusal(answer: Answer) -> Refusal | None:
    """What an answer whose status is not 200 says; None where its status says it all, or no known shape is in it."""
    if answer.capture.status not in _TOLD:
        return None
    try:
        words = said(answer.json)
    except SourceDrift:
        return None
    if not words:
        return None
    return Refusal(f"{answer.request.url} answered with status {answer.capture.status}: {words}")


def _group(window: Window) -> Sequence[str]:
    """The award types of a window's group; those of several groups cannot be asked for at once."""
    return VEHICLES if window.scope.endswith(VEHICLE_SCOPE) else CONTRACTS
