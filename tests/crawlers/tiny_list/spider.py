"""A list in JSON pages, one window a day, at the address that the environment names."""

import os
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import orjson

from crawlers.spider import Answer, JsonPagesSpider, PlannedRequest, Refusal, Window
from noticewatch.models import Capture


class TinyListSpider(JsonPagesSpider):
    name = "tiny_list"
    address = os.environ.get("TINY_ADDRESS", "http://127.0.0.1:9/") + "list"
    count_address = address + "/count"

    def windows(self, date_from: date | None, date_to: date | None, today: date) -> Iterable[Window]:
        first, last = (str(day) if day else "" for day in (date_from, date_to))
        return [
            Window("all", day, day, day)
            for day in self.source.options["days"]
            if day >= first and (not last or day <= last)
        ]

    def page_body(self, window: Window, page: int) -> Mapping[str, Any]:
        day, _, part = window.key.partition("/")
        return {"day": day, "page": page} | ({"part": part} if part else {})

    def count_request(self, window: Window) -> PlannedRequest:
        body = orjson.dumps({"day": window.key}).decode()
        return PlannedRequest(self.count_address, "POST", body, purpose="count", optional=True)

    def total(self, window: Window, answer: Answer) -> int | None:
        total: int | None = answer.json.get("count")
        return total

    def split(self, window: Window) -> list[Window]:
        if "/" in window.key:
            return []
        return [Window("all", f"{window.key}/{part}", window.begins, window.ends) for part in "ab"]

    def problem(self, answer: Answer) -> Refusal | None:
        if answer.capture.status == 410:
            return Refusal("nothing is here", nothing=True)
        if answer.capture.status == 429:
            until = answer.json.get("until")
            return Refusal("its calls are used", blocked=True, until=datetime.fromisoformat(until) if until else None)
        return None

    def window_of(self, capture: Capture) -> Window | None:
        body = orjson.loads(capture.request_body or "{}")
        day, part = body.get("day"), body.get("part")
        return Window("all", f"{day}/{part}" if part else day, day, day) if day else None
