"""Asks an FPDS feed for what one agency's records had changed on one day, page by page.

The feed has ended: these requests are answered from recordings only. A recording of another query is a window too.
"""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import takewhile
from typing import Final
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from crawlers.sources.fpds_atom.feed import links
from crawlers.spider import Answer, PlannedRequest, SourceSpider, Window
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture

ADDRESS: Final = "https://www.fpds.gov/ezsearch/FEEDS/ATOM"
VERSION: Final = "1.5.3"
RECORDED: Final = "recorded query"
"""Scope of windows whose key is the address that somebody asked."""

_SPAN: Final = re.compile(r"LAST_MOD_DATE:\s?\[(\d{4})/(\d\d)/(\d\d),\s?(\d{4})/(\d\d)/(\d\d)\]")


class FpdsAtomSpider(SourceSpider):
    """Windows of one day and one agency; scope is the agency's code, key the day."""

    name = "fpds_atom"

    def windows(self, date_from: date | None, date_to: date | None, today: date) -> Iterable[Window]:
        """Each day of the span for each agency, oldest first; without dates the days of the overlap up to today."""
        day = date_from or today - timedelta(days=self.source.overlap)
        while day <= (date_to or today):
            for agency in self.source.options["agencies"]:
                yield Window(agency["code"], f"{day:%Y-%m-%d}", f"{day:%Y-%m-%d}", f"{day:%Y-%m-%d}")
            day += timedelta(days=1)

    def requests(self, window: Window) -> Iterable[PlannedRequest]:
        """The first page."""
        return (PlannedRequest(window.key if window.scope == RECORDED else _address(window), page=1),)

    def follow(self, window: Window, answer: Answer) -> Iterable[PlannedRequest]:
        """The next page, by the feed's own link. Raises SourceDrift where the feed ends before its own last page."""
        with answer.open() as stream:
            found = links(stream)
        here = _start(answer.request.url)
        if "next" in found:
            address = urljoin(ADDRESS, found["next"])
            if _start(address) <= here:
                raise SourceDrift(
                    f"The feed of {window.scope} {window.key} leads back from {here} to {_start(address)}."
                )
            yield PlannedRequest(address, page=(answer.request.page or 1) + 1)
        elif here < _start(found.get("last", "")):
            last = _start(found["last"])
            raise SourceDrift(
                f"The feed of {window.scope} {window.key} ends at {here}, its last page begins at {last}."
            )

    def window_of(self, capture: Capture) -> Window | None:
        """The window that a recorded first page was for; None for later pages and for redirects."""
        if "/FEEDS/ATOM" not in capture.url or 300 <= capture.status < 400 or _start(capture.url):
            return None
        query = next(iter(parse_qs(urlsplit(capture.url).query).get("q", [])), "")
        match = _SPAN.search(query)
        begins, ends = ("-".join(match.group(*places)) for places in ((1, 2, 3), (4, 5, 6))) if match else (None, None)
        codes = [agency["code"] for agency in self.source.options["agencies"]]
        own = (Window(code, begins, begins, begins) for code in codes) if begins and begins == ends else ()
        asked = next((window for window in own if _address(window) == capture.url), None)
        return asked or Window(RECORDED, capture.url, begins, ends)


def _address(window: Window) -> str:
    day = window.key.replace("-", "/")
    query = f'LAST_MOD_DATE:[{day},{day}] AGENCY_CODE:"{window.scope}"'
    return f"{ADDRESS}?{urlencode({'FEEDNAME': 'PUBLIC', 'VERSION': VERSION, 'q': query})}"


def _start(address: str) -> int:
    """The offset that an address asks for, 0 where it states none."""
    stated = next(iter(parse_qs(urlsplit(address).query).get("start", [])), "")
    return int("".join(takewhile(str.isdecimal, stated)) or 0)
