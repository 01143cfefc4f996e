"""When the other side asks to be tried again (RFC 9110, ``Retry-After``)."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

MOST_WAIT: Final = 72 * 3600.0
"""Seconds; a longer wait is taken for this: deliveries are given up by then."""


def now() -> datetime:
    """The moment, UTC."""
    return datetime.now(UTC)


def retry_after(value: str, at: datetime) -> float | None:
    """Seconds that ``Retry-After`` asks for, given as seconds or as a date; None where it says nothing usable."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MOST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - at).total_seconds()), MOST_WAIT)
