"""What the words found in a notice mean where they stand: vetoes, wider terms and grey cases. Linear in the hits."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from watchlist.dictionary import ROOT, Dictionary, Technology
from watchlist.patterns import Hit, widest
from watchlist.records import LONGEST

_NEARBY: Final = 300
"""Characters within which a veto takes a term's meaning away."""

_Span = tuple[int, int]


class Spans:
    """Spans in order of their beginning, for looking around a place."""

    def __init__(self, spans: Iterable[_Span]) -> None:
        self._spans = sorted(set(spans))

    def around(self, first: int, last: int) -> Iterator[_Span]:
        """Spans that begin from ``first`` to ``last``."""
        begin = bisect_left(self._spans, (first, -1))
        yield from self._spans[begin : bisect_right(self._spans, (last, 1 << 62))]


def meant(hits: Collection[Hit], headline: Collection[str], technologies: Mapping[str, Technology]) -> list[Hit]:
    """Names, products, contexts and terms that are meant: without those inside wider ones of their owner, without terms
    that a veto takes away or that are but a part of another technology's term, without products in a party's name.
    """
    vetoes = _Vetoes((hit for hit in hits if hit.name.part == "veto"), headline)
    strong = _Strong((hit for hit in hits if hit.name.part == "term" and hit.name.policy == "strong"), technologies)
    kept = []
    for hit in widest(hit for hit in hits if hit.name.part not in {"veto", "grey"}):
        if hit.name.part == "term":
            if not vetoes.take_away(hit) and not strong.hold(hit):
                kept.append(hit)
        elif hit.name.part == "name" or not hit.field.startswith("parties."):
            kept.append(hit)
    return kept


def greys(
    dictionary: Dictionary, hits: Iterable[Hit], headline: Collection[str], texts: Mapping[str, str]
) -> list[tuple[frozenset[str], str]]:
    """The grey cases that speak in a notice: the technologies they concern (all where empty), and why."""
    found: dict[str, tuple[frozenset[str], str]] = {}
    for hit in hits:
        if hit.name.part == "grey":
            case = dictionary.greys[int(hit.name.owner)]
            if hit.field in headline or not case.headline:
                quote = texts[hit.field][hit.start : hit.end]
                why = f"for review, since “{quote}” may mean {case.name}"
                found.setdefault(hit.name.owner, (frozenset(case.technologies), why))
    return list(found.values())


class _Vetoes:
    def __init__(self, vetoes: Iterable[Hit], headline: Collection[str]) -> None:
        spans: dict[tuple[str, str], list[_Span]] = {}
        self._headline = headline
        self._everywhere: set[str] = set()
        self._below: set[str] = set()
        for veto in vetoes:
            spans.setdefault((veto.name.owner, veto.field), []).append((veto.start, veto.end))
            if veto.field.startswith("parties."):
                self._everywhere.add(veto.name.owner)
            elif veto.field in headline:
                self._below.add(veto.name.owner)
        self._spans = {place: Spans(some) for place, some in spans.items()}

    def take_away(self, hit: Hit) -> bool:
        """Whether a veto stands near a term of its technology, in a party's name, or in the headline over a text."""
        if hit.name.owner in self._everywhere or (hit.name.owner in self._below and hit.field not in self._headline):
            return True
        if self._is_another_kind(hit):
            return True
        spans = self._spans.get((hit.name.owner, hit.field))
        if spans is None:
            return False
        near = spans.around(hit.start - _NEARBY - LONGEST, hit.start + _NEARBY)
        return any(hit.start <= end + _NEARBY and not _within((begin, end), hit) for begin, end in near)

    def _is_another_kind(self, hit: Hit) -> bool:
        """Whether a term begins inside a veto of the root: ``surveillance receiver`` behind ``dependent``."""
        spans = self._spans.get((ROOT, hit.field), Spans(()))
        return any(begin < hit.start < end <= hit.end for begin, end in spans.around(hit.start - LONGEST, hit.start))


def _within(span: _Span, hit: Hit) -> bool:
    """Whether a veto is but a part of the term it stands in; between the words of a family it is none."""
    if hit.name.parted and hit.start < span[0] and span[1] < hit.end:
        return False
    return hit.start <= span[0] and span[1] <= hit.end and span != (hit.start, hit.end)


class _Strong:
    """The strong terms of a notice: what is but a part of one is not meant."""

    def __init__(self, hits: Iterable[Hit], technologies: Mapping[str, Technology]) -> None:
        self._technologies = technologies
        spans: dict[tuple[str, str], list[_Span]] = {}
        for hit in hits:
            spans.setdefault((hit.field, hit.name.owner if hit.name.parted else ""), []).append((hit.start, hit.end))
        self._spans = {place: Spans(some) for place, some in spans.items()}

    def hold(self, hit: Hit) -> bool:
        """Whether a term is but a part of a wider one. Of a family whose words stand apart, what stands right below it
        is meant too, and behind its first words what stands right above: ``biometric fingerprint scanners`` are both.
        """
        return any(
            hit.end <= end and end - begin > hit.end - hit.start
            for (field, family), spans in self._spans.items()
            if field == hit.field
            for begin, end in spans.around(hit.start - LONGEST, hit.start)
            if not self._is_below(hit.name.owner, family)
            if begin == hit.start or not self._is_below(family, hit.name.owner)
        )

    def _is_below(self, one: str, other: str) -> bool:
        return bool(one) and other != ROOT and self._technologies[one].parent == other
