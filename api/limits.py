"""Limits of how often something may be asked for, as they are answered."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import Request

from alerts.limits import Granted, LimitReached
from api.access_log import cut_address
from api.problems import Problem


@contextmanager
def limited(what: str) -> Iterator[None]:
    """Turn a limit that is reached into a Problem (429) with the time to wait; ``what``: what is limited, as a sentence
    begins.
    """
    try:
        yield
    except LimitReached as reached:
        said = f"{what} is limited; try again in {_words(reached.wait)}."
        headers = limit_headers(reached.granted)
        raise Problem(429, "too-many-requests", said, retry_after=reached.wait, headers=headers) from None


def limit_headers(granted: Granted) -> dict[str, str]:
    """What is left, as headers of an answer."""
    told = {"Limit": granted.limit, "Remaining": granted.left, "Reset": granted.reset}
    return {f"RateLimit-{name}": str(value) for name, value in told.items()}


def client_of(request: Request) -> str:
    """Who asks, roughly: the network of the address."""
    return cut_address(request.client.host) if request.client else "-"


def _words(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 120 else f"{math.ceil(seconds / 60)} minutes"
