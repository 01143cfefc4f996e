"""Asks for the actions of one agency on one day, page by page."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, ClassVar, Final

import orjson

from crawlers.spider import Answer, JsonPagesSpider, PlannedRequest, Window
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture

BASE: Final = "https://api.usaspending.gov/api/v2/search/"
FIELDS: Final = (
    "Award ID", "Mod", "Action Date", "Action Type", "Transaction Amount", "Transaction Description",
    "Recipient Name", "Recipient UEI", "Award Type", "Awarding Agency", "Awarding Sub Agency",
    "product_or_service_description", "naics_description", "generated_internal_id",
)  # fmt: skip


class UsaspendingTransactionsSpider(JsonPagesSpider):
    """Windows of one action day and one agency; scope is the agency's code, key the day."""

    name = "usaspending_transactions"
    address: ClassVar[str] = f"{BASE}spending_by_transaction/"
    last_page: ClassVar[int] = 500

    def windows(self, date_from: date | None, date_to: date | None, today: date) -> Iterable[Window]:
        """Each day of the span for each agency, oldest first; without dates the days of the overlap up to today."""
        day = date_from or today - timedelta(days=self.source.overlap)
        while day <= (date_to or today):
            for code in self._agencies:
                yield Window(code, f"{day:%Y-%m-%d}", f"{day:%Y-%m-%d}", f"{day:%Y-%m-%d}")
            day += timedelta(days=1)

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
        url = f"{BASE}spending_by_transaction_count/"
        return PlannedRequest(url, "POST", body, headers, purpose="count", optional=True)

    def total(self, window: Window, answer: Answer) -> int | None:  # noqa: ARG002 - the answer says it all
        """The count of contracts in an answer of purpose ``count``. Raises SourceDrift where it holds none."""
        if answer.request.purpose != "count":
            return None
        results = answer.json.get("results") if isinstance(answer.json, dict) else None
        count = results.get("contracts") if isinstance(results, dict) else None
        if not isinstance(count, int):
            raise SourceDrift(f"{answer.request.url} gives no count of contracts.")
        return count

    def window_of(self, capture: Capture) -> Window | None:
        """The window that a recorded search was for."""
        try:
            filters = orjson.loads(capture.request_body or "")["filters"]
            day, name = filters["time_period"][0]["start_date"], filters["agencies"][0]["name"]
        except (orjson.JSONDecodeError, KeyError, IndexError, TypeError):
            return None
        code = next((code for code, known in self._agencies.items() if known == name), None)
        return Window(code, day, day, day) if code and capture.url.startswith(BASE) else None

    @property
    def _agencies(self) -> dict[str, str]:
        return {agency["code"]: agency["name"] for agency in self.source.options["agencies"]}

    def _filters(self, window: Window) -> dict[str, Any]:
        agency = {"type": "awarding", "tier": "subtier", "name": self._agencies[window.scope]}
        return {
            "agencies": [agency],
            "award_type_codes": ["A", "B", "C", "D"],
            "time_period": [{"start_date": window.begins, "end_date": window.ends}],
        }
