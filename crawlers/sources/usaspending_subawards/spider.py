"""Asks for nothing: sub-awards are read from downloads and recorded searches, each a window of its own."""

from collections.abc import Iterable
from datetime import date

from crawlers.spider import PlannedRequest, SourceSpider, Window
from noticewatch.models import Capture

HELD = "held"
"""Scope of what a recording holds; the key is the address, behind it the body of the request where it has one."""


class UsaspendingSubawardsSpider(SourceSpider):
    """Windows of recorded files and answers."""

    name = "usaspending_subawards"

    def windows(self, date_from: date | None, date_to: date | None, today: date) -> Iterable[Window]:  # noqa: ARG002 - there are none
        """None: no crawl asks this source."""
        return ()

    def requests(self, window: Window) -> Iterable[PlannedRequest]:
        """The one request of a recorded file or answer."""
        url, _, body = window.key.partition(" ")
        if body:
            return (PlannedRequest(url, "POST", body, purpose="file"),)
        return (PlannedRequest(url, purpose="file"),)

    def window_of(self, capture: Capture) -> Window:
        """The window of a recorded file or answer."""
        held = f"{capture.url} {capture.request_body}" if capture.request_body else capture.url
        return Window(HELD, held)
