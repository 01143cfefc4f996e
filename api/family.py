"""What was bought of a vendor and of those that belonged to it, by date: before, while and after they did.

Totals are made of the notices of the vendors' own pages, and each is counted on the day that it states itself.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from api.context import Context
from api.profile import Stated, Total, stated_values, summed
from api.profiles import VENDOR, contract_of, in_tiers, tagged_with
from archive.event_queries import last_seq
from archive.rows import NoticeRow
from noticewatch.dates import dated
from watchlist.evidence import Tag
from watchlist.family import WHENS, Belonging, When, belongings

RULE: Final = (
    "Money counts on the day of the notice that states it, so what an action after a change obligates counts after it "
    "although the contract was signed before, and a contract with notices on both sides is counted on both."
)
"""How it is decided on which side of a change something was bought, in one sentence for readers."""

Matched: TypeAlias = Mapping[str, Sequence[NoticeRow]]
"""The notices that are matched on each vendor of a family, by its id."""


@dataclass(frozen=True, slots=True)
class Bought:
    """Notices, of how many contracts, and their totals as a vendor's page has them."""

    notices: int
    contracts: int
    totals: Sequence[Total]


@dataclass(frozen=True, slots=True)
class Member:
    """What was bought of a vendor, by where its day stands to the time for which the vendor belonged to an owner. The
    four parts add up to the whole of the vendor's own page.
    """

    belonging: Belonging
    parts: Mapping[When, Bought]


@dataclass(frozen=True, slots=True)
class Family:
    """A vendor's family by date. ``members``: those that belonged to it; ``owners``: the vendor itself, by each of its
    owners; ``together``: what was bought of the vendor, and of its members while they belonged to it, each notice once.
    """

    itself: Bought
    members: Sequence[Member]
    owners: Sequence[Member]
    together: Bought


def family(held: Context, vendor: str) -> Family | None:
    """A vendor's family by date; None where no tie was checked. Read once for each state of the family's notices."""
    version = held.dictionary.version
    everyone = held.remember("belongings", version, lambda: belongings(held.dictionary.vendors))
    ties = [one for one in everyone if vendor in {one.vendor, one.owner}]
    if not ties:
        return None
    numbers = {one: tagged_with(held, VENDOR, one) for one in sorted({vendor, *(tie.vendor for tie in ties)})}
    with held.archive.reading() as connection:
        latest = last_seq(connection, frozenset[int]().union(*numbers.values()))

    def read() -> Family:
        found = {one: in_tiers(held, VENDOR, one, numbers[one]) for one in numbers}
        tags = {number: of for tiers in found.values() for number, of in tiers.tags.items()}
        return by_date(vendor, ties, {one: tiers.alert for one, tiers in found.items()}, tags)

    return held.remember(f"family:{vendor}", (tuple(numbers.items()), latest, version), read)


def by_date(vendor: str, ties: Sequence[Belonging], matched: Matched, tags: Mapping[int, Sequence[Tag]]) -> Family:
    """The family of a vendor, of the notices matched on each of its vendors and the tags of all these. Pure."""
    below = [tie for tie in ties if tie.owner == vendor]
    rows = {row.number: row for of_vendor in matched.values() for row in of_vendor}
    own = {row.number for row in matched[vendor]}
    joined = {row.number for tie in below for row in matched[tie.vendor] if tie.on(own_day(row)) == "while"}
    return Family(
        itself=_bought(matched[vendor], stated_values(matched[vendor]), tags, {vendor}),
        members=[_member(tie, matched[tie.vendor], tags) for tie in below],
        owners=[_member(tie, matched[vendor], tags) for tie in ties if tie.vendor == vendor],
        together=_bought(
            [rows[number] for number in own | joined],
            stated_values(list(rows.values())),
            tags,
            {vendor, *(tie.vendor for tie in below)},
        ),
    )


def own_day(row: NoticeRow) -> str:
    """The day that a notice states itself, as the rest of its page has it; empty where it states none."""
    day, by = dated(row.notice, row.first_seen)
    return "" if by == "first_seen" else day


def _member(tie: Belonging, rows: Sequence[NoticeRow], tags: Mapping[int, Sequence[Tag]]) -> Member:
    stated = stated_values(rows)
    sides: dict[When, list[NoticeRow]] = {when: [] for when in WHENS}
    for row in rows:
        sides[tie.on(own_day(row))].append(row)
    return Member(tie, {when: _bought(side, stated, tags, {tie.vendor}) for when, side in sides.items()})


def _bought(
    rows: Sequence[NoticeRow], stated: Sequence[Stated], tags: Mapping[int, Sequence[Tag]], of: Collection[str]
) -> Bought:
    """``stated``: the values of all the notices that these are a part of, since others decide which of them count."""
    numbers = {row.number for row in rows}
    counted = [one for one in stated if one.row.number in numbers]
    totals = summed(counted, lambda row: VENDOR.shared(row.notice, tags.get(row.number, ()), *of))
    return Bought(len(rows), len({contract_of(row) for row in rows}), totals)
