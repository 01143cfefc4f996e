"""The bar of the starter archive's load, drawn from the ledger and the log while another process does the work."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from archive import queries
from archive.log import head
from service.assembly import House, searchable
from service.output import Bar, progress
from service.starter import LOADING, Way, starter_state, way

_LOOK_EVERY: Final = 0.3


def show_load(house: House, folder: Path, process: subprocess.Popen[bytes], stopping: Callable[[], bool]) -> None:
    """Draw a bar until the process has ended and the index has come to the head of the log, or until stopped."""
    going = way(folder)
    with progress() as bar:
        while process.poll() is None and not stopping():
            _show(house, folder, going, bar)
            time.sleep(_LOOK_EVERY)
        last = _head(house)
        while process.returncode == 0 and not stopping() and searchable(house.engine) < _head(house):
            bar.show("Making it searchable", house.worked_through(last), last, "events")
            time.sleep(_LOOK_EVERY)


def _show(house: House, folder: Path, going: Way, bar: Bar) -> None:
    passed = starter_state(house.archive, folder).loaded
    with house.archive.reading() as connection:
        runs = queries.runs(connection, limit=10)
    under_way = next((run for run in runs if run.kind == "starter" and run.ended_at is None), None)
    if under_way is not None:
        stated = under_way.progress or {}
        windows = (stated.get("windows_done", 0), stated.get("windows", 0))
        bar.show(f"{LOADING}: {under_way.source}", *going.told(passed, under_way.source, *windows))
    elif not going.reached:
        bar.show(LOADING, *going.told(passed))


def _head(house: House) -> int:
    with house.archive.reading() as connection:
        return head(connection)
