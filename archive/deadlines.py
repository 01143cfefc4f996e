"""Says in the log that a deadline is near: a number of days before it, once, of a notice that is open.

A reader of the log keeps which deadlines lie ahead. The event and the note that it was made are one transaction, so it
comes once, whatever is killed and however many schedulers there are.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import Connection, case, delete, func, select, update

from archive import tables as t
from archive.deadline_tables import deadlines
from archive.derived import Derived, append_derived, head
from archive.readers import BATCH, cursor, set_cursor
from archive.store import Archive
from archive.times import moment, stamp
from archive.withheld import withheld_now
from noticewatch.database import chunks, insert_many, shared_time
from noticewatch.dates import instant
from noticewatch.models import EventKind, Listing, Status, notice_in_part

DUE_DAYS: Final = (1, 3, 7, 14)
"""Numbers of days before a deadline at which the log says that it is near."""

DAYS: Final = "due_in_days"
"""Path of the change by which an event says which of these it is."""

_STATES_A_DEADLINE: Final = '%"role":"due"%'
"""In the canonical JSON of every content that states one."""

_OVER: Final = frozenset({Status.CLOSED, Status.AWARDED, Status.CANCELLED, Status.WITHDRAWN, Status.ARCHIVED})
_SINCE: Final = "deadlines_since"
_CHUNK: Final = 500


class DeadlineReader:
    """The reader of the log that keeps the table ``deadlines``."""

    name = "deadlines"

    def advance(self, archive: Archive) -> bool:
        """Take one batch of at most 1,000 events; True if there may be more."""
        with archive.reading() as connection:
            if cursor(connection, self.name) >= head(connection):
                return False
        with archive.writing() as connection:
            after = cursor(connection, self.name)
            e = t.events.c
            query = select(e.seq, e.notice, e.committed_at).where(e.seq > after).order_by(e.seq).limit(BATCH)
            rows = connection.execute(query).all()
            if rows:
                _keep(connection, {row.notice: moment(row.committed_at) for row in rows})
                set_cursor(connection, self.name, rows[-1].seq)
        return len(rows) == BATCH


def due_at(content: Mapping[str, Any]) -> datetime | None:
    """The deadline that a content states, UTC: of a day its begin, of a time without offset as if it were UTC. None
    where it states none to the day.
    """
    for date in content.get("dates", ()):
        if date["role"] == "due":
            return instant(date["value"]) if date.get("precision", "day") in {"time", "day"} else None
    return None


def moments(due: datetime) -> list[tuple[datetime, int]]:
    """When the log says that a deadline is near, and how many days before it that is, in order."""
    return [(due - timedelta(days=days), days) for days in sorted(DUE_DAYS, reverse=True)]


def next_moment(due: datetime, after: datetime) -> datetime | None:
    """The first of these moments after another; None where all have passed."""
    return next((at for at, _ in moments(due) if at > after), None)


def tell(archive: Archive, at: datetime | None = None) -> int:
    """Append what is to be said of deadlines by now, or by another moment; gives how many events that were."""
    told = 0
    while True:
        with archive.reading() as connection:
            by = at or shared_time(connection)
            if _since(connection, archive.epoch, by) is not None and not _near(connection, by, 1):
                return told
        with archive.writing() as connection:
            count, more = _tell(connection, archive.epoch, at or shared_time(connection))
        told += count
        if not more:
            return told


def _keep(connection: Connection, seen: Mapping[int, datetime]) -> None:
    """Note the deadlines of notices as they stand. ``seen``: when the log last told of each."""
    for numbers in chunks(sorted(seen), _CHUNK):
        held = dict(connection.execute(select(deadlines.c.notice, deadlines.c.due_at)
                                       .where(deadlines.c.notice.in_(numbers))).all())  # fmt: skip
        stated = {row.number: due for row in _current(connection, numbers) if (due := _stated(row)) is not None}
        ahead = {number: due for number, due in stated.items() if due > seen[number] or held.get(number) == stamp(due)}
        if over := held.keys() - ahead.keys():
            connection.execute(delete(deadlines).where(deadlines.c.notice.in_(sorted(over))))
        rows = [
            {"notice": number, "due_at": stamp(due), "next_at": _stamp(next_moment(due, seen[number]))}
            for number, due in ahead.items()
            if held.get(number) != stamp(due)
        ]
        insert_many(connection, deadlines, rows, over=True)


def _current(connection: Connection, numbers: Sequence[int]) -> Sequence[Any]:
    """Current contents of notices that state a deadline, None of those that state none."""
    n, v = t.notices.c, t.versions.c
    content = func.coalesce(v.content, t.records.c.content)
    query = (
        select(n.number, n.listing, case((content.like(_STATES_A_DEADLINE), content)).label("content"))
        .join(t.versions, (v.notice == n.number) & (v.version == n.current_version))
        .join(t.records, t.records.c.number == v.record)
        .where(n.number.in_(numbers), n.leads_to.is_(None))
    )
    return connection.execute(query).all()


def _stated(row: Any) -> datetime | None:
    return due_at(orjson.loads(row.content)) if row.content else None


def _near(connection: Connection, at: datetime, most: int) -> Sequence[Any]:
    """Deadlines of which something is to be said. Those that have passed are left alone: a clock that was ahead for a
    while must not cost what is to be said when it is right again.
    """
    d = deadlines.c
    ahead = d.due_at > stamp(at), d.due_at <= stamp(at + timedelta(days=max(DUE_DAYS)))
    query = select(d.notice, d.due_at, d.next_at).where(*ahead, d.next_at <= stamp(at))
    return connection.execute(query.order_by(d.due_at, d.notice).limit(most)).all()


def _tell(connection: Connection, epoch: str, at: datetime) -> tuple[int, bool]:
    """One step: how many events were appended, and whether there may be more to say."""
    since = _since(connection, epoch, at) or _note_since(connection, epoch, at)
    near = _near(connection, at, _CHUNK)
    if not near:
        return 0, False
    open_ones = set(_open(connection, [row.notice for row in near]))
    findings = [
        Derived(row.notice, EventKind.DUE_SOON, [(DAYS, None, days)], quiet=False)
        for row in near
        if (row.notice, row.due_at) in open_ones
        for days in _passed(moment(row.due_at), max(since, moment(row.next_at) - _INSTANT), at)
    ]
    if findings:
        append_derived(connection, findings)
    for row in near:
        then = _stamp(next_moment(moment(row.due_at), at))
        connection.execute(update(deadlines).where(deadlines.c.notice == row.notice).values(next_at=then))
    return len(findings), len(near) == _CHUNK


_INSTANT: Final = timedelta(microseconds=1)


def _passed(due: datetime, after: datetime, upto: datetime) -> list[int]:
    """Numbers of days whose moment lies after one moment and not after another."""
    return [days for at, days in moments(due) if after < at <= upto]


def _open(connection: Connection, numbers: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Notices that are not known to be over, with the deadline that they state now."""
    hidden = set(connection.scalars(withheld_now()))
    for row in _current(connection, numbers):
        if (due := _stated(row)) is None or row.listing != Listing.LISTED or row.number in hidden:
            continue
        if notice_in_part(row.content, ("kind", "status")).status not in _OVER:
            yield row.number, stamp(due)


def _since(connection: Connection, epoch: str, at: datetime) -> datetime | None:
    """Since when deadlines of this log are watched; None where that is not noted, or cannot be right. What passed
    before is not told: it may have been told before the log was restored, or lie long before the first start.
    """
    noted = connection.scalar(select(t.meta.c.value).where(t.meta.c.name == _SINCE)) or ""
    of, _, since = noted.partition(" ")
    return moment(since) if of == epoch and since and moment(since) <= at else None


def _note_since(connection: Connection, epoch: str, at: datetime) -> datetime:
    insert_many(connection, t.meta, [{"name": _SINCE, "value": f"{epoch} {stamp(at)}"}], over=True)
    return at


def _stamp(at: datetime | None) -> str | None:
    return stamp(at) if at else None
