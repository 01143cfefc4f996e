"""Phrases of a text: one to four words that stand together, with the way back to where they stand. Pure functions."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from noticewatch.models import Notice, Text
from noticewatch.text import WORD, normalise, source_span, strip_html

MOST_WORDS: Final = 4
"""Words of the longest phrase."""

BODY_WORDS: Final = 150
"""Words of a description that are counted where the notice has a title of its own: what is bought is said at its
beginning, instructions to bidders follow."""

_STOP: Final = re.compile(r"[\n\r\t;:!?()\[\]|,\"*•·]|[.](?=\s|$)")
"""Where a phrase ends: the words on both sides do not belong together."""

_LONGEST: Final = 40
_FUNCTION_TEXT: Final = """
a an and any are as at be been but by can do does for from had has have he her his how i if in into is it its may more
must no nor not of on one or other our per shall she should so some such than that the their them then there these they
this those to under up upon us was we were what when where which while who will with within would you your
de del el la las los le les du des et en un une y o pour por para sur con
"""
_FUNCTION_WORDS: Final = frozenset(_FUNCTION_TEXT.split())
"""Words with which no phrase begins or ends."""

_INSIDE: Final = frozenset({"of", "and", "de", "la", "del", "du", "des"})
"""Function words that may stand inside of one: internet of things."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a phrase stands: ``start`` and ``end`` count in the field's text as stored."""

    field: str
    start: int
    end: int


def headline(notice: Notice) -> dict[str, str]:
    """Texts that say what is bought, by the field names that evidence uses: titles, and descriptions."""
    return {name: text.text for field in ("title", "description") for name, text in _named(field, notice)}


def phrases(notice: Notice) -> set[str]:
    """The distinct phrases of a notice: words in the normal form with single blanks between."""
    found: set[str] = set()
    for field, text in headline(notice).items():
        for run in _runs(_plain(text), _most_words(notice, field)):
            found.update(" ".join(run[begin:end]) for begin, end in _windows(run))
    return found


def spans(notice: Notice) -> dict[str, Span]:
    """Where each phrase of a notice stands first."""
    found: dict[str, Span] = {}
    for field, text in headline(notice).items():
        stripped, markup = strip_html(text)
        normal = normalise(stripped)
        for run in _placed_runs(normal.text, _most_words(notice, field)):
            words = [word for word, _, _ in run]
            for begin, end in _windows(words):
                phrase = " ".join(words[begin:end])
                if phrase not in found:
                    span = source_span(markup, *normal.source_span(run[begin][1], run[end - 1][2]))
                    found[phrase] = Span(field, *span)
    return found


def key(phrase: str) -> int:
    """The 64-bit number under which a phrase is counted, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(phrase.encode(), digest_size=8).digest(), "big", signed=True)


def _named(field: str, notice: Notice) -> Iterator[tuple[str, Text]]:
    parts: tuple[Text, ...] = getattr(notice, field)
    for index, part in enumerate(parts):
        yield f"{field}.{index}" if index else field, part


def _most_words(notice: Notice, field: str) -> int:
    own_title = notice.title_from == "published" and bool(notice.title)
    return BODY_WORDS if field.startswith("description") and own_title else 10 * BODY_WORDS


def _plain(text: str) -> str:
    return normalise(strip_html(text)[0]).text


def _runs(text: str, most: int) -> Iterator[list[str]]:
    """Words that may stand in one phrase, from one stop to the next. Numbers and codes end a run too."""
    for piece in _STOP.split(text):
        run: list[str] = []
        for word in WORD.findall(piece):
            most -= 1
            if most < 0:
                break
            if _counts(word):
                run.append(word)
            elif run:
                yield run
                run = []
        if run:
            yield run
        if most < 0:
            return


def _placed_runs(text: str, most: int) -> Iterator[list[tuple[str, int, int]]]:
    """The same with the span of each word in the text."""
    run: list[tuple[str, int, int]] = []
    ends = 0
    for match in WORD.finditer(text):
        if run and _STOP.search(text, ends, match.start() + 1):  # with the next letter, or a point would end the text
            yield run
            run = []
        ends = match.end()
        most -= 1
        if most < 0:
            break
        if _counts(match[0]):
            run.append((match[0], match.start(), match.end()))
        elif run:
            yield run
            run = []
    if run:
        yield run


@lru_cache(maxsize=100_000)
def _counts(word: str) -> bool:
    """Whether a word can be part of a phrase: no number, code or date, and not longer than words are."""
    return len(word) <= _LONGEST and sum(map(str.isdigit, word)) <= 2 and not word.isdigit()


def _windows(run: list[str]) -> Iterator[tuple[int, int]]:
    """Begin and end of each phrase of a run: no function word stands at either end, and one word has three letters."""
    ends = [word not in _FUNCTION_WORDS and len(word) > 1 for word in run]
    for begin, may_begin in enumerate(ends):
        if may_begin:
            for end in range(begin + 1, min(begin + MOST_WORDS, len(run)) + 1):
                if ends[end - 1]:
                    if end - begin > 1 or len(run[begin]) > 2:
                        yield begin, end
                elif run[end - 1] not in _INSIDE:
                    break
