"""Scrapy's download handler for live crawls: one request in, its captured answer out."""

from typing import Any, Final
from weakref import WeakKeyDictionary

from scrapy import Request
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.http import Response

from crawlers.capturing import public
from crawlers.decoding import accepted
from crawlers.fetching import Fetcher
from crawlers.held import HELD
from crawlers.redirects import Asking
from noticewatch.errors import CaptureDamaged, DataFolderError, NoticewatchError

_UNSENT: Final = frozenset({"host", "content-length", "connection", "transfer-encoding", "cookie", "referer"})
"""Headers that are not a spider's to set."""

_FETCHERS: Final[WeakKeyDictionary[Any, Fetcher]] = WeakKeyDictionary()
"""By crawler: Scrapy makes a handler for http and another for https, and both belong to the same crawl."""


class LiveHandler(BaseDownloadHandler):
    """Asks publishers. The response that Scrapy sees has no body: ``request.meta[HELD]`` holds the capture."""

    lazy = False

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        self._crawler, self._conductor = crawler, crawler.spider.conductor
        self._agent = crawler.settings["USER_AGENT"]
        if crawler not in _FETCHERS:
            _FETCHERS[crawler] = Fetcher(self._conductor, self._agent, self._is_stopping)
        self._fetcher = _FETCHERS[crawler]

    async def download_request(self, request: Request) -> Response:
        """The captured answer to a request.

        Raises NoAnswer with its sentence, QuotaExhausted; an error that is not the source's also ends the crawl.
        """
        try:
            held, reply = await self._fetcher.fetch(self._asking(request), lambda: self._conductor.spend(request))
        except Exception as error:
            if not isinstance(error, NoticewatchError) or isinstance(error, (CaptureDamaged, DataFolderError)):
                self._conductor.abort(error)
            raise
        request.meta[HELD] = [held]
        headers = dict(public(reply.headers))
        return Response(held.capture.url, status=held.capture.status, headers=headers, request=request)

    async def close(self) -> None:
        """Close what is open (called by Scrapy)."""
        await self._fetcher.close()

    def _is_stopping(self) -> bool:
        """Whether nothing more is to be asked. After an error of ours, such as a full disk, a turn may never come: who
        had it before could not give it back.
        """
        return not self._crawler.crawling or self._conductor.error is not None

    def _asking(self, request: Request) -> Asking:
        stated = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, values in request.headers.items()
            for value in values
            if name.decode("latin-1").lower() not in _UNSENT
        ]
        known = {name.lower() for name, _ in stated}
        own = [("User-Agent", self._agent), ("Accept", "*/*"), ("Accept-Encoding", accepted())]
        headers = (*[(name, value) for name, value in own if name.lower() not in known], *stated)
        return Asking(request.method, request.url.partition("#")[0], headers, request.body)
