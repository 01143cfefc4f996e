"""Redirects: where an answer leads, and where it may not lead. Pure."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urldefrag, urljoin, urlsplit, urlunsplit

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
    parts = urlsplit(asked.url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
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
    url = safe_url_string(urldefrag(urljoin(asked.url, location.strip())).url)
    parts = urlsplit(url)
    plain = urlunsplit((parts.scheme, parts.hostname or "", parts.path, "", ""))  # a query may hold what is private
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise RedirectRefused(f"{asked.host} redirects to {plain[:200]}, which is no plain address of the web")
    if not asked.robots and _wants_log_in(asked.url, url):
        raise LogInWanted(f"{asked.host} sends on to a log-in page ({plain[:200]})")
    if parts.hostname not in hosts and not asked.robots:
        raise RedirectRefused(f"{asked.host} redirects to {parts.hostname}, which this source does not name")
    if urlsplit(asked.url).scheme == "https" and parts.scheme == "http":
        raise RedirectRefused(f"{asked.host} redirects from https to http ({plain[:200]})")
    if status in {307, 308} or (status in {301, 302} and asked.method in {"GET", "HEAD"}):
        return Asking(asked.method, url, asked.headers, asked.body, asked.robots)
    kept = tuple((name, value) for name, value in asked.headers if not name.lower().startswith("content-"))
    return Asking("HEAD" if asked.method == "HEAD" else "GET", url, kept, b"", asked.robots)


def _wants_log_in(asked: str, url: str) -> bool:
    """Whether an address is that of a log-in page, and the one that was asked is not."""
    return _speaks_of_log_in(url) and not _speaks_of_log_in(asked)


def _speaks_of_log_in(url: str) -> bool:
    parts = urlsplit(url)
    return bool(_LOG_IN.search(f"{parts.hostname}{parts.path}".lower()))
