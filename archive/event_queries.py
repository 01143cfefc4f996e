"""The read side of the log: events in order. What they say of withheld contents is left out. Takes a connection."""

from collections.abc import Collection
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, Select, case, func, select

from archive import tables as t
from archive.times import moment, stamp
from archive.withheld import concerned
from noticewatch.database import chunks
from noticewatch.models import Event, EventKind

_NO_CONTENT: Final = frozenset({"correction", "listing", "notice", "notice_ids", "procurement"})
"""Paths of changes that are no content of a notice: readers of the log go by them."""

REGROUPED: Final = t.events.c.changed.like('[["notice_ids",%').label("regrouped")
"""Whether an event tells of a regrouping (archive/moves.py), after which a notice says something else, or nothing."""
MOVED: Final = case((t.events.c.changed.like('[["procurement",%'), t.events.c.changed)).label("moved")
"""What changed where an event tells that a notice moved from one procurement to another; null elsewhere."""


def events(connection: Connection, after: int, limit: int, *, loud_only: bool = False) -> list[Event]:
    """At most ``limit`` events with ``seq`` above ``after``, in order."""
    query = _events().where(t.events.c.seq > after).order_by(t.events.c.seq).limit(limit)
    if loud_only:
        query = query.where(t.events.c.quiet.is_(False))
    return [_event(row) for row in connection.execute(query)]


def events_at(connection: Connection, seqs: Collection[int]) -> dict[int, Event]:
    """The events with these ``seq``, by it."""
    found: dict[int, Event] = {}
    wanted = sorted(seqs)
    for chunk in chunks(wanted):
        query = _events().where(t.events.c.seq.in_(chunk))
        found.update((row.seq, _event(row)) for row in connection.execute(query))
    return found


def latest_events(connection: Connection, limit: int, *, loud_only: bool = True) -> list[Event]:
    """The latest events, newest first."""
    query = _events().order_by(t.events.c.seq.desc()).limit(limit)
    if loud_only:
        query = query.where(t.events.c.quiet.is_(False))
    return [_event(row) for row in connection.execute(query)]


def loud_between(
    connection: Connection, begin: datetime, end: datetime, limit: int, among: Select[tuple[int]]
) -> list[Event]:
    """At most ``limit`` loud events that were committed from ``begin`` on and before ``end`` (UTC), newest first, of
    the notices whose numbers ``among`` selects.
    """
    e = t.events.c
    within = e.quiet.is_(False), e.committed_at >= stamp(begin), e.committed_at < stamp(end), e.notice.in_(among)
    query = _events().where(*within).order_by(e.seq.desc()).limit(limit)
    return [_event(row) for row in connection.execute(query)]


def last_seq(connection: Connection, notices: Collection[int]) -> int:
    """The ``seq`` of the latest event of these notices: while it is the same, they and their tags are. 0 for none."""
    e, ordered, latest = t.events.c, sorted(notices), 0
    for chunk in chunks(ordered):
        query = select(func.max(e.seq)).where(e.notice.in_(chunk))
        latest = max(latest, connection.scalar(query) or 0)
    return latest


def events_of(connection: Connection, notice_number: int) -> list[Event]:
    """All events of a notice, in order."""
    query = _events().where(t.events.c.notice == notice_number).order_by(t.events.c.seq)
    return [_event(row) for row in connection.execute(query)]


@cache
def _events() -> Select[Any]:
    e = t.events.c
    withheld = concerned().subquery()
    return (
        select(
            e.seq, t.notices.c.id.label("notice_id"), e.notice, e.version, e.kinds, e.committed_at,
            t.captures.c.id.label("capture_id"), e.changed, e.quiet, e.late, withheld.c.correction,
        )
        .select_from(t.events)
        .join(t.notices, t.notices.c.number == e.notice)
        .outerjoin(t.captures, t.captures.c.number == e.capture)
        .outerjoin(withheld, withheld.c.notice == e.notice)
    )  # fmt: skip


def _event(row: Row[Any]) -> Event:
    return Event(
        seq=row.seq,
        notice_id=row.notice_id,
        notice_number=row.notice,
        version=row.version,
        kinds=kinds_of(row.kinds),
        committed_at=moment(row.committed_at),
        capture_id=row.capture_id,
        changed=tuple(
            (path, old, new)
            for path, old, new in orjson.loads(row.changed)
            if row.correction is None or path in _NO_CONTENT
        ),
        quiet=row.quiet,
        late=row.late,
        withheld_by=row.correction,
    )


@lru_cache(maxsize=256)
def kinds_of(text: str) -> tuple[EventKind, ...]:
    """Kinds as the table holds them."""
    return tuple(EventKind(kind) for kind in orjson.loads(text))
