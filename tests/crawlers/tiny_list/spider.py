"""A list in JSON pages, one window a day, at the address that the environment names."""

import os
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import orjson

from crawlers.spider import Answer, JsonPagesSpider, PlannedRequest, Window
from noticewatch.models import Capture


class TinyListSpider(JsonPagesSpider):
    name = "tiny_list"
    address = os.environ.get("TINY_ADDRESS", "http://127.0.0.1:9/") + "list"

    def windows(self, date_from: date | None, date_to: date | None, today: date) -> Iterable[Window]:
        first, last = (str(day) if day else "" for day in (date_from, date_to))
        return [
            Window("all", day, day, day)
            for day in self.source.options["days"]
            if day >= first and (not last or day <= last)
        ]

    def page_body(self, window: Window, page: int) -> Mapping[str, Any]:
        return {"day": window.key, "page": page}

    def count_request(self, window: Window) -> PlannedRequest:
        body = orjson.dumps({"day": window.key}).decode()
        return PlannedRequest(self.address + "/count", "POST", body, purpose="count", optional=True)

    def total(self, window: Window, answer: Answer) -> int | None:
        return int(answer.json["count"]) if answer.request.purpose == "count" else None

    def window_of(self, capture: Capture) -> Window | None:
        day = orjson.loads(capture.request_body or "{}").get("day")
        return Window("all", day, day, day) if day else None
