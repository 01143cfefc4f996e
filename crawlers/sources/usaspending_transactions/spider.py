"""Asks for the actions of one agency on one day, page by page: contracts in one window, vehicles in another.

2026-11: the transaction list has neither a date of last modification nor date_type in its contract, so corrections are
found by reading days again (rotation.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar, Final

import orjson

from crawlers.sources.usaspending_transactions import rotation
from crawlers.spider import Window
from crawlers.usaspending import (
    BASE,
    VEHICLE_SCOPE,
    UsaspendingSearchSpider,
    agency_code,
    award_types,
    searched_window,
)
from noticewatch.models import Capture

FIELDS: Final = (
    "Award ID", "Mod", "Action Date", "Action Type", "Transaction Amount", "Transaction Description",
    "Recipient Name", "Recipient UEI", "Award Type", "Awarding Agency", "Awarding Sub Agency",
    "product_or_service_description", "naics_description", "generated_internal_id",
)  # fmt: skip


class UsaspendingTransactionsSpider(UsaspendingSearchSpider):
    """Windows of one action day."""

    name = "usaspending_transactions"
    address: ClassVar[str] = f"{BASE}spending_by_transaction/"
    count_address: ClassVar[str] = f"{BASE}spending_by_transaction_count/"

    def windows(self, date_from: date | None, date_to: date | None, today: date) -> Iterable[Window]:
        """Each day of the span for each agency, oldest first; without dates the days whose turn it is."""
        found = [
            Window(scope, f"{day:%Y-%m-%d}", f"{day:%Y-%m-%d}", f"{day:%Y-%m-%d}")
            for code, agency in self._agencies.items()
            for day in self._days(agency, date_from, date_to, today)
            for scope in self._scopes(code)
        ]
        return sorted(found, key=lambda window: (window.key, window.scope))

    def page_body(self, window: Window, page: int) -> Mapping[str, Any]:
        """The search of a window, in fixed order, so that a recorded request is found again."""
        return {
            "filters": self.filters(window), "fields": FIELDS, "limit": 100, "page": page,
            "sort": "Award ID", "order": "asc",
        }  # fmt: skip

    def window_of(self, capture: Capture) -> Window | None:
        """The window that a recorded search was for."""
        try:
            filters = orjson.loads(capture.request_body or "")["filters"]
            day, name = filters["time_period"][0]["start_date"], filters["agencies"][0]["name"]
            types = tuple(filters["award_type_codes"])
        except (orjson.JSONDecodeError, KeyError, IndexError, TypeError):
            return None
        code = next((code for code, agency in self._agencies.items() if agency["name"] == name), None)
        if code is None or not capture.url.startswith(f"{BASE}spending_by_transaction"):
            return None
        return searched_window(code, day, types)

    def filters(self, window: Window) -> dict[str, Any]:
        """Awarding sub-agency, award types and the day of the action."""
        agency = {"type": "awarding", "tier": "subtier", "name": self._agencies[agency_code(window)]["name"]}
        return {
            "agencies": [agency],
            "award_type_codes": award_types(window),
            "time_period": [{"start_date": window.begins, "end_date": window.ends}],
        }

    @property
    def _agencies(self) -> dict[str, Mapping[str, Any]]:
        return {agency["code"]: agency for agency in self.source.options["agencies"]}

    def _scopes(self, code: str) -> Sequence[str]:
        vehicles = self.source.options.get("vehicles", True)
        return (code, f"{code}{VEHICLE_SCOPE}") if vehicles else (code,)

    def _days(
        self, agency: Mapping[str, Any], date_from: date | None, date_to: date | None, today: date
    ) -> Iterable[date]:
        if date_from is None and date_to is None:
            since = date.fromisoformat(str(self.source.options["since"]))
            return rotation.due(today, since=since, daily=self.source.overlap, late=agency.get("late", 0))
        first = date_from or today - timedelta(days=self.source.overlap)
        return [first + timedelta(days=count) for count in range(((date_to or today) - first).days + 1)]
