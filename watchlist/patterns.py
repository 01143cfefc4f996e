"""The dictionary's names in all their spellings, compiled into one automaton, and the search for them in a text."""

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from ahocorasick_rs import AhoCorasick, Implementation

from noticewatch.text import normalise, source_span, strip_html
from watchlist.dictionary import Dictionary, Policy

_LEGAL_FORMS: Final = ("inc", "llc", "ltd", "corp", "corporation", "incorporated", "limited", "co", "company", "gmbh")
_LEGAL_END: Final = re.compile(rf"[,.]?\s+({'|'.join(_LEGAL_FORMS)})\.?$")
_CAMEL: Final = re.compile(r"(?<=[a-z]{2})(?=[A-Z][a-z]{2})")
_SEPARATORS: Final = re.compile(r"[ -]+")
_JOINED_LENGTH: Final = 8
_PLURAL_LENGTH: Final = 3


@dataclass(frozen=True, slots=True)
class Name:
    """A name of the dictionary: ``veto`` is a context in which the owner's terms mean another thing."""

    part: Literal["name", "product", "term", "veto"]
    owner: str
    name: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class Hit:
    """A name found in a field; ``start`` and ``end`` count in the field's text as stored."""

    name: Name
    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Haystack:
    """A field's text ready for search: normal form, white space as blanks, with the way back to the source."""

    text: str
    normal_offsets: "array[int] | None"
    markup_offsets: "array[int] | None"

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the stored text that a span of ``text`` came from."""
        return source_span(self.markup_offsets, *source_span(self.normal_offsets, start, end))


def haystack(text: str) -> Haystack:
    """Prepare a field's text for search."""
    plain, markup = strip_html(text)
    normal = normalise(plain)
    blank = normal.text.replace("\n", " ").replace("\r", " ").replace("\t", " ")
    return Haystack(blank, normal.offsets, markup)


class Patterns:
    """Every spelling of every name in one automaton: a text is read once, whatever the size of the dictionary."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._names: dict[str, list[Name]] = {}
        for name in _names(dictionary):
            for spelling, spelt in _spelt(name):
                self._names.setdefault(spelling, []).append(spelt)
        self._spellings = list(self._names)
        self._automaton = AhoCorasick(self._spellings, implementation=Implementation.DFA, store_patterns=False)

    def find(self, field: str, text: Haystack) -> list[Hit]:
        """All names that stand as whole words (or their plural) in a text, in its order, without boilerplate."""
        found = self._automaton.find_matches_as_indexes(text.text, overlapping=True)
        if not found:
            return []
        spans = [(index, start, whole) for index, start, end in found if (whole := _whole(text.text, start, end))]
        if not spans:
            return []
        cut = _boilerplate(text.text)
        hits: list[Hit] = []
        for index, start, end in spans:
            if not any(begin <= start < until for begin, until in cut):
                span = text.source_span(start, end)
                hits += (Hit(name, field, *span) for name in self._names[self._spellings[index]])
        return hits


def spellings(name: str) -> set[str]:
    """Normal forms under which a name is searched: spaced, hyphenated and joined, with and without punctuation."""
    plain = normalise(name).text.strip()
    base = {plain, plain.replace(" & ", " and ")}
    found: set[str] = set()
    for spelling in base:
        legal = _LEGAL_END.search(spelling)
        if legal:
            stem = spelling[: legal.start()]
            found |= {f"{stem} {legal[1]}", f"{stem}, {legal[1]}"}
        words = _SEPARATORS.split(spelling)
        found |= {spelling, " ".join(words), "-".join(words)}
        joined = "".join(words)
        if len(joined) >= _JOINED_LENGTH and len(words) == 2 and not legal:
            found.add(joined)
    return found - {""}


def _spelt(name: Name) -> Iterator[tuple[str, Name]]:
    """Spellings of a name, and what each is worth: a product written apart (``BodyWorn``) may be plain words."""
    own = spellings(name.name)
    yield from ((spelling, name) for spelling in own)
    if name.part == "product":
        yield from ((", ".join(words), name) for spelling in own if len(words := spelling.split(" ")) == 2)
    apart = _CAMEL.sub(" ", name.name)
    if apart != name.name:
        weaker = name if name.part == "term" else replace(name, policy="needs_context")
        yield from ((spelling, weaker) for spelling in spellings(apart) - own)


def _names(dictionary: Dictionary) -> Iterator[Name]:
    included = set()
    for row in dictionary.policies:
        included.add(normalise(row.name).text)
        yield Name(row.part, row.owner, row.name, row.policy)
        if row.part == "product" and row.policy != "strong":
            maker = dictionary.vendors[row.owner].name.split()[0]
            if normalise(maker).text not in normalise(row.name).text:
                yield Name("product", row.owner, f"{maker} {row.name}", "strong")
    for technology in dictionary.technologies.values():
        for term in technology.exclude_terms:
            bare = re.sub(r"\s*\([^)]*\)", "", term)
            if normalise(bare).text not in included:
                yield Name("veto", technology.id, bare, "strong")


def _whole(text: str, start: int, end: int) -> int:
    """The end of a match that stands as a whole word, its plural included; 0 for a part of a word."""
    if start and text[start - 1].isalnum() and text[start].isalnum():
        return 0
    if end == len(text) or not (text[end].isalnum() and text[end - 1].isalnum()):
        return end
    if end - start > _PLURAL_LENGTH and text[end] == "s" and (end + 1 == len(text) or not text[end + 1].isalnum()):
        return end + 1
    return 0


_BOILERPLATE: Final = re.compile(
    r"52\.204-2[3-6]|52\.240-1|52\.209-9|252\.204-70\d\d|section 889|covered telecommunications"
    r"|certain telecommunications and video|quality assurance surveillance|\bqasp\b|\bdbids\b"
    r"|defense biometric identification|base access|installation access|prohibition on (?:contracting|unmanned)"
)
_REACH: Final = 400
"""Characters before and after a marker of clause text in which nothing is taken for what is bought."""


def _boilerplate(text: str) -> Sequence[tuple[int, int]]:
    return [(match.start() - _REACH, match.end() + _REACH) for match in _BOILERPLATE.finditer(text)]


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
