"""Tags pass down a procurement: a modification has those of the notices before it, and says from which.

Only stated joins lead from one notice to another (docs/model.md). Pure.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from watchlist.evidence import Tag
from watchlist.findings import Key

_MOST_EVIDENCE = 2
"""Pieces of evidence that pass down with a tag: the notice they stand in shows them all."""


@dataclass(frozen=True, slots=True)
class Member:
    """A notice of a procurement: its id, its place in order, and the tags that its own words give."""

    notice: str
    order: tuple[str, int]
    own: Sequence[Tag]


def own_tags(tags: Iterable[Tag]) -> list[Tag]:
    """Tags as the notice's own words give them: without what passed down, and what only that had settled in doubt."""
    found = []
    for tag in tags:
        own = tuple(piece for piece in tag.evidence if not piece.notice)
        if own:
            found.append(tag if own == tag.evidence else replace(tag, tier="review", evidence=own))
    return found


def with_inherited(members: Iterable[Member]) -> Iterator[tuple[Member, tuple[Tag, ...]]]:
    """Each member of one procurement in order, with its own tags and those that pass down from members before it.

    A vendor or technology passes down from the first notice that is tagged with it in the tier ``alert``; a seller does
    not, since each notice names its own. What a notice says by itself in that tier needs no heritage.
    """
    passing: dict[Key, Tag] = {}
    for member in sorted(members, key=lambda one: one.order):
        yield member, settled(member.own, passing.values())
        for tag in member.own:
            if tag.tier == "alert" and tag.role != "seller":
                passing.setdefault(_key(tag), _handed_down(tag, member.notice))


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
        for tag in tags:
            if tag.tier == "alert" and tag.role != "seller":
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
    why = f"passes down the contract from {notice}: there"
    return replace(
        tag,
        evidence=tuple(
            replace(piece, by="inheritance", why=f"{why} {piece.why}", notice=notice)
            for piece in tag.evidence[:_MOST_EVIDENCE]
        ),
    )
