"""Turns at a host, kept in the database: crawls of several sources, on whatever machine, ask one host as one asker.

A host's row says when it was last asked, how far apart from then on, and until when it wants to be left alone. A row a
source says how many of its requests are under way; it counts while that source's lock is held by the same owner, so
what a killed crawl had under way is over with its lease.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from sqlalchemy import Connection, Row, select, update

from archive import locks
from archive.store import Archive
from archive.tables import host_requests, hosts
from archive.times import moment, stamp
from noticewatch.database import insert_many, shared_time

Clock: TypeAlias = Callable[[Connection], datetime]
"""Tells the time by a connection, finer than a second and the same for all workers."""

_NOTHING: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Turn:
    """Whether a host may be asked now. ``wait``: how long not yet; ``busy``: as many requests as may be are under way;
    ``rests_until``: it wants to be left alone until then (UTC).
    """

    wait: timedelta = _NOTHING
    busy: bool = False
    rests_until: datetime | None = None

    @property
    def given(self) -> bool:
        """Whether the request may be sent; it is noted as sent then."""
        return not (self.wait or self.busy or self.rests_until)


@dataclass(frozen=True, slots=True)
class Asker:
    """A crawl that asks hosts. ``owner``: of the lock on its source."""

    archive: Archive
    source: str
    owner: str
    clock: Clock = shared_time

    def turn(self, host: str, delay: timedelta, most: int) -> Turn:
        """Take a host's turn where it is free: at least ``delay`` after the last request of anybody, and after what
        that one wanted; with fewer than ``most`` requests of all crawls under way.
        """
        with self.archive.writing() as connection:
            insert_many(connection, hosts, [{"host": host}], new=True)
            row = connection.execute(select(hosts).where(hosts.c.host == host).with_for_update()).one()
            at = self.clock(connection)
            if row.rests_until is not None and moment(row.rests_until) > at:
                return Turn(moment(row.rests_until) - at, rests_until=moment(row.rests_until))
            wait = _NOTHING if row.asked_at is None else _left(moment(row.asked_at), row.delay, delay, at)
            if wait:
                return Turn(wait)
            if _under_way(connection, host, self) >= most:
                return Turn(busy=True)
            asked = {"asked_at": stamp(at), "delay": delay.total_seconds()}
            connection.execute(update(hosts).where(hosts.c.host == host).values(asked))
            self._count(connection, host, 1)
            return Turn()

    def done(self, host: str) -> None:
        """Note that a request which had its turn is over."""
        with self.archive.writing() as connection:
            self._count(connection, host, -1)

    def rest(self, host: str, span: timedelta) -> None:
        """Let nobody ask a host for a time; a longer one that was asked for before stays."""
        with self.archive.writing() as connection:
            insert_many(connection, hosts, [{"host": host}], new=True)
            row = connection.execute(select(hosts).where(hosts.c.host == host).with_for_update()).one()
            until = stamp(self.clock(connection) + span)
            if row.rests_until is None or row.rests_until < until:
                connection.execute(update(hosts).where(hosts.c.host == host).values(rests_until=until))

    def _count(self, connection: Connection, host: str, change: int) -> None:
        r = host_requests.c
        row = {"host": host, "source": self.source, "owner": self.owner, "under_way": 0}
        insert_many(connection, host_requests, [row], new=True)
        mine = (r.host == host, r.source == self.source)
        known = connection.execute(select(host_requests).where(*mine)).one()
        before = known.under_way if known.owner == self.owner else 0
        values = {"owner": self.owner, "under_way": max(0, before + change)}
        connection.execute(update(host_requests).where(*mine).values(values))


def resting(connection: Connection) -> dict[str, datetime]:
    """Until when each host wants to be left alone (UTC), as far as one ever said so."""
    query = select(hosts.c.host, hosts.c.rests_until).where(hosts.c.rests_until.is_not(None))
    return {host: moment(until) for host, until in connection.execute(query)}


def _left(asked: datetime, wanted: float, delay: timedelta, at: datetime) -> timedelta:
    """How long a host is not to be asked yet. Never longer than the distance itself, whatever a clock was set to."""
    distance = max(timedelta(seconds=wanted), delay)
    return min(max(asked + distance - at, _NOTHING), distance)


def _under_way(connection: Connection, host: str, asker: Asker) -> int:
    """Requests to a host that living crawls wait for."""
    query = select(host_requests).where(host_requests.c.host == host, host_requests.c.under_way > 0)
    return sum(row.under_way for row in connection.execute(query).all() if _lives(connection, row, asker))


def _lives(connection: Connection, row: Row[tuple[object, ...]], asker: Asker) -> bool:
    if row.source == asker.source:
        return bool(row.owner == asker.owner)
    holder = locks.living_holder(connection, row.source)
    return holder is not None and holder.owner == row.owner
