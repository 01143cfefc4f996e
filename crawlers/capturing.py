"""Every answer of a live crawl goes into the archive before anything else sees it."""

import hashlib
import io
from collections.abc import Iterable
from typing import Any, Final

from scrapy import Request
from scrapy.http import Response

from archive import captures
from archive.warc import WarcWriter, open_at
from crawlers.held import HELD, Held
from noticewatch.identifiers import new_id, now
from noticewatch.models import Capture, Origin

_SECRET: Final = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})

RECORDER: Final = "noticewatch"


class CaptureMiddleware:
    """Archives what comes, redirects, errors and every retry included: WARC first, then the database."""

    def __init__(self, crawler: Any) -> None:
        self._conductor = crawler.spider.conductor
        self._source: str = crawler.spider.source.name
        self._writer: WarcWriter = self._conductor.warc_writer()

    @classmethod
    def from_crawler(cls, crawler: Any) -> "CaptureMiddleware":
        """Made by Scrapy."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        """Archive an answer. Raises DataFolderError where that is impossible: what is not archived is not used."""
        try:
            request.meta[HELD] = [self._archived(request, response)]
        except Exception as error:
            self._conductor.abort(error)
            raise
        return response

    def _archived(self, request: Request, response: Response) -> Held:
        body = response.body
        capture = Capture(
            id=new_id(), source=self._source, method=request.method, url=request.url,
            request_body=request.body.decode("utf-8", "replace") or None, status=response.status,
            media_type=_media_type(response), fetched_at=now(), payload_sha256=hashlib.sha256(body).hexdigest(),
            payload_length=len(body), origin=Origin.LIVE, recorder=RECORDER,
        )  # fmt: skip
        placed = self._writer.write(capture, _plain(request.headers), _plain(response.headers), io.BytesIO(body))
        self._writer.sync()
        archive = self._conductor.archive
        with archive.writing() as connection:
            number = captures.add(connection, self._conductor.run.number, capture, placed)
        return Held(capture, placed, lambda: open_at(archive.warc_folder / placed.file, placed.offset), number)


def _plain(headers: Any) -> list[tuple[str, str]]:
    """Headers as text, without secrets."""
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in headers.items()
        for value in _each(values)
        if name.decode("latin-1").lower() not in _SECRET
    ]


def _each(values: Any) -> Iterable[bytes]:
    return values if isinstance(values, list) else [values]


def _media_type(response: Response) -> str | None:
    stated = response.headers.get("Content-Type")
    return stated.decode("latin-1").partition(";")[0].strip().lower() if stated else None
