"""Digests come at a local time, on days on which clocks are set as well."""

from datetime import UTC, datetime, time

import pytest

from alerts.models import Rhythm, Timing
from alerts.timing import UNREAD, check, due_at, read
from noticewatch.errors import UsageError

NEW_YORK = "America/New_York"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("timing", "found", "due"),
    [
        (Timing(), "2026-03-01T10:00", "2026-03-01T10:00"),
        (Timing(Rhythm.HOURLY), "2026-03-01T10:00", "2026-03-01T11:00"),
        (Timing(Rhythm.HOURLY), "2026-03-01T23:59", "2026-03-02T00:00"),
        (Timing(Rhythm.DAILY, time(8)), "2026-03-01T07:59", "2026-03-01T08:00"),
        (Timing(Rhythm.DAILY, time(8)), "2026-03-01T08:00", "2026-03-02T08:00"),
        (Timing(Rhythm.DAILY, time(8), zone=NEW_YORK), "2026-03-07T12:00", "2026-03-07T13:00"),
        (Timing(Rhythm.DAILY, time(8), zone=NEW_YORK), "2026-03-07T14:00", "2026-03-08T12:00"),  # clocks went forward
        (Timing(Rhythm.DAILY, time(2, 30), zone=NEW_YORK), "2026-03-08T00:00", "2026-03-08T07:30"),  # no such time
        (Timing(Rhythm.DAILY, time(1, 30), zone=NEW_YORK), "2026-11-01T00:00", "2026-11-01T05:30"),  # the first of two
        (Timing(Rhythm.DAILY, time(1, 30), zone=NEW_YORK), "2026-11-01T05:45", "2026-11-02T06:30"),  # not the second
        (Timing(Rhythm.DAILY, time(0), zone="Pacific/Kiritimati"), "2026-03-01T09:59", "2026-03-01T10:00"),
        (Timing(Rhythm.WEEKLY, time(8), 0), "2026-03-01T10:00", "2026-03-02T08:00"),  # a Sunday
        (Timing(Rhythm.WEEKLY, time(8), 0), "2026-03-02T08:00", "2026-03-09T08:00"),
        (Timing(Rhythm.WEEKLY, time(20), 6, NEW_YORK), "2026-03-02T02:00", "2026-03-09T00:00"),  # still Sunday there
    ],
)
def test_a_digest_comes_at_its_local_time(timing: Timing, found: str, due: str) -> None:
    assert due_at(timing, at(found)) == at(due)


@pytest.mark.parametrize(
    ("rhythm", "due"),
    [(Rhythm.AT_ONCE, "2026-03-02T08:00"), (Rhythm.HOURLY, "2026-03-01T11:00"), (Rhythm.WEEKLY, "2026-03-02T08:00")],
)
def test_what_came_late_goes_into_a_digest(rhythm: Rhythm, due: str) -> None:
    assert due_at(Timing(rhythm), at("2026-03-01T10:00"), late=True) == at(due)


def test_a_zone_that_there_is_not_is_named() -> None:
    with pytest.raises(UsageError, match="Mars/Olympus"):
        check(Timing(zone="Mars/Olympus"))
    with pytest.raises(UsageError, match="time zone"):
        check(Timing(zone="../../etc/passwd"))


def test_what_this_version_saves_it_reads_as_it_was() -> None:
    assert read("weekly", "07:30", 4, NEW_YORK) == (Timing(Rhythm.WEEKLY, time(7, 30), 4, NEW_YORK), "")


@pytest.mark.parametrize(
    ("saved", "spoken"),
    [
        (("monthly", "07:30", 4, NEW_YORK), Timing(Rhythm.DAILY, time(7, 30), 4, NEW_YORK)),
        (("weekly", "half past seven", 4, NEW_YORK), Timing(Rhythm.WEEKLY, time(8), 4, NEW_YORK)),
        (("weekly", "07:30:15.5+02:00", 4, NEW_YORK), Timing(Rhythm.WEEKLY, time(7, 30), 4, NEW_YORK)),
        (("weekly", "07:30", 9, NEW_YORK), Timing(Rhythm.WEEKLY, time(7, 30), 0, NEW_YORK)),
        (("weekly", "07:30", 4, "Mars/Olympus"), Timing(Rhythm.WEEKLY, time(7, 30), 4, "UTC")),
        (("", "", -1, "../../etc/passwd"), Timing(Rhythm.DAILY, time(8), 0, "UTC")),
    ],
)
def test_what_another_version_saved_is_spoken_as_far_as_it_is_understood(
    saved: tuple[str, str, int, str], spoken: Timing
) -> None:
    assert read(*saved) == (spoken, UNREAD)
