"""Asks for the actions of one agency on one day, page by page: contracts in one window, vehicles in another.

2026-11: the transaction list has neither a date of last modification nor date_type in its contract, so corrections are
found by reading days again (rotation.py). Award types of several groups in one search answer 422.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar, Final

import orjson

from crawlers.sources.usaspending_transactions import rotation
from crawlers.sources.usaspending_transactions.refusals import refusal
from crawlers.spider import Answer, JsonPagesSpider, PlannedRequest, Refusal, Window
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture

BASE: Final = "https://api.usaspending.gov/api/v2/search/"
FIELDS: Final = (
    "Award ID", "Mod", "Action Date", "Action Type", "Transaction Amount", "Transaction Description",
    "Recipient Name", "Recipient UEI", "Award Type", "Awarding Agency", "Awarding Sub Agency",
    "product_or_service_description", "naics_description", "generated_internal_id",
)  # fmt: skip
CONTRACTS: Final = ("A", "B", "C", "D")
VEHICLES: Final = ("IDV_A", "IDV_B", "IDV_B_A", "IDV_B_B", "IDV_B_C", "IDV_C", "IDV_D", "IDV_E")
VEHICLE_SCOPE: Final = "-idv"
"""Behind an agency's code: the scope of its vehicles. Contracts have the code alone, as in every earlier crawl."""


class UsaspendingTransactionsSpider(JsonPagesSpider):
    """Windows of one action day, one agency and one group of award types.

    scope is the agency's code, with ``-idv`` behind it for vehicles; key the day, with one award type behind it where
    the day was too large for one window.
    """

    name = "usaspending_transactions"
    address: ClassVar[str] = f"{BASE}spending_by_transaction/"
    count_address: ClassVar[str] = f"{BASE}spending_by_transaction_count/"
    last_page: ClassVar[int] = 500

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
            "filters": self._filters(window), "fields": FIELDS, "limit": 100, "page": page,
            "sort": "Award ID", "order": "asc",
        }  # fmt: skip

    def count_request(self, window: Window) -> PlannedRequest:
        """The source's own count of a window's actions."""
        body = orjson.dumps({"filters": self._filters(window)}).decode()
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
        scope = f"{code}{VEHICLE_SCOPE}" if types[:1] and types[0] in VEHICLES else code
        return Window(scope, f"{day} {types[0]}" if len(types) == 1 else day, day, day)

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

    def _filters(self, window: Window) -> dict[str, Any]:
        code = window.scope.removesuffix(VEHICLE_SCOPE)
        agency = {"type": "awarding", "tier": "subtier", "name": self._agencies[code]["name"]}
        _, _, narrowed = window.key.partition(" ")
        return {
            "agencies": [agency],
            "award_type_codes": [narrowed] if narrowed else list(_group(window)),
            "time_period": [{"start_date": window.begins, "end_date": window.ends}],
        }


def _group(window: Window) -> Sequence[str]:
    """The award types of a window's group; those of several groups cannot be asked for at once."""
    return VEHICLES if window.scope.endswith(VEHICLE_SCOPE) else CONTRACTS
