"""Which postings are one notice, from everything that is held of them, whatever order it came in. Pure.

SAM.gov posts each revision of a notice under a NoticeId of its own, a *posting*. The rule goes through the postings in
order and puts each to the latest group that it follows (archive/chains.py), else into a group of its own; what was
decided by a correction comes before the rule. So the groups depend on what is held alone.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self, TypeAlias

from archive.chains import Link

Order: TypeAlias = tuple[str, str]

CROWDED: Final = 200
"""Postings under one chain key above which a number is no longer that of one notice: only the same title counts then.
Every title would be compared with every other one.
"""


@dataclass(frozen=True, slots=True)
class Posting:
    """A NoticeId (letters and digits) with what decides where it belongs.

    key: chain key of its latest wording, None where that is too weak; revision: the latest that any of its wordings
    states; links: what its wordings make, none for one of which only the text is known.
    """

    number: str
    key: str | None
    revision: str
    links: frozenset[Link]

    @property
    def order(self) -> Order:
        """Orders the postings of a chain."""
        return self.revision, self.number

    def follows(self, last: "Posting", *, by_title: bool = False) -> bool:
        """Whether any of its wordings follows any of another posting's: a title that was edited parts nothing."""
        return any(link.follows(other, by_title=by_title) for link in self.links for other in last.links)


@dataclass(frozen=True, slots=True)
class Decisions:
    """What corrections decided of pairs of postings: that they are one notice, or that they are not."""

    same: Mapping[str, frozenset[str]]
    apart: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str, bool]]) -> Self:
        """From pairs of numbers, each with whether the two are one notice."""
        found: dict[bool, dict[str, set[str]]] = {True: defaultdict(set), False: defaultdict(set)}
        for one, other, together in pairs:
            found[together][one].add(other)
            found[together][other].add(one)
        same = {number: frozenset(others) for number, others in found[True].items()}
        apart = {number: frozenset(others) for number, others in found[False].items()}
        return cls(same=same, apart=apart)

    def __bool__(self) -> bool:
        return bool(self.same or self.apart)

    def concerns(self, number: str) -> bool:
        """Whether anything was decided of a posting."""
        return number in self.same or number in self.apart

    def tied(self, number: str) -> frozenset[str]:
        """The postings that are one notice with this one by decision, itself among them."""
        if number not in self.same:
            return frozenset({number})
        found, ahead = {number}, [number]
        while ahead:
            new = self.same.get(ahead.pop(), frozenset()) - found
            found |= new
            ahead += new
        return frozenset(found)


NOTHING: Final = Decisions({}, {})


@dataclass(slots=True)
class Group:
    """Postings that are one notice, in order."""

    postings: list[Posting] = field(default_factory=list)

    @property
    def numbers(self) -> frozenset[str]:
        """NoticeIds of its postings."""
        return frozenset(posting.number for posting in self.postings)

    @property
    def keys(self) -> list[str]:
        """Chain keys of its postings, each once; more than one only where a correction joined them."""
        return list(dict.fromkeys(posting.key for posting in self.postings if posting.key is not None))

    @property
    def last(self) -> Posting:
        """The posting that the next one must follow: the last of which more is known than its text."""
        return next((posting for posting in reversed(self.postings) if posting.links), self.postings[-1])


class _Shelves:
    """Groups by what the next posting is compared with: those of a key, or of a crowded key those whose last posting
    has a title. Each shelf is in the order of the groups' latest postings.
    """

    def __init__(self, crowded: Collection[str | None]) -> None:
        self._crowded = crowded
        self._held: dict[tuple[str, str | None], dict[int, Group]] = defaultdict(dict)

    def fitting(self, posting: Posting, apart: frozenset[str]) -> Group | None:
        """The latest group that a posting follows, without those that it was parted from."""
        by_title = posting.key in self._crowded
        found = []
        for place in self._places([posting.key], posting):
            for group in reversed(self._held[place].values()):
                if posting.follows(group.last, by_title=by_title) and not (apart and apart & group.numbers):
                    found.append(group)
                    break
        return max(found, key=lambda group: group.postings[-1].order, default=None)

    def add(self, group: Group, posting: Posting) -> None:
        """Add a posting to its group."""
        if group.postings:
            for place in self._places(group.keys, group.last):
                self._held[place].pop(id(group), None)
        group.postings.append(posting)
        for place in self._places(group.keys, group.last):
            self._held[place][id(group)] = group

    def _places(self, keys: Iterable[str | None], posting: Posting) -> list[tuple[str, str | None]]:
        titles = list(dict.fromkeys(link.title for link in posting.links))
        return [
            (key, title)
            for key in keys
            if key is not None
            for title in (titles if key in self._crowded else [None])
        ]  # fmt: skip


def grouped(postings: Iterable[Posting], decisions: Decisions = NOTHING, *, crowded: int = CROWDED) -> list[Group]:
    """The notices that these postings are, in the order in which they begin. They are all of their keys."""
    ordered = sorted(postings, key=lambda posting: posting.order)
    counts = Counter(posting.key for posting in ordered)
    shelves = _Shelves({key for key, count in counts.items() if count > crowded})
    groups: list[Group] = []
    by_tie: dict[str, Group] = {}
    for posting in ordered:
        tied = decisions.tied(posting.number)
        group = by_tie.get(posting.number) or shelves.fitting(posting, _apart(tied, decisions))
        if group is None:
            group = Group()
            groups.append(group)
        shelves.add(group, posting)
        by_tie.update(dict.fromkeys(tied, group))
    return groups


def inserted(
    groups: Sequence[Group], posting: Posting, *, crowded: int = CROWDED
) -> tuple[bool, Group | None]:  # fmt: skip
    """Whether a new posting leaves the groups of its key, of which nothing was decided, as they are; and then its own
    among them, None where it makes one of its own. Far cheaper than to group all of a large key anew.
    """
    held = sum(len(group.postings) for group in groups)
    if held == crowded:
        return False, None
    by_title = held > crowded
    fitting = [
        (last.order, place) for place, last in _befores(groups, posting) if posting.follows(last, by_title=by_title)
    ]
    own = groups[max(fitting)[1]] if fitting else None
    after = next((held for held in own.postings if held.order > posting.order), None) if own else None
    if after is not None and not after.follows(posting, by_title=by_title):
        return False, None
    taken = _taken(groups, posting, after, by_title=by_title)
    if taken is None:
        return True, own
    last, group = taken
    return (False, None) if own is not None or last is not None else (True, group)


def _taken(
    groups: Sequence[Group], posting: Posting, until: Posting | None, *, by_title: bool
) -> tuple[Posting | None, Group] | None:
    """The first posting behind a new one and before ``until`` that would follow it instead: the one that it follows so
    far, None where it begins its group, and that group. None where there is none.
    """
    found = [
        (held.order, last, group)
        for group in groups
        for last, held in zip([None, *group.postings], group.postings, strict=False)
        if held.order > posting.order
        and (until is None or held.order < until.order)
        and (last is None or last.order < posting.order)
        and held.follows(posting, by_title=by_title)
    ]
    return min(found, key=lambda one: one[0])[1:] if found else None


def _befores(groups: Sequence[Group], posting: Posting) -> Iterator[tuple[int, Posting]]:
    """The last posting of each group that comes before another posting, with the group's place."""
    for place, group in enumerate(groups):
        for held in reversed(group.postings):
            if held.order < posting.order:
                yield place, held
                break


def _apart(tied: Iterable[str], decisions: Decisions) -> frozenset[str]:
    """Postings that none of these belongs with."""
    if not decisions.apart:
        return frozenset()
    return frozenset().union(*(decisions.apart.get(number, frozenset()) for number in tied))
