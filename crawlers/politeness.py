"""How often and when a host is asked: least distances, ``Crawl-delay``, ``Retry-After``, pauses before asking again."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Final

from archive.hosts import Asker, Turn
from crawlers.failures import CrawlStopped, HostRests

GREATEST_CRAWL_DELAY: Final = 60.0
"""Seconds; a robots.txt that asks for more is obeyed up to here."""

GREATEST_WAIT: Final = 120.0
"""Seconds; a publisher who wants to be asked again later than that (``Retry-After``) is not waited for."""

GREATEST_REST: Final = 7 * 86400.0
"""Seconds after which a host is asked again, even if it wanted to be left alone for longer: once a week is not much."""

RETRIES: Final = 2
"""How often a request is sent again at most."""

AMPLE_CALLS: Final = 200
"""Calls a day from which on asking a request again costs at most a hundredth of them. A key of SAM.gov without a role
has 10 (Get Opportunities API, rate limits), of which a day's crawl needs up to 8."""

_LOOKS_UP_EVERY: Final = 0.5
"""Seconds after which one who waits sees that the crawl is to stop."""

_ASKS_TO_WAIT: Final = frozenset({429, 503})
_PASSING: Final = frozenset({408, 500, 502, 503, 504, 522, 524})
"""Statuses that may be gone a moment later. Not 429: to ask again at once would be rude."""


@dataclass(slots=True)
class _Host:
    delay: float
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Turns:
    """Gives each host's requests their turn, in the order in which they ask for it, among all crawls of the host."""

    def __init__(
        self, asker: Asker, delay: float, concurrency: int = 1, stopping: Callable[[], bool] = lambda: False
    ) -> None:
        """``delay``: least seconds between the starts of two requests to a host; ``concurrency``: requests to it at
        once, those of other sources included; ``stopping``: whether to end.
        """
        self._asker, self._concurrency, self._stopping = asker, concurrency, stopping
        self._hosts: defaultdict[str, _Host] = defaultdict(lambda: _Host(delay))

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait until the host may be asked, and ask it within; the next one waits from then on.

        Raises CrawlStopped where the crawl is told to stop meanwhile, HostRests where the host wants to be left alone
        for longer than is waited.
        """
        known = self._hosts[host]
        async with known.turn:
            while not (given := self._take(host, known.delay)).given:
                await self._wait(given.wait.total_seconds() or _LOOKS_UP_EVERY)
        try:
            yield
        finally:
            self._asker.done(host)

    def _take(self, host: str, delay: float) -> Turn:
        if self._stopping():
            raise CrawlStopped(f"the crawl was stopped before {host} was asked")
        given = self._asker.turn(host, timedelta(seconds=delay), self._concurrency)
        if given.rests_until is not None and given.wait.total_seconds() > GREATEST_WAIT:
            until = f"{given.rests_until:%Y-%m-%d %H:%M} UTC"
            raise HostRests(f"{host} asks to wait until {until}, so it was not asked")
        return given

    async def _wait(self, seconds: float) -> None:
        free_at = monotonic() + seconds
        while not self._stopping() and (left := free_at - monotonic()) > 0:
            await asyncio.sleep(min(left, _LOOKS_UP_EVERY))

    def slow_down(self, host: str, seconds: float) -> None:
        """Keep a publisher's own ``Crawl-delay`` in seconds, capped; the greater of it and ours holds."""
        known = self._hosts[host]
        known.delay = max(known.delay, min(seconds, GREATEST_CRAWL_DELAY))

    def rest(self, host: str, seconds: float) -> None:
        """Let no crawl ask the host for so many seconds, at most :data:`GREATEST_REST`."""
        self._asker.rest(host, timedelta(seconds=min(seconds, GREATEST_REST)))


@dataclass(frozen=True, slots=True)
class Advice:
    """What an answer's status means for asking again.

    pause: seconds after which it may be asked again, None for not at all; until: from when on its publisher wants to be
    asked again, where that is too long to wait for.
    """

    pause: float | None = None
    until: datetime | None = None


def advice(
    status: int, retry_after: str | None, attempt: int, delay: float, now: datetime, *, calls: int | None
) -> Advice:
    """Whether and when to ask again after an answer.

    attempt: how often it was asked already, from 1; calls: as many as the source answers a day, None where it counts
    none. Where it does, a 429 is final.
    """
    wait = seconds_of(retry_after, now) if status in _ASKS_TO_WAIT else None
    until = now + timedelta(seconds=wait) if wait else None
    if status == 429 and (calls is not None or wait is None):
        return Advice(until=until)
    if wait is not None and wait > GREATEST_WAIT:
        return Advice(until=until)
    if attempt > RETRIES or scarce(calls) or (status not in _PASSING and status != 429):
        return Advice(until=until)
    return Advice(pause=max(wait or 0.0, pause_before(attempt, delay)))


def scarce(calls: int | None) -> bool:
    """Whether a source answers so few calls a day that none is for asking the same again: each that it refuses counts,
    and the window is taken up by the next crawl.
    """
    return calls is not None and calls < AMPLE_CALLS


def pause_before(attempt: int, delay: float) -> float:
    """Seconds before a request is sent again, growing with each attempt from 1 on."""
    return float(delay * 2**attempt)


def seconds_of(retry_after: str | None, now: datetime) -> float | None:
    """A header ``Retry-After`` (seconds or an HTTP date, RFC 9110, 10.2.3) in seconds from now; None for none.

    The most it can mean is 366 days.
    """
    stated = (retry_after or "").strip()
    if stated.isascii() and stated.isdigit():
        return min(float(stated[:12]), 366 * 86400.0)
    try:
        then = parsedate_to_datetime(stated)
    except (ValueError, TypeError, OverflowError):
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return min(max(0.0, (then - now).total_seconds()), 366 * 86400.0)
