"""Base spiders by access method. A source's own spider says which windows there are and what to ask for each.

A spider collects inputs, nothing else: capturing, the ledger, politeness, parsing and judging are done around it. It
never opens files, sleeps, or drops an answer. Contract for a source's ``spider.py`` (one class a file):

``name``                       the source's name
``windows(from, to, today)``   the windows of a crawl, oldest first
``requests(window)``           the first requests of a window (BulkFileSpider, JsonPagesSpider have one)
``follow(window, answer)``     the requests that an answer leads to
``window_of(capture)``         the window that a recorded request belongs to, None for requests of no window
``total(window, answer)``      the source's own count of the window's rows, None where the answer states none
``split(window)``              narrower windows in place of one that holds more rows than the source can page through
``problem(answer)``            what the source itself says went wrong, where it says so in an answer's body
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, BinaryIO, ClassVar, Literal, Protocol, TypeAlias

import orjson
import scrapy
from scrapy.http import Response

from crawlers.encodings import foreign_encoding
from crawlers.source import Source
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture

Purpose: TypeAlias = Literal["page", "file", "count", "document"]
"""``page`` and ``file`` answers hold rows and are parsed; a ``count`` answer holds the source's own count; a
``document`` is a file that a notice lists."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a source that is walked, judged and appended as one.

    scope: an agency, a file; key: unique in its scope, the same in every crawl; begins, ends: first and last day,
    ``YYYY-MM-DD``, None where the window has no days (a file of all that is active).
    """

    scope: str
    key: str
    begins: str | None = None
    ends: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """A request to send. ``optional``: doing without its answer is no failure (a count that a source may refuse)."""

    url: str
    method: str = "GET"
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    purpose: Purpose = "page"
    page: int | None = None
    optional: bool = False


@dataclass(frozen=True)
class Answer:
    """A captured answer. ``opener`` gives its payload as a stream, from the archive."""

    request: PlannedRequest
    capture: Capture
    opener: Callable[[], BinaryIO]

    def open(self) -> BinaryIO:
        """The payload as a stream."""
        return self.opener()

    @cached_property
    def json(self) -> Any:
        """The payload as JSON values. Raises SourceDrift where it is none."""
        with self.open() as stream:
            payload = stream.read()
        try:
            return orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            raise SourceDrift(f"{self.request.url} answered {_kind(payload)} where JSON was due.") from error


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a source says went wrong. ``nothing``: it only says that there is nothing, which is an empty answer;
    ``blocked``: the publisher refuses; ``until``: it answers again from then on (a quota is used up).
    """

    sentence: str
    nothing: bool = False
    blocked: bool = False
    until: datetime | None = None


class Conductor(Protocol):
    """What drives a crawl around the spider (crawlers/conductor.py)."""

    spider: Any
    scrapy_settings: Mapping[str, Any]

    def first_requests(self) -> Iterable[scrapy.Request]:
        """First requests of all windows."""

    def answered(self, response: Response) -> Iterable[scrapy.Request]:
        """Take an answer; gives the requests that it leads to."""

    def failed(self, failure: Any) -> Iterable[scrapy.Request]:
        """Take a failure."""

    def ended(self, reason: str) -> None:
        """Note why Scrapy closed the spider."""


class SourceSpider(scrapy.Spider):
    """Base of all spiders: knows windows and their requests."""

    name: str
    source: Source
    allowed_domains: list[str]

    def __init__(self, source: Source, conductor: Conductor | None = None) -> None:
        super().__init__(name=source.name)
        self.source, self.conductor = source, conductor
        if conductor is not None:
            conductor.spider = self

    def windows(self, date_from: date | None, date_to: date | None, today: date) -> Iterable[Window]:
        """The windows of a crawl, oldest first; without dates the regular ones. ``today``: in the source's zone."""
        raise NotImplementedError

    def requests(self, window: Window) -> Iterable[PlannedRequest]:
        """The first requests of a window."""
        raise NotImplementedError

    def follow(self, window: Window, answer: Answer) -> Iterable[PlannedRequest]:  # noqa: ARG002 - for sub-classes
        """The requests that an answer leads to. Raises SourceDrift where it is not what was due."""
        return ()

    def window_of(self, capture: Capture) -> Window | None:
        """The window that a recorded request belongs to; None for one that no window of this source asks."""
        raise NotImplementedError

    def holds_rows(self, capture: Capture) -> bool:  # noqa: ARG002 - for sub-classes
        """Whether an answer to this request can hold rows; not where it only counts them."""
        return True

    def total(self, window: Window, answer: Answer) -> int | None:  # noqa: ARG002 - for sub-classes
        """The source's own count of the window's rows as an answer states it; None where it states none.

        Asked of every answer of the window. Raises SourceDrift where a count was due and there is none.
        """
        return None

    def split(self, window: Window) -> Sequence[Window]:  # noqa: ARG002 - for sub-classes
        """Narrower windows that together make this one, whose rows the source cannot page through; () for none."""
        return ()

    def problem(self, answer: Answer) -> Refusal | None:  # noqa: ARG002 - for sub-classes
        """What the source says went wrong, for an answer whose status is not 200; None: the status says it all."""
        return None

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """First requests of all windows (called by Scrapy)."""
        assert self.conductor is not None
        for request in self.conductor.first_requests():
            yield request

    def parse(self, response: Response, **_: Any) -> Iterable[scrapy.Request]:
        """Take an answer (called by Scrapy)."""
        assert self.conductor is not None
        return self.conductor.answered(response)

    def errback(self, failure: Any) -> Iterable[scrapy.Request]:
        """Take a failure (called by Scrapy)."""
        assert self.conductor is not None
        return self.conductor.failed(failure)


class BulkFileSpider(SourceSpider):
    """One file, one window. A source sets ``address``; ``window`` where scope and key are to be others."""

    address: ClassVar[str]
    window: ClassVar[Window] = Window("file", "active")

    def windows(self, date_from: date | None, date_to: date | None, today: date) -> Iterable[Window]:  # noqa: ARG002 - the file has no days
        """The one window."""
        return (self.window,)

    def requests(self, window: Window) -> Iterable[PlannedRequest]:  # noqa: ARG002 - there is one
        """The file."""
        return (PlannedRequest(self.address, purpose="file"),)

    def window_of(self, capture: Capture) -> Window | None:
        """The one window, for every capture of the file."""
        return self.window if capture.url == self.address else None


class JsonPagesSpider(SourceSpider):
    """A list in JSON, page by page, each page asked when the one before said that there is more.

    A source sets ``address`` and writes ``windows``, ``page_body`` (POST) or ``page_url`` (GET), ``window_of``; it may
    write ``count_request``, ``count_address`` and ``total`` where the source counts its rows itself: the count is asked
    once, and only for windows of more than one page.
    """

    address: ClassVar[str]
    count_address: ClassVar[str | None] = None
    """Where a source is asked for its own count, if that is another address than its pages have."""
    next_pointer: ClassVar[tuple[str, ...]] = ("page_metadata", "hasNext")
    """Members that lead to the flag which says whether another page follows."""
    last_page: ClassVar[int] = 1_000
    """A walk that goes on behind this page is drift: no window of the source is that long."""

    def page_body(self, window: Window, page: int) -> Mapping[str, Any] | None:  # noqa: ARG002 - for sub-classes
        """Body of the request for a page, in the order in which it is to be sent; None for GET."""
        return None

    def page_url(self, window: Window, page: int) -> str:  # noqa: ARG002 - for sub-classes
        """Address of a page."""
        return self.address

    def count_request(self, window: Window) -> PlannedRequest | None:  # noqa: ARG002 - for sub-classes
        """The request for the source's own count, purpose ``count``, optional; None where there is none."""
        return None

    def holds_rows(self, capture: Capture) -> bool:
        """Whether an answer to this request can hold rows; not where it only counts them."""
        return capture.url != self.count_address

    def requests(self, window: Window) -> Iterable[PlannedRequest]:
        """The first page."""
        return (self.page_request(window, 1),)

    def page_request(self, window: Window, page: int) -> PlannedRequest:
        """The request for a page."""
        body = self.page_body(window, page)
        if body is None:
            return PlannedRequest(self.page_url(window, page), page=page)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        text = orjson.dumps(body).decode()
        return PlannedRequest(self.page_url(window, page), "POST", text, headers, page=page)

    def follow(self, window: Window, answer: Answer) -> Iterable[PlannedRequest]:
        """The next page, and after the first page the count."""
        if answer.request.purpose != "page" or not self.has_next(answer):
            return
        page = answer.request.page or 1
        if page >= self.last_page:
            raise SourceDrift(f"{self.name} still promises more after page {page} of {window.scope} {window.key}.")
        count = self.count_request(window) if page == 1 else None
        if count is not None:
            yield count
        yield self.page_request(window, page + 1)

    def has_next(self, answer: Answer) -> bool:
        """Whether the answer says that another page follows. Raises SourceDrift where it does not say so or no."""
        value = answer.json
        for member in self.next_pointer:
            value = value.get(member) if isinstance(value, dict) else None
        if not isinstance(value, bool):
            raise SourceDrift(
                f"{answer.request.url} does not say whether there is more ({'.'.join(self.next_pointer)})."
            )
        return value


def _kind(payload: bytes) -> str:
    encoding = foreign_encoding(payload)
    if encoding:
        return encoding
    start = payload[:200].lstrip().lower()
    if not start:
        return "nothing"
    if start.startswith((b"<!doctype html", b"<html")):
        return "an HTML page"
    return "cut or broken JSON" if start[:1] in b"{[" else "something else"
