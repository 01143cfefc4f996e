"""Saved searches: made, changed, removed, and found again by the token of their private link.

A change is a new revision. From which event of the log a revision counts, and up to which, is set while the order of
``seq`` is held: every event belongs to exactly one revision of a search, and none before the search was made.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Row, Table, delete, insert, select, update

from alerts import timing as clocks
from alerts.epoch import note_epoch
from alerts.models import Target, TargetState, Terms, Timing
from alerts.tables import (
    alert_groups,
    alert_targets,
    alert_tokens,
    deliveries,
    matches,
    outbox,
    saved_searches,
    search_revisions,
)
from alerts.terms import read
from alerts.tokens import Tokens, holder
from archive.deadlines import DUE_DAYS
from archive.log import head
from archive.times import moment, stamp
from indexer.ast import Node
from indexer.conditions import asked, base, check, filters, together
from indexer.meaning import Meaning
from indexer.names import Names
from noticewatch.database import chunks, shared_time
from noticewatch.errors import UsageError
from noticewatch.identifiers import new_id

MOST_TARGETS: Final = 10
CONFIRMED_WITHIN: Final = timedelta(days=3)
"""How long an address waits for its owner's confirmation."""
LONGEST_NAME: Final = 200
LONGEST_ADDRESS: Final = 2_000


@dataclass(frozen=True, slots=True)
class SavedTarget:
    """A target of a saved search. ``why``: why it is paused, in words; ``failing_since``: UTC, since when nothing came
    through.
    """

    number: int
    id: str
    target: Target
    state: TargetState
    why: str
    made_at: datetime
    failing_since: datetime | None


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A saved search as it is now. ``since``: the first ``seq`` that its present revision is matched with; ``unread``:
    why ``terms`` are not all that it asks for, see :func:`alerts.terms.read`; ``mistimed``: why ``timing`` is not as it
    was saved, see :func:`alerts.timing.read`; both mostly empty.
    """

    number: int
    id: str
    name: str
    terms: Terms
    unread: str
    timing: Timing
    mistimed: str
    revision: int
    since: int
    made_at: datetime
    targets: tuple[SavedTarget, ...]


def compiled(terms: Terms, names: Names) -> tuple[Node, Meaning]:
    """The query that runs on notices, and what its words mean.

    Raises QueryError, FilterError; UsageError for a search that asks for everything or for nothing.
    """
    request = terms.request
    check(request)
    meant = asked(request, names)
    chosen = dict(filters(request, names))
    _check(terms, meant, chosen)
    return together(meant.node, base(request, terms.tiers), *chosen.values()), meant


def understood(saved: SavedSearch, names: Names) -> tuple[str, str]:
    """The query of a search as it is understood, and why the search cannot be run any more, a sentence; empty where it
    can. Of one that cannot the query is as it was written.
    """
    fault = saved.unread
    if not fault:
        try:
            return compiled(saved.terms, names)[1].understood, ""
        except UsageError as error:
            fault = str(error)
    return saved.terms.query, fault


def _check(terms: Terms, meant: Meaning, chosen: Collection[str]) -> None:
    if not meant.understood and not chosen and terms.lens == "everything":
        raise UsageError("The search asks for every notice there is; write words, choose a filter or the watchlist.")
    if terms.lens == "watchlist" and not terms.tiers:
        raise UsageError("No tier is chosen; choose alert, review or both.")
    if not terms.reasons:
        raise UsageError("Nothing is chosen that counts; choose new, amended, awarded, due_soon or gone.")
    if wrong := sorted(set(terms.due_days) - set(DUE_DAYS)):
        raise UsageError(f"Deadlines are told {', '.join(map(str, DUE_DAYS))} days before, not {wrong[0]}.")


def create(
    connection: Connection,
    tokens: Tokens,
    names: Names,
    terms: Terms,
    targets: Sequence[tuple[Target, TargetState]],
    timing: Timing | None = None,
    name: str = "",
) -> tuple[SavedSearch, str]:
    """Save a search, and give the token of its private link. Needs a writing transaction; see :func:`compiled`.

    It is matched with what the log gets from now on. A target that is ``unconfirmed`` gets nothing until
    :func:`confirm`; what was found meanwhile waits for it.
    """
    timing = timing or Timing()
    clocks.check(timing)
    meant = compiled(terms, names)[1]
    if len(targets) > MOST_TARGETS:
        raise UsageError(f"A search has at most {MOST_TARGETS} targets.")
    own, made_at = new_id(), stamp(shared_time(connection))
    number = _inserted(
        connection, saved_searches, id=own, name=_named(name, meant), made_at=made_at, **_timing_row(timing)
    )
    connection.execute(insert(search_revisions).values(_revision(connection, number, 1, terms, made_at)))
    note_epoch(connection)
    for target, state in targets:
        add_target(connection, number, target, state)
    return by_numbers(connection, [number])[0], tokens.token(connection, "manage", number, own)


def change(
    connection: Connection,
    names: Names,
    number: int,
    *,
    terms: Terms | None = None,
    timing: Timing | None = None,
    name: str | None = None,
) -> SavedSearch:
    """Change what a search asks for, from the next event on, when it speaks, or its name. Needs a writing transaction;
    see :func:`compiled`.
    """
    held = by_numbers(connection, [number])[0]
    s, r = saved_searches.c, search_revisions.c
    if name is not None:
        meant = compiled(terms or held.terms, names)[1]
        connection.execute(update(saved_searches).where(s.number == number).values(name=_named(name, meant)))
    if timing is not None and (timing != held.timing or held.mistimed):
        clocks.check(timing)
        connection.execute(update(saved_searches).where(s.number == number).values(_timing_row(timing)))
        _set_dues(connection, number, timing)
    if terms is not None and (terms != held.terms or held.unread):
        compiled(terms, names)
        row = _revision(connection, number, held.revision + 1, terms, stamp(shared_time(connection)))
        ended = update(search_revisions).where(r.search == number, r.active_to_seq.is_(None))
        connection.execute(ended.values(active_to_seq=head(connection)))
        connection.execute(insert(search_revisions).values(row))
    return by_numbers(connection, [number])[0]


def remove(connection: Connection, numbers: Collection[int]) -> None:
    """Delete searches with everything that is held of them. Needs a writing transaction."""
    for number in numbers:
        groups = select(alert_groups.c.number).where(alert_groups.c.search == number)
        connection.execute(delete(matches).where(matches.c.event_group.in_(groups)))
        for table in (outbox, deliveries, alert_groups, alert_tokens, alert_targets, search_revisions):
            connection.execute(delete(table).where(table.c.search == number))
        connection.execute(delete(saved_searches).where(saved_searches.c.number == number))


def add_target(connection: Connection, search: int, target: Target, state: TargetState) -> SavedTarget:
    """Add a target to a search. Needs a writing transaction."""
    if not 0 < len(target.address) <= LONGEST_ADDRESS or not target.address.isprintable():
        raise UsageError("The address of a target is empty, too long, or holds characters that no address has.")
    held = targets_of(connection, [search])[search]
    if len(held) >= MOST_TARGETS:
        raise UsageError(f"A search has at most {MOST_TARGETS} targets.")
    if any((one.target.channel, one.target.address) == (target.channel, target.address) for one in held):
        raise UsageError(f"The search already goes to that {target.channel} target.")
    number = _inserted(
        connection, alert_targets, id=new_id(), search=search, channel=target.channel, address=target.address,
        secret=target.secret, state=state, why="", made_at=stamp(shared_time(connection)),
    )  # fmt: skip
    return next(one for one in targets_of(connection, [search])[search] if one.number == number)


def remove_target(connection: Connection, target: int) -> None:
    """Delete a target and what was to be sent to it; the search goes with the last one. Needs a writing transaction."""
    search = connection.scalar(select(alert_targets.c.search).where(alert_targets.c.number == target))
    if search is None:
        return
    if len(targets_of(connection, [search])[search]) == 1:
        remove(connection, [search])
        return
    for table in (outbox, deliveries, alert_tokens):
        connection.execute(delete(table).where(table.c.target == target))
    connection.execute(delete(alert_targets).where(alert_targets.c.number == target))


def forget_unconfirmed(connection: Connection, at: datetime) -> int:
    """Delete targets that nobody has confirmed for three days; gives how many. Needs a writing transaction."""
    t = alert_targets.c
    query = select(t.number).where(t.state == "unconfirmed", t.made_at < stamp(at - CONFIRMED_WITHIN))
    numbers = connection.scalars(query).all()
    for number in numbers:
        remove_target(connection, number)
    return len(numbers)


def confirm(connection: Connection, target: int) -> None:
    """A target's owner wants its messages. One that is not there any more is let go."""
    _set_state(connection, target, "active", "", was="unconfirmed")


def pause(connection: Connection, target: int, why: str) -> None:
    """Send nothing more to a target until it is resumed; what it would get is kept. ``why``: a sentence."""
    _set_state(connection, target, "paused", why, was="active")


def resume(connection: Connection, target: int) -> None:
    """Send to a paused target again, beginning with what was kept for it."""
    _set_state(connection, target, "active", "", was="paused")
    d, at = deliveries.c, stamp(shared_time(connection))
    again = update(deliveries).where(d.target == target, d.state == "failed")
    connection.execute(again.values(state="waiting", attempts=0, made_at=at, next_attempt_at=at))
    waiting = update(deliveries).where(d.target == target, d.state == "waiting")
    connection.execute(waiting.values(next_attempt_at=at))


def by_token(connection: Connection, token: str) -> SavedSearch | None:
    """The search that a private link is for; None where it is for none."""
    found = holder(connection, "manage", token)
    return next(iter(by_numbers(connection, [found[0]])), None) if found else None


def by_numbers(connection: Connection, numbers: Collection[int] | None = None) -> list[SavedSearch]:
    """Saved searches in the order they were made: all, or those with these numbers."""
    s, r = saved_searches.c, search_revisions.c
    query = (
        select(saved_searches, r.revision, r.terms, r.active_from_seq)
        .join(search_revisions, (r.search == s.number) & r.active_to_seq.is_(None))
        .order_by(s.number)
    )
    rows = connection.execute(query if numbers is None else query.where(s.number.in_(list(numbers)))).all()
    targets = targets_of(connection, [row.number for row in rows])
    return [_search(row, targets[row.number]) for row in rows]


def targets_of(connection: Connection, numbers: Iterable[int]) -> dict[int, list[SavedTarget]]:
    """Targets of searches by their numbers."""
    found: dict[int, list[SavedTarget]] = {number: [] for number in numbers}
    t, wanted = alert_targets.c, list(found)
    for chunk in chunks(wanted):
        query = select(alert_targets).where(t.search.in_(chunk)).order_by(t.number)
        for row in connection.execute(query):
            found[row.search].append(_target(row))
    return found


def _search(row: Row[tuple[object, ...]], targets: Sequence[SavedTarget]) -> SavedSearch:
    return SavedSearch(
        row.number, row.id, row.name, *read(row.terms),
        *clocks.read(row.rhythm, row.local_time, row.weekday, row.zone), row.revision, row.active_from_seq,
        moment(row.made_at), tuple(targets),
    )  # fmt: skip


def _target(row: Row[tuple[object, ...]]) -> SavedTarget:
    since = moment(row.failing_since) if row.failing_since else None
    target = Target(row.channel, row.address, row.secret)
    return SavedTarget(row.number, row.id, target, row.state, row.why, moment(row.made_at), since)


def _revision(connection: Connection, search: int, revision: int, terms: Terms, at: str) -> dict[str, object]:
    return {
        "search": search, "revision": revision, "terms": terms.model_dump_json(),
        "active_from_seq": head(connection) + 1, "made_at": at,
    }  # fmt: skip


def _timing_row(timing: Timing) -> dict[str, object]:
    return {
        "rhythm": timing.rhythm.value, "local_time": f"{timing.at:%H:%M}", "weekday": timing.weekday,
        "zone": timing.zone,
    }  # fmt: skip


def _named(name: str, meant: Meaning) -> str:
    """A name of one line: as given, else the query as it was understood."""
    return " ".join((name.strip() or meant.understood or "The watchlist").split())[:LONGEST_NAME]


def _set_state(connection: Connection, target: int, state: TargetState, why: str, *, was: TargetState) -> None:
    t = alert_targets.c
    connection.execute(
        update(alert_targets).where(t.number == target, t.state == was).values(state=state, why=why, failing_since=None)
    )


def _set_dues(connection: Connection, search: int, timing: Timing) -> None:
    """Move what waits for a digest to the moments of another rhythm."""
    o, g = outbox.c, alert_groups.c
    query = select(o.number, g.made_at, g.late).join(alert_groups, g.number == o.event_group)
    for row in connection.execute(query.where(o.search == search, o.state == "waiting")).all():
        due = clocks.due_at(timing, moment(row.made_at), late=row.late)
        connection.execute(update(outbox).where(o.number == row.number).values(due_at=stamp(due)))


def _inserted(connection: Connection, table: Table, **values: object) -> int:
    key = connection.execute(insert(table).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])
