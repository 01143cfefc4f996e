"""When a search speaks: moments of digests by local clocks, daylight saving included. Pure."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alerts.models import Rhythm, Timing
from noticewatch.errors import UsageError


def due_at(timing: Timing, found_at: datetime, *, late: bool = False) -> datetime:
    """When something found at a moment is told, UTC: that moment itself, or that of the first digest after it.

    ``late``: things that came late go into a digest, a daily one for searches that speak at once. A local time that a
    day does not have, because clocks were set forward, comes as much later; of one that it has twice the first counts.
    """
    rhythm = Rhythm.DAILY if late and timing.rhythm is Rhythm.AT_ONCE else timing.rhythm
    found_at = found_at.astimezone(UTC)
    if rhythm is Rhythm.AT_ONCE:
        return found_at
    if rhythm is Rhythm.HOURLY:
        return found_at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    zone = ZoneInfo(timing.zone)
    day = found_at.astimezone(zone).date() - timedelta(days=1)
    while True:
        moment = datetime.combine(day, timing.at, zone).astimezone(UTC)
        if moment > found_at and (rhythm is Rhythm.DAILY or day.weekday() == timing.weekday):
            return moment
        day += timedelta(days=1)


def check(timing: Timing) -> None:
    """Raise UsageError for a zone or weekday that there is not."""
    try:
        ZoneInfo(timing.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(f"There is no time zone {timing.zone!r}; write one such as America/New_York.") from error
    if not 0 <= timing.weekday <= 6:
        raise UsageError(f"The weekday is {timing.weekday}; use 0 (Monday) to 6 (Sunday).")
