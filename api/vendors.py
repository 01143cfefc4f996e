"""A vendor's profile: read once for each state of the log, shown as a page and as JSON."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from api.context import Context
from api.profile import Named, Obligations, Total, buyers, obligations, sellers, totals
from archive import queries
from archive.rows import NoticeRow
from noticewatch.dates import dated
from noticewatch.errors import NotFound
from noticewatch.models import Kind
from noticewatch.numbers import plain
from watchlist import queries as watchlist
from watchlist.dictionary import Vendor
from watchlist.evidence import Tag

_SHOWN = 20
_BOUGHT = frozenset({Kind.AWARD, Kind.ORDER, Kind.VEHICLE, Kind.MODIFICATION, Kind.SUBAWARD, Kind.PAYMENT})


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice that stands on the page, with its tags and how many of the vendor's notices its contract has."""

    row: NoticeRow
    tags: tuple[Tag, ...]
    members: int


@dataclass(frozen=True, slots=True)
class Profile:
    """What the archive holds of one vendor.

    ``strong``: notices matched; ``ordered``: those of them that say something was bought; ``review``: only mentioned,
    to be checked; ``contracts``: contracts of the matched notices.
    """

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
    orders: Sequence[Shown]
    mentioned: Sequence[Shown]


def vendor_by(held: Context, name: str) -> Vendor:
    """The vendor of an id, or of a name that has one meaning. Raises NotFound with a way out."""
    vendors = held.dictionary.vendors
    if name in vendors:
        return vendors[name]
    wanted = plain(name)
    named = [v for v in vendors.values() if wanted and wanted in {plain(v.id), plain(v.name), *map(plain, v.aliases)}]
    if len(named) != 1:
        raise NotFound(f"No vendor {name[:80]!r} is on the watchlist; /vendors lists them, and /search finds any name.")
    return named[0]


def profile(held: Context, vendor_id: str) -> Profile:
    """What is held of a vendor; read once for each state of the log."""
    return held.remember(f"vendor:{vendor_id}", held.head(), lambda: _read(held, vendor_id))


def _read(held: Context, vendor_id: str) -> Profile:
    with held.archive.reading() as connection:
        numbers = watchlist.tagged_notices(connection, "vendor", vendor_id)
        rows = list(queries.notices(connection, numbers).values())
        tags = watchlist.tags_of(connection, [row.number for row in rows])
    strong = [row for row in rows if _tier(tags.get(row.number, []), vendor_id) == "alert"]
    review = [row for row in rows if _tier(tags.get(row.number, []), vendor_id) == "review"]
    strong.sort(key=_newest, reverse=True)
    review.sort(key=_newest, reverse=True)
    days = [dated(row.notice, row.first_seen)[0] for row in strong]
    orders = _contracts(strong, tags)
    return Profile(
        strong=len(strong),
        ordered=sum(row.notice.kind in _BOUGHT for row in strong),
        review=len(review),
        contracts=len({row.procurement_id for row in strong}),
        first=min(days, default=""),
        last=max(days, default=""),
        totals=totals(strong),
        obligations=obligations(strong),
        buyers=buyers(strong),
        sellers=sellers(strong),
        orders=orders[:_SHOWN],
        mentioned=[Shown(row, tuple(tags[row.number]), 1) for row in review[:_SHOWN]],
    )


def _contracts(rows: Sequence[NoticeRow], tags: dict[int, list[Tag]]) -> list[Shown]:
    """One notice a contract, its newest, in order."""
    sizes = Counter(row.procurement_id for row in rows)
    first: dict[str, NoticeRow] = {}
    for row in rows:
        first.setdefault(row.procurement_id, row)
    return [Shown(row, tuple(tags.get(row.number, [])), sizes[contract]) for contract, row in first.items()]


def _tier(tags: Sequence[Tag], vendor_id: str) -> str:
    """The better tier of the vendor's tags on a notice."""
    tiers = {tag.tier for tag in tags if tag.kind == "vendor" and tag.id == vendor_id}
    return "alert" if "alert" in tiers else "review" if "review" in tiers else ""


def _newest(row: NoticeRow) -> tuple[str, int]:
    return dated(row.notice, row.first_seen)[0], row.number
