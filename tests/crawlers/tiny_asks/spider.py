"""One window whose requests are the addresses that its options list; the first page leads to those ``following``."""

from collections.abc import Iterable
from datetime import date

from crawlers.spider import Answer, PlannedRequest, SourceSpider, Window
from noticewatch.models import Capture


class TinyAsksSpider(SourceSpider):
    name = "tiny_asks"

    def windows(self, date_from: date | None, date_to: date | None, today: date) -> Iterable[Window]:
        return (Window("all", "one"),)

    def requests(self, window: Window) -> Iterable[PlannedRequest]:
        method, body = self.source.options.get("method", "GET"), self.source.options.get("body")
        return [
            PlannedRequest(url, method, body, page=page)
            for page, url in enumerate(self.source.options["addresses"], start=1)
        ]

    def follow(self, window: Window, answer: Answer) -> Iterable[PlannedRequest]:
        following = self.source.options.get("following", []) if answer.request.page == 1 else []
        return [PlannedRequest(url, page=page) for page, url in enumerate(following, start=100)]

    def window_of(self, capture: Capture) -> Window | None:
        return Window("all", "one")
