"""Amounts in the index: which currency a sum is of, and in which band a headline amount falls. Pure."""

from collections.abc import Collection
from decimal import Decimal
from typing import Final

MIXED: Final = "mixed"
"""In the place of a currency: several. What is in several currencies is counted and never summed."""

SHARED: Final = " shared"
"""Behind a currency in a purse: the sum is stated at several values of the facet, at each whole."""

PURSES: Final = {"vendor": "vendor_purse", "technology": "technology_purse"}
"""Code fields that hold the currency, and whether a sum is shared, of facets of which one thing may have several
values; of the others the currency stands in ``currency``. A public body's sums are its own parents' too, so they are
not called shared.
"""

BANDS: Final = {"under_10k": 10_000, "10k_100k": 100_000, "100k_1m": 1_000_000, "1m_10m": 10_000_000, "10m_up": None}
"""Bands of the headline amount, in order: each ends before so many whole US dollars; the last has no end."""


def band(value: Decimal | None, currencies: Collection[str]) -> tuple[str, ...]:
    """The band of a headline amount; none where there is no amount, or not in US dollars alone."""
    if value is None or set(currencies) != {"USD"}:
        return ()
    for name, end in BANDS.items():
        if end is None or value < end:
            return (name,)
    raise AssertionError(value)


def purse(currencies: Collection[str], values: Collection[str]) -> tuple[str, ...]:
    """The currency of a thing's sums, marked where they are stated at several values of a facet."""
    if len(currencies) != 1:
        return (MIXED,) if currencies else ()
    (currency,) = currencies
    return (currency + SHARED,) if len(values) > 1 else (currency,)
