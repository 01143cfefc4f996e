"""A vendor's profile: read once for each state of the log, shown as a page and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from api.context import Context
from api.profile import Named, Obligations, Total, buyers, obligations, sellers, totals
from archive import queries
from archive.rows import NoticeRow
from indexer.items import Item
from indexer.results import item
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
    """A notice that names the vendor, with its tags; ``item``: its whole contract, where it was matched."""

    row: NoticeRow
    tags: tuple[Tag, ...]
    item: Item | None = None


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
        rows = sorted(queries.notices(connection, numbers).values(), key=_newest, reverse=True)
        tags = watchlist.tags_of(connection, [row.number for row in rows])
        strong = [row for row in rows if _tier(tags.get(row.number, []), vendor_id) == "alert"]
        review = [row for row in rows if _tier(tags.get(row.number, []), vendor_id) == "review"]
        orders = _contracts(connection, strong, tags)
    days = [dated(row.notice, row.first_seen)[0] for row in strong]
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
        orders=orders,
        mentioned=[Shown(row, tuple(tags[row.number])) for row in review[:_SHOWN]],
    )


def _contracts(connection: Connection, rows: Sequence[NoticeRow], tags: dict[int, list[Tag]]) -> list[Shown]:
    """The latest contracts by the day they show, each by its newest notice that names the vendor and as a whole."""
    first: dict[int, NoticeRow] = {}
    for row in rows:
        first.setdefault(row.procurement or -row.number, row)
    groups = queries.members(connection, [number for number in first if number > 0])
    inside = watchlist.tags_of(connection, [member.number for group in groups.values() for member in group])
    whole = [(row, item(groups.get(number) or [row], inside)) for number, row in first.items()]
    whole.sort(key=lambda pair: pair[1].dated, reverse=True)
    return [Shown(row, tuple(tags.get(row.number, [])), contract) for row, contract in whole[:_SHOWN]]


def _tier(tags: Sequence[Tag], vendor_id: str) -> str:
    """The better tier of the vendor's tags on a notice."""
    tiers = {tag.tier for tag in tags if tag.kind == "vendor" and tag.id == vendor_id}
    return "alert" if "alert" in tiers else "review" if "review" in tiers else ""


def _newest(row: NoticeRow) -> tuple[str, int]:
    return dated(row.notice, row.first_seen)[0], row.number
