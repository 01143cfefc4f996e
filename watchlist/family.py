"""Families of vendors: who belonged to whom, and when. What was bought before a firm was sold keeps its name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from watchlist.dictionary import Vendor
from watchlist.records import Parent

When: TypeAlias = Literal["before", "while", "after", "not_known"]
WHENS: Final[tuple[When, ...]] = ("before", "while", "after", "not_known")
"""Where a day stands to the time for which a vendor belonged to an owner, in order."""


@dataclass(frozen=True, slots=True)
class Kin:
    """A vendor of a family, and the tie that makes it one: dates as far as known, and whether it was looked up."""

    vendor: str
    tie: Parent


@dataclass(frozen=True, slots=True)
class Belonging:
    """That a vendor belonged to an owner, directly or by way of others, as far as it was checked.

    ``owner``: its id, or its name where it is not on the watchlist; ``ways``: chains of ties, each from the vendor up.
    """

    vendor: str
    owner: str
    ways: tuple[tuple[Parent, ...], ...]

    @property
    def since(self) -> str:
        """When it joined, as far as known; what sorts behind every date where it is not."""
        return min(max(tie.since or "not known" for tie in way) for way in self.ways)

    @property
    def ties(self) -> tuple[Kin, ...]:
        """All ties that it rests on, each once, from the vendor up."""
        found: dict[Kin, None] = {}
        for way in self.ways:
            below = self.vendor
            for tie in way:
                found[Kin(below, tie)] = None
                below = tie.vendor
        return tuple(found)

    def on(self, day: str) -> When:
        """Whether it belonged on a day (``YYYY-MM-DD``; empty: not known). Only dates that are sure count: a day within
        the month or year to which a change is known is on neither side of it.
        """
        found = {_along(way, day) for way in self.ways}
        if len(found) == 1:
            return found.pop()
        return next(when for when in ("while", "not_known", "after") if when in found)


def members_of(vendors: Mapping[str, Vendor], vendor: str) -> list[Kin]:
    """Vendors that belong or belonged to one, in order of their ids."""
    ties = ((one.id, parent) for one in vendors.values() for parent in one.parents)
    return [Kin(child, parent) for child, parent in ties if parent.vendor == vendor]


def belongings(vendors: Mapping[str, Vendor]) -> list[Belonging]:
    """Every pair of a vendor and an owner above it by ties that were checked, in the order in which they joined."""
    found: dict[tuple[str, str], list[tuple[Parent, ...]]] = {}
    for vendor in vendors.values():
        for way in _ways(vendors, vendor.id, frozenset()):
            if not _never(way):
                found.setdefault((vendor.id, way[-1].vendor or way[-1].name), []).append(way)
    pairs = [Belonging(vendor, owner, tuple(ways)) for (vendor, owner), ways in found.items()]
    return sorted(pairs, key=lambda pair: (pair.since, pair.vendor, pair.owner))


def tie_words(tie: Parent) -> str:
    """The dates of a tie in words: ``since 2019-01``, ``2011 until 2022-01``; empty where none is known."""
    if tie.since and tie.until:
        return f"{tie.since} until {tie.until}"
    return f"since {tie.since}" if tie.since else f"until {tie.until}" if tie.until else ""


def _ways(vendors: Mapping[str, Vendor], vendor: str, passed: frozenset[str]) -> Iterator[tuple[Parent, ...]]:
    """Chains of checked ties from a vendor up to each owner above it, none through the same firm twice."""
    here = vendors.get(vendor)
    for tie in here.parents if here else ():
        if tie.checked and tie.vendor not in passed | {vendor}:
            yield (tie,)
            yield from ((tie, *rest) for rest in _ways(vendors, tie.vendor, passed | {vendor}))


def _never(way: tuple[Parent, ...]) -> bool:
    """Whether one tie of a chain had surely ended when another began."""
    dates = [(one.until, other.since) for one in way for other in way if one.until and other.since]
    return any(_standing(until, since) in {"before", "on"} for until, since in dates)


def _along(way: tuple[Parent, ...], day: str) -> When:
    """One chain holds while all its ties do."""
    found = {_tied(tie, day) for tie in way}
    return next(when for when in ("before", "after", "not_known", "while") if when in found)


def _tied(tie: Parent, day: str) -> When:
    if not day:
        return "not_known"
    ended = _standing(tie.until, day) if tie.until else "after"
    if ended in {"before", "on"}:
        return "after"
    begun = _standing(tie.since, day) if tie.since else "within"
    if begun == "after":
        return "before"
    return "not_known" if "within" in {ended, begun} else "while"


def _standing(date: str, day: str) -> Literal["before", "on", "within", "after"]:
    """Where a date, perhaps a month or a year, stands to a day or to another date."""
    length = min(len(date), len(day))
    if date[:length] != day[:length]:
        return "before" if date < day else "after"
    return "on" if len(date) == len(day) == len("YYYY-MM-DD") else "within"
