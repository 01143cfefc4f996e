"""The dictionary's names in all their spellings, compiled into one automaton, and the search for them in a text."""

import re
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from ahocorasick_rs import AhoCorasick

from noticewatch.text import folded, normalise, source_span, strip_html
from watchlist.dictionary import Dictionary
from watchlist.names import ENGLISH, Anchor, Name, anchors, searched
from watchlist.records import Clause
from watchlist.spelling import corrected, single_spaced, slips, spaced_places, whole_word_end

_MOST_PLACES: Final = 500
"""Places of one name that are looked at in one text: what more of them say, these said."""
_WINDOW: Final = 120
"""Characters behind the first words of a family in which its next words are looked for."""
_LETTERS: Final = re.compile("[a-z]+")
_NO_WORD: Final = re.compile(r"\W")
_MARKS: Final = {code: " " for code in range(128) if _NO_WORD.match(chr(code))}
"""Every ASCII character that belongs to no word, for ``str.translate``."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A name found in a field; ``start`` and ``end`` count in the field's text as stored."""

    name: Name
    field: str
    start: int
    end: int


class Haystack:
    """A field's text ready for search: normal form, white space however wide as one blank, with the way back to the
    source.
    """

    _markup: "array[int] | None" = None
    _normal: "array[int] | None" = None
    _places: "array[int] | None" = None

    def __init__(self, text: str) -> None:
        if "<" in text or "&" in text:
            text, self._markup = strip_html(text)
        if text.isascii():
            folded = text.lower()
        else:
            normal = normalise(text)
            folded, self._normal = normal.text, normal.offsets
        self._spaced = folded.replace("\n", " ").replace("\r", " ").replace("\t", " ").replace("_", " ")
        self.text = single_spaced(self._spaced) if "  " in self._spaced else self._spaced

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the stored text that a span of ``text`` came from."""
        if self._places is None and len(self.text) != len(self._spaced):
            self._places = spaced_places(self._spaced)
        span = source_span(self._places, start, end)
        return source_span(self._markup, *source_span(self._normal, *span))


_Spans = list[tuple[Name, int, int]]


class _Anchors:
    """The anchors of one spelling by their next words, to be asked before a text is searched for the rest."""

    def __init__(self) -> None:
        self._anchors: list[Anchor] = []
        self._reach = 0

    def add(self, anchor: Anchor) -> None:
        self._reach = min(_WINDOW, max(self._reach, anchor.reach))
        self._anchors.append(anchor)

    @cached_property
    def _by_word(self) -> dict[str, list[Anchor]]:
        """Made for those spellings alone that stand in some text: they have a hundred thousand words together."""
        found: dict[str, list[Anchor]] = {}
        for anchor in self._anchors:
            for word in anchor.begins:
                found.setdefault(word, []).append(anchor)
        return found

    def near(self, text: str, place: int) -> Iterable[Anchor]:
        """The anchors of which a next word stands behind a place, each once."""
        behind = text[place : place + self._reach]
        words = (behind.translate(_MARKS) if behind.isascii() else _NO_WORD.sub(" ", behind)).split()
        if self._by_word.keys().isdisjoint(words):
            return ()
        return {id(anchor): anchor for word in words for anchor in self._by_word.get(word, ())}.values()


class Patterns:
    """Every spelling of every name in one automaton: a text is read once, whatever the size of the dictionary."""

    def __init__(self, dictionary: Dictionary) -> None:
        names: dict[str, list[Name | str]] = {}
        ahead: dict[str, _Anchors] = {}
        mistakes = _mistakes(dictionary)
        for spelling, name in searched(dictionary):
            right = _LETTERS.sub(lambda word: mistakes.get(word[0], word[0]), spelling)
            for one in (spelling, right) if name.part in {"name", "product"} else (spelling,):
                held = names.setdefault(one, [])
                if name not in held:
                    held.append(name)
        for wrong, word in mistakes.items():
            names.setdefault(wrong, []).append(word)
        for spelling, anchor in anchors(dictionary):
            names.setdefault(spelling, [])
            ahead.setdefault(spelling, _Anchors()).add(anchor)
        self._meanings = list(names.values())
        self._ahead = [ahead.get(spelling) for spelling in names]
        self._automaton = AhoCorasick(list(names), store_patterns=False)
        self._clauses = dictionary.clauses
        self._by_pattern = [(clause, re.compile(clause.pattern)) for clause in dictionary.clauses if clause.pattern]

    def find(self, field: str, text: str, language: str = "") -> "Found | None":
        """All names that stand as whole words (or their plural) in a text; None where there is none.

        ``language`` (ISO 639-1) is the text's; terms are those of English and of that language.
        """
        hay = Haystack(text)
        found, mistakes = self._search(hay.text, language)
        if mistakes:
            right, offsets = corrected(hay.text, mistakes)
            again, _ = self._search(right, language)
            found += ((name, *source_span(offsets, start, end)) for name, start, end in again)
            found = list(dict.fromkeys(found))
        return Found(field, hay, found) if found else None

    def hits(self, found: "Found", *, cut: bool = True) -> list[Hit]:
        """What was found in a text, in its order, without what stands in clauses where these are ``cut``."""
        left_out = self._cut(found) if cut else ()
        begins = [begin for begin, _ in left_out]
        spans: dict[tuple[Name, int, int], None] = {}
        seen: Counter[Name] = Counter()
        for name, start, end in sorted(found.spans, key=lambda each: each[1:]):
            place = bisect_right(begins, start)
            lost = place and start < left_out[place - 1][1] and not name.takes_away
            if name.part == "clause" or lost or seen[name] == _MOST_PLACES:
                continue
            seen[name] += 1
            spans[name, *found.text.source_span(start, end)] = None
        return [Hit(name, found.field, start, end) for name, start, end in spans]

    def clauses(self, found: "Found") -> Iterator[tuple[Clause, int, int]]:
        """Clauses of a text, each with the place, in its normal form, of the words that show it."""
        for name, start, end in found.spans:
            if name.part == "clause":
                yield self._clauses[int(name.owner)], start, end
        for clause, pattern in self._by_pattern:
            for match in pattern.finditer(found.text.text):
                yield clause, match.start(), match.end()

    def _cut(self, found: "Found") -> Sequence[tuple[int, int]]:
        """The parts of a text that are clauses, in order and apart."""
        return _joined((start - clause.before, end + clause.after) for clause, start, end in self.clauses(found))

    def _search(self, text: str, language: str) -> tuple[_Spans, list[tuple[int, int, str]]]:
        found: _Spans = []
        mistakes: list[tuple[int, int, str]] = []
        places = self._automaton.find_matches_as_indexes(text, overlapping=True)
        if not places:
            return found, mistakes
        spoken = ("", ENGLISH, language)
        length, meanings, further = len(text), self._meanings, self._ahead
        for index, start, end in places:
            if start and text[start - 1].isalnum() and text[start].isalnum():
                continue  # inside a word, as most are: not worth a call
            whole = end if end == length or not text[end].isalnum() else whole_word_end(text, start, end)
            if not whole:
                continue
            for meaning in meanings[index]:
                if isinstance(meaning, str):
                    mistakes.append((start, end, meaning))
                elif meaning.language in spoken:
                    found.append((meaning, start, whole))
            if ahead := further[index]:
                for anchor in ahead.near(text, whole):
                    if anchor.name.language in spoken and (rest := anchor.rest.match(text, end, end + _WINDOW)):
                        found.append((anchor.name, start, rest.end()))
        return found, mistakes


@lru_cache(maxsize=2)
def patterns_of(dictionary: Dictionary) -> Patterns:
    """The patterns of a dictionary, made once for all its matchers."""
    return Patterns(dictionary)


def _mistakes(dictionary: Dictionary) -> dict[str, str]:
    """Other spellings of words and the words they stand for: those that are listed, and slips of the hand."""
    listed = {folded(wrong): folded(spelling.word) for spelling in dictionary.spellings for wrong in spelling.also}
    words = set(listed.values())
    slipped = {wrong: word for word in words for wrong in slips(word) if wrong not in words}
    return slipped | listed


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that meet as one."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in a field; spans count in its normal form."""

    field: str
    text: Haystack
    spans: _Spans

    def causes(self, *, headline: bool) -> bool:
        """Whether something found can bring a tag about. Contexts, vetoes and grey words only weigh on what others
        cause, and so do terms and products of several meanings outside a headline.
        """
        return any(
            name.part == "name"
            or (
                name.part in {"term", "product"}
                and (name.policy == "strong" or (headline and name.policy == "needs_context"))
            )
            for name, _, _ in self.spans
        )


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
