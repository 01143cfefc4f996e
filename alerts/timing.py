"""When a search speaks: moments of digests by local clocks, daylight saving included. Pure."""

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alerts.models import Rhythm, Timing
from noticewatch.errors import UsageError

UNREAD: Final = (
    "When it speaks was saved by another version of noticewatch, which knew more than this one; until that is saved "
    "anew, it speaks as is told here."
)


@lru_cache(maxsize=10_000)
def read(rhythm: str, local_time: str, weekday: int, zone: str) -> tuple[Timing, str]:
    """When a search speaks, as it was saved, maybe by another version of the program, and what of it is not understood,
    a sentence; mostly empty. What is not understood is as in a new search, and an unknown rhythm a daily digest, which
    neither floods nor hides anything.
    """
    try:
        at = time.fromisoformat(local_time).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        at = Timing().at
    known = Timing(
        rhythm_of(rhythm), at, weekday if weekday in range(7) else 0, zone if _is_zone(zone) else Timing().zone
    )
    as_saved = (known.rhythm.value, f"{known.at:%H:%M}", known.weekday, known.zone)
    return known, "" if as_saved == (rhythm, local_time, weekday, zone) else UNREAD


def rhythm_of(written: str) -> Rhythm:
    """A rhythm as it was saved; one that only another version of the program knows is a daily digest."""
    return Rhythm(written) if written in set(Rhythm) else Rhythm.DAILY


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
    if not _is_zone(timing.zone):
        raise UsageError(f"There is no time zone {timing.zone!r}; write one such as America/New_York.")
    if not 0 <= timing.weekday <= 6:
        raise UsageError(f"The weekday is {timing.weekday}; use 0 (Monday) to 6 (Sunday).")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
