"""An archive of daily files of SAM.gov that brought little, and what a thinning of it must leave."""

import os
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Row, select

from archive import tables as t
from archive.store import Archive
from crawlers.importing import import_files
from noticewatch.models import Verdict
from noticewatch.settings import Settings
from tests.faults.crawling import as_recorded
from tests.small_archive import _AWARD, _COLUMNS, _TENDER, _file

SAM = "sam_gov_bulk"
URL = "https://sam.gov/files/ContractOpportunitiesFullCSV.csv"
ROWS = 60
DAYS = (
    datetime(2026, 4, 20, 12, tzinfo=UTC), datetime(2026, 4, 21, 12, tzinfo=UTC), datetime(2026, 4, 22, 12, tzinfo=UTC),
    datetime(2026, 4, 23, 12, tzinfo=UTC), datetime(2026, 5, 1, 12, tzinfo=UTC), datetime(2026, 5, 2, 12, tzinfo=UTC),
    datetime(2026, 5, 3, 12, tzinfo=UTC),
)  # fmt: skip
"""Of these files the second, the fourth and the sixth may be thinned: the first and fifth begin a month, the third
carries a new version, the seventh is the last.
"""
THINNABLE = (2, 4, 6)
_CHANGED = {2: (3,), 4: (7, 11), 5: (20,), 6: (3, 40), 7: (5,)}
"""Rows, by file from 1, that bring another contact person, which notices do not hold: new bytes, no new version."""


def daily(number: int) -> bytes:
    """One day's file."""
    rows = [_AWARD | {"NoticeId": f"{index:032x}", "AwardNumber": f"A{index}", "Sol#": ""} for index in range(ROWS)]
    tender = dict(_TENDER) | ({"ResponseDeadLine": "2026-04-10T14:00:00-04:00"} if number >= 3 else {})
    for day, changed in _CHANGED.items():
        for index in changed:
            if number >= day:
                rows[index] |= {"PrimaryContactFullname": f"Officer of day {day}"}
    return _file([*rows[:30], tender, *rows[30:]], [*_COLUMNS, "PrimaryContactFullname"])


def imported(archive: Archive, folder: Path) -> Settings:
    """Import all files, into one WARC file; gives the settings."""
    files = folder / "daily"
    files.mkdir()
    for number, day in enumerate(DAYS, start=1):
        file = files / f"{number}.csv"
        file.write_bytes(daily(number))
        os.utime(file, (day.timestamp(), day.timestamp()))
    settings = Settings(home=archive.folder, contact="test@example.org")
    result = import_files(archive, settings, as_recorded(SAM), [files], url=URL)
    assert result.verdict is Verdict.COMPLETE, result.reasons
    return settings


def filed(archive: Archive) -> list[Row]:
    """Rows of all captures in order."""
    with archive.reading() as connection:
        return list(connection.execute(select(t.captures).order_by(t.captures.c.number)).all())
