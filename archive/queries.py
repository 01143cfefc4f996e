"""The read side: notices, their histories and captures. Every function takes a connection and asks in bulk."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Connection, Row, Select, bindparam, func, or_, select

from archive import tables as t
from archive import withheld
from archive.event_queries import events, events_at, events_of, kinds_of, latest_events
from archive.finding import find, leads_to
from archive.rows import (
    CaptureRow,
    Counts,
    Coverage,
    NoticeRow,
    RecordPlace,
    RecordRow,
    RunRow,
    SourceStatus,
    VersionRow,
)
from archive.source_queries import counts, coverage, crawls_ended, runs, sources_status
from archive.times import moment
from noticewatch.database import chunks
from noticewatch.models import (
    Capture,
    Listing,
    Notice,
    Origin,
    difference,
    notice_from_json,
    notice_in_part,
)

__all__ = [
    "CaptureRow",
    "Counts",
    "Coverage",
    "NoticeRow",
    "RecordRow",
    "RunRow",
    "SourceStatus",
    "VersionRow",
    "capture",
    "capture_rows",
    "captures_of",
    "counts",
    "coverage",
    "crawls_ended",
    "events",
    "events_at",
    "events_of",
    "find",
    "histories",
    "latest_events",
    "leads_to",
    "members",
    "members_of",
    "notice",
    "notices",
    "numbers_of",
    "procurement_of",
    "procurements",
    "rows_of",
    "runs",
    "sources_status",
    "version",
    "versions",
]  # fmt: skip

_MOST_VERSION = 2**31
"""A number from which no version has one, and not every database could look for it."""


def notice(connection: Connection, notice_id: str) -> NoticeRow | None:
    """The notice with this id, or None."""
    rows = connection.execute(_notices().where(t.notices.c.id == notice_id)).all()
    return _notice_row(rows[0]) if rows else None


def notices(
    connection: Connection, numbers: Iterable[int], fields: Collection[str] | None = None
) -> dict[int, NoticeRow]:
    """Notices by number, in the order asked for; numbers that are not held are left out.

    ``fields``: those that are read of each (``kind`` among them), where not all are needed: checking them costs most.
    """
    wanted = list(numbers)
    found: dict[int, NoticeRow] = {}
    for chunk in chunks(wanted):
        for row in connection.execute(_notices_by_number(), {"numbers": chunk}).all():
            found[row.number] = _notice_row(row, fields)
    return {number: found[number] for number in wanted if number in found}


def numbers_of(connection: Connection, notice_ids: Iterable[str]) -> dict[str, int]:
    """Numbers of notices by their ids; ids that are not held are left out."""
    found: dict[str, int] = {}
    for chunk in chunks(notice_ids):
        query = select(t.notices.c.id, t.notices.c.number).where(t.notices.c.id.in_(chunk))
        found.update((row.id, row.number) for row in connection.execute(query))
    return found


def members(
    connection: Connection, procurement_numbers: Iterable[int], fields: Collection[str] | None = None
) -> dict[int, list[NoticeRow]]:
    """Members of procurements, by procurement number, in the order of their notice numbers. ``fields``: as in
    :func:`notices`.
    """
    by_procurement: dict[int, list[int]] = {number: [] for number in procurement_numbers}
    for chunk in chunks(by_procurement):
        for procurement, number in connection.execute(_members(), {"procurements": chunk}).all():
            by_procurement[procurement].append(number)
    held = notices(connection, (number for group in by_procurement.values() for number in group), fields)
    return {number: [held[member] for member in group] for number, group in by_procurement.items()}


def members_of(connection: Connection, row: NoticeRow) -> list[NoticeRow]:
    """Members of the procurement of a notice; the notice alone until the joiner has seen it."""
    held = members(connection, [row.procurement])[row.procurement] if row.procurement else []
    return held or [row]


def procurement_of(connection: Connection, notice_numbers: Iterable[int]) -> dict[int, int]:
    """Procurement numbers by notice number; notices that the joiner has not seen are left out."""
    found: dict[int, int] = {}
    for chunk in chunks(notice_numbers):
        found.update(map(tuple, connection.execute(_procurements_of(), {"notices": chunk}).all()))
    return found


def procurements(connection: Connection, procurement_ids: Iterable[str]) -> dict[str, int]:
    """Procurement numbers by id; ids that are not held are left out."""
    found: dict[str, int] = {}
    for chunk in chunks(procurement_ids):
        query = select(t.procurements.c.id, t.procurements.c.number).where(t.procurements.c.id.in_(chunk))
        found.update((row.id, row.number) for row in connection.execute(query))
    return found


def versions(connection: Connection, notice_number: int) -> list[VersionRow]:
    """A notice's history in version order, without versions that were superseded."""
    query = _versions().where(t.versions.c.notice == notice_number, t.versions.c.superseded.is_(False))
    return _history(connection.execute(query).all())


def histories(connection: Connection, notice_numbers: Iterable[int]) -> dict[int, list[VersionRow]]:
    """Histories of notices as :func:`versions` gives them, by the notice's number."""
    found: dict[int, list[Row[Any]]] = {}
    for chunk in chunks(notice_numbers):
        query = _versions().add_columns(t.versions.c.notice)
        for row in connection.execute(query.where(t.versions.c.notice.in_(chunk), t.versions.c.superseded.is_(False))):
            found.setdefault(row.notice, []).append(row)
    return {number: _history(rows) for number, rows in found.items()}


def version(connection: Connection, notice_number: int, number: int) -> VersionRow | None:
    """One version by its number, superseded or not; None where there is none. A superseded one has no place in the
    history any more; what it changed is what was told of it.
    """
    if not 0 < number < _MOST_VERSION:
        return None
    history = versions(connection, notice_number)
    held = next((row for row in history if row.version == number), None)
    if held is not None:
        return held
    query = _versions().where(t.versions.c.notice == notice_number, t.versions.c.version == number)
    alone = _history(connection.execute(query).all())
    if not alone:
        return None
    [event] = events(connection, alone[0].seq - 1, 1)
    return replace(alone[0], changed=event.changed)


def capture(connection: Connection, capture_id: str) -> CaptureRow | None:
    """The capture with this id, or None."""
    row = connection.execute(_captures().where(t.captures.c.id == capture_id)).first()
    return _capture_row(row) if row else None


def captures_of(connection: Connection, notice_number: int) -> list[CaptureRow]:
    """Captures in which a notice's wordings were first and last seen, oldest first."""
    seen = select(t.records.c.capture).where(t.records.c.notice == notice_number)
    last = select(t.sightings.c.capture).join(t.records).where(t.records.c.notice == notice_number)
    query = _captures().where(or_(t.captures.c.number.in_(seen), t.captures.c.number.in_(last)))
    return [_capture_row(row) for row in connection.execute(query.order_by(t.captures.c.fetched_at, t.captures.c.id))]


def capture_rows(
    connection: Connection, capture_number: int, *, after: int = -1, limit: int | None = None
) -> list[RecordRow]:
    """Rows of a capture that gave a record there or were seen there last, by row, from after row ``after``."""
    r, s = t.records, t.sightings.c
    first = select(r.c.row, r.c.start, r.c.end, r.c.notice, r.c.sha256, r.c.number)
    last = select(s.row, s.start, s.end, r.c.notice, r.c.sha256, r.c.number).join(r)
    both = first.where(r.c.capture == capture_number).union(last.where(s.capture == capture_number)).subquery()
    query = (
        select(both.c.row, both.c.start, both.c.end, t.notices.c.id, both.c.sha256, both.c.number, both.c.notice)
        .join(t.notices, t.notices.c.number == both.c.notice)
        .where(both.c.row > after)
        .order_by(both.c.row)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    stones = withheld.of_records(connection, {row.number: row.notice for row in rows})
    return [RecordRow(*row[:5], stones.get(row.number)) for row in rows]


def rows_of(connection: Connection, capture_number: int) -> int | None:
    """How many rows a capture held, as the ledger has it; None where it does not say. Not how many are still held to
    it: a later file moves the last sightings of most.
    """
    c, w, q = t.captures.c, t.windows.c, t.requests.c
    query = (
        select(func.max(q.rows))
        .join(t.windows, w.number == q.window)
        .join(t.captures, (c.run == w.run) & (c.number == q.capture))
        .where(c.number == capture_number)
    )
    rows: int | None = connection.scalar(query)
    return rows


@cache
def _notices() -> Select[Any]:
    n, v, r, c = t.notices.c, t.versions.c, t.records.c, t.captures.c
    held = (v.notice == n.number) & (v.version == n.current_version)
    return (
        select(
            n.number, n.id, n.register, r.source, v.version, n.versions,
            func.coalesce(v.content, r.content).label("content"), v.content_sha256, n.first_seen, n.first_seen_seq,
            n.listing, n.leads_to, t.memberships.c.procurement, t.procurements.c.id.label("procurement_id"),
            c.id.label("capture_id"), c.origin, c.recorder, c.fetched_at, *withheld.COLUMNS,
        )
        .select_from(withheld.joined(t.notices.join(t.versions, held), n.number, v.record))
        .join(t.records, r.number == v.record)
        .join(t.captures, c.number == v.capture)
        .outerjoin(t.memberships, t.memberships.c.notice == n.number)
        .outerjoin(t.procurements, t.procurements.c.number == t.memberships.c.procurement)
    )  # fmt: skip


@cache
def _members() -> Select[Any]:
    m = t.memberships.c
    wanted = m.procurement.in_(bindparam("procurements", expanding=True))
    return select(m.procurement, m.notice).where(wanted).order_by(m.notice)


@cache
def _procurements_of() -> Select[Any]:
    m = t.memberships.c
    return select(m.notice, m.procurement).where(m.notice.in_(bindparam("notices", expanding=True)))


@cache
def _notices_by_number() -> Select[Any]:
    return _notices().where(t.notices.c.number.in_(bindparam("numbers", expanding=True)))


def _notice_row(row: Any, fields: Collection[str] | None = None) -> NoticeRow:
    stone = withheld.tombstone(row)
    (
        number, notice_id, register, source, current, versions_held, content, content_sha256, first_seen,
        first_seen_seq, listing, leads_on, procurement, procurement_id, capture_id, origin, recorder, fetched_at, *_,
    ) = row  # fmt: skip  # by place: by name takes as long as half of reading the content
    return NoticeRow(
        number=number,
        id=notice_id,
        register=register,
        source=source,
        version=current,
        versions=versions_held,
        notice=withheld.NOTHING if stone else _read(content, fields),
        content_sha256=content_sha256,
        first_seen=moment(first_seen),
        first_seen_seq=first_seen_seq,
        listing=Listing(listing),
        leads_to=leads_on,
        procurement=procurement or 0,
        procurement_id=procurement_id or notice_id,
        capture_id=capture_id,
        origin=Origin(origin),
        recorder=recorder,
        captured_at=moment(fetched_at),
        tombstone=stone,
    )


def _read(content: str, fields: Collection[str] | None) -> Notice:
    return notice_from_json(content) if fields is None else notice_in_part(content, fields)


@cache
def _versions() -> Select[Any]:
    v, e, c, r, read = t.versions.c, t.events.c, t.captures.c, t.records.c, t.captures.alias("read")
    return (
        select(
            v.version, v.revision, v.observed_at, c.id.label("capture_id"), c.origin, c.recorder,
            func.coalesce(v.content, r.content).label("content"), v.content_sha256, e.kinds, e.quiet, e.late, v.seq,
            read.c.id.label("read_from"), r.row, r.start, r.end, r.sha256, *withheld.COLUMNS,
        )
        .select_from(withheld.joined(t.versions, v.notice, v.record))
        .join(t.records, r.number == v.record)
        .join(read, read.c.number == r.capture)
        .join(t.captures, c.number == v.capture)
        .join(t.events, e.seq == v.seq)
        .order_by(v.revision, v.observed_at, c.id, v.version)
    )  # fmt: skip


def _history(rows: Sequence[Any]) -> list[VersionRow]:
    history = []
    before = None
    for row in rows:
        stone = withheld.tombstone(row)
        (
            number, revision, observed_at, capture_id, origin, recorder, stated, sha256, kinds, quiet, late, seq,
            read_from, place, start, end, record_sha256, *_,
        ) = row  # fmt: skip  # by place, as in _notice_row
        content = {} if stone else orjson.loads(stated)
        changed = tuple(difference(before, content)) if before is not None and stone is None else ()
        before = before if stone else content
        history.append(
            VersionRow(
                version=number,
                revision=revision,
                observed_at=moment(observed_at),
                capture_id=capture_id,
                origin=Origin(origin),
                recorder=recorder,
                content=content,
                content_sha256=sha256,
                kinds=kinds_of(kinds),
                quiet=quiet,
                late=late,
                seq=seq,
                record=RecordPlace(read_from, place, start, end, record_sha256),
                changed=changed,
                tombstone=stone,
            )
        )
    return history


def _captures() -> Select[Any]:
    return select(t.captures, t.runs.c.id.label("run_id")).join(t.runs, t.runs.c.number == t.captures.c.run)


def _capture_row(row: Row[Any]) -> CaptureRow:
    held = Capture(
        id=row.id,
        source=row.source,
        method=row.method,
        url=row.url,
        request_body=row.request_body,
        status=row.status,
        media_type=row.media_type,
        fetched_at=moment(row.fetched_at),
        payload_sha256=row.payload_sha256,
        payload_length=row.payload_length,
        origin=Origin(row.origin),
        recorder=row.recorder,
        note=row.note,
        gaps=tuple(orjson.loads(row.gaps)),
    )
    return CaptureRow(
        row.number, held, row.run_id, row.warc_file, row.warc_offset, row.warc_length, row.payload_file,
        row.payload_offset, row.thinned_at,
    )  # fmt: skip
