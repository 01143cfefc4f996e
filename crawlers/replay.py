"""Replay: every request of a crawl is answered from recorded captures, never from the network."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
from scrapy import Request
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.http import Response

from archive.captures import adopt
from archive.store import Archive
from archive.warc import PayloadAt, Placed, Recorded, recorded
from crawlers.held import HELD, Held
from noticewatch.errors import NotRecorded, UsageError
from noticewatch.models import Capture

_HEADERS_SENT_ON = frozenset({"location", "content-type"})
_NOT_MODIFIED = 304


def canonical_body(body: str | bytes | None) -> bytes:
    """A request body as recorded requests are found by it: JSON with sorted keys, anything else as it is."""
    plain = (body or b"") if not isinstance(body, str) else body.encode()
    try:
        return orjson.dumps(orjson.loads(plain), option=orjson.OPT_SORT_KEYS)
    except orjson.JSONDecodeError:
        return plain


def request_key(method: str, url: str, body: str | bytes | None) -> tuple[str, str, bytes]:
    """What makes two requests the same: method, address, canonical body."""
    return method.upper(), url, canonical_body(body)


class Recordings:
    """The recorded captures below a path, by request; of several answers to one request the latest counts.

    A 304 is no answer of its own: it says that an earlier one still holds.
    """

    def __init__(self, path: Path, source: str) -> None:
        """Raises UsageError where there is none of this source, CaptureDamaged where a file cannot be read."""
        self.path = path
        self._answers: dict[tuple[str, str, bytes], list[Recorded]] = {}
        self._names: dict[Path, str] = {}
        for found in sorted(recorded(path), key=lambda found: found.capture.fetched_at):
            if found.capture.source in {"", source} and found.capture.status != _NOT_MODIFIED:
                own = found if found.capture.source else _claimed(found, source)
                capture = own.capture
                key = request_key(capture.method, capture.url, capture.request_body)
                self._answers.setdefault(key, []).append(own)
        if not self._answers:
            raise UsageError(f"{path} holds no recorded answer of {source}; name a recording of this source.")

    def __iter__(self) -> Iterator[Recorded]:
        """All captures, oldest first."""
        every = (found for answers in self._answers.values() for found in answers)
        return iter(sorted(every, key=lambda found: found.capture.fetched_at))

    def refuse_several_days(self) -> None:
        """Raise UsageError where one request was answered on several days: each day is a crawl of its own."""
        for answers in self._answers.values():
            if len({found.capture.fetched_at.date() for found in answers}) > 1:
                named = ", ".join(
                    f"{file.name} ({day:%Y-%m-%d})"
                    for file, day in sorted({(found.file, found.capture.fetched_at.date()) for found in answers})
                )
                raise UsageError(f"{self.path} holds crawls of several days; replay them one by one: {named}.")

    def answers(self, method: str, url: str, body: str | bytes | None) -> list[Recorded]:
        """All recorded answers to a request, oldest first. Raises NotRecorded naming the request."""
        key = request_key(method, url, body)
        found = self._answers.get(key)
        if not found:
            digest = f" with body {hashlib.sha256(key[2]).hexdigest()[:12]}" if key[2] else ""
            raise NotRecorded(f"{self.path} holds no recorded answer to {method} {url}{digest}; record it first.")
        return found

    def adopted(self, archive: Archive, found: Recorded) -> Placed:
        """Where a capture stands in the archive, which takes over its file whole on first use."""
        payload = found.payload and PayloadAt(self._name(archive, found.payload[0]), found.payload[1])
        return Placed(self._name(archive, found.file), found.offset, found.length, payload)

    def _name(self, archive: Archive, file: Path) -> str:
        if file not in self._names:
            self._names[file] = adopt(archive, file)
        return self._names[file]


class ReplayHandler(BaseDownloadHandler):
    """Scrapy's download handler for replays: the answer's payload stays in its file, only its head passes Scrapy."""

    lazy = False

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        self._recordings: Recordings = crawler.spider.conductor.recordings
        self._archive: Archive = crawler.spider.conductor.archive

    async def download_request(self, request: Request) -> Response:
        """The recorded answer to a request. Raises NotRecorded."""
        answers = self._recordings.answers(request.method, request.url, request.body)
        held = [Held(found.capture, self._recordings.adopted(self._archive, found), found.open) for found in answers]
        request.meta[HELD] = held
        capture, headers = answers[-1].capture, answers[-1].response_headers
        sent_on = {name: value for name, value in headers if name.lower() in _HEADERS_SENT_ON}
        return Response(request.url, status=capture.status, headers=sent_on, request=request)


def _claimed(found: Recorded, source: str) -> Recorded:
    """A capture of a file that another program wrote, as one of this source."""
    return replace(found, capture=Capture.model_validate({**found.capture.model_dump(), "source": source}))
