"""Text of a source made fit for a message: no control characters, no characters that turn the writing round. Pure.

Whatever a source publishes, one value stays one value: it cannot begin a header or a line of its own, and it cannot
show its letters in another order than they stand. Escaping for HTML is the template's.
"""

import re
import unicodedata
from typing import Final

_JOINERS: Final = frozenset("\u200c\u200d")
"""Invisible, but letters of some scripts and signs are joined or parted by them."""

_SPACES: Final = re.compile(r"\s+")


class _Cleaned(dict[int, str]):
    """What each character becomes, found on first use."""

    def __missing__(self, code: int) -> str:
        cleaned = self[code] = _clean(chr(code))
        return cleaned


def _clean(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp", "Zs"}:
        return " "
    if category == "Cf":
        return character if character in _JOINERS else ""
    if category == "Cs" or ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF:
        return "\ufffd"
    return character


_CLEANED: Final = _Cleaned()


def cleaned(text: str) -> str:
    """The text with controls and line ends as spaces, without bidirectional controls and other invisible signs."""
    return text.translate(_CLEANED)


def one_line(text: str) -> str:
    """The text cleaned, as one line without double spaces."""
    return _SPACES.sub(" ", cleaned(text)).strip()


def columns(text: str) -> int:
    """Columns that a terminal shows the text in: wide letters take two, marks above and below none."""
    return sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.combining(character) or character in _JOINERS or unicodedata.category(character) == "Me":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Lines of at most ``width`` columns; the first begins with ``first``, the others with ``rest``.

    A word that is longer than a line is parted.
    """
    lines: list[str] = []
    line, begun = first, False
    for word in text.split():
        if begun and columns(line) + 1 + columns(word) > width:
            lines.append(line)
            line, begun = rest, False
        left = word
        while columns(line) + begun + columns(left) > width:
            head = _fitting(left, width - columns(line))
            lines.append(line + head)
            line, left = rest, left[len(head) :]
        line += (" " if begun else "") + left
        begun = True
    return [*lines, line] if begun else lines


def _fitting(word: str, width: int) -> str:
    """The beginning of a word that fits; one letter at least."""
    taken = 0
    for position, character in enumerate(word):
        taken += _width(character)
        if taken > max(width, 2):
            return word[:position]
    return word
