"""When a notice is gone: missing three times from complete walks, or withdrawn by the source's own word. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from archive.times import moment
from noticewatch.models import Content, EventKind, Listing

ENOUGH: Final = 3
"""Complete walks without a notice after which it is no longer listed."""

_MORE_THAN: Final = timedelta(days=1)
"""A source must say that a notice is withdrawn over a longer time than this."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a source's windows say about listing. absence: whether missing from a complete one means anything;
    apart: scopes that hold what the source itself has archived, so that a row there is no listing.
    """

    absence: bool = False
    apart: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LastListed:
    """When a crawl saw a number of a notice last, and under which keys."""

    source: str
    number: str
    at: str
    keys: frozenset[int]


@dataclass(frozen=True, slots=True)
class Missing:
    """Since when a notice is missing, None where it is not missing often enough; ``contested``: only because another
    source of the register has seen it meanwhile.
    """

    since: str | None
    contested: bool = False


def missing(source: str, listed: Iterable[LastListed], walks: Mapping[int, Sequence[str]]) -> Missing:
    """Whether a notice is missing from a source: each of its numbers, so often, since any other source saw it.

    walks: times of the complete walks of each key, in order.
    """
    held = list(listed)
    own = [one for one in held if one.source == source]
    elsewhere = max((one.at for one in held if one.source != source), default="")
    since, contested = "", not own
    for number in own:
        for key in number.keys:
            times = walks.get(key, ())
            if len(times) - bisect_right(times, number.at) < ENOUGH:
                return Missing(None)
            first = bisect_right(times, max(number.at, elsewhere))
            if len(times) - first < ENOUGH:
                contested = True
            else:
                since = max(since, times[first])
    return Missing(None, contested=True) if contested else Missing(since)


def listing_of(content: Content, since: str) -> Listing:
    """What a notice that is missing since a moment is: its source has archived it where it said that it would."""
    days = [date["value"][:10] for date in content.get("dates", ()) if date["role"] == "archive" and _is_day(date)]
    return Listing.ARCHIVED_BY_SOURCE if days and min(days) <= since[:10] else Listing.UNLISTED


def _is_day(date: Mapping[str, Any]) -> bool:
    return date.get("precision", "day") in {"time", "day"}


@dataclass(frozen=True, slots=True)
class Departure:
    """What is known of a notice that is not plainly listed; see table ``departures``. Times are stamps."""

    notice: int
    listing: Listing
    key: int | None
    since: str | None
    as_of: str
    said_at: str | None


def heard(known: Departure, at: str, *, says: bool, stands: bool) -> tuple[Departure | None, EventKind | None]:
    """What becomes of a departure when a crawl sees the notice at a moment, and what has happened; None: it is listed.

    says: what was seen says that the notice is withdrawn; stands: some source's latest word says so. An observation
    that is not newer than what decided changes no listing.
    """
    newer = at > known.as_of
    if not says:
        if stands or not newer:
            return known, None
        return None, EventKind.RELISTED if known.listing is not Listing.LISTED else None
    first = min(at, known.said_at or at)
    said = replace(known, said_at=first, as_of=max(at, known.as_of))
    if known.listing is Listing.WITHDRAWN or not newer or moment(at) - moment(first) <= _MORE_THAN:
        return said, None
    return replace(said, listing=Listing.WITHDRAWN, key=None, since=first), EventKind.WITHDRAWN
