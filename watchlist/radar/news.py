"""Phrases that are new in an agency's notices, or that it says much more often than before. Pure functions."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

How: TypeAlias = Literal["new", "new here", "rising"]
"""``new``: no notice of any agency said it before; ``new here``: none of this agency's did; ``rising``: much more often
than before."""

RISING_LEAST: Final = 3
"""Fewest new notices that say a rising phrase."""

RISING_TIMES: Final = 4.0
"""How many times as often as before a rising phrase is said, of as many notices."""


@dataclass(frozen=True, slots=True)
class News:
    """A phrase that is news in an agency's notices. ``notices``: places in the list of new notices that say it;
    ``before``: how many earlier notices of the agency said it, ``elsewhere``: of other agencies.
    """

    phrase: str
    agency: str
    how: How
    notices: tuple[int, ...]
    before: int
    elsewhere: int


def news(
    new: Sequence[tuple[str, Set[str]]],
    said: Mapping[str, Mapping[str, int]],
    held: Mapping[str, int],
) -> list[News]:
    """What is news, in order of agency and phrase. A phrase with a greater piece of news in it is left out.

    new: agency and phrases of each new notice; said: how many notices of each agency have ever said a phrase, the new
    ones included; held: notices of each agency, the new ones included.
    """
    saying: dict[tuple[str, str], list[int]] = {}
    now: dict[str, int] = {}
    anywhere: dict[str, int] = {}
    for place, (agency, phrases) in enumerate(new):
        now[agency] = now.get(agency, 0) + 1
        for phrase in phrases:
            saying.setdefault((agency, phrase), []).append(place)
            anywhere[phrase] = anywhere.get(phrase, 0) + 1
    found: dict[tuple[str, str], News] = {}
    for (agency, phrase), places in saying.items():
        by_agency = said.get(phrase, {})
        before = max(by_agency.get(agency, 0) - len(places), 0)
        elsewhere = max(sum(by_agency.values()) - anywhere[phrase] - before, 0)
        how = _how(len(places), now[agency], before, held.get(agency, 0) - now[agency], elsewhere)
        if how is not None:
            found[agency, phrase] = News(phrase, agency, how, tuple(places), before, elsewhere)
    return [found[name] for name in sorted(found) if not _inner_news(found[name], found)]


def _how(count: int, among: int, before: int, among_before: int, elsewhere: int) -> How | None:
    if before == 0:
        if not elsewhere:
            return "new"
        return "new here" if among_before > 0 else None
    expected = (before + 0.5) / max(among_before, 1) * among
    return "rising" if count >= RISING_LEAST and count >= RISING_TIMES * expected else None


def _inner_news(one: News, found: Mapping[tuple[str, str], News]) -> bool:
    """Whether a part of a phrase is more news, or what is new in a phrase that one notice says: that part is told."""
    words = one.phrase.split(" ")
    for size in range(1, len(words)):
        for begin in range(len(words) - size + 1):
            inner = found.get((one.agency, " ".join(words[begin : begin + size])))
            if inner is not None and (len(inner.notices) > len(one.notices) or len(one.notices) == 1):
                return True
    return False
