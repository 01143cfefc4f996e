"""From rows of the outbox to messages: one a group, or one digest of many. What is formed has an id from then on."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, insert, select, update

from alerts.models import Rhythm
from alerts.tables import alert_groups, alert_targets, deliveries, outbox, saved_searches, search_revisions
from alerts.timing import rhythm_of
from archive.times import moment, stamp
from noticewatch.database import chunks
from noticewatch.identifiers import new_id

MOST_AT_ONCE: Final = 20
"""Messages that a search sends to a target one by one within an hour; what is more goes into a digest an hour."""

BROKEN: Final = "This search finds nothing any more until it is changed on its page."
"""What the owner of a search is told that can no longer be run; the reason follows."""

_HOUR: Final = timedelta(hours=1)
_PAIRS: Final = 200
"""Most searches and targets that are looked at in one transaction."""


def is_due(connection: Connection, at: datetime) -> bool:
    """Whether anything waits to be put into a message; looks without the writers' lock."""
    o, t = outbox.c, alert_targets.c
    query = select(o.number).join(alert_targets, t.number == o.target)
    query = query.where(o.state == "waiting", o.due_at <= stamp(at), t.state == "active")
    return connection.scalar(query.limit(1)) is not None


def form(connection: Connection, at: datetime) -> int:
    """Put what is due into messages; gives how many rows were moved, 0 where nothing is due. Needs a writing
    transaction. Targets that are not confirmed, or paused, keep what waits for them.
    """
    o, t = outbox.c, alert_targets.c
    due = o.state == "waiting", o.due_at <= stamp(at)
    pairs = connection.execute(
        select(o.target, o.search, func.min(o.due_at))
        .join(alert_targets, t.number == o.target)
        .where(*due, t.state == "active")
        .group_by(o.target, o.search)
        .order_by(func.min(o.due_at), o.target)
        .limit(_PAIRS)
    ).all()
    moved = 0
    for target, search, _ in pairs:
        query = select(o.number, alert_groups.c.late).join(alert_groups, alert_groups.c.number == o.event_group)
        rows = connection.execute(query.where(*due, o.target == target).order_by(o.number)).all()
        moved += len(rows)
        speaks = select(saved_searches.c.rhythm).where(saved_searches.c.number == search)
        rhythm = rhythm_of(connection.scalars(speaks).one())
        if rhythm is not Rhythm.AT_ONCE:
            _form(connection, search, target, rhythm, [row.number for row in rows], at)
            continue
        late, others = [row.number for row in rows if row.late], [row.number for row in rows if not row.late]
        if late:
            _form(connection, search, target, Rhythm.DAILY, late, at)
        if others:
            _form_at_once(connection, search, target, others, at)
    return moved


def note(connection: Connection, search: int, target: int, sentence: str, at: datetime) -> None:
    """Tell the owner of a search something by one of its targets. Needs a writing transaction."""
    _insert(connection, search, target, Rhythm.AT_ONCE, at, sentence)


def note_broken(connection: Connection, revision: int, why: str, at: datetime) -> None:
    """Tell the owner of a search, once, that what it asks for cannot be run any more. Needs a writing transaction.
    ``why``: a sentence. Targets that are not confirmed get nothing.
    """
    r, t, d = search_revisions.c, alert_targets.c, deliveries.c
    row = connection.execute(select(r.search, r.made_at, r.active_to_seq).where(r.number == revision)).first()
    if row is None or row.active_to_seq is not None:  # deleted, or changed since
        return
    said = f"{BROKEN} {why}"
    told = set(
        connection.scalars(select(d.target).where(d.search == row.search, d.note == said, d.made_at > row.made_at))
    )
    targets = connection.scalars(select(t.number).where(t.search == row.search, t.state == "active")).all()
    for target in sorted(set(targets) - told):
        note(connection, row.search, target, said, at)


def _form_at_once(connection: Connection, search: int, target: int, rows: Sequence[int], at: datetime) -> None:
    """One message a row; a digest of all where these would be too many within an hour, and one of these an hour."""
    d = deliveries.c
    lately = select(d.rhythm, func.count(), func.max(d.made_at)).where(
        d.target == target, d.made_at > stamp(at - _HOUR)
    )
    sent = {row[0]: (row[1], row[2]) for row in connection.execute(lately.group_by(d.rhythm))}
    if len(rows) + sent.get(Rhythm.AT_ONCE, (0, ""))[0] <= MOST_AT_ONCE and Rhythm.HOURLY not in sent:
        for row in rows:
            _form(connection, search, target, Rhythm.AT_ONCE, [row], at)
    elif Rhythm.HOURLY not in sent:
        _form(connection, search, target, Rhythm.HOURLY, rows, at)
    else:
        _postpone(connection, rows, moment(sent[Rhythm.HOURLY][1]) + _HOUR)


def _form(connection: Connection, search: int, target: int, rhythm: Rhythm, rows: Sequence[int], at: datetime) -> None:
    number = _insert(connection, search, target, rhythm, at, "")
    for chunk in chunks(rows):
        some = update(outbox).where(outbox.c.number.in_(chunk))
        connection.execute(some.values(state="formed", delivery=number))


def _postpone(connection: Connection, rows: Sequence[int], until: datetime) -> None:
    for chunk in chunks(rows):
        some = update(outbox).where(outbox.c.number.in_(chunk))
        connection.execute(some.values(due_at=stamp(until)))


def _insert(connection: Connection, search: int, target: int, rhythm: Rhythm, at: datetime, told: str) -> int:
    values = {
        "id": new_id(), "search": search, "target": target, "rhythm": rhythm.value, "made_at": stamp(at),
        "state": "waiting", "attempts": 0, "next_attempt_at": stamp(at), "last_answer": "", "note": told,
    }  # fmt: skip
    key = connection.execute(insert(deliveries).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])
