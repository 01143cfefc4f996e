"""The normal form of text: what two spellings of one word have in common, with a map back to the source.

Dictionary matching, search tokens and highlights all read this form, so they agree on what a word is and every hit
can be quoted from the text as stored.
"""

import html
import re
import unicodedata
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

WORD: Final = re.compile(r"[^\W_]+")
"""A word as it stands in a text: letters and digits."""

_SINGLE_QUOTES: Final = "\u2018\u2019\u201a\u201b\u2032\u02bc\u02b9\u00b4\u2039\u203a"
_DOUBLE_QUOTES: Final = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb"
_WRITTEN_OUT: Final = {
    **dict.fromkeys(_SINGLE_QUOTES, "'"),
    **dict.fromkeys(_DOUBLE_QUOTES, '"'),
    "\u2212": "-", "\u2044": "/", "\u0131": "i", "\u00e6": "ae", "\u00f8": "o", "\u0142": "l", "\u0111": "d",
    "\u0153": "oe", "\u00fe": "th", "\u00f0": "d", "\u2028": " ", "\u2029": " ", "\u0085": " ",
}  # fmt: skip
"""Characters that Unicode's compatibility folding leaves apart, though readers and typists do not."""


_ASCII: Final = bytes(range(128))
_FEW: Final = 24
"""Different characters that are looked for one by one: each costs a walk through the text."""
_NOT_ASCII: Final = re.compile("([^\\x00-\\x7f]+)")


@dataclass(frozen=True, slots=True)
class Normal:
    """Normalised text; ``offsets[i]`` is the source index of character i, with the source's length as last element.

    ``offsets`` is None where every character stands for the source character at its own index.
    """

    text: str
    offsets: "array[int] | None" = None

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """The half-open span of the source that normal characters ``start`` to ``end`` (exclusive) came from."""
        return source_span(self.offsets, start, end)


def source_span(offsets: "array[int] | None", start: int, end: int) -> tuple[int, int]:
    """A half-open span carried back through an offset map; characters dropped behind the last one are included."""
    if offsets is None:
        return start, end
    if end <= start:
        return offsets[start], offsets[start]
    return offsets[start], max(offsets[end], offsets[end - 1] + 1)


def normalise(text: str) -> Normal:
    """Fold case, accents, compatibility forms, typographic quotes, dashes and spaces; drop zero-width characters.

    Linear in the length of the text, never fails, and normalising a normal text changes nothing.
    """
    return Normal(folded(text), fold_offsets(text))


def folded(text: str) -> str:
    """The normal form alone, for who needs no place in the source: the map back costs more than the text."""
    if text.isascii():
        return text.lower()
    foreign = _foreign(text)
    if len(foreign) > _FEW or any(_FOLDS[ord(one)].lower() != _FOLDS[ord(one)] for one in foreign):
        return _folded_in_pieces(text)
    for one in foreign:
        text = text.replace(one, _FOLDS[ord(one)])
    return text.lower()


def _folded_in_pieces(text: str) -> str:
    """For many different characters, and for the few scripts whose normal form is in capitals."""
    pieces = _NOT_ASCII.split(text)  # a table takes ten times as long for each of the many characters that are ASCII
    pieces[::2] = map(str.lower, pieces[::2])
    pieces[1::2] = [piece.translate(_FOLDS) for piece in pieces[1::2]]
    return "".join(pieces)


def _foreign(text: str) -> set[str]:
    """The different characters of a text that are not ASCII: all others are bytes of their own in UTF-8."""
    return set(text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass"))


def fold_offsets(text: str) -> "array[int] | None":
    """The map from the characters of the normal form back to the source, as in :class:`Normal`."""
    resized = () if text.isascii() else [character for character in _foreign(text) if len(_FOLDS[ord(character)]) != 1]
    if not resized:
        return None
    found = re.compile("[" + re.escape("".join(sorted(resized))) + "]").finditer(text)
    return _offsets(((m.start(), m.end(), len(_FOLDS[ord(m[0])])) for m in found), len(text))


def strip_html(text: str) -> tuple[str, "array[int] | None"]:
    """Text without HTML tags and with its entities written out, and the map back to the source (None: no markup).

    A tag that parts words leaves a space, others leave nothing. Linear in the length of the text.
    """
    if not _MARKUP_HINT.search(text):
        return text, None
    pieces: list[str] = []
    cuts: list[tuple[int, int, int]] = []
    position = 0
    for match in _MARKUP.finditer(text):
        written = _written(match)
        pieces += (text[position : match.start()], written)
        cuts.append((match.start(), match.end(), len(written)))
        position = match.end()
    if not cuts:
        return text, None
    return "".join(pieces) + text[position:], _offsets(cuts, len(text))


_MARKUP_HINT: Final = re.compile(r"</?[a-zA-Z!][^<>]{0,2000}>|&#?[a-zA-Z0-9]{2,10};")
_MARKUP: Final = re.compile(r"<(/?)([a-zA-Z!][a-zA-Z0-9!-]{0,30})(?:[\s/][^<>]{0,2000})?>|&#?[a-zA-Z0-9]{2,10};")
_INLINE: Final = frozenset({"b", "i", "u", "em", "strong", "span", "font", "a", "sub", "sup", "small", "mark", "wbr"})


def _written(match: re.Match[str]) -> str:
    if match[0][0] == "&":
        return html.unescape(match[0])
    return "" if match[2].lower() in _INLINE else " "


def _offsets(cuts: Iterable[tuple[int, int, int]], length: int) -> "array[int]":
    """Source indexes of the characters of a text in which each source span (start, end) became ``size`` characters."""
    offsets = array("q")
    position = 0
    for start, end, size in cuts:
        offsets.extend(range(position, start))
        offsets.extend([start] * size)
        position = end
    offsets.extend(range(position, length + 1))
    return offsets


class _Folds(dict[int, str]):
    """What each character becomes, found on first use."""

    def __missing__(self, code: int) -> str:
        folded = self[code] = _fold(chr(code))
        return folded


def _fold(character: str) -> str:
    """A character's normal form, taken until it no longer changes."""
    folded = character
    for _ in range(5):
        again = unicodedata.normalize("NFC", "".join(map(_fold_once, unicodedata.normalize("NFC", folded))))
        if again == folded:
            break
        folded = again
    return folded


def _fold_once(character: str) -> str:
    if character in _WRITTEN_OUT:
        return _WRITTEN_OUT[character]
    category = unicodedata.category(character)
    if category == "Cf" or "\ufe00" <= character <= "\ufe0f":
        return ""
    if category in {"Pd", "Zs", "Cs"}:
        return {"Pd": "-", "Zs": " ", "Cs": "\ufffd"}[category]
    parts = unicodedata.normalize("NFKD", character.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


_FOLDS: Final = _Folds()
