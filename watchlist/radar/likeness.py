"""Which notices say what matched ones say: the cosine of their words, weighed by how much each tells. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Final

_MOST_WORDS: Final = 25
"""Words of a notice that count: those that tell most."""

_LEAST_MATCHED: Final = 2
_TELLING: Final = 0.2
"""Share of the notices saying a phrase that are matched, from which it tells something."""


@dataclass(frozen=True, slots=True)
class Near:
    """A matched notice near to another one: ``likeness`` from 0 to 1; ``shared``: the phrases that both say, those that
    tell most first.
    """

    matched: int
    likeness: float
    shared: tuple[str, ...]


class Likeness:
    """Compares notices, each given as the set of its phrases, with the matched ones."""

    def __init__(self, matched: Mapping[int, Iterable[str]], said: Mapping[str, int], notices: int) -> None:
        """``matched``: phrases of each matched notice; ``said``: how many of all ``notices`` have said a phrase."""
        self._said, self._notices = said, max(notices, 1)
        self._weights = self._tell(matched)
        self._by_phrase: dict[str, list[tuple[int, float]]] = {}
        for number in sorted(matched):
            for phrase, weight in self._vector(matched[number]).items():
                self._by_phrase.setdefault(phrase, []).append((number, weight))

    def nearest(self, phrases: Iterable[str]) -> Near | None:
        """The nearest matched notice, the one with the smaller number of two as near; None where nothing is shared."""
        own = self._vector(phrases)
        sums: dict[int, float] = {}
        for phrase, weight in own.items():
            for number, other in self._by_phrase.get(phrase, ()):
                sums[number] = sums.get(number, 0.0) + weight * other
        if not sums:
            return None
        best = min(sums, key=lambda number: (-round(sums[number], 9), number))
        shared = [phrase for phrase in own if any(number == best for number, _ in self._by_phrase.get(phrase, ()))]
        return Near(best, min(1.0, sums[best]), tuple(shared))

    def tells(self, phrase: str) -> float:
        """How much a phrase speaks for the watchlist: 0 where matched notices say it no more often than others."""
        return self._weights.get(phrase, 0.0)

    def _tell(self, matched: Mapping[int, Iterable[str]]) -> dict[str, float]:
        """Rarity of a phrase, where a notice that says it is matched much more often than others are: by how much."""
        counts: dict[str, int] = {}
        for phrases in matched.values():
            for phrase in phrases:
                counts[phrase] = counts.get(phrase, 0) + 1
        found = {}
        for phrase, count in counts.items():
            among = max(self._said.get(phrase, count), count)
            share, usual = count / among, len(matched) / max(self._notices, len(matched))
            if count >= _LEAST_MATCHED and share >= max(_TELLING, 2 * usual):
                found[phrase] = self._rarity(phrase) * sqrt(share)
        return found

    def _rarity(self, phrase: str) -> float:
        return log(1 + self._notices / max(self._said.get(phrase, 1), 1))

    def _vector(self, phrases: Iterable[str]) -> dict[str, float]:
        """The phrases that tell something, the most telling first, with their share of all that the notice says."""
        distinct = set(phrases)
        known = sorted(
            ((self._weights[phrase], phrase) for phrase in distinct if phrase in self._weights),
            key=lambda pair: (-pair[0], pair[1]),
        )[:_MOST_WORDS]
        if not known:
            return {}
        others = sorted((self._rarity(phrase) for phrase in distinct if phrase not in self._weights), reverse=True)
        whole = sum(weight * weight for weight, _ in known) + sum((one / 3) ** 2 for one in others[:_MOST_WORDS])
        return {phrase: weight / sqrt(whole) for weight, phrase in known}


def short(phrases: Iterable[str]) -> list[str]:
    """Phrases of one or two words, by which notices are compared."""
    return [phrase for phrase in phrases if phrase.count(" ") < 2]


def widest(phrases: Sequence[str]) -> list[str]:
    """Phrases without those that stand inside another one of them, in their order."""
    padded = [f" {phrase} " for phrase in phrases]
    return [one for one in phrases if not any(f" {one} " in other and f" {one} " != other for other in padded)]
