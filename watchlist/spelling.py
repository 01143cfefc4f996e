"""The spellings under which a name is searched, and the correction of common misspellings in a text."""

import re
from array import array
from collections.abc import Iterable, Iterator
from typing import Final

from noticewatch.text import folded

_LEGAL_FORMS: Final = ("inc", "llc", "ltd", "corp", "corporation", "incorporated", "limited", "co", "company", "gmbh")
_LEGAL_SHORT: Final = {"incorporated": "inc", "corporation": "corp", "company": "co", "limited": "ltd"}
_LEGAL_LONG: Final = {short: long for long, short in _LEGAL_SHORT.items()}
_LEGAL_END: Final = re.compile(rf"[,.]?\s+({'|'.join(_LEGAL_FORMS)})\.?$")
_CAMEL: Final = re.compile(r"(?<=[a-z]{2})(?=[A-Z][a-z]{2})")
_SEPARATORS: Final = re.compile(r"[ -]+")
_JOINED_LENGTH: Final = 8
_PLURAL_LENGTH: Final = 2
_SLIP_LENGTH: Final = 9
"""Letters of a shortest word of which slips are read: those of ``tracking`` make other words (tacking)."""
_HISSING: Final = ("ch", "sh", "ss", "x")
_RUN: Final = re.compile(" {2,}")
_BEFORE_DIGIT: Final = re.compile(r"(?<=[a-z]{3})[ -](?=\d)")


def spellings(name: str) -> set[str]:
    """Normal forms under which a name is searched: spaced, hyphenated and joined, with and without punctuation, a legal
    form in full and short.
    """
    plain = folded(name).strip()
    base = {plain, plain.replace(" & ", " and "), plain.replace("'s ", "s "), plain.replace("'s ", " ")}
    found: set[str] = set()
    for spelling in base:
        legal = _LEGAL_END.search(spelling)
        if legal:
            stem = spelling[: legal.start()]
            forms = {legal[1], _LEGAL_SHORT.get(legal[1], legal[1]), _LEGAL_LONG.get(legal[1], legal[1])}
            found |= {f"{stem}{pause} {form}" for form in forms for pause in ("", ",")}
        words = _SEPARATORS.split(spelling)
        found |= {spelling, " ".join(words), "-".join(words), "-".join([words[0], " ".join(words[1:])]).rstrip("-")}
        joined = "".join(words)
        if len(joined) >= _JOINED_LENGTH and len(words) == 2 and not legal:
            found.add(joined)
    return (found | {_BEFORE_DIGIT.sub(mark, spelling) for spelling in found for mark in ("", "-")}) - {""}


def without_legal_form(name: str) -> str:
    """A name in its normal form without ``Inc`` or its like at its end."""
    return _LEGAL_END.sub("", name)


def term_spellings(term: str) -> set[str]:
    """Normal forms of a term: spaced, hyphenated throughout or after its first word, two words joined, with a plural
    inside it or in ``es`` or ``ies``.
    """
    plain = folded(term).strip()
    words = _SEPARATORS.split(plain)
    found = {" ".join(words), plain}
    if len(words) == 2 and len("".join(words)) >= _JOINED_LENGTH:
        found.add("".join(words))
    if len(words) > 1:
        found |= {f"{words[0]}{mark}{' '.join(words[1:])}" for mark in ("-", "- ")}
        found.add(" ".join([*words[:-2], f"{words[-2]}s", words[-1]]))
        if words[-1].endswith("y") and words[-1][-2:-1] not in set("aeiou"):
            found.add(" ".join([*words[:-1], f"{words[-1][:-1]}ies"]))
    if words[-1].endswith(_HISSING):
        found.add(f"{' '.join(words)}es")
    if len(words) > 2:
        found |= {f"{' '.join(words[:-2])} {words[-2]}-{words[-1]}", "-".join(words)}
    return found - {""}


def apart(name: str) -> str:
    """A name with its inner capitals parted (``BodyWorn`` → ``Body Worn``); the name itself where there are none."""
    return _CAMEL.sub(" ", name)


def whole_word_end(text: str, start: int, end: int) -> int:
    """The end of a match that stands as a whole word, its plural or possessive included; 0 for a part of a word."""
    if start and text[start - 1].isalnum() and text[start].isalnum():
        return 0
    if end == len(text) or not (text[end].isalnum() and text[end - 1].isalnum()):
        return end
    if end - start > _PLURAL_LENGTH and text[end] == "s" and (end + 1 == len(text) or not text[end + 1].isalnum()):
        return end + 1
    return 0


def slips(word: str) -> set[str]:
    """What a hurried hand makes of a long word: two letters swapped, one left out or doubled, but never the first."""
    if len(word) < _SLIP_LENGTH or not word.isalpha():
        return set()
    inside = range(1, len(word) - 1)
    swapped = {f"{word[:at]}{word[at + 1]}{word[at]}{word[at + 2 :]}" for at in inside}
    shorter = {word[:at] + word[at + 1 :] for at in inside}
    longer = {word[: at + 1] + word[at:] for at in inside}
    return (swapped | shorter | longer) - {word}


def single_spaced(text: str) -> str:
    """A text whose runs of blanks are one blank each."""
    while "  " in text:
        text = text.replace("  ", " ")
    return text


def spaced_places(text: str) -> "array[int]":
    """The place in ``text`` of each character of its :func:`single_spaced` form."""
    places = array("q")
    position = 0
    for run in _RUN.finditer(text):
        places.extend(range(position, run.start() + 1))
        position = run.end()
    places.extend(range(position, len(text) + 1))
    return places


def corrected(text: str, mistakes: Iterable[tuple[int, int, str]]) -> tuple[str, "array[int]"]:
    """A text with spans (in order, apart) replaced by words, and the place in ``text`` of each of its characters."""
    pieces: list[str] = []
    offsets = array("q")
    position = 0
    for start, end, word in _apart(mistakes):
        pieces += (text[position:start], word)
        offsets.extend(range(position, start))
        offsets.extend([start] * (len(word) - 1))
        offsets.append(max(start, end - 1))
        position = end
    offsets.extend(range(position, len(text) + 1))
    return "".join(pieces) + text[position:], offsets


def _apart(mistakes: Iterable[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """The longest of mistakes that overlap."""
    until = 0
    for start, end, word in sorted(mistakes, key=lambda mistake: (mistake[0], -mistake[1])):
        if start >= until:
            yield start, end, word
            until = end
