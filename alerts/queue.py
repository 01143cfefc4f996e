"""What waits to be told, for the operator: how much, since when, where it fails. No query, and no address of mail."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from alerts.outbox import host_of
from alerts.tables import alert_targets, deliveries, outbox
from archive.times import moment, stamp


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A channel and host. ``due``: rows that go into messages now; ``later``: those that wait for a digest; ``kept``:
    those of targets that are paused or not confirmed; ``waiting``, ``failed``, ``held``: messages by their state;
    ``oldest``: UTC, since when the oldest message waits; ``answer``: the last answer of one that was tried in vain.
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
    found: dict[tuple[str, str], dict[str, object]] = {}
    for channel, address, name, count in _rows(connection, at):
        held = found.setdefault((channel, host_of(channel, address)), {})
        held[name] = int(held.get(name, 0)) + count  # type: ignore[call-overload]  # a number
    d, t = deliveries.c, alert_targets.c
    query = select(t.channel, t.address, d.state, d.made_at, d.last_answer).join(alert_targets, t.number == d.target)
    for row in connection.execute(query.where(d.state != "delivered").order_by(d.made_at)):
        held = found.setdefault((row.channel, host_of(row.channel, row.address)), {})
        held[row.state] = int(held.get(row.state, 0)) + 1  # type: ignore[call-overload]  # a number
        if row.state == "waiting":
            held.setdefault("oldest", moment(row.made_at))
        if row.last_answer:
            held["answer"] = row.last_answer
    return [QueueRow(channel, host, **held) for (channel, host), held in sorted(found.items())]  # type: ignore[arg-type]  # by name


def _rows(connection: Connection, at: datetime) -> list[tuple[str, str, str, int]]:
    o, t = outbox.c, alert_targets.c
    name = case((t.state != "active", "kept"), (o.due_at <= stamp(at), "due"), else_="later")
    query = select(t.channel, t.address, name, func.count()).join(alert_targets, t.number == o.target)
    rows = connection.execute(query.where(o.state == "waiting").group_by(t.channel, t.address, name)).all()
    return [(row[0], row[1], row[2], row[3]) for row in rows]
