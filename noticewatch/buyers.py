"""The buyers table: public bodies, and the names and codes under which sources print them.

Data: ``noticewatch/data/buyers.csv``. An alias is ``system=value``; one marked ``?`` is from memory and states no
buyer, one marked ``~`` is from a source's documentation.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from noticewatch.errors import NoticewatchError

WHOLE_STATES: Final = frozenset({"country", "government"})
"""Levels of bodies that are no filter of a search: nearly everything would be theirs."""
_UNSURE = "?"
_REMARK = re.compile(r"\s*\((?![A-Z&]{2,}\))[^)]*\)")
_MARKS = "~?"


@dataclass(frozen=True, slots=True)
class BuyerEntry:
    """A public body of the table.

    parent: id of the body it belongs to, None at the top; level: country, department, agency, office …; jurisdiction:
    country code, with the region where it has one (``US-CA``); aliases: (system, value) as sources print them.
    """

    id: str
    name: str
    parent: str | None
    level: str
    jurisdiction: str
    aliases: tuple[tuple[str, str], ...] = ()

    @property
    def short_name(self) -> str:
        """The name without the table's own remarks in brackets; acronyms such as (ICE) stay."""
        return _REMARK.sub("", self.name)


@cache
def buyers() -> Mapping[str, BuyerEntry]:
    """All public bodies of the table by id, in its order."""
    with files("noticewatch").joinpath("data/buyers.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return MappingProxyType({row["id"]: _entry(row) for row in rows})


def scope_body(scope: str) -> BuyerEntry | None:
    """The agency by whose code a part of a source is known; None for any other part."""
    return find("subtier_code", scope) or find("fpds", scope)


def find(system: str, value: str) -> BuyerEntry | None:
    """The body that a source prints as ``value``, by alias system (``sam.subtier``, ``subtier_code``, ``sam.cgac`` …).

    Case and white space do not matter. None for an unknown value, an unsure one, or one that several bodies share.
    """
    return _by_alias().get((system, _folded(value)))


@cache
def ancestors(buyer_id: str) -> tuple[str, ...]:
    """Ids of a body and of those above it, itself first. Empty for an unknown id."""
    found: list[str] = []
    entry = buyers().get(buyer_id)
    while entry is not None and entry.id not in found:
        found.append(entry.id)
        entry = buyers().get(entry.parent) if entry.parent else None
    return tuple(found)


@cache
def children() -> Mapping[str | None, tuple[BuyerEntry, ...]]:
    """Bodies by the id of the one they belong to, in the order of the table; None: those that belong to none."""
    found: dict[str | None, list[BuyerEntry]] = {}
    for entry in buyers().values():
        found.setdefault(entry.parent, []).append(entry)
    return MappingProxyType({parent: tuple(entries) for parent, entries in found.items()})


@cache
def parts(buyer_id: str) -> tuple[str, ...]:
    """Ids of the bodies that stand for one in a search: itself, and for a country or government, which buys nothing
    itself and is no filter, those next below it. Empty for an unknown id.
    """
    entry = buyers().get(buyer_id)
    if entry is None:
        return ()
    if entry.level not in WHOLE_STATES:
        return (buyer_id,)
    return tuple(part for below in children().get(buyer_id, ()) for part in parts(below.id))


@cache
def _by_alias() -> Mapping[tuple[str, str], BuyerEntry]:
    found: dict[tuple[str, str], BuyerEntry | None] = {}
    for entry in buyers().values():
        for system, value in entry.aliases:
            name = (system, _folded(value))
            found[name] = entry if found.get(name, entry) is entry else None
    return {name: entry for name, entry in found.items() if entry is not None}


def _entry(row: Mapping[str, str]) -> BuyerEntry:
    aliases = []
    for alias in filter(None, (part.strip() for part in row["aliases"].split(" | "))):
        system, equals, value = alias.partition("=")
        if not equals:
            raise NoticewatchError(f"The buyers table names {alias!r} for {row['id']}; write system=value.")
        if not alias.startswith(_UNSURE):
            aliases.append((system.lstrip(_MARKS), value))
    return BuyerEntry(
        row["id"], row["name"], row["parent"] or None, row["level"], row["jurisdiction"], tuple(aliases)
    )  # fmt: skip


def _folded(value: str) -> str:
    return " ".join(value.upper().split())
