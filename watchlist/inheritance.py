"""Tags pass down a procurement: a modification has those of the notices before it, and says from which.

Only stated joins lead from one notice to another (docs/model.md). Pure.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from watchlist.evidence import Evidence, Tag
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
    """Tags without those that passed down."""
    return [tag for tag in tags if not any(evidence.notice for evidence in tag.evidence)]


def with_inherited(members: Iterable[Member]) -> Iterator[tuple[Member, tuple[Tag, ...]]]:
    """Each member of one procurement in order, with its own tags and those that pass down from members before it.

    A vendor or technology passes down from the first notice that is tagged with it in the tier ``alert``; a seller does
    not, since each notice names its own. What a notice says by itself in that tier needs no heritage.
    """
    passing: dict[Key, Tag] = {}
    for member in sorted(members, key=lambda one: one.order):
        kept: dict[Key, Tag] = {(tag.kind, tag.id, tag.role): tag for tag in member.own}
        for key, tag in passing.items():
            if key not in kept or kept[key].tier != "alert":
                kept[key] = tag
        yield member, tuple(tag for _, tag in sorted(kept.items()))
        for tag in member.own:
            if tag.tier == "alert" and tag.role != "seller":
                passing.setdefault((tag.kind, tag.id, tag.role), _handed_down(tag, member.notice))


def _handed_down(tag: Tag, notice: str) -> Tag:
    return replace(
        tag,
        evidence=tuple(
            Evidence(
                piece.field, piece.quote, piece.start, piece.end, "inheritance",
                f"passes down the contract from {notice}: there {piece.why}", notice,
            )
            for piece in tag.evidence[:_MOST_EVIDENCE]
        ),
    )  # fmt: skip
