"""Addresses of mail, as nearly all are: a plain name at a domain (RFC 5321, Dot-string at Domain)."""

import re
from typing import Final

_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAILBOX: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?!\d+$){_LABEL}")


def is_mailbox(text: str) -> bool:
    """Whether this is one address and nothing else; a domain with accents is written as it is registered, xn--…."""
    return len(text) <= 254 and len(text.partition("@")[0]) <= 64 and _MAILBOX.fullmatch(text) is not None
