"""What an engine has counted, as readers see it: the values of a facet with their names, counts and sums. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from indexer.engine import Bucket
from indexer.money import BANDS, MIXED, PURSES, SHARED
from indexer.names import Names
from indexer.requests import FacetSum, FacetValue

_MOST: Final = 12
_IN_ORDER: Final = {"year": 12, "month": 36}
"""Facets whose latest values are shown, and how many of them."""


def purses_of(fields: Sequence[str]) -> dict[str, str]:
    """By which code field the sums of each facet are parted."""
    return {field: PURSES.get(field, "currency") for field in fields}


def facet_values(name: str, counted: Sequence[Bucket], names: Names) -> tuple[FacetValue, ...]:
    """The most frequent values of a facet, equal counts in order of the values; of years and months the latest; of
    amounts all bands in their order.
    """
    if name == "band":
        places = list(BANDS)
        chosen = sorted(counted, key=lambda one: places.index(one.value))
    elif name in _IN_ORDER:
        chosen = sorted(counted, key=lambda one: one.value, reverse=True)[: _IN_ORDER[name]]
    else:
        chosen = sorted(counted, key=lambda one: (-one.count, one.value))[:_MOST]
    return tuple(FacetValue(one.value, names.label(name, one.value), one.count, _sums(one)) for one in chosen)


def _sums(bucket: Bucket) -> tuple[FacetSum, ...]:
    currencies = sorted({purse.removesuffix(SHARED) for purse in bucket.sums} - {MIXED})
    found = []
    for currency in currencies:
        alone, shared = bucket.sums.get(currency, {}), bucket.sums.get(currency + SHARED, {})
        if total := _sum("obligated", currency, alone, shared):
            found.append(total)
        if total := _sum("awarded", currency, alone, shared):
            found.append(total)
    return tuple(found)


def _sum(kind: str, currency: str, alone: Mapping[str, int], shared: Mapping[str, int]) -> FacetSum | None:
    field = f"amount_{kind}"
    both, part = alone.get(field, 0) + shared.get(field, 0), shared.get(field, 0)
    return FacetSum(kind, currency, Decimal(both) / 100, Decimal(part) / 100) if both or part else None
