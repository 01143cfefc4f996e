"""What waits, what was sent and what fails: of one search for its owner, of all for the operator. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select

from alerts.confirming import QUESTION
from alerts.models import Rhythm, TargetState
from alerts.outbox import groups_of, host_of
from alerts.queue import QueueRow, queue
from alerts.tables import alert_targets, deliveries, outbox, saved_searches
from alerts.timing import rhythm_of
from archive.times import moment

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
class State:
    """The state of all alerts. ``rows``: what waits, by channel and host; ``failing``: where nothing comes through."""

    searches: int
    targets: Mapping[TargetState, int]
    rows: tuple[QueueRow, ...]
    failing: tuple[Failing, ...]
    paused: tuple[Paused, ...]

    @property
    def counts(self) -> dict[str, int]:
        """What is not delivered, by what it does: as the columns of :class:`alerts.queue.QueueRow`."""
        names = ("due", "later", "waiting", "kept", "failed", "held")
        return {name: sum(getattr(row, name) for row in self.rows) for name in names}

    def oldest_seconds(self, at: datetime) -> int:
        """How long the oldest of what can be sent has waited; 0 where nothing waits."""
        oldest = min((row.oldest for row in self.rows if row.oldest), default=at)
        return max(0, int((at - oldest).total_seconds()))


def sent(connection: Connection, search: int, most: int = MOST_SENT) -> list[Sent]:
    """The latest messages of a search, the newest first. Questions whether an address wants any are left out: whether
    it was asked, and what its relay said, would tell strangers about it.
    """
    d = deliveries.c
    query = select(deliveries).where(d.search == search, d.note != QUESTION).order_by(d.number.desc()).limit(most)
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


def state(connection: Connection, at: datetime) -> State:
    """The state of all alerts at a moment."""
    return State(
        int(connection.scalar(select(func.count()).select_from(saved_searches)) or 0), _states(connection),
        tuple(queue(connection, at)), tuple(_failing(connection)), tuple(_paused(connection)),
    )  # fmt: skip


def _sent(connection: Connection, rows: list[Row[Any]]) -> list[Sent]:
    groups = groups_of(connection, [row.number for row in rows])
    return [
        Sent(
            row.number, row.id, row.search, row.target, rhythm_of(row.rhythm), moment(row.made_at), row.state,
            row.attempts, moment(row.next_attempt_at), row.last_answer, row.note,
            moment(row.delivered_at) if row.delivered_at else None, groups.get(row.number, ()),
        )
        for row in rows
    ]  # fmt: skip


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
