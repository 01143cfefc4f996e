"""Drives the readers of the log: in a thread of the server, or at the end of a command that appended."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from archive.log import head
from archive.readers import LogReader, ReaderWaits, drive
from archive.store import Archive
from noticewatch.settings import Settings
from service.assembly import House, open_house, searchable
from service.holding import holder

LOOK_EVERY: Final = 0.5
"""Seconds between two looks at the head of the log: other processes append too."""

REST: Final = 5.0
"""Seconds to wait after a reader failed, before it goes on from its cursor."""

PATIENCE: Final = 60.0
"""Seconds for which a command waits until the server's readers have passed what it appended."""

_log = logging.getLogger("noticewatch.readers")


class ReadersThread(threading.Thread):
    """Keeps joins, tags and index at the head of the log until it is stopped.

    A reader that fails is logged and goes on from its cursor after a rest; ``failure`` holds its sentence meanwhile.
    """

    def __init__(self, house: House, *, look_every: float = LOOK_EVERY) -> None:
        super().__init__(name="readers", daemon=True)
        self.passed = -1
        self.failure: str | None = None
        self._house, self._look_every = house, look_every
        self._stopping = threading.Event()
        self._rests_until = 0.0

    def run(self) -> None:
        """Look, drive, rest, until stopped."""
        archive = self._house.archive
        readers = tuple(_Stoppable(reader, self._stopping) for reader in self._house.readers())
        resting = self._house.resting_readers()
        while not self._stopping.is_set():
            pause = self._look_every
            try:
                self._step(archive, readers)
                pause = 0.0 if self.passed >= 0 and self._rest(archive, resting) else pause
            except _Stopped:
                return
            except ReaderWaits as error:
                if self.failure != str(error):
                    _log.warning("%s It is tried again every %.0f seconds.", error, REST)
                self.failure, pause = str(error), REST
            except Exception as error:
                self.failure = f"{type(error).__name__}: {error}"
                _log.exception("A reader of the log failed; it goes on from its cursor in %.0f seconds.", REST)
                pause = REST
            self._stopping.wait(pause)

    def stop(self, timeout: float = 5.0) -> None:
        """Stop after the batch in hand."""
        self._stopping.set()
        if self.is_alive():
            self.join(timeout)

    def _step(self, archive: Archive, readers: tuple[LogReader, ...]) -> None:
        with archive.reading() as connection:
            moved = head(connection) != self.passed
        if moved:
            passed = drive(archive, readers, timeout=self._look_every)
            if passed is not None:
                self.passed, self.failure = passed, None

    def _rest(self, archive: Archive, resting: Sequence[LogReader]) -> bool:
        """One batch of the readers that work while the others are at rest; True if there may be more. One that fails is
        logged and left alone for a while: the others never wait for it.
        """
        if time.monotonic() < self._rests_until:
            return False
        try:
            self._house.watchlist.refresh()
            return any(reader.advance(archive) for reader in resting)
        except Exception:
            _log.exception("Work in the background failed; it goes on in %.0f seconds.", REST)
            self._rests_until = time.monotonic() + REST
            return False


class _Stopped(Exception):
    """The thread is to end."""


class _Stoppable:
    """A reader that looks between two batches whether it is to stop."""

    def __init__(self, reader: LogReader, stopping: threading.Event) -> None:
        self.name = reader.name
        self._reader, self._stopping = reader, stopping

    def advance(self, archive: Archive) -> bool:
        if self._stopping.is_set():
            raise _Stopped
        return self._reader.advance(archive)


@dataclass(frozen=True, slots=True)
class Settled:
    """Whether the readers have passed ``seq``; ``left_to``: the process they were left to, in words; ``why``: a
    sentence, where a reader could not go on.
    """

    seq: int
    passed: bool
    left_to: str = ""
    why: str = ""

    @property
    def sentence(self) -> str:
        """What a person is told."""
        if self.passed:
            return "It is joined, tagged and searchable."
        if self.why:
            return f"{self.why} What was archived is safe; indexing goes on by itself with {self.left_to}."
        return f"Joining, tagging and indexing are left to {self.left_to}; search follows."


def settle(
    settings: Settings, *, patience: float = PATIENCE, tell: Callable[[int, int], None] | None = None
) -> Settled:
    """Bring joins, tags and index to the head of the log, or wait for the server that does so.

    ``tell`` is called with how far that is and how far it is to come, in events. Where a server holds the data folder
    the work is its own; after ``patience`` seconds the rest is left to it.
    """
    with open_house(settings) as house:
        with house.archive.reading() as connection:
            last = head(connection)
        server = holder(house.archive.folder, "server")
        try:
            if server is None:
                passed = drive(house.archive, tuple(_Telling(reader, house, last, tell) for reader in house.readers()))
                return Settled(last, passed=passed is not None)
            return _wait(house, last, patience, tell, server.process)
        except ReaderWaits as error:
            return Settled(last, passed=False, left_to="the next run or the server", why=str(error))


def _wait(house: House, last: int, patience: float, tell: Callable[[int, int], None] | None, process: int) -> Settled:
    """Look until the server that holds the data folder has made everything searchable, or patience ends."""
    ends = time.monotonic() + patience
    while searchable(house.engine) < last:
        if time.monotonic() > ends:
            return Settled(last, passed=False, left_to=f"the server, process {process}")
        if tell:
            tell(house.worked_through(last), last)
        time.sleep(0.1)
    return Settled(last, passed=True)


class _Telling:
    """A reader that says after each batch how far all are."""

    def __init__(self, reader: LogReader, house: House, last: int, tell: Callable[[int, int], None] | None) -> None:
        self.name = reader.name
        self._reader, self._house, self._last, self._tell = reader, house, last, tell

    def advance(self, archive: Archive) -> bool:
        more = self._reader.advance(archive)
        if self._tell:
            self._tell(self._house.worked_through(self._last), self._last)
        return more
