"""What a reader calls a buyer, vendor or technology, and the code it has in the index."""

import re
from collections.abc import Callable
from functools import cache, cached_property
from typing import Final

from indexer.money import BANDS
from indexer.tokens import stem, tokens
from noticewatch.buyers import buyers
from noticewatch.models import Kind, Listing, Status
from watchlist.dictionary import Dictionary

_SHORTEST_START: Final = 2
_NOT_ALNUM: Final = re.compile(r"[^a-z0-9]+")
_INITIAL: Final = re.compile(r"\b[A-Z](?=[a-z])")
_ACRONYM: Final = re.compile(r"\(([A-Z&]{2,})\)")

VOCABULARIES: Final[dict[str, tuple[str, ...]]] = {
    "kind": tuple(Kind),
    "status": tuple(Status),
    "listing": tuple(Listing),
    "tier": ("alert", "review"),
    "band": tuple(BANDS),
}
"""Code fields with a closed vocabulary."""


class Names:
    """Looks names up in the dictionary and the buyers table."""

    def __init__(self, dictionary: Dictionary) -> None:
        self.dictionary = dictionary

    def code(self, field: str, written: str) -> str | None:
        """The code of a value as written, or None where nobody has that name."""
        if field in VOCABULARIES:
            value = _NOT_ALNUM.sub("_", written.lower()).strip("_")
            return value if value in VOCABULARIES[field] else None
        match field:
            case "vendor":
                return self._vendors.get(_folded(written))
            case "technology":
                return self._technologies.get(_folded(written))
        look_up = _LOOK_UPS.get(field)
        return look_up(written) if look_up else written

    def way_out(self, field: str) -> str:
        """What may be written for a field, for who wrote something that there is not; without a full stop."""
        if field in VOCABULARIES:
            return f"use one of {', '.join(VOCABULARIES[field])}"
        return _WAYS_OUT.get(field, "the list beside the results on the page /search names those there are")

    def label(self, field: str, code: str) -> str:
        """How a code is shown."""
        match field:
            case "buyer":
                entry = buyers().get(code)
                return entry.short_name if entry else code
            case "vendor" | "technology":
                return self.dictionary.label(field, code)
            case "year" | "source" | "jurisdiction" | "month":
                return code
            case "band":
                return _BANDS.get(code, code)
        return code.replace("_", " ")

    def beginning(self, text: str) -> list[tuple[str, str]]:
        """Fields and codes of names of which a word begins as the text; none for a text of one letter."""
        wanted = f" {_folded(text)}"
        if len(wanted) < _SHORTEST_START + 1:
            return []
        return list(dict.fromkeys(place for name, place in self._all_names if wanted in name))

    def holding(self, text: str) -> list[tuple[str, str]]:
        """Fields and codes of what has the words of the text side by side in a name, in whatever inflection, public
        bodies in the names that are shown; none for a text without words.
        """
        wanted = _stems(text)
        return list(dict.fromkeys(place for stems, place in self._all_stems if wanted in stems)) if wanted else []

    @cached_property
    def _all_stems(self) -> list[tuple[str, tuple[str, str]]]:
        """The stems of names, with a space around each, and what they are of."""
        found = [(name, ("vendor", code)) for name, code in self._vendors.items()]
        found += [(name, ("technology", code)) for name, code in self._technologies.items()]
        found += [(entry.short_name, ("buyer", entry.id)) for entry in buyers().values()]
        return [(_stems(name), place) for name, place in found]

    @cached_property
    def _all_names(self) -> list[tuple[str, tuple[str, str]]]:
        """All names, folded, with a space before each word, and what they are of."""
        found = [(name, ("vendor", code)) for name, code in self._vendors.items()]
        found += [(name, ("technology", code)) for name, code in self._technologies.items()]
        found += [(name, ("buyer", code)) for name, codes in _buyer_names().items() for code in codes]
        return [(f" {name}", place) for name, place in found]

    @cached_property
    def _vendors(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for vendor in self.dictionary.vendors.values():
            for name in (vendor.id, vendor.name, *vendor.aliases):
                found.setdefault(_folded(name), vendor.id)
        return found

    @cached_property
    def _technologies(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for technology in self.dictionary.technologies.values():
            for name in (technology.id, technology.name):
                found.setdefault(_folded(name), technology.id)
        return found


@cache
def _jurisdictions() -> frozenset[str]:
    return frozenset(entry.jurisdiction.upper() for entry in buyers().values())


def buyer_code(written: str) -> str | None:
    """The id of a public body by id, name, acronym or a name as printed by a source; None if several or none fit."""
    wanted = _folded(written)
    found = _buyer_names().get(wanted, set())
    return next(iter(found)) if len(found) == 1 else None


@cache
def _buyer_names() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for entry in buyers().values():
        names = {entry.id, entry.name, _ACRONYM.sub("", entry.name), *_ACRONYM.findall(entry.name)}
        if entry.level in {"department", "agency"}:
            names.add("".join(_INITIAL.findall(entry.name)))
        names |= {value for system, value in entry.aliases if system == "text" or system.endswith("subtier")}
        for name in names:
            if folded := _folded(name):
                found.setdefault(folded, set()).add(entry.id)
    return found


def _stems(name: str) -> str:
    found = " ".join(map(stem, tokens(name)))
    return found and f" {found} "


def _folded(name: str) -> str:
    return _NOT_ALNUM.sub(" ", name.lower()).strip()


def _jurisdiction(written: str) -> str | None:
    return written.upper() if written.upper() in _jurisdictions() else None


def _year(written: str) -> str | None:
    return written if written.isascii() and written.isdecimal() and len(written) == 4 else None


def _month(written: str) -> str | None:
    return written if _MONTH.fullmatch(written) else None


_MONTH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_BANDS: Final = {
    "under_10k": "under $10,000", "10k_100k": "$10,000 to $100,000", "100k_1m": "$100,000 to $1 million",
    "1m_10m": "$1 million to $10 million", "10m_up": "$10 million and more",
}  # fmt: skip
_WAYS_OUT: Final = {
    "buyer": "write a public body's name, acronym or code, such as ICE or usg-dhs-ice",
    "vendor": "the page /vendors lists the watchlist, and a search without it finds any name",
    "technology": "write its name or code, such as licence plate readers or lpr, as the tags of results show it",
    "jurisdiction": "write a code such as US",
    "year": "write four digits",
    "month": "write a month as 2026-08",
}
_LOOK_UPS: Final[dict[str, Callable[[str], str | None]]] = {
    "buyer": buyer_code, "jurisdiction": _jurisdiction, "year": _year, "month": _month, "psc": str.upper,
    "source": str.lower,
}  # fmt: skip
