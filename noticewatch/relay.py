"""The mail relay, as the setting SMTP_URL names it: ``smtp(s)://USER:PASSWORD@HOST:PORT?starttls=…&timeout=…``."""

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, cast
from urllib.parse import parse_qsl, unquote, urlsplit

StartTls: TypeAlias = Literal["required", "offered", "never"]
_PORTS: Final = {"smtp": 587, "smtps": 465}
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mail is handed in. ``starttls``: ``offered`` encrypts where the relay can; ``timeout``: seconds for each
    step; ``ca``: file of the authority that signed its certificate, empty for those the system trusts.
    """

    host: str
    port: int
    tls: bool
    starttls: StartTls
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 30.0
    ca: str = ""


def relay_of(url: str) -> Relay:
    """The relay of a URL. Raises ValueError with a sentence."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        asked = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError:
        host, port, asked = None, None, {}
    if host is None or parts.scheme not in _PORTS or port == 0 or parts.path not in {"", "/"}:
        raise ValueError("write smtp://USER:PASSWORD@HOST:587 or smtps://USER:PASSWORD@HOST:465")
    if unknown := sorted(asked.keys() - {"starttls", "timeout", "ca"}):
        raise ValueError(f"after the question mark may stand starttls, timeout and ca, not {unknown[0]}")
    tls, user = parts.scheme == "smtps", unquote(parts.username or "")
    relay = Relay(
        host, port or _PORTS[parts.scheme], tls, _starttls(asked.get("starttls"), tls=tls, log_in=bool(user)),
        user, unquote(parts.password or ""), _seconds(asked.get("timeout", "30")), asked.get("ca", ""),
    )  # fmt: skip
    if user and not tls and relay.starttls == "never" and host not in _LOOPBACK:
        raise ValueError("a password is never sent without encryption; leave starttls=never out")
    return relay


def _starttls(asked: str | None, *, tls: bool, log_in: bool) -> StartTls:
    """``required`` where there is a password to protect, else what is asked, else where it is offered."""
    if asked is None:
        return "never" if tls else "required" if log_in else "offered"
    if asked not in {"required", "offered", "never"}:
        raise ValueError("starttls is required, offered or never")
    if asked == "offered" and log_in:
        return "required"
    return cast(StartTls, asked)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 60:
        raise ValueError("timeout is a number of seconds, at most 60")
    return seconds
