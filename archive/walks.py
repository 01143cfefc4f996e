"""What crawls walk again and again: the captures of each key, when it was complete, and who was seen in it last."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, delete, func, select, update

from archive import listing_tables as lt
from archive import tables as t
from archive.absence import LastListed
from archive.batches import WindowBatch
from archive.sightings import LAST_CAPTURE, LAST_SEEN, WITH_LAST
from archive.times import stamp
from noticewatch.database import chunks, insert_many

_NOT_MODIFIED: Final = 304
_keys, _captures, _walks = lt.window_keys.c, lt.key_captures.c, lt.key_walks.c
_third = (
    select(_walks.at)
    .where(_walks.key == _keys.number)
    .order_by(_walks.at.desc())
    .limit(1)
    .offset(2)
    .correlate(lt.window_keys)
    .scalar_subquery()
)
_newest = (
    select(func.max(_walks.at)).where(_walks.key == _keys.number).correlate(lt.window_keys).scalar_subquery()
)  # fmt: skip


class Walked(NamedTuple):
    """When a window was walked: the time of its first answer, and the number of that answer's capture."""

    at: str
    capture: int


def note_captures(connection: Connection, source: str, batches: Iterable[WindowBatch]) -> dict[int, int]:
    """Note under which keys the captures of these windows were read; gives the number of each window's key.

    A capture older than what a key has settled opens that key again from there.
    """
    given = list(batches)
    held = _known_keys(connection, source, {(batch.scope, batch.key) for batch in given})
    rows, opened = dict[tuple[int, int], dict[str, Any]](), dict[int, str]()
    for batch in given:
        key, settled = held[batch.scope, batch.key]
        for number, capture in {number: capture for number, capture, _ in batch.readings}.items():
            at = stamp(capture.fetched_at)
            rows[number, key] = {"capture": number, "key": key, "at": at}
            if at < settled:
                opened[key] = min(at, opened.get(key, at))
    insert_many(connection, lt.key_captures, list(rows.values()), new=True)
    for key, at in opened.items():
        connection.execute(update(lt.window_keys).where(_keys.number == key).values(settled=at))
    return {batch.window: held[batch.scope, batch.key][0] for batch in given}


def _known_keys(
    connection: Connection, source: str, wanted: Collection[tuple[str, str]]
) -> dict[tuple[str, str], tuple[int, str]]:
    held: dict[tuple[str, str], tuple[int, str]] = {}
    scopes = {scope for scope, _ in wanted}
    for chunk in chunks(sorted({key for _, key in wanted})):
        query = select(_keys.scope, _keys.key, _keys.number, _keys.settled).where(
            _keys.source == source, _keys.scope.in_(scopes), _keys.key.in_(chunk)
        )
        held.update({(scope, key): (number, settled) for scope, key, number, settled in connection.execute(query)})
    top = int(connection.scalar(select(func.max(_keys.number))) or 0)
    new = [pair for pair in sorted(wanted) if pair not in held]
    rows = [
        {"number": number, "source": source, "scope": scope, "key": key, "settled": ""}
        for number, (scope, key) in enumerate(new, start=top + 1)
    ]
    insert_many(connection, lt.window_keys, rows)
    return held | {pair: (number, "") for number, pair in enumerate(new, start=top + 1)}


def walked_at(connection: Connection, windows: Iterable[int]) -> dict[int, Walked]:
    """When windows were walked. One whose source said only that nothing has changed was not walked, and is left out."""
    q, c = t.requests.c, t.captures.c
    found: dict[int, Walked] = {}
    for chunk in chunks(windows):
        query = (
            select(q.window, c.fetched_at, c.number)
            .join(t.captures, c.number == q.capture)
            .where(q.window.in_(chunk), q.state == "answered", q.purpose != "count", c.status != _NOT_MODIFIED)
            .order_by(c.fetched_at.desc(), c.number.desc())
        )
        found.update({window: Walked(at, number) for window, at, number in connection.execute(query)})
    return found


def note_complete(connection: Connection, walked: Mapping[int, Walked]) -> list[int]:
    """Note complete walks by key; gives the keys of which this is the newest walk and at least the third."""
    insert_many(connection, lt.key_walks, [{"key": key, "at": one.at} for key, one in walked.items()], new=True)
    due = []
    for chunk in chunks(walked):
        query = select(_keys.number, _newest, _third).where(_keys.number.in_(chunk))
        for key, newest, third in connection.execute(query):
            if third is not None and newest == walked[key].at:
                due.append(key)
    return due


def absentees(connection: Connection, keys: Collection[int]) -> dict[int, int]:
    """Notices that a record under one of these keys has been missing from for the third time, each with its key; what
    waited for a decision there is among them, and waits no longer.
    """
    found: dict[int, int] = {}
    for chunk in chunks(keys):
        query = (
            select(_captures.capture, _captures.key)
            .join(lt.window_keys, _keys.number == _captures.key)
            .where(_keys.number.in_(chunk), _captures.at >= _keys.settled, _captures.at < _third)
        )
        by_capture: dict[int, int] = {}
        by_capture.update(connection.execute(query).all())
        for captures in chunks(by_capture):
            found.update((notice, by_capture[capture]) for notice, capture in _last_seen_in(connection, captures))
        waiting = select(lt.undecided.c.notice, lt.undecided.c.key).where(lt.undecided.c.key.in_(chunk))
        found.update(connection.execute(waiting).all())
        connection.execute(delete(lt.undecided).where(lt.undecided.c.key.in_(chunk)))
        connection.execute(update(lt.window_keys).where(_keys.number.in_(chunk)).values(settled=_third))
    return found


def _last_seen_in(connection: Connection, captures: Collection[int]) -> Iterator[tuple[int, int]]:
    r, s, h = t.records.c, t.sightings.c, lt.hidden_sightings.c
    once = select(r.notice, r.capture).select_from(WITH_LAST).where(r.capture.in_(captures), s.record.is_(None))
    again = select(r.notice, s.capture).join(t.records, r.number == s.record).where(s.capture.in_(captures))
    hidden = select(r.notice, h.capture).join(t.records, r.number == h.record).where(h.capture.in_(captures))
    for query in (once, again, hidden):
        yield from map(tuple, connection.execute(query))


def last_listed(connection: Connection, notices: Iterable[int]) -> dict[int, list[LastListed]]:
    """When crawls saw each number of notices last, by notice."""
    r, h = t.records.c, lt.hidden_sightings.c
    newest: dict[tuple[int, str, str], tuple[str, set[int]]] = {}
    for chunk in chunks(notices):
        columns = (r.notice, r.source, r.source_number)
        plain = (
            select(*columns, LAST_SEEN.label("at"), _captures.key)
            .select_from(WITH_LAST.join(lt.key_captures, _captures.capture == LAST_CAPTURE))
            .where(r.notice.in_(chunk))
        )
        hidden = (
            select(*columns, h.seen_at, _captures.key)
            .select_from(t.records)
            .join(lt.hidden_sightings, h.record == r.number)
            .join(lt.key_captures, _captures.capture == h.capture)
            .where(r.notice.in_(chunk))
        )
        for query in (plain, hidden):
            for notice, source, number, at, key in connection.execute(query):
                last, keys = newest.setdefault((notice, source, number), (at, set()))
                if at > last:
                    newest[notice, source, number] = (at, {key})
                elif at == last:
                    keys.add(key)
    found: dict[int, list[LastListed]] = {}
    for (notice, source, number), (at, keys) in newest.items():
        found.setdefault(notice, []).append(LastListed(source, number, at, frozenset(keys)))
    return found


def complete_walks(connection: Connection, keys: Iterable[int], since: str) -> dict[int, list[str]]:
    """When each key was complete after a moment, in order."""
    found: dict[int, list[str]] = defaultdict(list)
    for chunk in chunks(keys):
        query = select(_walks.key, _walks.at).where(_walks.key.in_(chunk), _walks.at > since)
        for key, at in connection.execute(query.order_by(_walks.key, _walks.at)):
            found[key].append(at)
    return found


def hide(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Keep where a crawl saw records last (record, seen_at, capture), but where a later place is kept already."""
    latest: dict[int, Mapping[str, Any]] = {}
    for row in rows:
        if row["record"] not in latest or row["seen_at"] > latest[row["record"]]["seen_at"]:
            latest[row["record"]] = row
    h = lt.hidden_sightings.c
    for chunk in chunks(latest):
        held: dict[int, str] = {}
        held.update(connection.execute(select(h.record, h.seen_at).where(h.record.in_(chunk))).all())
        new = [latest[record] for record in chunk if latest[record]["seen_at"] > held.get(record, "")]
        insert_many(connection, lt.hidden_sightings, new, over=True)


def seen_by_crawls(connection: Connection, captures: Iterable[int]) -> set[int]:
    """Those of the captures that a crawl has read."""
    found: set[int] = set()
    for chunk in chunks(captures):
        found.update(connection.scalars(select(_captures.capture).where(_captures.capture.in_(chunk)).distinct()))
    return found


def last_places(connection: Connection, records: Iterable[int]) -> list[dict[str, Any]]:
    """Where records were seen last, where that was by a crawl: record, seen_at, capture."""
    found: list[dict[str, Any]] = []
    for chunk in chunks(records):
        query = (
            select(t.records.c.number.label("record"), LAST_SEEN.label("seen_at"), LAST_CAPTURE.label("capture"))
            .select_from(WITH_LAST.join(lt.key_captures, _captures.capture == LAST_CAPTURE))
            .where(t.records.c.number.in_(chunk))
            .distinct()
        )
        found += [dict(row._mapping) for row in connection.execute(query)]
    return found
