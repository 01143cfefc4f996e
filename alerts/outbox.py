"""The outbox: a process takes a message for a while, sends it, and notes what came of it.

Whoever sends a message holds it by a lease; that of a process that died ends by itself. So a crash between sending and
noting repeats a message under the same id, and none is left out.
"""

import random
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row, and_, func, or_, select, update

from alerts import forming
from alerts.models import Outcome, Rhythm
from alerts.searches import SavedTarget, pause, targets_of
from alerts.tables import alert_groups, alert_targets, deliveries, outbox, saved_searches
from alerts.timing import rhythm_of
from archive.times import moment, stamp

LEASE: Final = timedelta(minutes=5)
"""How long a process may take to send a message before another one sends it again."""

TRIED_FOR: Final = timedelta(hours=72)
"""How long a message is tried. After that its target is paused and the message is kept, to be sent again."""

WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240, 480))
"""Waits between attempts; the last one repeats."""

LONGEST_WAIT: Final = timedelta(hours=24)
"""Most that the other side may ask to be waited."""

MOST_A_HOST: Final = 2
"""Messages that are under way to one host at once."""

SENT_TO: Final = ("active", "unconfirmed")
"""States of targets whose messages are sent. For one that is not confirmed there is only the question whether it wants
any (see :mod:`alerts.confirming`); everything else is put into messages when it is.
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this process holds, to be sent to ``target``. ``groups``: numbers of what it tells, in the order
    they were found; ``note``: what else; ``attempts`` counts this one.
    """

    number: int
    id: str
    search: int
    target: SavedTarget
    rhythm: Rhythm
    made_at: datetime
    attempts: int
    groups: tuple[int, ...]
    note: str


def is_ready(connection: Connection, at: datetime) -> bool:
    """Whether any message can be taken; looks without the writers' lock."""
    d, t = deliveries.c, alert_targets.c
    free = or_(d.owned_until.is_(None), d.owned_until <= stamp(at))
    query = select(d.number).join(alert_targets, t.number == d.target)
    query = query.where(d.state == "waiting", d.next_attempt_at <= stamp(at), free, t.state.in_(SENT_TO))
    return connection.scalar(query.limit(1)) is not None


def claim(connection: Connection, owner: str, most: int, at: datetime) -> list[Claimed]:
    """Take messages to be sent, at most one a target and two a host under way, whoever sends them; of each target the
    one that was tried least, then the oldest. Needs a writing transaction.
    """
    d, t = deliveries.c, alert_targets.c
    free = or_(d.owned_until.is_(None), d.owned_until <= stamp(at))
    busy = {
        row.target: host_of(row.channel, row.address)
        for row in connection.execute(
            select(d.target, t.channel, t.address)
            .join(alert_targets, t.number == d.target)
            .where(d.state == "waiting", d.owned_until > stamp(at))
        )
    }
    place = func.row_number().over(partition_by=d.target, order_by=(d.attempts, d.number)).label("place")
    ready = select(d.number, place).join(alert_targets, t.number == d.target)
    ready = ready.where(d.state == "waiting", d.next_attempt_at <= stamp(at), free, t.state.in_(SENT_TO))
    first = ready.subquery()
    query = select(d.number, d.target, t.channel, t.address)
    query = query.join(first, (first.c.number == d.number) & (first.c.place == 1))
    query = query.join(alert_targets, t.number == d.target).order_by(d.next_attempt_at, d.number)
    numbers, hosts = list[int](), Counter(busy.values())
    full = [host for host, count in hosts.items() if count >= MOST_A_HOST]
    looked_at = connection.execute(query.where(t.channel.not_in(full)))  # whole channels, such as mail
    for number, target, channel, address in looked_at:  # all: nobody waits behind however many of a slow host
        if len(numbers) == most:
            break
        host = host_of(channel, address)
        if target not in busy and hosts[host] < MOST_A_HOST:
            numbers.append(number)
            hosts[host] += 1
    looked_at.close()
    held = {row.number: row for row in connection.execute(select(deliveries).where(d.number.in_(numbers)))}
    chosen: list[Row[Any]] = [held[number] for number in numbers]
    for row in chosen:
        connection.execute(
            update(deliveries)
            .where(d.number == row.number)
            .values(owner=owner, owned_until=stamp(at + LEASE), attempts=row.attempts + 1)
        )
    targets = _targets(connection, {row.search for row in chosen})
    groups = groups_of(connection, [row.number for row in chosen])
    return [
        Claimed(
            row.number, row.id, row.search, targets[row.target], rhythm_of(row.rhythm), moment(row.made_at),
            row.attempts + 1, groups.get(row.number, ()), row.note,
        )
        for row in chosen
    ]  # fmt: skip


def settle(connection: Connection, owner: str, sent: Claimed, outcome: Outcome, at: datetime) -> None:
    """Note what came of an attempt. Needs a writing transaction. What was delivered is noted even where the lease had
    ended; anything else only by who holds the message. A message deleted meanwhile stays deleted.
    """
    d, t = deliveries.c, alert_targets.c
    own = update(deliveries).where(d.number == sent.number, d.id == sent.id, d.state == "waiting")
    given_back = {"owner": None, "owned_until": None, "last_answer": outcome.answer}
    if outcome.state == "delivered":
        connection.execute(own.values(state="delivered", delivered_at=stamp(at), **given_back))
        connection.execute(update(alert_targets).where(t.number == sent.target.number).values(failing_since=None))
        return
    until = at + wait(outcome, sent.attempts)
    held = connection.execute(own.where(d.owner == owner).values(next_attempt_at=stamp(until), **given_back))
    if held.rowcount == 0:
        return
    over = outcome.state == "gone" or (at - sent.made_at >= TRIED_FOR and sent.attempts > len(WAITS))
    if sent.target.state == "unconfirmed":  # what becomes of a question is no news to anybody
        if over:
            connection.execute(update(deliveries).where(d.number == sent.number).values(state="failed"))
        return
    failing = update(alert_targets).where(t.number == sent.target.number, t.failing_since.is_(None))
    connection.execute(failing.values(failing_since=stamp(at)))
    if outcome.state == "gone":
        _give_up(connection, sent, f"It asks to be left alone: {outcome.answer}", at)
        return
    if over:
        connection.execute(update(deliveries).where(d.number == sent.number).values(state="failed"))
        _give_up(connection, sent, f"Nothing came through for 72 hours, at last: {outcome.answer}", at)
        return
    others = update(deliveries).where(d.target == sent.target.number, d.state == "waiting", d.owner.is_(None))
    connection.execute(others.where(d.next_attempt_at < stamp(until)).values(next_attempt_at=stamp(until)))


def wait(outcome: Outcome, attempts: int) -> timedelta:
    """How long until the next attempt: longer each time and a little by chance, so that what failed at once does not
    come back at once; longer where the other side said so, up to a day.
    """
    own = WAITS[min(attempts, len(WAITS)) - 1] * random.uniform(0.9, 1.1)  # noqa: S311 - spreads attempts, hides nothing
    asked = timedelta(seconds=max(outcome.wait or 0, 0)) if (outcome.wait or 0) < _DAY else LONGEST_WAIT
    return max(own, min(asked, LONGEST_WAIT))


_DAY: Final = LONGEST_WAIT.total_seconds()


def mend_clock(connection: Connection, at: datetime) -> None:
    """Let nothing wait for moments that only a clock which was ahead can have set: what was to be sent at once, leases,
    and waits longer than any. Needs a writing transaction.
    """
    d, o, g = deliveries.c, outbox.c, alert_groups.c
    soon, now = stamp(at + _APART), stamp(at)
    waiting = update(deliveries).where(d.state == "waiting")
    given_back = {"owner": None, "owned_until": None, "next_attempt_at": now}
    connection.execute(waiting.where(d.owned_until > stamp(at + LEASE + _APART)).values(given_back))
    connection.execute(
        waiting.where(or_(and_(d.made_at > soon, d.attempts == 0), d.next_attempt_at > stamp(at + 2 * LONGEST_WAIT)))
        .values(next_attempt_at=now)
    )  # fmt: skip
    ahead = select(g.number).where(g.made_at > soon, g.late.is_(False))
    at_once = select(saved_searches.c.number).where(saved_searches.c.rhythm == Rhythm.AT_ONCE.value)
    rows = update(outbox).where(o.state == "waiting", o.due_at > soon, o.search.in_(at_once))
    connection.execute(rows.where(o.event_group.in_(ahead)).values(due_at=now))


_APART: Final = timedelta(minutes=1)
"""So far the clocks of two machines may be apart."""


def release(connection: Connection, owner: str) -> None:
    """Give back everything that a process holds, because it ends. Needs a writing transaction."""
    d = deliveries.c
    connection.execute(
        update(deliveries).where(d.owner == owner, d.state == "waiting").values(owner=None, owned_until=None)
    )


def replay(connection: Connection, numbers: Collection[int], at: datetime) -> int:
    """Send messages again that had failed, were held back or were delivered, under their ids; gives how many. Needs a
    writing transaction.
    """
    d = deliveries.c
    again = update(deliveries).where(d.number.in_(list(numbers)), d.state != "waiting")
    return connection.execute(
        again.values(state="waiting", attempts=0, made_at=stamp(at), next_attempt_at=stamp(at), delivered_at=None)
    ).rowcount


def let_go(connection: Connection, at: datetime) -> int:
    """Send what was held back after a restore; gives how many rows and messages these were. Needs a writing
    transaction.
    """
    rows = connection.execute(update(outbox).where(outbox.c.state == "held").values(state="waiting")).rowcount
    held = update(deliveries).where(deliveries.c.state == "held")
    return rows + connection.execute(held.values(state="waiting", next_attempt_at=stamp(at))).rowcount


def groups_of(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """What messages tell, by the number of the message: numbers of groups in the order they were found."""
    found: dict[int, list[int]] = {}
    o = outbox.c
    query = select(o.delivery, o.event_group).where(o.delivery.in_(numbers)).order_by(o.event_group)
    for delivery, group in connection.execute(query):
        found.setdefault(delivery, []).append(group)
    return {delivery: tuple(groups) for delivery, groups in found.items()}


def host_of(channel: str, address: str) -> str:
    """The host that takes messages to a target, in lower case; for mail and programs the channel itself, for services
    of chat that have a token or room where others have their host, the service.
    """
    if channel not in {"webhook", "chat"}:
        return channel
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
    except ValueError:
        return channel
    if channel == "chat" and "." not in host and ":" not in host:
        return parts.scheme or channel
    return host or channel


def _give_up(connection: Connection, sent: Claimed, why: str, at: datetime) -> None:
    """Pause a target, and tell its owner by the other targets of the search."""
    pause(connection, sent.target.number, why)
    said = (
        f"The {sent.target.target.channel} target of this alert was paused. {why} What it would have got is kept; "
        "resume it on the page of the alert."
    )
    for other in targets_of(connection, [sent.search])[sent.search]:
        if other.number != sent.target.number and other.state == "active":
            forming.note(connection, sent.search, other.number, said, at)


def _targets(connection: Connection, searches: Collection[int]) -> dict[int, SavedTarget]:
    return {one.number: one for some in targets_of(connection, searches).values() for one in some}
