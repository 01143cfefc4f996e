"""How often and when a host is asked: least distances, ``Crawl-delay``, ``Retry-After``, pauses before asking again."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Final

from crawlers.failures import CrawlStopped

GREATEST_CRAWL_DELAY: Final = 60.0
"""Seconds; a robots.txt that asks for more is obeyed up to here."""

GREATEST_WAIT: Final = 120.0
"""Seconds; a publisher who wants to be asked again later than that (``Retry-After``) is not waited for."""

RETRIES: Final = 2
"""How often a request is sent again at most."""

_LOOKS_UP_EVERY: Final = 0.5
"""Seconds after which one who waits sees that the crawl is to stop."""

_ASKS_TO_WAIT: Final = frozenset({429, 503})
_PASSING: Final = frozenset({408, 500, 502, 503, 504, 522, 524})
"""Statuses that may be gone a moment later. Not 429: to ask again at once would be rude."""


@dataclass(slots=True)
class _Host:
    delay: float
    free_at: float = 0.0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Turns:
    """Gives each host's requests their turn, in the order in which they ask for it."""

    def __init__(self, delay: float, stopping: Callable[[], bool] = lambda: False) -> None:
        """``delay``: least seconds between the starts of two requests to a host; ``stopping``: whether to end."""
        self._stopping = stopping
        self._hosts: defaultdict[str, _Host] = defaultdict(lambda: _Host(delay))

    async def turn(self, host: str) -> None:
        """Wait until the host may be asked; the next one waits from then on.

        Raises CrawlStopped where the crawl is told to stop meanwhile.
        """
        known = self._hosts[host]
        async with known.turn:
            while not self._stopping() and (wait := known.free_at - monotonic()) > 0:
                await asyncio.sleep(min(wait, _LOOKS_UP_EVERY))
            if self._stopping():
                raise CrawlStopped(f"the crawl was stopped before {host} was asked")
            known.free_at = monotonic() + known.delay

    def slow_down(self, host: str, seconds: float) -> None:
        """Keep a publisher's own ``Crawl-delay`` in seconds, capped; the greater of it and ours holds."""
        known = self._hosts[host]
        slower = max(known.delay, min(seconds, GREATEST_CRAWL_DELAY))
        known.free_at += slower - known.delay
        known.delay = slower

    def rest(self, host: str, seconds: float) -> None:
        """Ask the host nothing for so many seconds."""
        known = self._hosts[host]
        known.free_at = max(known.free_at, monotonic() + seconds)


@dataclass(frozen=True, slots=True)
class Advice:
    """What an answer's status means for asking again.

    pause: seconds after which it may be asked again, None for not at all; until: from when on its publisher wants to be
    asked again, where that is too long to wait for.
    """

    pause: float | None = None
    until: datetime | None = None


def advice(status: int, retry_after: str | None, attempt: int, delay: float, now: datetime, *, quota: bool) -> Advice:
    """Whether and when to ask again after an answer.

    attempt: how often it was asked already, from 1; quota: the source counts calls, so a 429 is final.
    """
    wait = seconds_of(retry_after, now) if status in _ASKS_TO_WAIT else None
    until = now + timedelta(seconds=wait) if wait else None
    if status == 429 and (quota or wait is None):
        return Advice(until=until)
    if wait is not None and wait > GREATEST_WAIT:
        return Advice(until=until)
    if attempt > RETRIES or (status not in _PASSING and status != 429):
        return Advice(until=until)
    return Advice(pause=max(wait or 0.0, pause_before(attempt, delay)))


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
