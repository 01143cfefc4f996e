"""The dictionary's names in all their spellings, compiled into one automaton, and the search for them in a text."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ahocorasick_rs import AhoCorasick

from noticewatch.text import normalise, source_span, strip_html
from watchlist.dictionary import Dictionary
from watchlist.names import ENGLISH, Anchor, Name, anchors, searched
from watchlist.spelling import corrected, whole_word_end

_WINDOW: Final = 120
"""Characters behind the first words of a family in which its next words are looked for."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A name found in a field; ``start`` and ``end`` count in the field's text as stored."""

    name: Name
    field: str
    start: int
    end: int


class Haystack:
    """A field's text ready for search: normal form, white space as blanks, with the way back to the source."""

    def __init__(self, text: str) -> None:
        plain, self._markup = strip_html(text)
        normal = normalise(plain)
        self._normal = normal.offsets
        self.text = normal.text.translate(_BLANKS)

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the stored text that a span of ``text`` came from."""
        return source_span(self._markup, *source_span(self._normal, start, end))


_BLANKS: Final = {ord(character): " " for character in "\n\r\t\x0b\x0c"}
_Found = list[tuple[Name, int, int]]


class Patterns:
    """Every spelling of every name in one automaton: a text is read once, whatever the size of the dictionary."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._names: dict[str, list[Name | Anchor | str]] = {}
        for spelling, name in searched(dictionary):
            held = self._names.setdefault(spelling, [])
            if name not in held:
                held.append(name)
        for spelling, anchor in anchors(dictionary):
            self._names.setdefault(spelling, []).append(anchor)
        for spelling_of in dictionary.spellings:
            for wrong in spelling_of.also:
                self._names.setdefault(normalise(wrong).text, []).append(normalise(spelling_of.word).text)
        self._meanings = list(self._names.values())
        self._automaton = AhoCorasick(list(self._names), store_patterns=False)
        self._clauses = [(re.compile(clause.pattern), clause.before, clause.after) for clause in dictionary.clauses]

    def find(self, field: str, text: str, language: str = "") -> list[Hit]:
        """All names that stand as whole words (or their plural) in a text, in its order, without boilerplate.

        ``language`` (ISO 639-1) is the text's; terms are those of English and of that language.
        """
        hay = Haystack(text)
        found, mistakes = self._search(hay.text, language)
        if mistakes:
            right, offsets = corrected(hay.text, mistakes)
            again, _ = self._search(right, language)
            found += ((name, *source_span(offsets, start, end)) for name, start, end in again)
        if not found:
            return []
        cut = self._cut(hay.text)
        spans = {
            (name, *hay.source_span(start, end)): None
            for name, start, end in sorted(found, key=lambda each: each[1:])
            if not any(begin <= start < until for begin, until in cut)
        }
        return [Hit(name, field, start, end) for name, start, end in spans]

    def _search(self, text: str, language: str) -> tuple[_Found, list[tuple[int, int, str]]]:
        found: _Found = []
        mistakes: list[tuple[int, int, str]] = []
        for index, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            whole = whole_word_end(text, start, end)
            if not whole:
                continue
            for meaning in self._meanings[index]:
                if isinstance(meaning, Name):
                    if meaning.language in {"", ENGLISH, language}:
                        found.append((meaning, start, whole))
                elif isinstance(meaning, str):
                    mistakes.append((start, end, meaning))
                elif meaning.name.language in {ENGLISH, language} and (
                    rest := meaning.rest.match(text, end, end + _WINDOW)
                ):
                    found.append((meaning.name, start, rest.end()))
        return found, mistakes

    def _cut(self, text: str) -> Sequence[tuple[int, int]]:
        """The parts of a text that are clauses."""
        return [
            (match.start() - before, match.end() + after)
            for pattern, before, after in self._clauses
            for match in pattern.finditer(text)
        ]


def widest(hits: Iterable[Hit]) -> list[Hit]:
    """Hits without those inside another hit of the same owner and part; a strong name yields to a strong one only."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.field, hit.name.part, hit.name.owner, hit.start, -hit.end)):
        if not any(_covers(other, hit) for other in reversed(kept[-3:])):
            kept.append(hit)
    return kept


def _covers(wide: Hit, hit: Hit) -> bool:
    return (
        (wide.field, wide.name.part, wide.name.owner) == (hit.field, hit.name.part, hit.name.owner)
        and wide.start <= hit.start
        and hit.end <= wide.end
        and (wide.name.policy == "strong" or hit.name.policy != "strong")
    )
