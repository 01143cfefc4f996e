"""Redirects: where an answer leads, and where it may not lead. Pure."""

import contextlib
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urldefrag, urljoin, urlsplit

from w3lib.url import safe_url_string

from crawlers.failures import HostNotDeclared, LogInWanted, RedirectRefused, host_of

MOST: Final = 5
"""Redirects that are followed for one request (RFC 9309, 2.3.1.2 asks for as many for a robots.txt)."""

STATUSES: Final = frozenset({301, 302, 303, 307, 308})

_LOG_IN: Final = re.compile(r"(^|[^a-z])(log-?_?in|log-?_?on|sign-?_?in|sso|saml2?|oauth2?|authorize)([^a-z]|$)")


@dataclass(frozen=True, slots=True)
class Asking:
    """A request as the publisher sees it, without secrets. ``robots``: for a robots.txt, which has rules of its own."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    robots: bool = False

    @property
    def host(self) -> str:
        """The host that is asked."""
        return host_of(self.url)


def check_address(asked: Asking, hosts: frozenset[str]) -> None:
    """Raise HostNotDeclared for an address that this source may not ask."""
    parts = _parts(asked.url)
    if parts is None:
        raise HostNotDeclared(f"{asked.url} is no address of the web; only http and https are asked")
    if parts.username is not None or parts.password is not None:
        raise HostNotDeclared(f"an address on {parts.hostname} carries a name or a password; they are never sent")
    if parts.hostname not in hosts and not asked.robots:
        raise HostNotDeclared(f"{parts.hostname} is none of this source's hosts ({', '.join(sorted(hosts))})")


def onward(asked: Asking, status: int, location: str | None, hosts: frozenset[str]) -> Asking | None:
    """The request to which an answer leads; None where it is no redirect.

    hosts: those to which a redirect may lead; a robots.txt may be on any (RFC 9309, 2.3.1.2).
    Raises RedirectRefused, or LogInWanted where it leads to a log-in page.
    """
    if status not in STATUSES or not location:
        return None
    url = _resolved(asked.url, location)
    parts = _parts(url)
    if parts is None or parts.username is not None or parts.password is not None:
        raise RedirectRefused(f"{asked.host} redirects to what is no plain address of the web ({_plain(url)})")
    if not asked.robots and _wants_log_in(asked.url, url):
        raise LogInWanted(f"{asked.host} sends on to a log-in page ({_plain(url)})")
    if parts.hostname not in hosts and not asked.robots:
        raise RedirectRefused(f"{asked.host} redirects to {parts.hostname}, which this source does not name")
    if urlsplit(asked.url).scheme == "https" and parts.scheme == "http":
        raise RedirectRefused(f"{asked.host} redirects from https to http ({_plain(url)})")
    if status in {307, 308} or (status in {301, 302} and asked.method in {"GET", "HEAD"}):
        return Asking(asked.method, url, asked.headers, asked.body, asked.robots)
    kept = tuple((name, value) for name, value in asked.headers if not name.lower().startswith("content-"))
    return Asking("HEAD" if asked.method == "HEAD" else "GET", url, kept, b"", asked.robots)


def _resolved(asked: str, location: str) -> str:
    """The address that a header ``Location`` means. Its bytes came as Latin-1; many servers send UTF-8."""
    with contextlib.suppress(UnicodeError):
        location = location.encode("latin-1").decode()
    try:
        return str(safe_url_string(urldefrag(urljoin(asked, location.strip())).url))
    except ValueError:
        return location


def _parts(url: str) -> SplitResult | None:
    """An address taken apart; None where it is none of the web."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def _plain(url: str) -> str:
    """An address for a sentence: without query, which may hold what is private, name and password."""
    bare = re.split(r"[?#]", url, maxsplit=1)[0]
    return re.sub(r"//[^/]*@", "//", bare)[:200]


def _wants_log_in(asked: str, url: str) -> bool:
    """Whether an address is that of a log-in page, and the one that was asked is not."""
    return _speaks_of_log_in(url) and not _speaks_of_log_in(asked)


def _speaks_of_log_in(url: str) -> bool:
    parts = urlsplit(url)
    return bool(_LOG_IN.search(f"{parts.hostname}{parts.path}".lower()))
