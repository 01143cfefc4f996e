"""How often something may be asked for: a bucket of grants a client, filled again as time goes by, and one for all.

Clients are known by their cut addresses, in memory alone, and forgotten when their bucket is full again.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from fastapi import Request

from api.access_log import cut_address
from api.problems import Problem

_MOST_CLIENTS: Final = 10_000
_ALL: Final = ""


@dataclass(slots=True)
class _Bucket:
    grants: float
    at: float


@dataclass(frozen=True, slots=True)
class Granted:
    """What is left. ``reset``: seconds until the whole limit is there again."""

    limit: int
    left: int
    reset: int

    @property
    def headers(self) -> dict[str, str]:
        """As headers of an answer."""
        told = {"Limit": self.limit, "Remaining": self.left, "Reset": self.reset}
        return {f"RateLimit-{name}": str(value) for name, value in told.items()}


@dataclass(slots=True)
class Limit:
    """``each``: grants a client has in ``seconds``; ``total``: grants that all have together in that time."""

    each: int
    total: int
    seconds: float
    clock: Callable[[], float] = time.monotonic
    _buckets: dict[str, _Bucket] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, client: str, what: str) -> Granted:
        """Take a grant. Raises Problem (429) with the time to wait; ``what``: what is limited, as a sentence begins."""
        at = self.clock()
        with self._lock:
            self._forget(at)
            own, shared = self._filled(client, self.each, at), self._filled(_ALL, self.total, at)
            wait = max(self._wait(own, self.each), self._wait(shared, self.total))
            if wait == 0:
                own.grants -= 1
                shared.grants -= 1
            told = Granted(self.each, int(own.grants), math.ceil((self.each - own.grants) * self.seconds / self.each))
        if wait:
            raise Problem(
                429, "too-many-requests", f"{what} is limited; try again in {_words(wait)}.", retry_after=wait,
                headers=told.headers,
            )  # fmt: skip
        return told

    def _filled(self, name: str, most: int, at: float) -> _Bucket:
        bucket = self._buckets.setdefault(name, _Bucket(most, at))
        bucket.grants = min(most, bucket.grants + (at - bucket.at) * most / self.seconds)
        bucket.at = at
        return bucket

    def _wait(self, bucket: _Bucket, most: int) -> int:
        return math.ceil((1 - bucket.grants) * self.seconds / most) if bucket.grants < 1 else 0

    def _forget(self, at: float) -> None:
        """Let go of clients whose bucket is full; of a crowd the oldest too, whom the limit of all still holds."""
        if len(self._buckets) < _MOST_CLIENTS:
            return
        for name in [name for name, bucket in self._buckets.items() if at - bucket.at >= self.seconds]:
            del self._buckets[name]
        while len(self._buckets) >= _MOST_CLIENTS:
            del self._buckets[next(name for name in self._buckets if name != _ALL)]


def client_of(request: Request) -> str:
    """Who asks, roughly: the network of the address."""
    return cut_address(request.client.host) if request.client else "-"


def _words(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 120 else f"{math.ceil(seconds / 60)} minutes"
