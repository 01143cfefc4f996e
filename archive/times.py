"""Times as the tables hold them: ISO 8601 in UTC, of one width, so that text order is time order."""

from datetime import UTC, date, datetime, time

_SHAPE = "%Y-%m-%dT%H:%M:%S.%fZ"


def stamp(moment: datetime) -> str:
    """``2026-04-25T00:00:00.000000Z`` for a moment with a zone; one without is taken as UTC."""
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return known.astimezone(UTC).strftime(_SHAPE)


def moment(stamped: str) -> datetime:
    """The moment that :func:`stamp` wrote, in UTC."""
    return datetime.fromisoformat(stamped)


def beginning(when: str | date | datetime | None) -> datetime | None:
    """The moment at which a window begins: a bare day begins at midnight UTC; None stays None."""
    if when is None or isinstance(when, datetime):
        return when if when is None or when.tzinfo else when.replace(tzinfo=UTC)
    if isinstance(when, date):
        return datetime.combine(when, time(), UTC)
    parsed = datetime.fromisoformat(when)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
