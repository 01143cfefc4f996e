"""What went wrong with a request, in words for the ledger and the sources page.

A failure of the way to the publisher is an exception that names the fact and carries its sentence; an answer that came
but cannot be used is judged from its capture. ``blocked`` is said only where the publisher refuses: a refusal is a
finding, never something to get round.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final
from urllib.parse import urlsplit

from crawlers.held import Held
from noticewatch.errors import NoticewatchError

REFUSALS: Final = frozenset({401, 403, 429, 451})
"""Statuses by which a publisher refuses."""

_CHALLENGES: Final = (
    b"captcha", b"cf-challenge", b"challenge-platform", b"access denied", b"request unsuccessful",
    b"verify you are human", b"are you a robot", b"unusual traffic", b"pardon our interruption", b"_incapsula_resource",
)  # fmt: skip
_PASSWORD_FIELDS: Final = (b'type="password"', b"type='password'", b"type=password")
_HTML: Final = (b"<!doctype html", b"<html")
_LOOKED_AT: Final = 1 << 16


class NoAnswer(NoticewatchError):
    """No usable answer came. ``blocked``: the publisher refuses; ``again``: to ask once more may help."""

    blocked: ClassVar[bool] = False
    again: ClassVar[bool] = False


class HostUnreachable(NoAnswer):
    """The host's name does not resolve, or no way leads to it."""

    again = True


class ConnectionLost(NoAnswer):
    """The connection was refused, reset, or closed before an answer began."""

    again = True


class CertificateRefused(NoAnswer):
    """The host cannot prove that it is the one whose name was asked for."""


class AnswerTooSlow(NoAnswer):
    """No answer within the time a source has, or one that only drips."""

    again = True


class AnswerTooLarge(NoAnswer):
    """The answer is larger than this source's answers may be, packed or unpacked."""


class AnswerBrokeOff(NoAnswer):
    """The answer is not as long as its own headers say."""

    again = True


class AnswerNotHttp(NoAnswer):
    """What came does not follow HTTP, or its headers are beyond all measure."""


class EncodingBroken(NoAnswer):
    """The answer cannot be unpacked."""


class RedirectRefused(NoAnswer):
    """A redirect leads where this source may not be asked, or to no end."""


class LogInWanted(NoAnswer):
    """A redirect leads to a log-in page: the publisher does not answer the public there."""

    blocked = True


class HostNotDeclared(NoAnswer):
    """An address is on a host that the source does not name, or carries a name and a password."""


class RobotsForbid(NoAnswer):
    """The publisher's robots.txt does not allow the address."""

    blocked = True


class RobotsUnreadable(NoAnswer):
    """The robots.txt cannot be read, which forbids everything (RFC 9309, 2.3.1.4)."""


class HostRests(NoAnswer):
    """The host has said to some crawl that it wants to be left alone until a later day or hour (``Retry-After``)."""

    blocked = True


class CrawlStopped(NoAnswer):
    """The crawl was told to stop before this was asked: nothing is known of it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence; whether the publisher refused; from when on it wants to be asked again, where it said so."""

    sentence: str
    blocked: bool = False
    until: datetime | None = None


def problem_of_error(error: BaseException, url: str, timeout: float) -> Problem:  # noqa: ARG001 - the conductor gives what it knows
    """Why no answer came."""
    if isinstance(error, NoAnswer):
        return Problem(str(error), error.blocked)
    if isinstance(error, NoticewatchError):
        return Problem(str(error))
    return Problem(f"{host_of(url)} gave no answer ({type(error).__name__})")


def problem_of_answer(held: Held) -> Problem | None:
    """Why an answer cannot be used; None where it can."""
    capture = held.capture
    host, until = host_of(capture.url), held.asked_again_at
    later = f"; it asks to wait until {until:%Y-%m-%d %H:%M} UTC" if until else ""
    if capture.status in REFUSALS:
        return Problem(f"{host} refuses with status {capture.status}{later}", blocked=True, until=until)
    page = _page(held)
    if page and any(word in page for word in _CHALLENGES):
        return Problem(f"{host} answered with a challenge page", blocked=True, until=until)
    if page and any(field in page for field in _PASSWORD_FIELDS):
        return Problem(f"{host} answered with a log-in page", blocked=True, until=until)
    if capture.status != 200:
        return Problem(f"{host} answered with status {capture.status}{later}", until=until)
    return None


def host_of(url: str) -> str:
    """The host of an address, for sentences."""
    return urlsplit(url).hostname or url


def _page(held: Held) -> bytes:
    """The beginning of an HTML page in lower case; nothing for any other answer."""
    stated = held.capture.media_type
    if not held.small or not held.capture.payload_length or stated not in {"text/html", "application/xhtml+xml", None}:
        return b""
    with held.open() as stream:
        start = stream.read(_LOOKED_AT).lower()
    return start if stated or start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(_HTML) else b""
