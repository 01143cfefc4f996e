"""Asks for the actions of some agencies that were changed, or deleted, on one day, page by page. Untested live."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from crawlers.sources.sam_gov_contract_awards.answers import results_path, said, says_nothing_found, total_of, whole_of
from crawlers.spider import Answer, JsonPagesSpider, Refusal, Window
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture

ADDRESS: Final = "https://api.sam.gov/contract-awards/v1/search"
PAGE: Final = 100
CHANGED: Final = "changed"
DELETED: Final = "deleted"

_KEEP: Final = "/~"
_NEXT: Final = re.compile(r'"nextAccessTime"\s*:\s*"(\d{4}-[A-Za-z]{3}-\d\d \d\d:\d\d:\d\d)')


class SamGovContractAwardsSpider(JsonPagesSpider):
    """Windows of one day on which records were changed or deleted; the key is the day, behind it an agency's code.

    One request asks for all agencies together, because a key without a role has ten calls a day.
    """

    name = "sam_gov_contract_awards"
    address: ClassVar[str] = ADDRESS
    last_page: ClassVar[int] = 4_000

    def windows(self, date_from: date | None, date_to: date | None, today: date) -> Iterable[Window]:
        """Each day of the span, oldest first; without dates the days of the overlap up to today."""
        day = date_from or today - timedelta(days=self.source.overlap)
        while day <= (date_to or today):
            for scope in (CHANGED, DELETED):
                yield Window(scope, f"{day:%Y-%m-%d}", f"{day:%Y-%m-%d}", f"{day:%Y-%m-%d}")
            day += timedelta(days=1)

    def split(self, window: Window) -> Sequence[Window]:
        """One window an agency."""
        if " " in window.key:
            return ()
        return [Window(window.scope, f"{window.key} {code}", window.begins, window.ends) for code in self._agencies]

    def page_url(self, window: Window, page: int) -> str:
        """Address of a page; ``offset`` is a page's index."""
        day, _, agency = window.key.partition(" ")
        year, month, number = day.split("-")
        asked = {"deletedStatus": "yes"} if window.scope == DELETED else {}
        asked |= {
            "lastModifiedDate": f"{month}/{number}/{year}",
            "contractingSubtierCode": agency or "~".join(self._agencies),
            "limit": str(PAGE),
            "offset": str(page - 1),
        }
        return f"{ADDRESS}?{urlencode(asked, safe=_KEEP)}"

    def total(self, window: Window, answer: Answer) -> int | None:  # noqa: ARG002 - the answer says it all
        """The source's own count, which stands in every page."""
        return total_of(whole_of(_payload(answer)))

    def has_next(self, answer: Answer) -> bool:
        """Whether the count goes on behind this page. Raises SourceDrift where results come without a count."""
        whole = whole_of(_payload(answer))
        total = total_of(whole)
        if total is None and results_path(whole) is not None:
            raise SourceDrift(f"{answer.request.url} does not say how many records match (totalRecords).")
        return (answer.request.page or 1) * PAGE < (total or 0)

    def problem(self, answer: Answer) -> Refusal | None:
        """What the source says where it gives no results: nothing found, a bad request, a bad key, a used-up quota."""
        payload = _payload(answer)
        status = answer.capture.status
        if status == 204 or (status in {200, 400, 404} and says_nothing_found(payload)):
            return Refusal("no record matches", nothing=True)
        words = f": {text}" if (text := said(payload)) else " and says nothing"
        if status == 429:
            until = _next_access(payload)
            return Refusal(f"the day's calls are used up{words}", blocked=True, until=until) if until else None
        if status in {401, 403}:
            return Refusal(f"status {status}{words}; a key is obtained at {self._obtain}", blocked=True)
        return Refusal(f"status {status}{words}")

    def window_of(self, capture: Capture) -> Window | None:
        """The window that a recorded request was for."""
        asked = parse_qs(urlsplit(capture.url).query)
        if not capture.url.startswith(ADDRESS):
            return None
        days = (asked.get("lastModifiedDate") or [""])[0]
        match = re.fullmatch(r"(\d\d)/(\d\d)/(\d{4})", days)
        if match is None:
            return None
        day = f"{match[3]}-{match[1]}-{match[2]}"
        codes = (asked.get("contractingSubtierCode") or [""])[0]
        one = codes if codes in self._agencies and len(self._agencies) > 1 else ""
        scope = DELETED if asked.get("deletedStatus") == ["yes"] else CHANGED
        return Window(scope, f"{day} {one}".strip(), day, day)

    @property
    def _agencies(self) -> list[str]:
        return [agency["code"] for agency in self.source.options["agencies"]]

    @property
    def _obtain(self) -> str:
        return self.source.key.obtain if self.source.key else self.source.home


def _payload(answer: Answer) -> bytes:
    with answer.open() as stream:
        return stream.read()


def _next_access(payload: bytes) -> datetime | None:
    """When the source says that it answers again; None where it does not say so."""
    match = _NEXT.search(payload.decode("utf-8", "replace"))
    return datetime.strptime(match[1], "%Y-%b-%d %H:%M:%S").replace(tzinfo=UTC) if match else None
