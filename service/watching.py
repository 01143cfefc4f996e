"""Watches a crawl in its process: whether it goes on, by what it writes into the ledger and the bytes it takes."""

import subprocess
import time
from collections.abc import Callable, Hashable
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from archive import tables
from archive.store import Archive
from service.children import Children

LOOK_EVERY: Final = 15.0
"""Seconds between two looks at a crawl."""


def progress_mark(archive: Archive, source: str, process: int) -> Hashable:
    """A value that changes when a crawl gets on: a row of its run in the ledger, a record of its newest answer in the
    log, or a byte that it archives or spools. That its lock is renewed or that others write is no progress.
    """
    r, w, q, k, s = tables.runs.c, tables.windows.c, tables.requests.c, tables.records.c, tables.sightings.c
    with archive.reading() as connection:
        run = connection.execute(
            select(r.number, r.progress).where(r.source == source).order_by(r.number.desc()).limit(1)
        ).first()
        number = run.number if run else 0
        windows = connection.execute(
            select(func.count(), func.count(w.verdict), func.sum(w.rows)).where(w.run == number)
        ).one()
        requests = connection.execute(
            select(func.count(), func.max(q.capture), func.count(q.status))
            .join(tables.windows, w.number == q.window)
            .where(w.run == number)
        ).one()
        newest = requests[1]
        filed = [
            connection.scalar(select(func.max(row)).where(capture == newest))
            for capture, row in ((k.capture, k.row), (s.capture, s.row))
        ]
    spooled = _bytes(archive.warc_folder, source) + _unnamed_bytes(process)
    return (tuple(run or ()), tuple(windows), tuple(requests), tuple(filed), spooled)


def watch(
    children: Children,
    process: subprocess.Popen[bytes],
    mark: Callable[[], Hashable],
    hang_after: timedelta,
    *,
    look_every: float = LOOK_EVERY,
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Watch a child until it ends; one whose ``mark`` stays the same for ``hang_after`` is asked to end, then killed.

    True where it ended by itself, False where it had to be stopped. ``clock``: seconds that only ever go forward.
    """
    seen, since = mark(), clock()
    while True:
        try:
            process.wait(look_every)
        except subprocess.TimeoutExpired:
            pass
        else:
            return True
        now = mark()
        if now != seen:
            seen, since = now, clock()
        elif clock() - since >= hang_after.total_seconds():
            children.end(process)
            return False


def _bytes(folder: Path, source: str) -> int:
    return sum(_size(file) for file in folder.glob(f"{source}*"))


def _unnamed_bytes(process: int) -> int:
    """Bytes of the files without a name that a process has open, its spools; 0 where the system does not tell."""
    opened = Path(f"/proc/{process}/fd")
    try:
        return sum(_size(file) for file in opened.iterdir() if str(file.readlink()).endswith(" (deleted)"))
    except OSError:
        return 0  # no Linux, or it has just ended


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
