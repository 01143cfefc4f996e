"""robots.txt by RFC 9309: what may be asked, and how slowly.

Own code in place of Scrapy's middleware, which from 2.14 to 2.19 lets all but the first of concurrent requests pass
while the file is on its way, takes the page of a 503 for rules, and never reads ``Crawl-delay``.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final
from urllib.parse import urlsplit

from protego import Protego

from crawlers.failures import (
    CertificateRefused,
    ConnectionLost,
    CrawlStopped,
    HostRests,
    HostUnreachable,
    NoAnswer,
    RobotsForbid,
    RobotsUnreadable,
)

PRODUCT: Final = "noticewatch"
"""Product token of our user agent, which groups of a robots.txt are matched against."""

MOST_PARSED: Final = 500 << 10
"""Bytes of a robots.txt that are parsed (RFC 9309, 2.5: at least 500 kibibytes)."""

KEPT_FOR: Final = 24 * 3600.0
"""Seconds for which a robots.txt is believed (RFC 9309, 2.4: not more than 24 hours)."""

FAILURE_KEPT_FOR: Final = 60.0
"""Seconds for which one that cannot be read is not asked for again."""


@dataclass(frozen=True, slots=True)
class RobotsAnswer:
    """What came for a robots.txt: status, and the beginning of its text."""

    status: int
    text: bytes


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a robots.txt for us; ``crawl_delay`` in seconds, None where it states none."""

    parsed: Protego | None

    def allow(self, url: str) -> bool:
        """Whether an address may be asked."""
        return self.parsed is None or bool(self.parsed.can_fetch(url, PRODUCT))

    @property
    def crawl_delay(self) -> float | None:
        """Least seconds between two requests, as the publisher wants it."""
        return None if self.parsed is None else self.parsed.crawl_delay(PRODUCT)


def rules(host: str, answer: RobotsAnswer) -> Rules:
    """The rules that an answer means: 2xx its text, 4xx none at all. Raises RobotsUnreadable for anything else."""
    if 400 <= answer.status < 500:
        return Rules(None)
    if not 200 <= answer.status < 300:
        raise RobotsUnreadable(_unreadable(host, f"status {answer.status}"))
    text = answer.text[:MOST_PARSED]
    if len(answer.text) > MOST_PARSED:
        text = text[: text.rfind(b"\n") + 1]
    return Rules(Protego.parse(text.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").replace("\0", "")))


@dataclass(slots=True)
class _Known:
    reading: "asyncio.Task[Rules]"
    begun: float

    @property
    def fresh(self) -> bool:
        failed = self.reading.done() and (self.reading.cancelled() or self.reading.exception() is not None)
        return monotonic() - self.begun < (FAILURE_KEPT_FOR if failed else KEPT_FOR)


class Robots:
    """The robots.txt of every host that a crawl asks; kept for this crawl only, and asked again after a day."""

    def __init__(
        self, fetch: Callable[[str], Awaitable[RobotsAnswer]], slow_down: Callable[[str, float], None]
    ) -> None:
        """``fetch``: asks the address of a robots.txt; ``slow_down``: takes a host and its ``Crawl-delay``."""
        self._fetch, self._slow_down = fetch, slow_down
        self._known: dict[str, _Known] = {}

    async def check(self, url: str) -> None:
        """Return where an address may be asked; all who ask meanwhile wait for the same robots.txt.

        Raises RobotsForbid, RobotsUnreadable, or the failure of the way to the host.
        """
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        known = self._known.get(origin)
        if known is None or not known.fresh:
            reading = asyncio.get_running_loop().create_task(self._read(origin, parts.hostname or origin))
            known = self._known[origin] = _Known(reading, monotonic())
        held = await asyncio.shield(known.reading)
        if not held.allow(url):
            raise RobotsForbid(f"the robots.txt of {parts.hostname} does not allow {url}")

    async def _read(self, origin: str, host: str) -> Rules:
        try:
            answer = await self._fetch(f"{origin}/robots.txt")
        except NoAnswer as error:
            raise _spoken(error, host) from error
        held = rules(host, answer)
        if held.crawl_delay:
            self._slow_down(host, held.crawl_delay)
        return held


def _spoken(error: NoAnswer, host: str) -> NoAnswer:
    """A failure in the words that help: where nobody is reached at all, it is not the robots.txt that is at fault."""
    if isinstance(error, (HostUnreachable, HostRests, ConnectionLost, CertificateRefused, CrawlStopped)):
        return error
    return RobotsUnreadable(_unreadable(host, str(error)))


def _unreadable(host: str, why: str) -> str:
    return f"the robots.txt of {host} cannot be read ({why}), so nothing was asked"
