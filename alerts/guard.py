"""Where messages may be sent: no address inside the operator's network, whatever a name says at whichever moment.

A name is looked up once, its addresses are checked, and the connection is made to one of those very addresses. So a
name that means another address a moment later changes nothing. Every connection is checked anew, redirects too.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

from noticewatch.errors import UsageError

IPAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver: TypeAlias = Callable[[str, int], Sequence[str]]

PORTS: Final = frozenset({80, 443, 8080, 8443})
"""Ports of the web: others belong to services that a request must not be smuggled to."""

_INSIDE_IPV4: Final = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        ),
    )
)  # fmt: skip
"""Special ranges (RFC 6890 and the registry that it set up); what Python calls so has changed between its versions."""

_GLOBAL_IPV6: Final = ipaddress.IPv6Network("2000::/3")
_SPECIAL_IPV6: Final = tuple(map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
"""Of those: for protocols (Teredo among them), examples, 6to4: an IPv4 address in disguise and nobody's only one."""

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_MAPPED: Final = ipaddress.IPv6Network("::ffff:0:0/96")

_METADATA: Final = frozenset({ipaddress.IPv4Address("168.63.129.16")})
"""Public by its number, but answered by the host of a virtual machine (Azure)."""


class TargetRefused(UsageError):
    """A target to which no message is sent; the sentence names it and the way out."""


class NoAnswer(OSError):
    """A name that could not be looked up, or whose addresses did not answer."""


def system_resolver(host: str, port: int) -> list[str]:
    """Addresses of a name, as the system knows them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Guard:
    """What may be connected to. ``allow_private``: also addresses inside, at any port (an operator's setting)."""

    allow_private: bool = False
    resolve: Resolver = system_resolver
    ports: frozenset[int] = PORTS

    def check_url(self, url: str) -> SplitResult:
        """The parts of an address that messages may be posted to. Raises TargetRefused with a sentence.

        Its name is not looked up here: what it means is checked when the connection is made.
        """
        parts = _parts(url)
        if parts.username is not None or parts.password is not None:
            raise TargetRefused("The address holds a name or password before the @; leave them out, they would leak.")
        if self.allow_private:
            return parts
        if parts.scheme != "https":
            raise TargetRefused("Messages are sent to https:// addresses only; write one.")
        if (parts.port or 443) not in self.ports:
            raise TargetRefused(f"Port {parts.port} is not a port of the web; use {_listed(self.ports)}.")
        host = (parts.hostname or "").rstrip(".").lower()
        numeric = _numeric(host)
        if host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or (
            numeric is not None and not is_public(numeric)
        ):  # fmt: skip
            raise _private(parts.hostname or "")
        return parts

    def addresses(self, host: str, port: int, seconds: float) -> list[str]:
        """Addresses of a host that may be connected to, looked up now. Raises TargetRefused, NoAnswer."""
        found = [address for address in _looked_up(self.resolve, host, port, seconds) if _address(address)]
        allowed = [address for address in found if self.allows(address, port)]
        if found and not allowed:
            raise _private(host)
        if not allowed:
            raise NoAnswer(f"{host} has no address")
        return allowed

    def allows(self, address: str, port: int) -> bool:
        """Whether one numeric address may be connected to; anything but an address may not."""
        numeric = _address(address)
        if numeric is None:
            return False
        return self.allow_private or (port in self.ports and is_public(numeric))


def is_public(address: IPAddress) -> bool:
    """Whether an address is of the public internet: none that is private, shared (RFC 6598), local, multicast,
    reserved or of a cloud's metadata, in no spelling of it (IPv4-mapped, NAT64; 6to4 and Teredo are none at all).
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address in _MAPPED or address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        return address in _GLOBAL_IPV6 and not any(address in special for special in _SPECIAL_IPV6)
    return address not in _METADATA and not any(address in inside for inside in _INSIDE_IPV4)


def _parts(url: str) -> SplitResult:
    """An address taken apart. Control characters and white space, which parsers disagree about, are refused."""
    if len(url) > 2_000 or any(not 32 < ord(character) < 127 for character in url) or "\\" in url:
        raise TargetRefused(
            "The address holds characters that no address has, or is longer than 2,000; "
            "write letters with accents percent-encoded, names of hosts as xn--…."
        )
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise TargetRefused("Write an address that begins with https://, such as https://hooks.example.org/alerts.")
    return parts


def _numeric(host: str) -> IPAddress | None:
    """The address that a host's spelling stands for, also in decimal, octal or hexadecimal; None for a name."""
    plain = _address(host)
    if plain is not None:
        return plain
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def _address(text: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _private(host: str) -> TargetRefused:
    return TargetRefused(
        f"{host} is an address inside a network, not of the public internet; use a public one, "
        "or the operator sets NOTICEWATCH_ALERTS_ALLOW_PRIVATE."
    )


def _listed(ports: frozenset[int]) -> str:
    *most, last = map(str, sorted(ports))
    return f"{', '.join(most)} or {last}"


def _looked_up(resolve: Resolver, host: str, port: int, seconds: float) -> Sequence[str]:
    """Addresses of a name, or NoAnswer when that takes longer: the system's look-up knows no time-out of its own."""
    answers: SimpleQueue[Sequence[str] | OSError | UnicodeError] = SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(resolve(host, port))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    Thread(target=look_up, name="look up", daemon=True).start()
    try:
        answer = answers.get(timeout=max(0.01, seconds))
    except Empty:
        raise NoAnswer(f"{host} was not found within {seconds:.0f} seconds") from None
    if isinstance(answer, Exception):
        raise NoAnswer(f"{host} was not found: {answer}") from answer
    return answer
