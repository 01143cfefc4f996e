"""Tags pass down a procurement: a modification has those of the notices before it, and says from which; and, for
review, from a vehicle to the orders under it.

Only stated joins lead from one notice to another (docs/model.md). Pure.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from watchlist.evidence import Evidence, Tag
from watchlist.findings import Key, Tier

_MOST_EVIDENCE = 2
"""Pieces of evidence that pass down with a tag: the notice they stand in shows them all."""


@dataclass(frozen=True, slots=True)
class Member:
    """A notice of a procurement: its id, the day it is dated by, and the tags that its own words give."""

    notice: str
    day: str
    own: Sequence[Tag]

    @property
    def place(self) -> tuple[str, str]:
        """Its place among others: of one day the first by id, whichever came first."""
        return self.day, self.notice


def own_tags(tags: Iterable[Tag]) -> list[Tag]:
    """Tags as the notice's own words give them: without what passed down, what only that had settled in doubt, and who
    sold only that.
    """
    found = []
    for tag in tags:
        own = tuple(piece for piece in tag.evidence if not piece.notice)
        if own:
            found.append(tag if own == tag.evidence else replace(tag, tier="review", evidence=own))
    return list(with_sellers(found))


def with_inherited(members: Iterable[Member]) -> Iterator[tuple[Member, tuple[Tag, ...]]]:
    """Each member of one procurement in order, with its own tags and those that pass down from members before it.

    A vendor or technology passes down from the first notice that is tagged with it in the tier ``alert``. What a notice
    says by itself in that tier needs no heritage.
    """
    handed: dict[Key, Tag] = {}
    for member in sorted(members, key=lambda one: one.place):
        yield member, settled(member.own, handed.values())
        for tag in passing(member.own):
            handed.setdefault(_key(tag), _handed_down(tag, member.notice))


def under_vehicle(found: Sequence[Tag], given: Iterable[Tag]) -> tuple[Tag, ...]:
    """The tags of an order with those that its vehicle gives it. An order that names anything beyond doubt says itself
    what was bought, and takes none.
    """
    if any(tag.tier == "alert" for tag in found):
        return tuple(found)
    named = {(tag.kind, tag.id) for tag in found}
    return tuple(sorted((*found, *(tag for tag in given if (tag.kind, tag.id) not in named)), key=_key))


def without_vehicle(found: Iterable[Tag]) -> tuple[Tag, ...]:
    """Tags without those that a vehicle gave: they are for review, and nothing but another notice says them."""
    return with_sellers(tag for tag in found if tag.tier == "alert" or any(not piece.notice for piece in tag.evidence))


def given_by_vehicle(speakers: Iterable[Member], most: int) -> tuple[Tag, ...]:
    """What the notices that speak for a vehicle of at most so many orders (``most``) give to these, for review: each
    tag from the first of them that has it beyond doubt.
    """
    given: dict[Key, Tag] = {}
    for member in sorted(speakers, key=lambda one: one.place):
        why = f"stands in the vehicle {member.notice}, which has no more than {most} orders, so for review: there"
        for tag in passing(member.own):
            given.setdefault(_key(tag), replace(tag, tier="review", evidence=_quoted(tag, why, member.notice)))
    return tuple(given.values())


def with_sellers(found: Iterable[Tag], sellers: Iterable[Tag] = ()) -> tuple[Tag, ...]:
    """Tags with those of ``sellers`` too: whoever sells stands only beside what is sold, in the best tier of that."""
    kept = {_key(tag): tag for tag in (*sellers, *found)}
    sold = [tag.tier for tag in kept.values() if tag.role != "seller"]
    if not sold:
        return ()
    tier: Tier = "alert" if "alert" in sold else "review"
    return tuple(replace(tag, tier=tier) if tag.role == "seller" else tag for _, tag in sorted(kept.items()))


def borrowed(found: Iterable[Tag]) -> bool:
    """Whether some of a notice's tags rest on the words of another one, or of another version."""
    return any(piece.notice or piece.version for tag in found for piece in tag.evidence)


def passing(own: Iterable[Tag]) -> list[Tag]:
    """The tags of a notice that pass on: those beyond doubt; a seller does not, since each notice names its own."""
    return [tag for tag in own if tag.tier == "alert" and tag.role != "seller"]


def settled(own: Iterable[Tag], passed: Iterable[Tag]) -> tuple[Tag, ...]:
    """Own tags with those passed on, in order; a doubt of one's own is settled by the same tag passed on."""
    kept = {_key(tag): tag for tag in own}
    for tag in passed:
        held = kept.get(_key(tag))
        if held is None:
            kept[_key(tag)] = tag
        elif held.tier != "alert":
            kept[_key(tag)] = replace(tag, evidence=(*tag.evidence, *held.evidence))
    return tuple(tag for _, tag in sorted(kept.items()))


def from_versions(own: Iterable[Tag], others: Iterable[tuple[int, Iterable[Tag]]]) -> tuple[Tag, ...]:
    """Own tags of a version; where it says nothing beyond doubt, with those of other versions, for review: a posting
    that lost its words is still of what it was, one that names another thing is not. ``others``: the newest first.
    """
    kept = {_key(tag): tag for tag in own}
    if any(tag.tier == "alert" for tag in kept.values()):
        return tuple(kept.values())
    for version, tags in others:
        for tag in passing(tags):
            kept.setdefault(_key(tag), _of_version(tag, version))
    return tuple(tag for _, tag in sorted(kept.items()))


def _key(tag: Tag) -> Key:
    return tag.kind, tag.id, tag.role


def _of_version(tag: Tag, version: int) -> Tag:
    why = f"stands in version {version} and no more in the current one, so for review: there"
    pieces = tuple(
        replace(piece, by="inheritance", why=f"{why} {piece.why}", version=version)
        for piece in tag.evidence[:_MOST_EVIDENCE]
    )
    return replace(tag, tier="review", evidence=pieces)


def _handed_down(tag: Tag, notice: str) -> Tag:
    return replace(tag, evidence=_quoted(tag, f"passes down the contract from {notice}: there", notice))


def _quoted(tag: Tag, why: str, notice: str) -> tuple[Evidence, ...]:
    """The first evidence of a tag, as it stands in another notice."""
    return tuple(
        replace(piece, by="inheritance", why=f"{why} {piece.why}", notice=notice)
        for piece in tag.evidence[:_MOST_EVIDENCE]
    )
