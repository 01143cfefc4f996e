"""Work that goes on in a second process beside this one, where that is safe and of use; else in this one, afterwards.

The second process is a copy of this one. Only a process of a single thread is copied: a lock that another thread holds
just then would never be freed in the copy. No connection to the database is shared: the copy makes its own.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from archive.processes import die_with_parent
from noticewatch.database import connect
from noticewatch.errors import NoticewatchError

if TYPE_CHECKING:
    from archive.store import Archive

Result = TypeVar("Result")
Told: TypeAlias = Callable[[int, int], None]
Work: TypeAlias = Callable[["Archive", Told], Result]

_COPIES: Final = multiprocessing.get_context("fork")
_LOOK_EVERY: Final = 0.1
_THREADS: Final = Path("/proc/self/task")


@contextmanager
def beside(archive: "Archive", work: Work[Result]) -> Iterator[Callable[[Told], Result]]:
    """Begin some work, which is told how far it has come by (done, total); gives a function that waits for its result.

    What the work raises the function raises. When the context ends, work that has not come to its end is dropped. The
    caller holds no connection to the database.
    """
    if not _may_be_copied():
        yield lambda told: work(archive, told)
        return
    progress = _COPIES.RawArray("q", 2)
    with _copy(archive, partial(_work, work, progress)) as answer:
        yield lambda told: _awaited(archive, work, told, answer, progress)


@contextmanager
def ahead(archive: "Archive", make: Callable[["Archive"], Iterator[Result]]) -> Iterator[Iterator[Result]]:
    """Things that are made while the ones before are worked on, at most a few ahead.

    They end early where no second process can make them, or where it fails: the caller goes on alone from where they
    end, and meets there what was wrong. The caller holds no connection to the database.
    """
    if not _may_be_copied():
        yield iter(())
        return
    with _copy(archive, partial(_make, make)) as made:
        yield _received(made)


@contextmanager
def _copy(archive: "Archive", work: Callable[["Archive", Connection], None]) -> Iterator[Connection]:
    """Have a copy of this process do some work; gives what the work sends. The copy ends with the context."""
    archive.engine.dispose()
    ours, theirs = _COPIES.Pipe(duplex=False)
    process = _COPIES.Process(target=_in_the_copy, args=(archive, work, ours, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        process.kill()
        process.join()
        ours.close()


def _may_be_copied() -> bool:
    if sys.platform != "linux":
        return False
    alone = len(list(_THREADS.iterdir())) == 1
    return alone and len(os.sched_getaffinity(0)) > 1


def _awaited(archive: "Archive", work: Work[Result], told: Told, ours: Connection, progress: Any) -> Result:
    while not ours.poll(_LOOK_EVERY):
        told(*progress)
    try:
        done, found = ours.recv()
    except EOFError:  # it failed in a way that nobody foresaw, or was killed: what it was shows here
        return work(archive, told)
    if not done:
        raise found
    told(*progress)
    return found  # type: ignore[no-any-return]  # what the work gives


def _received(made: Connection) -> Iterator[Any]:
    with contextlib.suppress(EOFError):
        while True:
            yield made.recv()


def _in_the_copy(
    archive: "Archive", work: Callable[["Archive", Connection], None], ours: Connection, theirs: Connection
) -> None:
    die_with_parent()
    ours.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # sent to both; the first one ends this one
    with contextlib.suppress(Exception):  # nothing comes then, and the first process tries itself
        url = archive.engine.url.render_as_string(hide_password=False)
        work(type(archive)(connect(url), archive.folder), theirs)


def _work(work: Work[Any], progress: Any, archive: "Archive", theirs: Connection) -> None:
    def told(done: int, total: int) -> None:
        progress[:] = done, total

    try:
        theirs.send((True, work(archive, told)))
    except NoticewatchError as error:
        theirs.send((False, error))


def _make(make: Callable[["Archive"], Iterator[Any]], archive: "Archive", theirs: Connection) -> None:
    for one in make(archive):
        theirs.send(one)
