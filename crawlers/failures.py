"""What went wrong with a request, in words for the ledger and the sources page."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)

from crawlers.held import Held
from noticewatch.errors import NotRecorded

REFUSALS: Final = frozenset({401, 403, 429, 451})
"""Statuses by which a publisher refuses; a refusal is a finding, never something to get round."""

_NO_NETWORK: Final = "no network ({host} cannot be reached)"

_SENTENCES: Final[dict[type[Exception], str]] = {
    CannotResolveHostError: _NO_NETWORK,
    DownloadConnectionRefusedError: "{host} refuses connections",
    DownloadTimeoutError: "{host} did not answer within {timeout:g} seconds",
    DownloadCancelledError: "the answer of {url} is larger than this source's answers may be",
    ResponseDataLossError: "the answer of {url} broke off",
}

_CHALLENGES: Final = (b"captcha", b"cf-challenge", b"challenge-platform", b"access denied", b"request unsuccessful")


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence, and whether the publisher refused."""

    sentence: str
    blocked: bool = False


def problem_of_error(error: BaseException, url: str, timeout: float) -> Problem:
    """Why no answer came."""
    host = urlsplit(url).hostname or url
    if isinstance(error, NotRecorded):
        return Problem(str(error))
    if isinstance(error, IgnoreRequest) and "robots.txt" in str(error):
        return Problem(f"the robots.txt of {host} does not allow {url}", blocked=True)
    if "unreachable" in str(error).lower():
        return Problem(_NO_NETWORK.format(host=host))
    for kind, sentence in _SENTENCES.items():
        if isinstance(error, kind):
            return Problem(sentence.format(host=host, url=url, timeout=timeout))
    return Problem(f"{host} gave no answer ({type(error).__name__}: {error})")


def problem_of_answer(held: Held) -> Problem | None:
    """Why an answer cannot be used; None where it can."""
    capture = held.capture
    host = urlsplit(capture.url).hostname or capture.url
    if capture.status in REFUSALS:
        return Problem(f"{host} refuses with status {capture.status}", blocked=True)
    if capture.status != 200:
        return Problem(f"{host} answered with status {capture.status}")
    if capture.media_type == "text/html" and held.small and _challenges(held):
        return Problem(f"{host} answered with a challenge page", blocked=True)
    return None


def _challenges(held: Held) -> bool:
    with held.open() as stream:
        start = stream.read(1 << 16).lower()
    return any(word in start for word in _CHALLENGES)
