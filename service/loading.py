"""The bar of the starter archive's load, drawn from the ledger and the log while another process does the work."""

import subprocess
import time
from collections.abc import Callable
from typing import Final

from archive import queries
from archive.log import head
from archive.rows import RunRow
from service.assembly import House, searchable
from service.output import Bar, progress

_LOOK_EVERY: Final = 0.3


def show_load(house: House, process: subprocess.Popen[bytes], stopping: Callable[[], bool]) -> None:
    """Draw a bar until the process has ended and the index has come to the head of the log, or until stopped."""
    with progress() as bar:
        while process.poll() is None and not stopping():
            _show(house, bar)
            time.sleep(_LOOK_EVERY)
        while process.returncode == 0 and not stopping():
            total = _head(house)
            if searchable(house.engine) >= total:
                return
            bar.show("Making it searchable", house.reached(), total)
            time.sleep(_LOOK_EVERY)


def _show(house: House, bar: Bar) -> None:
    with house.archive.reading() as connection:
        runs = queries.runs(connection, limit=10)
    under_way = next((run for run in runs if run.kind == "starter" and run.ended_at is None), None)
    if under_way is None:
        bar.show("Loading the starter archive")
    else:
        bar.show(f"Loading the starter archive: {under_way.source}", *_windows(under_way))


def _windows(run: RunRow) -> tuple[int | None, int | None]:
    """Windows done and windows planned, where the run has said so."""
    stated = run.progress or {}
    done, total = stated.get("windows_done"), stated.get("windows")
    return (done, total) if isinstance(done, int) and isinstance(total, int) else (None, None)


def _head(house: House) -> int:
    with house.archive.reading() as connection:
        return head(connection)
