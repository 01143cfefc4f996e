"""Amounts in the index: which currency a sum is of, and in which band a headline amount falls. Pure."""

import re
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


def amount_read(written: str) -> Decimal | None:
    """An amount as people write it, commas only between thousands: 1,5 is not 15. None for what is none, or is too
    large for any contract.
    """
    if not _WRITTEN.fullmatch(written.strip()):
        return None
    amount = Decimal(written.replace(",", ""))
    return amount if abs(amount) <= _LARGEST else None


_WRITTEN: Final = re.compile(r"[+-]?(?=\.?\d)(\d{1,3}(,\d{3})+|\d*)(\.\d*)?(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_LARGEST: Final = Decimal("1e15")


def purse(currencies: Collection[str], values: Collection[str]) -> tuple[str, ...]:
    """The currency of a thing's sums, marked where they are stated at several values of a facet."""
    if len(currencies) != 1:
        return (MIXED,) if currencies else ()
    (currency,) = currencies
    return (currency + SHARED,) if len(values) > 1 else (currency,)
