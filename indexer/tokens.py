"""Tokens: letters and digits only, made once, by us, for every engine.

A field has two streams: *exact* tokens, and *stemmed* ones in which inflections and spelling variants meet. Streams
are tokens joined by single spaces; values of one field are parted by fillers that no query can contain.
"""

import csv
import re
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import Stemmer

from noticewatch.text import WORD, normalise, strip_html

LONGEST: Final = 200
"""Most UTF-16 units of a token: Elasticsearch's whitespace analyzer cuts at 255."""

FILLER: Final = "\u00b6"
PARTING: Final = " ".join([FILLER] * 12)
"""Between two values of a field: farther apart than any phrase or proximity reaches."""

_REPEATED: Final = 120
"""Characters up to which a value is worth remembering: names of buyers, sellers and codes come again and again."""

_CAMEL: Final = re.compile(r"\b[^\W_]{2,}?(?:(?<=[a-z0-9])[A-Z][^\W\d_A-Z]+)+\b")
"""Words with a capital behind a small letter or digit, in parts of two letters at least: eVigilant is no Vigilant."""

_BETWEEN: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_JOINED: Final = re.compile(r"(?<![\w-])[^\W\d_]+(?:[-\u2010\u2011'\u2019][^\W\d_]+){1,2}(?![\w-])")
"""Two or three words of letters with hyphens or apostrophes between."""

_STEMMER: Final = Stemmer.Stemmer("english")


def tokens(text: str) -> list[str]:
    """Exact tokens of a text, in order; empty for a text without letters and digits."""
    found = WORD.findall(normalise(text).text)
    if max(map(len, found), default=0) > LONGEST // 2:
        return [_shortened(token) for token in found]
    return found


def tokens_with_spans(text: str) -> list[tuple[str, int, int]]:
    """Exact tokens with the half-open span of ``text`` that each came from."""
    normal = normalise(text)
    return [
        (_shortened(match[0]), *normal.source_span(match.start(), match.end())) for match in WORD.finditer(normal.text)
    ]


@lru_cache(maxsize=500_000)
def stem(token: str) -> str:
    """The token of the stemmed stream for an exact token. Numbers and words that hold digits stay as they are."""
    if not token.isalpha() or not token.isascii():
        return token
    stemmed: str = _STEMMER.stemWord(_spellings().get(token, token))
    return stemmed


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
    return " ".join(map(stem, exact.split(" "))) if exact else ""


_stemmed_again: Final = lru_cache(maxsize=50_000)(_stemmed)


def other_spellings(text: str) -> list[str]:
    """What compound words of a text are also written as, as exact tokens with single spaces: ``ShadowDragon`` also
    ``shadow dragon``, ``Pen-Link`` also ``penlink``, ``camera's`` also ``cameras``; each once, in order.
    """
    found = [" ".join(tokens(_BETWEEN.sub(" ", word))) for word in _CAMEL.findall(text)]
    found += ["".join(tokens(word)) for word in _JOINED.findall(text)]
    return [one for one in dict.fromkeys(found) if one and len(one) <= LONGEST // 2]


def plain_text(text: str) -> str:
    """A description without its HTML, for tokens."""
    return strip_html(text)[0]


def _shortened(token: str) -> str:
    if len(token) <= LONGEST // 2:
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
