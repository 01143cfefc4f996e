"""How well the watchlist finds what a person labelled: precision and recall, with their intervals and every error."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final, Literal, TypeAlias

from watchlist.dictionary import Dictionary
from watchlist.evidence import Tag
from watchlist.labelled import Labelled
from watchlist.matcher import Matcher

Tier: TypeAlias = Literal["alert", "review", ""]

FEW: Final = 10
"""Sources with fewer relevant records than this are judged pooled: their own figures would say nothing."""
_Z: Final = 1.959964
"""Standard deviations that hold 95 in 100."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with the 95 % interval of Wilson. ``value`` is None where there is nothing to count."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """The share, 0 to 1."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share lies, 95 times of 100; 0 to 1 where nothing was counted."""
        if not self.of:
            return 0.0, 1.0
        share, scale = self.hits / self.of, 1 + _Z**2 / self.of
        middle = (share + _Z**2 / (2 * self.of)) / scale
        reach = _Z * sqrt(share * (1 - share) / self.of + _Z**2 / (4 * self.of**2)) / scale
        low, high = max(0.0, middle - reach), min(1.0, middle + reach)
        return (0.0 if self.hits == 0 else low), (1.0 if self.hits == self.of else high)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was found rightly, found wrongly and missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> Share:
        """Of what was found, how much is right."""
        return Share(self.right, self.right + self.wrong)

    @property
    def recall(self) -> Share:
        """Of what there is, how much was found."""
        return Share(self.right, self.right + self.missed)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall."""
        whole = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / whole if whole else None


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled record and what the matcher made of it."""

    record: Labelled
    tags: tuple[Tag, ...]

    @property
    def tier(self) -> Tier:
        """The best tier of its tags; empty without tags."""
        return "alert" if any(tag.tier == "alert" for tag in self.tags) else "review" if self.tags else ""


@dataclass(frozen=True)
class Evaluation:
    """The judged records of a file, ambiguous ones included; figures leave those out."""

    judged: Sequence[Judged]

    @property
    def clear(self) -> list[Judged]:
        """Records whose labeller was sure."""
        return [each for each in self.judged if each.record.relevant != "ambiguous"]

    def tier_figures(self, tiers: Iterable[Tier], judged: Sequence[Judged] | None = None) -> Figures:
        """Figures of records found in some tiers, of all clear records or of some."""
        wanted = set(tiers)
        some = self.clear if judged is None else judged
        found = [each.tier in wanted for each in some]
        yes = [each.record.relevant == "yes" for each in some]
        return Figures(
            right=sum(f and y for f, y in zip(found, yes, strict=True)),
            wrong=sum(f and not y for f, y in zip(found, yes, strict=True)),
            missed=sum(y and not f for f, y in zip(found, yes, strict=True)),
        )

    def sources(self) -> dict[str, list[Judged]]:
        """Clear records by source; those of sources with few relevant ones together, under all their names."""
        by_source: dict[str, list[Judged]] = {}
        for each in self.clear:
            by_source.setdefault(each.record.source, []).append(each)
        few = [name for name, some in by_source.items() if sum(e.record.relevant == "yes" for e in some) < FEW]
        pooled = [each for name in few for each in by_source.pop(name)]
        found = dict(sorted(by_source.items()))
        return found | ({" + ".join(sorted(few)): pooled} if pooled else {})

    def tag_figures(self, kind: Literal["technology", "vendor"]) -> dict[str, Figures]:
        """Figures of each technology or vendor among the alert tags of clear records.

        Relevant records without a label of the kind say nothing about it and are left out; of an irrelevant record the
        labels name who else is in it, so that nothing is missed there, but every other tag is wrong.
        """
        counts: dict[str, list[int]] = {}
        for each in self.clear:
            labels = each.record.technologies if kind == "technology" else each.record.vendors
            if labels or each.record.relevant == "no":
                found = {tag.id for tag in each.tags if tag.kind == kind and tag.tier == "alert"}
                relevant = each.record.relevant == "yes"
                right, missed = (found & labels, labels - found) if relevant else (frozenset(), frozenset())
                for place, names in enumerate((right, found - labels, missed)):
                    for name in names:
                        counts.setdefault(name, [0, 0, 0])[place] += 1
        return {name: Figures(*counted) for name, counted in sorted(counts.items())}

    def errors(self) -> list[Judged]:
        """Clear records found wrongly, in any tier, or not found in the alert tier; in order of source and id."""
        wrong = [each for each in self.clear if each.tier != ("alert" if each.record.relevant == "yes" else "")]
        return sorted(wrong, key=lambda each: (each.record.source, each.record.id))


def micro(figures: Mapping[str, Figures]) -> Figures:
    """Figures of all names together."""
    return Figures(*(sum(getattr(each, part) for each in figures.values()) for part in ("right", "wrong", "missed")))


def evaluate(
    dictionary: Dictionary,
    records: Sequence[Labelled],
    *,
    leave_source_out: bool = False,
    told: Callable[[str], None] = lambda _: None,
) -> Evaluation:
    """Judge records with a dictionary; with ``leave_source_out`` each by what is known without its own source.

    ``told`` is called with each source before it is judged.
    """
    by_source: dict[str, list[Labelled]] = {}
    for record in records:
        by_source.setdefault(record.source, []).append(record)
    whole = None if leave_source_out else Matcher(dictionary)
    judged = []
    for source, some in by_source.items():
        told(source)
        matcher = whole or Matcher(dictionary.without({source}))
        judged += [Judged(record, matcher.tags(record.notice)) for record in some]
    return Evaluation(judged)
