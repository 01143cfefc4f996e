"""Readers of the log: each follows it by a cursor, one process at a time drives them, in the design's order."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

from filelock import FileLock, Timeout
from sqlalchemy import Connection, delete, select

from archive import tables
from archive.log import head
from archive.proof import heads
from archive.store import Archive
from noticewatch.database import chunks, insert_many
from noticewatch.errors import NoticewatchError

BATCH: Final = 1_000
"""Most events that a reader takes in one step."""


class ReaderWaits(NoticewatchError):
    """A reader cannot go on for now, for a reason outside of the archive; its cursor stands where it stood."""


class LogReader(Protocol):
    """Something that follows the log."""

    name: str

    def advance(self, archive: Archive) -> bool:
        """Take one batch of at most 1,000 events; True if there may be more."""


def cursor(connection: Connection, name: str) -> int:
    """The last ``seq`` that a reader has taken; 0 before its first batch."""
    return int(connection.scalar(select(tables.readers.c.cursor).where(tables.readers.c.name == name)) or 0)


def speechless(connection: Connection, notices: Collection[int]) -> set[int]:
    """Those of the notices that lead to another one, which has all their records."""
    n, found = tables.notices.c, set[int]()
    for chunk in chunks(sorted(notices)):
        some = n.number.in_(chunk)
        found.update(connection.scalars(select(n.number).where(some, n.leads_to.is_not(None))))
    return found


def set_cursor(connection: Connection, name: str, seq: int) -> None:
    """Move a reader's cursor; call it in the transaction that holds the reader's work."""
    connection.execute(delete(tables.readers).where(tables.readers.c.name == name))
    insert_many(connection, tables.readers, [{"name": name, "cursor": seq}], new=True)


@contextmanager
def readers_lock(archive: Archive, *, timeout: float = -1) -> Iterator[bool]:
    """Hold the readers' lock; gives False where another process holds it past ``timeout`` seconds (-1: waits)."""
    lock = FileLock(archive.folder / "locks" / "readers.lock")
    try:
        lock.acquire(timeout=timeout)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def drive(archive: Archive, readers: Sequence[LogReader], *, timeout: float = -1) -> int | None:
    """Advance the readers in order until each is at the head, and look at the head again after the lock is released.
    Then what they have appended is sealed, where no run is open.

    Gives the head they have passed, or None where another process holds the lock and was left the work. Raises
    ReaderWaits where a reader could not go on, after the others have.
    """
    while True:
        with readers_lock(archive, timeout=timeout) as held:
            if not held:
                return None
            passed, failure = _advance_all(archive, readers)
        with archive.reading() as connection:
            if head(connection) > passed:
                continue
        heads.seal_at_rest(archive)
        if failure is not None:
            raise failure
        return passed


def _advance_all(archive: Archive, readers: Sequence[LogReader]) -> tuple[int, ReaderWaits | None]:
    """Rounds over all readers until a whole round finds nothing new; one that has to wait does not hold up the rest."""
    failure: ReaderWaits | None = None
    while True:
        with archive.reading() as connection:
            begun = head(connection)
        for reader in readers:
            try:
                while reader.advance(archive):
                    pass
            except ReaderWaits as error:
                failure = error
        with archive.reading() as connection:
            if head(connection) == begun:
                return begun, failure
