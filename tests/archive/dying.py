"""Processes that are killed in the middle of their work on a database, on a quick machine and on a slow one alike."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from archive.store import Archive


@contextmanager
def statements(archive: Archive, dies_at: int | None = None) -> Iterator[list[int]]:
    """Count statements and commits, in a list of one number; before the one of that number this process is killed."""
    run = [0]

    def count(*_: object) -> None:
        run[0] += 1
        if run[0] == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    for moment in ("before_cursor_execute", "commit"):
        event.listen(archive.engine, moment, count)
    yield run
    for moment in ("before_cursor_execute", "commit"):
        event.remove(archive.engine, moment, count)
