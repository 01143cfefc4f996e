"""Vendors, technologies and public bodies by any of their names, and how much is held of all of each kind."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.context import Context
from indexer.names import buyer_code
from indexer.requests import SearchRequest
from noticewatch.buyers import BuyerEntry, buyers, parts
from noticewatch.errors import NotFound
from noticewatch.numbers import plain
from watchlist import queries as watchlist
from watchlist.records import Technology, Vendor


@dataclass(frozen=True, slots=True)
class BuyerCount:
    """How many contracts and notices there are of a public body with all its parts: on the watchlist, and in all."""

    on_watchlist: int = 0
    held: int = 0


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


def technology_by(held: Context, name: str) -> Technology:
    """The technology of an id or name. Raises NotFound with a way out."""
    technologies = held.dictionary.technologies
    if name in technologies:
        return technologies[name]
    wanted = plain(name)
    named = [t for t in technologies.values() if wanted and wanted in {plain(t.id), plain(t.name)}]
    if len(named) != 1:
        raise NotFound(f"No technology {name[:80]!r} is on the watchlist; /technologies lists them.")
    return named[0]


def buyer_by(name: str) -> BuyerEntry:
    """The public body of an id, or of a name or acronym that has one meaning. Raises NotFound with a way out."""
    code = name if name in buyers() else buyer_code(name)
    if code is None:
        raise NotFound(f"No public body {name[:80]!r} is known; /buyers lists them, and /search finds any name.")
    return buyers()[code]


def tag_counts(held: Context, kind: str) -> dict[str, watchlist.TagCount]:
    """How many notices carry each vendor or technology, by its id; counted once for each state of the log."""

    def count() -> list[watchlist.TagCount]:
        with held.archive.reading() as connection:
            return watchlist.counts_by_tag(connection, held.dictionary)

    counted = held.remember("counts by tag", held.head(), count)
    return {one.id: one for one in counted if one.kind == kind}


def buyer_counts(held: Context) -> Mapping[str, BuyerCount]:
    """What there is of each public body of which there is anything."""
    watched = held.search.counts(SearchRequest(), "buyer")
    everything = held.search.counts(SearchRequest(lens="everything"), "buyer")
    found = {code: BuyerCount(watched.get(code, 0), count) for code, count in everything.items()}
    for entry in buyers().values():
        if entry.id not in found and (below := [found[part] for part in parts(entry.id) if part in found]):
            found[entry.id] = BuyerCount(sum(one.on_watchlist for one in below), sum(one.held for one in below))
    return found
