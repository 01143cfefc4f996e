"""Families of vendors: who belonged to whom, and when. What was bought before a firm was sold keeps its name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from watchlist.dictionary import Vendor
from watchlist.records import Parent


@dataclass(frozen=True, slots=True)
class Kin:
    """A vendor of a family, and the tie that makes it one: dates as far as known, and whether it was looked up."""

    vendor: str
    tie: Parent


def members_of(vendors: Mapping[str, Vendor], vendor: str) -> list[Kin]:
    """Vendors that belong or belonged to one, in order of their ids."""
    ties = ((one.id, parent) for one in vendors.values() for parent in one.parents)
    return [Kin(child, parent) for child, parent in ties if parent.vendor == vendor]


def tie_words(tie: Parent) -> str:
    """The dates of a tie in words: ``since 2019-01``, ``2011 until 2022-01``; empty where none is known."""
    if tie.since and tie.until:
        return f"{tie.since} until {tie.until}"
    return f"since {tie.since}" if tie.since else f"until {tie.until}" if tie.until else ""


def family(vendors: Mapping[str, Vendor], vendor: str, day: str) -> list[str]:
    """The vendor and the owners above it on a day (``YYYY-MM-DD``), nearest first.

    A tie without a known beginning is not counted: a purchase is never given to an owner that may have come later.
    """
    found = [vendor]
    for owner in _owners(vendors, vendor, day):
        if owner in found:
            break
        found.append(owner)
    return found


def _owners(vendors: Mapping[str, Vendor], vendor: str, day: str) -> Iterator[str]:
    here = vendors.get(vendor)
    while here is not None:
        owner = next((parent.vendor for parent in here.parents if parent.vendor and holds(parent, day)), "")
        if not owner:
            return
        yield owner
        here = vendors.get(owner)


def holds(tie: Parent, day: str) -> bool:
    """Whether a tie held on a day. A date of a month or a year begins with its last day: only what is sure counts."""
    if not tie.since:
        return False
    began = day > tie.since + "-99-99"[len(tie.since) - 4 :] if len(tie.since) < len(day) else day >= tie.since
    return began and not (tie.until and day[: len(tie.until)] >= tie.until)
