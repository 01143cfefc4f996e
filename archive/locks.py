"""A lock a source, kept in the database, so that workers on every machine respect it.

A lock is a lease: its holder renews it while it lives. A lease that was not renewed is over, and that of a process of
this machine that is known to be dead is over at once. Who loses its lease may append nothing more: :func:`confirm`
raises inside the transaction that would.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from sqlalchemy import Connection, Row, delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from archive import tables
from archive.processes import Process, host_name, is_dead, this_process
from archive.store import Archive
from archive.times import moment, stamp
from noticewatch.database import insert_many
from noticewatch.errors import NoticewatchError
from noticewatch.identifiers import new_id

LEASE: Final = timedelta(seconds=90)
"""How long a lock lasts after it was renewed."""

RENEW_EVERY: Final = timedelta(seconds=20)

Clock: TypeAlias = Callable[[Connection], datetime]
"""Tells the time by a connection: by default the database's own, which all workers share."""

_log = logging.getLogger("noticewatch.locks")
_held: dict[tuple[str, str], "Lease"] = {}
"""Leases of this process by database and source."""


class SourceTaken(NoticewatchError):
    """Another process works on the source at the moment."""

    exit_code = 9


class LeaseLost(NoticewatchError):
    """The lease of a source ran out while its holder stood still, and another process has taken the source over."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a source, since when and renewed when (UTC)."""

    source: str
    owner: str
    process: Process
    acquired_at: datetime
    renewed_at: datetime

    @property
    def words(self) -> str:
        """The holder in words: ``process 4711 on desk``."""
        return f"process {self.process.number} on {host_name(self.process.host)}"

    def living(self, at: datetime, lease: timedelta = LEASE) -> bool:
        """Whether the lease still holds at a moment."""
        return at - self.renewed_at < lease and not is_dead(self.process)


@dataclass(slots=True, eq=False)
class Lease:
    """A source held by this process."""

    archive: Archive
    source: str
    owner: str
    clock: Clock
    lost: bool = False
    _ended: threading.Event = field(default_factory=threading.Event)

    def renew(self) -> bool:
        """Renew the lease; False where it was lost meanwhile."""
        locks = tables.crawl_locks
        with self.archive.writing() as connection:
            renewed = connection.execute(
                update(locks)
                .where(locks.c.source == self.source, locks.c.owner == self.owner)
                .values(renewed_at=stamp(self.clock(connection)))
            )
        self.lost = self.lost or renewed.rowcount == 0
        return not self.lost

    def keep(self, every: timedelta) -> None:
        """Renew until the lease is released or lost."""
        while not self._ended.wait(every.total_seconds()):
            try:
                if not self.renew():
                    return
            except Exception as error:  # the database may be away for a moment: the next round tries again
                _log.warning("The lock of %s could not be renewed (%s).", self.source, error)

    def release(self) -> None:
        """Give the source free. A lease that cannot be given back now is over by itself."""
        self._ended.set()
        locks = tables.crawl_locks
        with contextlib.suppress(SQLAlchemyError, NoticewatchError), self.archive.writing() as connection:
            connection.execute(delete(locks).where(locks.c.source == self.source, locks.c.owner == self.owner))


def database_time(connection: Connection) -> datetime:
    """The time by the database's clock, UTC."""
    told = connection.scalar(select(func.current_timestamp()))
    assert isinstance(told, datetime)
    return told if told.tzinfo else told.replace(tzinfo=UTC)


@contextmanager
def hold(
    archive: Archive,
    source: str,
    *,
    lease: timedelta = LEASE,
    renew_every: timedelta | None = RENEW_EVERY,
    clock: Clock = database_time,
    process: Process | None = None,
) -> Iterator[Lease]:
    """Hold a source, renewing the lease from a thread (``renew_every`` None: nobody renews it).

    Raises SourceTaken naming the process that holds it.
    """
    held = _acquire(archive, source, lease, clock, process or this_process())
    key = (_database(archive), source)
    _held[key] = held
    if renew_every is not None:
        threading.Thread(target=held.keep, args=(renew_every,), name=f"lock {source}", daemon=True).start()
    try:
        yield held
    finally:
        if _held.get(key) is held:
            del _held[key]
        held.release()


def confirm(connection: Connection, source: str) -> None:
    """Make sure, inside a writing transaction, that this process has not lost the source it holds.

    Does nothing where this process never held it. On PostgreSQL nobody can take it over before the transaction ends.
    Raises LeaseLost.
    """
    held = _held.get((connection.engine.url.render_as_string(hide_password=False), source))
    if held is None:
        return
    locks = tables.crawl_locks
    owner = connection.scalar(select(locks.c.owner).where(locks.c.source == source).with_for_update(read=True))
    if owner != held.owner:
        held.lost = True
        raise LeaseLost(
            f"{source} was taken over by another process while this one stood still; "
            "nothing more is appended here, the other crawl goes on."
        )


def holder(connection: Connection, source: str) -> Holder | None:
    """Who is noted as holder of a source, living or not; None where nobody is."""
    locks = tables.crawl_locks
    row = connection.execute(select(locks).where(locks.c.source == source)).first()
    return _holder(row) if row else None


def holders(connection: Connection) -> list[Holder]:
    """All noted holders, in order of source, living or not."""
    locks = tables.crawl_locks
    return [_holder(row) for row in connection.execute(select(locks).order_by(locks.c.source))]


def living_holder(
    connection: Connection, source: str, *, lease: timedelta = LEASE, clock: Clock = database_time
) -> Holder | None:
    """Who holds a source now; None where nobody does."""
    found = holder(connection, source)
    return found if found and found.living(clock(connection), lease) else None


def owner_here(archive: Archive, source: str) -> str | None:
    """Under which name this process holds a source; None where it does not."""
    held = _held.get((_database(archive), source))
    return held.owner if held else None


def held_here(archive: Archive, source: str) -> bool:
    """Whether this process holds a source."""
    return (_database(archive), source) in _held


def _acquire(archive: Archive, source: str, lease: timedelta, clock: Clock, process: Process) -> Lease:
    locks = tables.crawl_locks
    owner = f"{new_id()} {process.started}".rstrip()
    with archive.writing() as connection:
        at, before = clock(connection), holder(connection, source)
        if before is not None and before.living(at, lease):
            raise SourceTaken(_taken(before))
        if before is not None:
            connection.execute(delete(locks).where(locks.c.source == source, locks.c.owner == before.owner))
        row = {
            "source": source, "owner": owner, "host": process.host, "process": process.number,
            "acquired_at": stamp(at), "renewed_at": stamp(at),
        }  # fmt: skip
        insert_many(connection, locks, [row], new=True)
        now_held = holder(connection, source)  # on PostgreSQL another may have been quicker
        if now_held is not None and now_held.owner != owner:
            raise SourceTaken(_taken(now_held))
    return Lease(archive, source, owner, clock)


def _taken(by: Holder) -> str:
    return f"{by.source} is being crawled or imported by {by.words}; wait until that has ended."


def _holder(row: Row[tuple[object, ...]]) -> Holder:
    process = Process(row.host, row.process, row.owner.partition(" ")[2])
    return Holder(row.source, row.owner, process, moment(row.acquired_at), moment(row.renewed_at))


def _database(archive: Archive) -> str:
    return archive.engine.url.render_as_string(hide_password=False)
