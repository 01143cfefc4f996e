"""Asks for the awards of one agency that changed on one day: contracts in one window, vehicles in another.

2026-11: the source's documents advise to sort by Last Modified Date. In a window of one day all rows are equal by it,
and the order of equal rows is not fixed, so pages would drift: Award ID differs in nearly every row.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar, Final

import orjson

from crawlers.spider import Answer, PlannedRequest, Window
from crawlers.usaspending import (
    BASE,
    VEHICLE_SCOPE,
    UsaspendingSearchSpider,
    agency_code,
    award_types,
    searched_window,
)
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture

FIELDS: Final = (
    "Award ID", "Recipient Name", "Recipient UEI", "Description", "Award Amount", "Total Outlays",
    "Contract Award Type", "Awarding Agency", "Awarding Sub Agency", "Awarding Sub Agency Code", "Funding Agency",
    "Funding Sub Agency", "Funding Sub Agency Code", "Start Date", "End Date", "Base Obligation Date",
    "Last Modified Date", "NAICS", "PSC", "Primary Place of Performance", "generated_internal_id",
)  # fmt: skip
VEHICLE_FIELDS: Final = (*(name for name in FIELDS if name != "End Date"), "Last Date to Order")
AWARDS: Final = "https://api.usaspending.gov/api/v2/awards/"
HELD: Final = "held"
"""Scope of what no crawl asks for and a recording may hold: awards in full, orders under a vehicle, downloads. The key
is the address, behind it the body of the request where it has one."""


class UsaspendingAwardsSpider(UsaspendingSearchSpider):
    """Windows of one day of last modification."""

    name = "usaspending_awards"
    address: ClassVar[str] = f"{BASE}spending_by_award/"
    count_address: ClassVar[str] = f"{BASE}spending_by_award_count/"
    counted: ClassVar[Mapping[str, str]] = {"spending_level": "awards"}

    def windows(self, date_from: date | None, date_to: date | None, today: date) -> Iterable[Window]:
        """Each day of the span for each agency, oldest first; without dates the days of the overlap up to today."""
        first, last = date_from or today - timedelta(days=self.source.overlap), date_to or today
        for count in range((last - first).days + 1):
            day = f"{first + timedelta(days=count):%Y-%m-%d}"
            for code in self._agencies:
                for scope in (code, f"{code}{VEHICLE_SCOPE}"):
                    yield Window(scope, day, day, day)

    def requests(self, window: Window) -> Iterable[PlannedRequest]:
        """The first page; for what a recording holds beside windows that one request."""
        if window.scope != HELD:
            return super().requests(window)
        url, _, body = window.key.partition(" ")
        if body:
            return (PlannedRequest(url, "POST", body, purpose="file"),)
        return (PlannedRequest(url, purpose="file"),)

    def page_body(self, window: Window, page: int) -> Mapping[str, Any]:
        """The search of a window, in fixed order, so that a recorded request is found again."""
        fields = VEHICLE_FIELDS if window.scope.endswith(VEHICLE_SCOPE) else FIELDS
        return {
            "filters": self.filters(window), "fields": fields, "limit": 100, "page": page, "sort": "Award ID",
            "order": "asc", "spending_level": "awards",
        }  # fmt: skip

    def follow(self, window: Window, answer: Answer) -> Iterable[PlannedRequest]:
        """The next page, and after the first page the count. Raises SourceDrift where other awards came than were asked
        for: a filter that the source does not know is a filter that it ignores.
        """
        if window.scope == HELD or answer.request.purpose != "page":
            return
        rows = answer.json.get("results") if isinstance(answer.json, dict) else None
        asked = {"Awarding Sub Agency": self._agencies[agency_code(window)], "Last Modified Date": window.begins or ""}
        for name, due in asked.items():
            stated = [row[name] for row in rows or () if isinstance(row, dict) and isinstance(row.get(name), str)]
            other = [value for value in stated if not value.upper().startswith(due.upper())]
            if len(other) * 2 > len(stated):
                raise SourceDrift(
                    f"{len(other)} of {len(stated)} awards name another {name}, for example {other[0][:60]!r}, where "
                    f"{due} was due: the source ignores the filter, or its columns have shifted."
                )
        yield from super().follow(window, answer)

    def split(self, window: Window) -> Sequence[Window]:
        """The day by single award types; what a recording holds beside windows is whole."""
        return () if window.scope == HELD else super().split(window)

    def window_of(self, capture: Capture) -> Window | None:
        """The window that a recorded search was for; what is no search of ours is held for itself."""
        if capture.url.startswith(f"{BASE}spending_by_award_count"):
            return self._searched(capture)
        held = f"{capture.url} {capture.request_body}" if capture.request_body else capture.url
        return self._searched(capture) or Window(HELD, held)

    def _searched(self, capture: Capture) -> Window | None:
        try:
            filters = orjson.loads(capture.request_body or "")["filters"]
            period, name = filters["time_period"][0], filters["agencies"][0]["name"]
            types, day = tuple(filters["award_type_codes"]), period["start_date"]
        except (orjson.JSONDecodeError, KeyError, IndexError, TypeError):
            return None
        code = next((code for code, known in self._agencies.items() if known == name), None)
        if code is None or not types or period.get("date_type") != "last_modified_date" or period["end_date"] != day:
            return None
        return searched_window(code, day, types)

    def filters(self, window: Window) -> dict[str, Any]:
        """Awarding sub-agency, award types and the day of last modification."""
        agency = {"type": "awarding", "tier": "subtier", "name": self._agencies[agency_code(window)]}
        period = {"start_date": window.begins, "end_date": window.ends, "date_type": "last_modified_date"}
        return {"agencies": [agency], "award_type_codes": award_types(window), "time_period": [period]}

    @property
    def _agencies(self) -> dict[str, str]:
        return {agency["code"]: agency["name"] for agency in self.source.options["agencies"]}
