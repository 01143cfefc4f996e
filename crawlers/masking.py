"""Keys kept out of everything that is written: an answer that shows its asker's key is masked in the same length."""

import html
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, quote_plus

import orjson

_LEAST: Final = 6
"""Shorter texts are no keys: to mask them would spoil what the publisher said."""


class Mask:
    """Knows the spellings of secrets. Without secrets it changes nothing."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spellings = {form.encode() for secret in secrets if len(secret) >= _LEAST for form in _spellings(secret)}
        self._spellings = sorted(spellings, key=len, reverse=True)

    def __bool__(self) -> bool:
        return bool(self._spellings)

    @property
    def reach(self) -> int:
        """Bytes at the end of a block in which a secret may have begun that the next block completes."""
        return len(self._spellings[0]) - 1 if self._spellings else 0

    def bytes(self, block: bytes) -> bytes:
        """A block without secrets, of the same length."""
        for spelling in self._spellings:
            block = block.replace(spelling, b"x" * len(spelling))
        return block

    def text(self, text: str) -> str:
        """A text without secrets."""
        return self.bytes(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


class MaskedStream:
    """A stream of blocks through a mask. ``found``: whether a secret stood in it."""

    def __init__(self, mask: Mask) -> None:
        self._mask, self._held, self.found = mask, b"", False

    def feed(self, block: bytes) -> bytes:
        """What is certain after this block; the last bytes wait for the next one."""
        if not self._mask:
            return block
        masked = self._masked(self._held + block)
        cut = max(0, len(masked) - self._mask.reach)
        self._held = masked[cut:]
        return masked[:cut]

    def finish(self) -> bytes:
        """What was still waiting."""
        return self._held

    def _masked(self, block: bytes) -> bytes:
        masked = self._mask.bytes(block)
        self.found = self.found or masked != block
        return masked


def _spellings(secret: str) -> set[str]:
    """A secret as it is, in an address, in JSON and in HTML."""
    return {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        orjson.dumps(secret).decode()[1:-1],
        html.escape(secret),
    }
