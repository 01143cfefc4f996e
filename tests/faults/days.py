"""Answers of two days as files to be imported: what steps are killed over, and what fills a disk up."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from archive.warc import recorded
from tests.faults.crawling import REPLAYS, as_recorded
from tests.faults.payloads import rows_of, with_rows

SOURCE: Final = as_recorded("usaspending_transactions")
RECORDING: Final = REPLAYS / SOURCE.name / "2-end-of-fy2025.warc.gz"
FILES: Final = 5
"""Answers of the recording that are imported, each a file of its own; the rest would only take longer."""


@dataclass(frozen=True)
class Days:
    """Answers as files: of yesterday and of today."""

    yesterday: tuple[Path, ...]
    today: tuple[Path, ...]


def make_days(folder: Path) -> Days:
    """Answers of the recording as files. Of yesterday's rows each third has another amount, and each fourth lacks."""
    payloads = []
    for one in recorded(RECORDING):
        with one.open() as stream:
            payload = stream.read()
        if rows_of(payload):
            payloads.append(payload)
    today = payloads[:FILES]
    assert len(today) == FILES
    yesterday = [
        with_rows(payload, lambda rows: [_as_yesterday(row, n) for n, row in enumerate(rows) if n % 4])
        for payload in today
    ]
    return Days(_files(folder / "yesterday", yesterday, 1), _files(folder / "today", today, 2))


def _as_yesterday(row: dict[str, object], number: int) -> dict[str, object]:
    return row | ({"Transaction Amount": 1.25} if number % 3 == 0 else {})


def _files(folder: Path, payloads: Sequence[bytes], day: int) -> tuple[Path, ...]:
    folder.mkdir()
    moment = datetime(2026, 9, 1, tzinfo=UTC) + timedelta(days=day)
    files = []
    for number, payload in enumerate(payloads):
        files.append(folder / f"{number}.json")
        files[-1].write_bytes(payload)
        os.utime(files[-1], (moment.timestamp() + number,) * 2)
    return tuple(files)
