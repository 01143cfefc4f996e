"""Works that go on in several processes at once, where that is safe and of use; else in this one, when asked for.

The other processes are copies of this one. Only a process of a single thread is copied: a lock that another thread
holds just then would never be freed in the copy. No connection to the database is shared: each copy makes its own.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

from archive.processes import die_with_parent, few_collections
from noticewatch.database import read_mapped
from noticewatch.errors import NoticewatchError

if TYPE_CHECKING:
    from archive.store import Archive

Result = TypeVar("Result")
Told: TypeAlias = Callable[[int], None]

_COPIES: Final = multiprocessing.get_context("fork")
_LOOK_EVERY: Final = 0.1
_MOST_PROCESSES: Final = 4  # more would wait for the disk, and each holds pages of the database
_MOST_WORKS: Final = 256  # a byte names one
_THREADS: Final = Path("/proc/self/task")


@dataclass(frozen=True, slots=True)
class Work(Generic[Result]):
    """Something to be done. run: does it, given the archive and a function that is told how much is done; its result
    can be pickled; cost: of the whole, in a measure that all works have in common: what costs most is begun first.
    """

    run: Callable[["Archive", Told], Result]
    cost: int


def processes() -> int:
    """How many processes can work at once here."""
    if sys.platform != "linux" or len(list(_THREADS.iterdir())) > 1:
        return 1
    return min(len(os.sched_getaffinity(0)), _MOST_PROCESSES)


class Results:
    """What works come to, in their order."""

    def __init__(self, archive: "Archive", works: Sequence[Work[Any]], done: Any, readers: list[Connection]) -> None:
        self._archive, self._works, self._done, self._readers = archive, works, done, readers
        self._found: dict[int, Any] = {}

    def of(self, works: Sequence[Work[Result]], told: Told) -> list[Result]:
        """The results of some of the works; raises what the first of them raised that failed. ``told``: how much of
        them all is done.
        """
        numbers = [self._works.index(one) for one in works]

        def tell() -> None:
            told(sum(self._done[number] for number in numbers))

        return [self._result(number, tell) for number in numbers]

    def _result(self, number: int, tell: Callable[[], None]) -> Any:
        while number not in self._found and self._readers:
            self._receive()
            tell()
        if number not in self._found:  # there is no other process, or it failed in a way that nobody foresaw
            self._found[number] = True, self._works[number].run(self._archive, _noting(self._done, number, tell))
        holds, found = self._found[number]
        if not holds:
            raise found
        return found

    def _receive(self) -> None:
        """Take what comes within a moment; a process that has ended is not listened to any longer."""
        for reader in wait(self._readers, _LOOK_EVERY):
            assert isinstance(reader, Connection)
            try:
                number, *found = reader.recv()
                self._found[number] = tuple(found)
            except EOFError:
                self._readers.remove(reader)


@contextmanager
def at_once(archive: "Archive", works: Sequence[Work[Any]]) -> Iterator[Results]:
    """Begin works; gives what waits for their results.

    When the context ends, works that have not come to their end are dropped. The caller holds no connection to the
    database.
    """
    assert len(works) <= _MOST_WORKS
    done, number = _COPIES.RawArray("q", max(1, len(works))), min(processes(), len(works))
    with ExitStack() as stack:
        readers = list[Connection]()
        if number > 1:
            waiting = _waiting(works)
            stack.callback(os.close, waiting)
            work = partial(_work, works, waiting, done)
            readers = [stack.enter_context(_copy(archive, work)) for _ in range(number)]
        yield Results(archive, works, done, readers)


@contextmanager
def ahead(archive: "Archive", make: Callable[["Archive"], Iterator[Result]]) -> Iterator[Iterator[Result]]:
    """Things that are made while the ones before are worked on, at most a few ahead.

    They end early where no second process can make them, or where it fails: the caller goes on alone from where they
    end, and meets there what was wrong. The caller holds no connection to the database.
    """
    if processes() == 1:
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


def _waiting(works: Sequence[Work[Any]]) -> int:
    """A pipe out of which each process takes the number of its next work, a byte; it ends where all are taken."""
    taken, given = os.pipe()
    costs = [work.cost for work in works]
    os.write(given, bytes(sorted(range(len(works)), key=costs.__getitem__, reverse=True)))
    os.close(given)
    return taken


def _received(made: Connection) -> Iterator[Any]:
    with contextlib.suppress(EOFError):
        while True:
            yield made.recv()


def _in_the_copy(
    archive: "Archive", work: Callable[["Archive", Connection], None], ours: Connection, theirs: Connection
) -> None:
    die_with_parent()
    ours.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # sent to all; the first one ends this one
    with contextlib.suppress(Exception), few_collections():  # nothing comes then, and the first process tries itself
        archive.engine.dispose(close=False)  # makes connections of its own
        read_mapped(archive.engine)
        work(archive, theirs)


def _work(works: Sequence[Work[Any]], waiting: int, done: Any, archive: "Archive", theirs: Connection) -> None:
    while taken := os.read(waiting, 1):
        number = taken[0]
        try:
            theirs.send((number, True, works[number].run(archive, _noting(done, number))))
        except NoticewatchError as error:
            theirs.send((number, False, error))


def _make(make: Callable[["Archive"], Iterator[Any]], archive: "Archive", theirs: Connection) -> None:
    for one in make(archive):
        theirs.send(one)


def _noting(done: Any, number: int, tell: Callable[[], None] = lambda: None) -> Told:
    """Notes how much of a work is done where all processes see it."""

    def note(amount: int) -> None:
        done[number] = amount
        tell()

    return note
