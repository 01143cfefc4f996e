"""Tokens: letters and digits only, made once, by us, for every engine.

A field has two streams: *exact* tokens, and *stemmed* ones in which inflections and spelling variants meet. Streams
are tokens joined by single spaces; values of one field are parted by fillers that no query can contain.
"""

import csv
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import Stemmer

from noticewatch.text import WORD, fold_offsets, folded, source_span, strip_html

LONGEST: Final = 200
"""Most UTF-16 units of a token: Elasticsearch's whitespace analyzer cuts at 255."""

_CUT: Final = LONGEST // 2
"""Characters that a token may have without being looked at: each takes two units at most."""

FILLER: Final = "\u00b6"
PARTING: Final = " ".join([FILLER] * 12)
"""Between two values of a field: farther apart than any phrase or proximity reaches."""

_REPEATED: Final = 120
"""Characters up to which a value is worth remembering: names of buyers, sellers and codes come again and again."""

_CAMEL: Final = re.compile(r"\b[^\W_]{2,}?(?:(?<=[a-z0-9])[A-Z][^\W\d_A-Z]+)+\b")
"""Words with a capital behind a small letter or digit, in parts of two letters at least: eVigilant is no Vigilant."""

_BETWEEN: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SHAPES: Final = bytes(
    ord("A" if 65 <= code <= 90 else "a" if chr(code).isalnum() else " ") for code in range(128)
).ljust(256)
"""What the characters of ASCII are: capitals A, small letters and digits a."""

_JOINTS: Final = "-\u2010\u2011'\u2019"
_JOINED: Final = re.compile(rf"(?<![\w-])[^\W\d_]+(?:[{_JOINTS}][^\W\d_]+){{1,2}}(?![\w-])")
"""Two or three words of letters with hyphens or apostrophes between."""

_FOREIGN_SIGNS: Final = re.compile(r"[^\x00-\x7f\w]+")
_WORDS_OF_ASCII: Final = bytes(code if chr(code).isalnum() else 32 for code in range(128)).ljust(256)
_REPLACED: Final = ("i", "e", "y", "bl")
"""Ends of stems of which the last letter may stand for another: agenci of agency, sensibl of sensibility."""

_IRREGULAR: Final = ("dying", "lying", "tying")
_MOST_STEMS: Final = 500_000
_STEMMER: Final = Stemmer.Stemmer("english")


def tokens(text: str) -> list[str]:
    """Exact tokens of a text, in order; empty for a text without letters and digits."""
    found = _words(folded(text))
    if max(map(len, found), default=0) > _CUT:
        return [_shortened(token) for token in found]
    return found


def tokens_with_spans(
    text: str, starts: Collection[str], wanted: Callable[[str], object] = bool
) -> list[tuple[str, int, int]]:
    """Those exact tokens of a text that begin as one of ``starts`` and are ``wanted``, in order, each with the
    half-open span of the text that it came from. No other word is looked at: most of a long text costs nothing.
    """
    normal = folded(text)
    found = {at: word for start in starts for at, word in _words_from(normal, start) if wanted(_shortened(word))}
    if not found:
        return []
    offsets = fold_offsets(text)
    return [
        (_shortened(word), *source_span(offsets, at, at + len(word))) for at, word in sorted(found.items())
    ]  # fmt: skip


def _words_from(normal: str, start: str) -> Iterator[tuple[int, str]]:
    """Words of a normal text that begin so, and where they stand."""
    at = normal.find(start)
    while at >= 0:
        if normal[at - 1 : at].isalnum() or not (match := WORD.match(normal, at)):
            at = normal.find(start, at + 1)
        else:
            yield at, match[0]
            at = normal.find(start, match.end())


def _words(normal: str) -> list[str]:
    """Words of a normal text as they stand; where they are ASCII a table finds them in a third of the time."""
    if not normal.isascii():
        normal = _FOREIGN_SIGNS.sub(" ", normal)  # often bullets and paragraph signs are all that there is
    if normal.isascii():
        return normal.encode().translate(_WORDS_OF_ASCII).decode().split()
    return WORD.findall(normal)


class _Stems(dict[str, str]):
    """Stems found so far, by token: a plain look-up, since every word of every text comes by here."""

    def __missing__(self, token: str) -> str:
        if len(self) >= _MOST_STEMS:
            self.clear()
        found = self[token] = _stem(token)
        return found


_STEMS: Final = _Stems()


def stem(token: str) -> str:
    """The token of the stemmed stream for an exact token. Numbers and words that hold digits stay as they are."""
    return _STEMS[token]


def _stem(token: str) -> str:
    if not token.isalpha() or not token.isascii():
        return token
    stemmed: str = _STEMMER.stemWord(_spellings().get(token, token))
    return stemmed


def beginnings(stemmed: str) -> tuple[str, ...]:
    """How the words of a stem begin, other spellings included: ``agenc`` for agenci, which agency and agencies have."""
    return (stemmed[:-1] if stemmed.endswith(_REPLACED) else stemmed, *_other_words().get(stemmed, ()))


@cache
def _other_words() -> dict[str, tuple[str, ...]]:
    """Words that do not begin as their stem, by stem."""
    found: dict[str, tuple[str, ...]] = {}
    for word in (*_spellings(), *_IRREGULAR):
        found[stem(word)] = (*found.get(stem(word), ()), word)
    return found


def exact_stream(values: Iterable[str]) -> str:
    """The exact stream of a field's values."""
    return f" {PARTING} ".join(stream for value in values if (stream := _stream(value)))


def stemmed_stream(exact: str, values: Iterable[str] = ()) -> str:
    """The stemmed stream of an exact stream, and behind it other spellings of compound words of its ``values``."""
    stemmed = _stemmed_again(exact) if len(exact) <= _REPEATED else _stemmed(exact)
    others = dict.fromkeys(other for value in values for other in other_spellings(value))
    return f" {PARTING} ".join((stemmed, *map(_stemmed, others))) if others else stemmed


def _stream(value: str) -> str:
    return _stream_again(value) if len(value) <= _REPEATED else " ".join(tokens(value))


@lru_cache(maxsize=50_000)
def _stream_again(value: str) -> str:
    return " ".join(tokens(value))


def _stemmed(exact: str) -> str:
    return " ".join(map(_STEMS.__getitem__, exact.split(" "))) if exact else ""


_stemmed_again: Final = lru_cache(maxsize=50_000)(_stemmed)


def other_spellings(text: str) -> list[str]:
    """What compound words of a text are also written as, as exact tokens with single spaces: ``ShadowDragon`` also
    ``shadow dragon``, ``Pen-Link`` also ``penlink``, ``camera's`` also ``cameras``; each once, in order.
    """
    found = [other for part in _around(text, _humps(text)) for other in _parted(part)]
    found += [other for part in _around(text, _joints(text)) for other in _glued(part)]
    return list(dict.fromkeys(found))


def _parted(part: str) -> list[str]:
    return _fitting(" ".join(tokens(_BETWEEN.sub(" ", word))) for word in _CAMEL.findall(part))


def _glued(part: str) -> list[str]:
    return _fitting("".join(tokens(word)) for word in _JOINED.findall(part))


def _fitting(found: Iterable[str]) -> list[str]:
    return [one for one in found if one and len(one) <= _CUT]


def _around(text: str, places: Iterable[int]) -> Iterator[str]:
    """The parts of a text between spaces in which places, given in order, stand: the rest need not be looked at."""
    end = -1
    for place in places:
        if place > end:
            begin, end = text.rfind(" ", 0, place) + 1, text.find(" ", place)
            end = len(text) if end < 0 else end
            yield text[begin:end]


def _humps(text: str) -> Iterator[int]:
    """Where a capital stands behind a small letter or digit."""
    shapes = text.encode("ascii", "replace").translate(_SHAPES)
    at = shapes.find(b"aA")
    while at >= 0:
        yield at
        at = shapes.find(b"aA", at + 1)


def _joints(text: str) -> list[int]:
    """Where hyphens and apostrophes stand, in order."""
    found = []
    for joint in _JOINTS:
        at = text.find(joint)
        while at >= 0:
            found.append(at)
            at = text.find(joint, at + 1)
    return sorted(found)


def plain_text(text: str) -> str:
    """A description without its HTML, for tokens."""
    return strip_html(text)[0]


def _shortened(token: str) -> str:
    if len(token) <= _CUT:
        return token
    return token.encode("utf-16-le")[: 2 * LONGEST].decode("utf-16-le", errors="ignore")


@cache
def _spellings() -> dict[str, str]:
    with files("indexer").joinpath("data/spellings.csv").open(encoding="utf-8") as file:
        return {row["variant"]: row["word"] for row in csv.DictReader(file)}


@cache
def abbreviations() -> dict[str, tuple[tuple[str, ...], ...]]:
    """Abbreviations that an unquoted query word also stands for: token to phrases of tokens."""
    found: dict[str, list[tuple[str, ...]]] = {}
    with files("indexer").joinpath("data/abbreviations.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["abbreviation"], []).append(tuple(tokens(row["stands_for"])))
    return {short: tuple(phrases) for short, phrases in found.items()}
