"""What waits to be told, for the operator: how much, since when, where it fails. No query, and no address of mail."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from alerts.outbox import host_of
from alerts.tables import alert_targets, deliveries, outbox
from archive.times import moment, stamp


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A channel and host. ``due``: entries that go into messages now; ``later``: those that wait for a digest;
    ``waiting``: messages to be sent; ``kept``: entries and messages for targets that are paused or not confirmed;
    ``failed``: messages given up after 72 hours; ``held``: what is held back after a restore; ``oldest``: UTC, since
    when the oldest of what can be sent waits; ``answer``: the last answer of a message that was tried in vain.
    """

    channel: str
    host: str
    due: int = 0
    later: int = 0
    kept: int = 0
    waiting: int = 0
    failed: int = 0
    held: int = 0
    oldest: datetime | None = None
    answer: str = ""


def queue(connection: Connection, at: datetime) -> list[QueueRow]:
    """What is in the outbox by channel and host, in order; what was delivered is left out."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for channel, address, name, count, since in (*_entries(connection, stamp(at)), *_messages(connection)):
        held = found.setdefault((channel, host_of(channel, address)), {})
        held[name] = held.get(name, 0) + count
        if name in {"due", "waiting"}:
            held["oldest"] = min(held.get("oldest", since), since)
    for channel, address, answer in _answers(connection):
        found.setdefault((channel, host_of(channel, address)), {})["answer"] = answer
    return [
        QueueRow(channel, host, **held | {"oldest": moment(held["oldest"]) if "oldest" in held else None})
        for (channel, host), held in sorted(found.items())
    ]


def _entries(connection: Connection, at: str) -> Iterator[tuple[str, str, str, int, str]]:
    """Entries of the outbox that are in no message yet, by target: channel, address, what they do, how many, since."""
    o, t = outbox.c, alert_targets.c
    due = (o.due_at <= at).label("due")  # in a query of its own: PostgreSQL groups by columns, not by parameters
    r = select(o.target, o.state, due, o.due_at).where(o.state != "formed").subquery().c
    query = select(t.channel, t.address, t.state.label("target"), r.state, r.due, func.count(), func.min(r.due_at))
    query = query.join(alert_targets, t.number == r.target).group_by(t.channel, t.address, t.state, r.state, r.due)
    for channel, address, target, state, is_due, count, since in connection.execute(query):
        name = "held" if state == "held" else "kept" if target != "active" else "due" if is_due else "later"
        yield channel, address, name, count, since


def _messages(connection: Connection) -> Iterator[tuple[str, str, str, int, str]]:
    """Messages that are not delivered, in the same way."""
    d, t = deliveries.c, alert_targets.c
    query = select(t.channel, t.address, t.state.label("target"), d.state, func.count(), func.min(d.made_at))
    query = query.join(alert_targets, t.number == d.target).where(d.state != "delivered")
    for channel, address, target, state, count, since in connection.execute(
        query.group_by(t.channel, t.address, t.state, d.state)
    ):
        yield channel, address, "kept" if (state, target) == ("waiting", "paused") else state, count, since


def _answers(connection: Connection) -> Iterator[tuple[str, str, str]]:
    """The last answers of messages that were tried in vain, by target, the latest last."""
    d, t = deliveries.c, alert_targets.c
    tried = d.state != "delivered", d.last_answer != ""
    last = select(func.max(d.number).label("number")).where(*tried).group_by(d.target).subquery()
    query = select(t.channel, t.address, d.last_answer).join(last, last.c.number == d.number)
    for row in connection.execute(query.join(alert_targets, t.number == d.target).order_by(d.number)):
        yield row[0], row[1], row[2]
