"""What waits, what was sent and what fails: of one search for its owner, of all for the operator. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select

from alerts.models import Rhythm, TargetState
from alerts.outbox import groups_of, host_of
from alerts.tables import alert_targets, deliveries, outbox, saved_searches
from archive.times import moment, stamp

MOST_SENT: Final = 30
"""Messages of a search that are listed: the latest."""

MOST_PAUSED: Final = 200
"""Paused targets that the operator is shown: the latest."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message: to which target, what became of it. ``groups``: numbers of what it tells, in the order found."""

    number: int
    id: str
    search: int
    target: int
    rhythm: Rhythm
    made_at: datetime
    state: str
    attempts: int
    next_attempt_at: datetime
    last_answer: str
    note: str
    delivered_at: datetime | None
    groups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Failing:
    """Targets at one host to which nothing comes through. ``since``: the first of them; ``answer``: the latest."""

    host: str
    targets: int
    since: datetime
    answer: str


@dataclass(frozen=True, slots=True)
class Paused:
    """A target that gets nothing until it is resumed, without its address. ``waiting``: what is kept for it."""

    id: str
    channel: str
    host: str
    why: str
    waiting: int


@dataclass(frozen=True, slots=True)
class Queue:
    """The state of all alerts. ``due``: rows of the outbox that go into messages now, ``later``: into digests to come;
    ``kept``: for targets that are paused or not confirmed; ``waiting``: messages to be sent; ``oldest``: since when the
    longest waits, of what can be sent; ``failed``: given up after 72 hours; ``held``: held back after a restore.
    """

    searches: int
    targets: Mapping[TargetState, int]
    due: int
    later: int
    kept: int
    waiting: int
    failed: int
    held: int
    oldest: datetime | None
    failing: tuple[Failing, ...]
    paused: tuple[Paused, ...]

    def oldest_seconds(self, at: datetime) -> int:
        """How long the longest has waited; 0 where nothing waits."""
        return max(0, int((at - self.oldest).total_seconds())) if self.oldest else 0


def sent(connection: Connection, search: int, most: int = MOST_SENT) -> list[Sent]:
    """The latest messages of a search, the newest first."""
    d = deliveries.c
    query = select(deliveries).where(d.search == search).order_by(d.number.desc()).limit(most)
    return _sent(connection, list(connection.execute(query)))


def message(connection: Connection, delivery_id: str) -> Sent | None:
    """A message by its id, or None."""
    query = select(deliveries).where(deliveries.c.id == delivery_id)
    return next(iter(_sent(connection, list(connection.execute(query)))), None)


def waiting_for(connection: Connection, search: int) -> dict[int, int]:
    """How much waits for each target of a search: entries that are in no message yet, and messages that were not
    delivered; without what only its owner is told.
    """
    found: dict[int, int] = {}
    d, o = deliveries.c, outbox.c
    for query in (
        select(o.target, func.count()).where(o.search == search, o.state.in_(("waiting", "held"))).group_by(o.target),
        select(d.target, func.count())
        .where(d.search == search, d.state.in_(("waiting", "failed", "held")), d.note == "")
        .group_by(d.target),
    ):
        for target, count in connection.execute(query):
            found[target] = found.get(target, 0) + count
    return found


def queue(connection: Connection, at: datetime) -> Queue:
    """The state of all alerts at a moment."""
    rows = _rows(connection, stamp(at))
    messages = _messages(connection)
    oldest = [one for one in (rows["oldest"], messages["oldest"]) if one is not None]
    return Queue(
        searches=int(connection.scalar(select(func.count()).select_from(saved_searches)) or 0),
        targets=_states(connection),
        due=rows["due"], later=rows["later"], kept=rows["kept"] + messages["kept"], waiting=messages["waiting"],
        failed=messages["failed"], held=rows["held"] + messages["held"],
        oldest=min(map(moment, oldest)) if oldest else None,
        failing=tuple(_failing(connection)), paused=tuple(_paused(connection)),
    )  # fmt: skip


def _sent(connection: Connection, rows: list[Row[Any]]) -> list[Sent]:
    groups = groups_of(connection, [row.number for row in rows])
    return [
        Sent(
            row.number, row.id, row.search, row.target, Rhythm(row.rhythm), moment(row.made_at), row.state,
            row.attempts, moment(row.next_attempt_at), row.last_answer, row.note,
            moment(row.delivered_at) if row.delivered_at else None, groups.get(row.number, ()),
        )
        for row in rows
    ]  # fmt: skip


def _rows(connection: Connection, at: str) -> dict[str, Any]:
    """Rows of the outbox that are in no message yet."""
    o, t = outbox.c, alert_targets.c
    found: dict[str, Any] = {"due": 0, "later": 0, "kept": 0, "held": 0, "oldest": None}
    due = (o.due_at <= at).label("due")  # in a query of its own: PostgreSQL groups by columns, not by parameters
    rows = select(o.state, t.state.label("target"), due, o.due_at).join(alert_targets, t.number == o.target)
    r = rows.where(o.state != "formed").subquery().c
    query = select(r.state, r.target, r.due, func.count(), func.min(r.due_at)).group_by(r.state, r.target, r.due)
    for state, target, is_due, count, oldest in connection.execute(query):
        name = "held" if state == "held" else "kept" if target != "active" else "due" if is_due else "later"
        found[name] += count
        if name == "due":
            found["oldest"] = oldest
    return found


def _messages(connection: Connection) -> dict[str, Any]:
    d, t = deliveries.c, alert_targets.c
    found: dict[str, Any] = {"waiting": 0, "kept": 0, "failed": 0, "held": 0, "oldest": None}
    query = select(d.state, t.state.label("target"), func.count(), func.min(d.made_at))
    query = query.join(alert_targets, t.number == d.target).where(d.state != "delivered")
    for state, target, count, oldest in connection.execute(query.group_by(d.state, t.state)):
        name = "kept" if state == "waiting" and target == "paused" else state
        found[name] += count
        if name == "waiting":
            found["oldest"] = min(oldest, found["oldest"] or oldest)
    return found


def _states(connection: Connection) -> dict[TargetState, int]:
    query = select(alert_targets.c.state, func.count()).group_by(alert_targets.c.state)
    held = {row[0]: int(row[1]) for row in connection.execute(query)}
    return {"active": held.get("active", 0), "unconfirmed": held.get("unconfirmed", 0), "paused": held.get("paused", 0)}


def _failing(connection: Connection) -> list[Failing]:
    """By host; those at which most fails first."""
    d, t = deliveries.c, alert_targets.c
    last = select(d.target, func.max(d.number).label("number")).where(d.last_answer != "").group_by(d.target).subquery()
    query = (
        select(t.channel, t.address, t.failing_since, d.last_answer, d.number)
        .join(last, last.c.target == t.number, isouter=True)
        .join(deliveries, d.number == last.c.number, isouter=True)
        .where(t.failing_since.is_not(None))
    )
    found: dict[str, list[Any]] = {}
    for row in connection.execute(query):
        found.setdefault(host_of(row.channel, row.address), []).append(row)
    told = [
        Failing(
            host, len(rows), moment(min(row.failing_since for row in rows)),
            max(rows, key=lambda row: row.number or 0).last_answer or "",
        )
        for host, rows in found.items()
    ]  # fmt: skip
    return sorted(told, key=lambda one: (-one.targets, one.host))


def _paused(connection: Connection) -> list[Paused]:
    t, o, d = alert_targets.c, outbox.c, deliveries.c
    query = select(t.number, t.id, t.channel, t.address, t.why).where(t.state == "paused")
    rows = connection.execute(query.order_by(t.number.desc()).limit(MOST_PAUSED)).all()
    waiting: dict[int, int] = {}
    for column, states in ((o, ("waiting", "held")), (d, ("waiting", "failed", "held"))):
        counted = select(column.target, func.count()).where(
            column.target.in_([row.number for row in rows]), column.state.in_(states)
        )  # fmt: skip
        for target, count in connection.execute(counted.group_by(column.target)):
            waiting[target] = waiting.get(target, 0) + count
    return [
        Paused(row.id, row.channel, host_of(row.channel, row.address), row.why, waiting.get(row.number, 0))
        for row in rows
    ]
