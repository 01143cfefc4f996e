"""Asks for the documents of one day of publication, page by page.

API: https://www.federalregister.gov/developers/documentation/api/v1 (2026-04).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from crawlers.spider import Answer, JsonPagesSpider, Refusal, Window
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Origin

FIELDS: Final = (
    "document_number", "title", "type", "subtype", "abstract", "action", "publication_date", "effective_on",
    "comments_close_on", "signing_date", "agencies", "docket_ids", "regulation_id_numbers", "citation", "html_url",
    "pdf_url", "raw_text_url", "full_text_xml_url", "correction_of", "corrections",
)  # fmt: skip
"""Fields asked for, in this order in every request; an unknown one would be answered with 400."""

TYPES: Final = ("RULE", "PRORULE", "NOTICE", "PRESDOCU")
SCOPE: Final = "documents"

_DAY: Final = "conditions[publication_date][is]"
_TYPE: Final = "conditions[type][]"
_DEEPEST: Final = 50
"""A page above it is silently answered with page 1 (the server's source, commit e9c64236)."""


class FederalRegisterSpider(JsonPagesSpider):
    """Windows of one day; where a day has more documents than the source counts, of one day and one type."""

    name = "federal_register"
    address: ClassVar[str] = "https://www.federalregister.gov/api/v1/documents.json"
    per_page: ClassVar[int] = 1_000

    def windows(self, date_from: date | None, date_to: date | None, today: date) -> Iterable[Window]:
        """Each day of the span, oldest first; without dates the days of the overlap up to today."""
        last = date_to or today
        day = date_from or last - timedelta(days=self.source.overlap)
        while day <= last:
            yield _window(f"{day:%Y-%m-%d}")
            day += timedelta(days=1)

    def page_url(self, window: Window, page: int) -> str:
        """The search of a window, its parameters in fixed order, so that a recorded request is found again."""
        return f"{self.address}?{urlencode([*self._parameters(window), ('page', str(page))])}"

    def has_next(self, answer: Answer) -> bool:
        """Whether an answer names a next page and has not reached the last one that it counts."""
        whole = _object(answer)
        pages = whole.get("total_pages")
        last = min(pages, _DEEPEST) if isinstance(pages, int) else 1
        return bool(whole.get("next_page_url")) and (answer.request.page or 1) < last

    def total(self, window: Window, answer: Answer) -> int | None:  # noqa: ARG002 - the answer says it all
        """The member ``count``. Raises SourceDrift where there is none, or none of the documents that it counts.

        An answer that others rebuilt holds no count, and none is made up.
        """
        whole = _object(answer)
        count = whole.get("count")
        if count is None and answer.capture.origin is Origin.REBUILT:
            return None
        if not isinstance(count, int) or isinstance(count, bool):
            raise SourceDrift(f"{answer.request.url} gives no count of documents.")
        if count and "results" not in whole:
            raise SourceDrift(f"{answer.request.url} counts {count:,} documents and holds none.")
        return count

    def split(self, window: Window) -> Sequence[Window]:
        """The day by types of documents; a window of one type cannot be split further."""
        day, parted, _ = window.key.partition("/")
        return () if parted else [_window(day, kind) for kind in TYPES]

    def window_of(self, capture: Capture) -> Window | None:
        """The window that a recorded search was for."""
        address = urlsplit(capture.url)
        if address.hostname not in self.source.hosts or address.path.removesuffix(".json") != "/api/v1/documents":
            return None
        asked = parse_qs(address.query)
        days, kinds = asked.get(_DAY, []), asked.get(_TYPE, [""])
        try:
            day = f"{date.fromisoformat(days[0]):%Y-%m-%d}" if len(days) == 1 else ""
        except ValueError:
            return None
        return _window(day, kinds[0]) if day and len(kinds) == 1 else None

    def problem(self, answer: Answer) -> Refusal | None:
        """What the source says of a search that it does not take: ``errors`` by condition, or a ``message``."""
        if answer.capture.status != 400:
            return None
        try:
            whole = _object(answer)
        except SourceDrift:
            return None
        errors = whole.get("errors")
        said = "; ".join(f"{name} {words}" for name, words in errors.items()) if isinstance(errors, dict) else None
        words = said or whole.get("message")
        return Refusal(f"{answer.request.url} was refused: {str(words)[:200]}") if words else None

    def _parameters(self, window: Window) -> Iterator[tuple[str, str]]:
        day, _, kind = window.key.partition("/")
        yield _DAY, day
        for agency in self.source.options.get("agencies", ()):
            yield "conditions[agencies][]", agency
        if kind:
            yield _TYPE, kind
        for field in FIELDS:
            yield "fields[]", field
        yield "order", "oldest"
        yield "per_page", str(self.per_page)


def _window(day: str, kind: str = "") -> Window:
    return Window(SCOPE, f"{day}/{kind}" if kind else day, day, day)


def _object(answer: Answer) -> dict[str, Any]:
    if not isinstance(answer.json, dict):
        raise SourceDrift(f"{answer.request.url} answered something else than an object.")
    return answer.json
