"""Every answer of a live crawl goes into the archive before anything else sees it."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from archive import captures
from archive.captures import Standing
from archive.warc import Placed
from crawlers.exchange import Reply
from crawlers.held import SMALL, Held
from crawlers.redirects import Asking
from noticewatch.identifiers import new_id, now
from noticewatch.models import Capture, Origin

RECORDER: Final = "noticewatch"

MASKED: Final = "the answer showed the key it was asked with; it is masked in the same length"
"""Note of a capture whose payload or headers are not what the source sent."""

_SECRET: Final = frozenset(
    {"authorization", "proxy-authorization", "cookie", "cookie2", "set-cookie", "set-cookie2", "proxy-authenticate",
     "authentication-info", "proxy-authentication-info"}
)  # fmt: skip


class Capturer:
    """Archives what comes, redirects, errors, retries and robots.txt included: WARC first, then the database."""

    def __init__(self, conductor: Any, source: str, *, note: str | None = None) -> None:
        """``note``: what is to be said of every capture of this crawl."""
        self._conductor, self._source, self._note = conductor, source, note
        self._one_at_a_time = asyncio.Lock()

    async def keep(self, asked: Asking, reply: Reply) -> Held:
        """Archive an answer; its spool is gone afterwards. What is not archived is not used.

        Raises DataFolderError where the archive cannot be written.
        """
        try:
            return await self._archived(asked, reply)
        finally:
            reply.body.close()

    async def _archived(self, asked: Asking, reply: Reply) -> Held:
        capture = self._capture(asked, reply)
        small = reply.length <= SMALL
        payload = reply.body.read() if small else None
        archive = self._conductor.archive
        try:
            number, placed = await self._kept(capture, asked, reply, whole=False)
        except captures.PayloadMoved:
            number, placed = await self._kept(capture, asked, reply, whole=True)
        opener = partial(captures.open_payload, archive, Standing.of(number, placed))
        return Held(capture, placed, opener, number, payload)

    async def _kept(self, capture: Capture, asked: Asking, reply: Reply, *, whole: bool) -> tuple[int, Placed]:
        """Write a capture and file it; as a repetition where its payload is held, unless ``whole``.

        Raises PayloadMoved.
        """
        reply.body.seek(0)
        write = partial(self._written, capture, asked.headers, reply, whole=whole)
        async with self._one_at_a_time:  # a large one is packed beside the loop, so that others go on coming
            placed = write() if reply.length <= SMALL else await asyncio.to_thread(write)
        with self._conductor.archive.writing() as connection:
            return captures.add(connection, self._conductor.run.number, capture, placed), placed

    def _written(self, capture: Capture, asked: Sequence[tuple[str, str]], reply: Reply, *, whole: bool) -> Placed:
        original = None if whole else captures.original(self._conductor.archive, capture)
        writer = self._conductor.warc_writer()
        placed: Placed = writer.write(capture, public(asked), public(reply.headers), reply.body, original)
        writer.sync()
        return placed

    def _capture(self, asked: Asking, reply: Reply) -> Capture:
        notes = [note for note in (self._note, MASKED if reply.masked else None) if note]
        return Capture(
            id=new_id(), source=self._source, method=asked.method, url=asked.url,
            request_body=asked.body.decode("utf-8", "replace") or None, status=reply.status,
            media_type=_media_type(reply), fetched_at=now(), payload_sha256=reply.sha256,
            payload_length=reply.length, origin=Origin.LIVE, recorder=RECORDER, note="; ".join(notes) or None,
        )  # fmt: skip


def public(headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Headers without those that let somebody in."""
    return [(name, value) for name, value in headers if name.lower() not in _SECRET]


def _media_type(reply: Reply) -> str | None:
    stated = reply.header("Content-Type")
    return (stated.partition(";")[0].strip().lower() or None) if stated else None
