"""Profiles of vendors, technologies and public bodies, for pages and JSON; what is read of them is remembered."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from api.context import Context
from api.profile import (
    Named,
    Obligations,
    Total,
    buyer_label,
    named,
    nothing_shared,
    obligations,
    seller_label,
    totals,
)
from api.searching import matching
from archive import queries
from archive.event_queries import last_seq
from archive.rows import NoticeRow
from indexer.items import Item
from indexer.requests import MOST_HITS, SearchRequest
from indexer.results import item
from noticewatch import addresses
from noticewatch.buyers import parts
from noticewatch.dates import dated
from noticewatch.models import Kind, Notice
from noticewatch.naming import buyer_id, party_names
from watchlist import queries as watchlist
from watchlist.evidence import Tag

_SHOWN = 20
_MOST_THROUGH = 15
_READ = frozenset({"kind", "status", "buyers", "parties", "amounts", "dates"})
_BOUGHT = frozenset({Kind.AWARD, Kind.ORDER, Kind.VEHICLE, Kind.MODIFICATION, Kind.SUBAWARD, Kind.PAYMENT})


@dataclass(frozen=True, slots=True)
class Axis:
    """Whose notices are added up. ``name``: the kind of tag, or ``buyer``, as the search filters by it; ``series``: by
    what its money is stacked, which readers call ``stacked``, the rest ``others``; ``with_others``: what readers are
    told of money that is not its alone.
    """

    name: Literal["vendor", "technology", "buyer"]
    with_others: str
    stacked: Literal["buyer", "seller"]
    series: Callable[[Notice], str]

    @property
    def others(self) -> str:
        """What the small series are called together."""
        return f"other {self.stacked}s"

    def tier(self, tags: Sequence[Tag], of: str) -> str:
        """How well a notice is matched: the better tier of its tags, for a vendor or technology of the tags of that."""
        tiers = {tag.tier for tag in tags if self.name == "buyer" or (tag.kind == self.name and tag.id == of)}
        return "alert" if "alert" in tiers else "review" if "review" in tiers else ""

    def shared(self, notice: Notice, tags: Sequence[Tag], *of: str) -> bool:
        """Whether the money of a notice is not these ones' alone: another one of their kind is matched there too, or
        one value is stated for several sellers.
        """
        several = self.name == "vendor" and len(party_names(notice, "supplier", "reseller")) > 1
        return several or any(tag.kind == self.name and tag.id not in of and tag.tier == "alert" for tag in tags)


VENDOR = Axis("vendor", "shared with other vendors or sellers", "buyer", buyer_label)
TECHNOLOGY = Axis("technology", "told of other technologies too", "buyer", buyer_label)
BUYER = Axis("buyer", "", "seller", seller_label)


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice that is matched or mentions something, with its tags; ``item``: its whole contract, where matched."""

    row: NoticeRow
    tags: tuple[Tag, ...]
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class Tiers:
    """Notices matched (``alert``) and notices only mentioned (``review``), newest first, with the tags of both."""

    alert: Sequence[NoticeRow]
    review: Sequence[NoticeRow]
    tags: Mapping[int, Sequence[Tag]]


@dataclass(frozen=True, slots=True)
class Through:
    """Whose product was sold by whom, and on how many notices: the maker by tags, the seller as printed."""

    maker: Named
    seller: str
    count: int


@dataclass(frozen=True, slots=True)
class Profile:
    """What the archive holds of one vendor or technology, or of what one public body buys on the watchlist.

    ``strong``: notices matched; ``ordered``: those of them that say something was bought; ``review``: only mentioned,
    to be checked; ``contracts``: contracts of the matched notices; ``newest``: of each its newest matched notice, by
    numbers; ``to_check``: numbers of the newest that are only mentioned.
    """

    axis: Axis
    strong: int
    ordered: int
    review: int
    contracts: int
    first: str
    last: str
    totals: Sequence[Total]
    obligations: Obligations | None
    buyers: Sequence[Named]
    sellers: Sequence[Named]
    vendors: Sequence[Named]
    technologies: Sequence[Named]
    through: Sequence[Through]
    newest: Mapping[int, int]
    to_check: tuple[int, ...]
    orders: Sequence[Shown] = ()
    mentioned: Sequence[Shown] = ()


def profile(held: Context, axis: Axis, of: str) -> Profile:
    """What is held of one of the axis. What its notices add up to is read once for each state of these notices; its
    contracts, of which others may be members, once for each state of the log.
    """
    if axis is BUYER:
        asked = asked_of(axis, of)
        numbers: Collection[int] = matching(held, asked) if asked else frozenset()
    else:
        numbers = tagged_with(held, axis, of)
    name, version = f"{axis.name}:{of}", held.dictionary.version
    with held.archive.reading() as connection:
        latest = last_seq(connection, numbers)
    added = held.remember(f"sums:{name}", (numbers, latest, version), lambda: _added_up(held, axis, of, numbers))
    return held.remember(name, (held.head(), numbers, version), lambda: _with_contracts(held, of, added))


def asked_of(axis: Axis, of: str) -> SearchRequest | None:
    """The search for what a profile tells of; None for a body of which nothing can be searched for."""
    values = tuple(parts(of)) if axis is BUYER else (of,)
    return SearchRequest(filters={axis.name: values}, facets=()) if values else None


def tagged_with(held: Context, axis: Axis, of: str) -> frozenset[int]:
    """Numbers of the notices that carry a vendor or technology, read once for each state of the log."""

    def read() -> frozenset[int]:
        with held.archive.reading() as connection:
            return frozenset(watchlist.tagged_notices(connection, axis.name, of))

    return held.remember(f"tagged:{axis.name}:{of}", held.head(), read)


def in_tiers(held: Context, axis: Axis, of: str, numbers: Collection[int]) -> Tiers:
    """Which of the notices are matched on one of the axis, and which only mention it."""
    with held.archive.reading() as connection:
        rows = sorted(queries.notices(connection, sorted(numbers), _READ).values(), key=_newest, reverse=True)
        tags = watchlist.tags_of(connection, sorted(numbers), held.dictionary, evidence=False)
    tiers = {row.number: axis.tier(tags.get(row.number, ()), of) for row in rows}
    alert, review = ([row for row in rows if tiers[row.number] == tier] for tier in ("alert", "review"))
    return Tiers(alert, review, tags)


def contract_of(row: NoticeRow) -> int:
    """What a notice's contract is counted by; one that stands alone is a contract of its own."""
    return row.procurement or -row.number


def _added_up(held: Context, axis: Axis, of: str, numbers: Collection[int]) -> Profile:
    """The profile without its contracts."""
    found = in_tiers(held, axis, of, numbers)
    strong, review, tags = found.alert, found.review, found.tags
    days = [dated(row.notice, row.first_seen)[0] for row in strong]
    shared = nothing_shared if axis is BUYER else lambda row: axis.shared(row.notice, tags[row.number], of)
    matched = {row.number: tags[row.number] for row in strong}
    newest: dict[int, int] = {}
    for row in strong:
        newest.setdefault(contract_of(row), row.number)
    return Profile(
        axis=axis,
        strong=len(strong),
        ordered=sum(row.notice.kind in _BOUGHT for row in strong),
        review=len(review),
        contracts=len(newest),
        first=min(days, default=""),
        last=max(days, default=""),
        totals=totals(strong, shared),
        obligations=obligations(strong, axis.series, axis.others),
        buyers=named((buyer_label(row.notice), _buyer_page(row.notice)) for row in strong),
        sellers=named((name, "") for row in strong for name in party_names(row.notice, "supplier", "reseller")),
        vendors=_tagged(matched, "vendor", of if axis is VENDOR else ""),
        technologies=_tagged(matched, "technology", of if axis is TECHNOLOGY else ""),
        through=_through(strong, matched),
        newest=newest,
        to_check=tuple(row.number for row in review[:_SHOWN]),
    )


def _with_contracts(held: Context, of: str, added: Profile) -> Profile:
    latest = _latest(held, added.axis, of, added.newest)
    with held.archive.reading() as connection:
        groups = queries.members(connection, [number for number in latest if number > 0])
        rows = queries.notices(connection, [*(added.newest[number] for number in latest), *added.to_check])
        members = [member.number for group in groups.values() for member in group]
        tags = watchlist.tags_of(connection, dict.fromkeys([*rows, *members]), held.dictionary)
    orders = [
        Shown(row, tuple(tags.get(row.number, ())), item(groups.get(number) or [row], tags))
        for number in latest
        if (row := rows.get(added.newest[number])) is not None
    ]
    mentioned = [Shown(rows[n], tuple(tags[n])) for n in added.to_check if n in rows and n in tags]
    return replace(added, orders=orders, mentioned=mentioned)


def _tagged(tags: Mapping[int, Sequence[Tag]], kind: str, without: str) -> list[Named]:
    """Vendors or technologies that notices are matched on, each counted once a notice."""
    page = addresses.vendor if kind == "vendor" else addresses.technology
    strong = (
        {tag.id: tag.label for tag in of_notice if tag.kind == kind and tag.tier == "alert" and tag.id != without}
        for of_notice in tags.values()
    )
    return named((label, page(tag_id)) for labels in strong for tag_id, label in labels.items())


def _through(rows: Sequence[NoticeRow], tags: Mapping[int, Sequence[Tag]]) -> list[Through]:
    counted: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        made = {t.id: t.label for t in tags[row.number]
                if t.kind == "vendor" and t.tier == "alert" and t.role in {"maker", "product"}}  # fmt: skip
        for seller in party_names(row.notice, "supplier", "reseller"):
            counted.update((tag_id, label, seller) for tag_id, label in made.items())
    return [
        Through(Named(label, count, addresses.vendor(tag_id)), seller, count)
        for (tag_id, label, seller), count in counted.most_common(_MOST_THROUGH)
    ]


def _latest(held: Context, axis: Axis, of: str, matched: Mapping[int, int]) -> list[int]:
    """Numbers of the latest of the contracts that are matched, in the order of the search, as far as it has come."""
    found: dict[int, None] = {}
    asked = asked_of(axis, of)
    while asked is not None and len(found) < min(_SHOWN, len(matched)):
        answer = held.search.search(replace(asked, limit=MOST_HITS))
        with held.archive.reading() as connection:
            of_hit = queries.procurement_of(connection, answer.hits)
        found |= {number: None for hit in answer.hits if (number := of_hit.get(hit, -hit)) in matched}
        asked = replace(asked, cursor=answer.next_cursor) if answer.next_cursor else None
    return list(found)[:_SHOWN]


def _buyer_page(notice: Notice) -> str:
    known = buyer_id(notice)
    return addresses.buyer(known) if known else ""


def _newest(row: NoticeRow) -> tuple[str, int]:
    return dated(row.notice, row.first_seen)[0], row.number
