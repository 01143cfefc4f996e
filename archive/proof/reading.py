"""What the tables hold, in the shape in which leaves are written from it."""

import hashlib
from collections.abc import Collection
from typing import Any, Final, NamedTuple, TypeAlias

import orjson
from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, case, func, null, or_, select

from archive.documents.tables import document_answers, documents
from archive.event_queries import REGROUPED
from archive.proof import forms
from archive.proof.forms import Lineage, Placed
from archive.queries import rows_of
from archive.tables import captures, events, leaves, notices, records, versions
from noticewatch.database import Utf8, chunks, plain_rows
from noticewatch.models import EventKind


class Written(NamedTuple):
    """A record with the number and id of its capture."""

    capture: int
    capture_id: str
    placed: Placed


HeldRecord: TypeAlias = tuple[tuple[int, int, int, int, str, int], str]
"""A record as it stands: as a leaf speaks of it, with the number of its capture; and the SHA-256 of its content."""


class EventRow(NamedTuple):
    """An event as its leaf needs it, in the order of its members; ``changed`` of one that brought no version, else
    None. What the tables no longer hold is None.
    """

    capture: str | None
    committed_at: str
    content_sha256: str | None
    kinds: str
    notice: str | None
    seq: int
    version: int
    quiet: bool
    late: bool
    changed: str | None

    def leaf(self, lineage: Lineage | None) -> bytes:
        """The bytes of its leaf; no lineage: as earlier programs wrote it."""
        if lineage is None:
            return forms.event_leaf(*self[:7])
        quiet, late = bool(self.quiet), bool(self.late)
        return forms.event_leaf(*self[:7], quiet=quiet, late=late, lineage=lineage, changed=self.changed)


def captures_after(connection: Connection, number: int, limit: int) -> list[RowMapping]:
    """Rows of the captures behind a number."""
    query = select(captures).where(captures.c.number > number).order_by(captures.c.number).limit(limit)
    return list(connection.execute(query).mappings())


def captures_of(connection: Connection, numbers: Collection[int]) -> dict[int, dict[str, Any]]:
    """What leaves need of captures, by number, each by the names of its columns."""
    names = ("number", "gaps", *forms.CAPTURE)
    query, found = select(*(captures.c[name] for name in names)), dict[int, dict[str, Any]]()
    for some in chunks(sorted(numbers)):
        rows = plain_rows(connection, query.where(captures.c.number.in_(some)))
        found |= {row[0]: dict(zip(names, row, strict=True)) for row in rows}
    return found


def records_after(connection: Connection, number: int, limit: int) -> list[Written]:
    """Records behind a number, as they stand."""
    query = _records().where(records.c.number > number).order_by(records.c.number).limit(limit)
    return [_written(row) for row in connection.execute(query).all()]


def records_of(connection: Connection, numbers: Collection[int]) -> dict[int, HeldRecord]:
    """Records by number, as they stand."""
    found, r = dict[int, HeldRecord](), records.c
    query = select(r.number, r.row, r.start, r.end, r.sha256, r.capture, Utf8(r.content))
    for some in chunks(sorted(numbers)):
        in_a_row = some[-1] - some[0] == len(some) - 1
        which = r.number.between(some[0], some[-1]) if in_a_row else r.number.in_(some)
        rows = plain_rows(connection, query.where(which))
        found |= {row[0]: (row[:6], hashlib.sha256(row[6]).hexdigest()) for row in rows}
    return found


EventTold: TypeAlias = tuple[
    str | None, str, str | None, str, str | None, int, int, bool, bool, str | None,
    bytes | None, int | None, int | None, int | None, Any, bool,
]  # fmt: skip
"""An event, in the order of the members of EventRow, with what it says of a content: the content of the version that it
speaks of where that is not its record's; that record and the event's capture, in numbers; the ``seq`` of the event that
brought the version; whether the version is held to be of another capture or moment than the event's; whether the event
says that something changed. What the tables no longer hold is None.
"""


def event_rows(connection: Connection, first: int, last: int) -> list[tuple[Any, ...]]:
    """Events in order of ``seq`` as plain tuples, to each of which EventRow gives names."""
    return plain_rows(connection, _events(first, last))


def events_told(connection: Connection, first: int, last: int) -> list[EventTold]:
    """The same, and what each says of a content."""
    v, e = versions.c, events.c
    elsewhere = or_(v.capture != e.capture, v.observed_at != captures.c.fetched_at)
    more = Utf8(v.content), v.record, e.capture, v.seq, elsewhere, e.changed != "[]"
    return plain_rows(connection, _events(first, last, *more))


def _events(first: int, last: int, *more: ColumnElement[Any]) -> Select[Any]:
    e, v = events.c, versions.c
    return (
        select(
            captures.c.id, e.committed_at, v.content_sha256, e.kinds, notices.c.id, e.seq, e.version, e.quiet, e.late,
            case((v.seq == e.seq, null()), else_=e.changed).label("told"), *more,
        )
        .select_from(events)
        .outerjoin(notices, notices.c.number == e.notice)
        .outerjoin(versions, and_(v.notice == e.notice, v.version == e.version))
        .outerjoin(captures, captures.c.number == e.capture)
        .where(e.seq.between(first, last))
        .order_by(e.seq)
    )  # fmt: skip


def events_between(connection: Connection, first: int, last: int) -> list[EventRow]:
    """Events in order of ``seq``."""
    return list(map(EventRow._make, event_rows(connection, first, last)))


def told_against(connection: Connection, first: int, last: int) -> dict[int, str]:
    """Hashes of the contents against which leaves say that changes of these events were told, by ``seq``."""
    entry = leaves.c
    begin = select(func.max(entry.seq)).where(entry.seq <= first).scalar_subquery()
    query = select(entry.seq, entry.body).where(entry.seq.between(begin, last), entry.body.is_not(None))
    found = ((seq, forms.unpack_against(bytes(body))) for seq, body in plain_rows(connection, query))
    return {seq + place: content for seq, contents in found for place, content in contents.items()}


def was_placed(connection: Connection, record: int, capture: int, row: int | None = None) -> bool:
    """Whether a leaf says that a record was read from a capture (and this row of it), where it stands or where it stood
    before.
    """
    query = select(leaves.c.body).where(leaves.c.kind == "records", leaves.c.capture == capture)
    placed = (one for body in connection.scalars(query) for one in forms.packed_rows(bytes(body)))
    return any(one[0] == record and row in {None, one[1]} for one in placed)


def is_older(connection: Connection, record: int, capture: int) -> bool:
    """Whether a record stands in another capture than this one, received no later."""
    own, other = captures.alias().c, captures.alias().c
    query = select(records.c.number).join(own.number.table, own.number == records.c.capture)
    query = query.join(other.number.table, other.number == capture)
    older = own.fetched_at <= other.fetched_at, own.number != other.number
    return connection.scalar(query.where(records.c.number == record, *older)) is not None


def is_of_many(connection: Connection, seq: int, record: int) -> bool:
    """Whether a record is one of the notice that an event speaks of, or of the one to which it leads, and this has
    several sources or postings, or had, as events of its regrouping say; or tells of a posting that it had for a while.
    """
    e, n, r = events.c, notices.c, records.c
    query = (
        select(r.number, r.source, r.source_number)
        .select_from(events.join(notices, n.number == e.notice))
        .join(records, or_(r.notice == n.number, r.notice == n.leads_to))
        .where(e.seq == seq)
    )
    rows = connection.execute(query).all()
    notice = connection.scalar(select(e.notice).where(e.seq == seq))
    told = connection.scalars(select(e.changed).where(e.notice == notice, REGROUPED)).all()
    if any(row.number == record for row in rows):
        return bool(told) or len({row[1:] for row in rows}) > 1
    posting = connection.scalar(select(r.source_number).where(r.number == record))
    known = any(posting in postings for changed in told for postings in orjson.loads(changed)[0][1:])
    return known or _was_told_by(connection, seq, notice, posting)


def _was_told_by(connection: Connection, seq: int, notice: int | None, posting: str | None) -> bool:
    """Whether another event than this one brought a version of a notice from a record of a posting, as leaves say: one
    that came and went in one transaction stands in no event of a regrouping.
    """
    e, v, r = events.c, versions.c, records.c
    query = (
        select(v.record, e.capture)
        .join(records, r.number == v.record)
        .join(events, and_(e.seq == v.seq, e.notice == v.notice))
        .where(v.notice == notice, r.source_number == posting, e.capture.is_not(None), e.seq != seq)
    )
    return any(was_placed(connection, *row) for row in connection.execute(query).all())


def takedown_of(connection: Connection, notice_id: str, version: int) -> int | None:
    """The ``seq`` of the event by which a version is taken down; None where it never was, or was restored later."""
    own = notices.c.id == notice_id, events.c.version == version, events.c.capture.is_(None)
    return _takedown(connection, *own)


def takedown_of_file(connection: Connection, capture: int) -> int | None:
    """The ``seq`` of the event by which the file that a capture, given by its number, brought is taken down; else None.

    Where it answers documents of several notices, each must have such an event.
    """
    query = select(documents.c.notice).join(document_answers, document_answers.c.document == documents.c.number)
    own = connection.scalars(query.where(document_answers.c.capture == capture).distinct()).all()
    found = [_takedown(connection, events.c.capture == capture, events.c.notice == notice) for notice in own]
    return max((seq or 0 for seq in found), default=None) if all(found) else None


def may_be_missing(connection: Connection, capture: int) -> bool:
    """Whether the log says that all that a capture, given by its number, brought was taken down: the file of a
    document, or every version that was read from its rows.
    """
    if takedown_of_file(connection, capture) is not None:
        return True
    r, v = records.c, versions.c
    query = (
        select(r.row, notices.c.id, v.version)
        .join(notices, notices.c.number == r.notice)
        .outerjoin(versions, and_(v.notice == r.notice, v.record == r.number))
        .where(r.capture == capture)
    )
    rows = connection.execute(query).all()
    if not rows or rows_of(connection, capture) != len({row.row for row in rows}):
        return False
    return all(row.version and takedown_of(connection, row.id, row.version) for row in rows)


_TAKEN_DOWN: Final = f'"{EventKind.TAKEN_DOWN}"'
TAKEDOWNS: Final = or_(events.c.kinds.contains(_TAKEN_DOWN), events.c.kinds.contains(f'"{EventKind.RESTORED}"'))
"""Events by which something is taken down or restored."""


def _takedown(connection: Connection, *conditions: ColumnElement[bool]) -> int | None:
    """The ``seq`` of the latest of these events where it takes down; None where it restores, or there is none."""
    query = select(events.c.seq, events.c.kinds).join(notices, notices.c.number == events.c.notice)
    row = connection.execute(query.where(TAKEDOWNS, *conditions).order_by(events.c.seq.desc()).limit(1)).first()
    return row.seq if row and _TAKEN_DOWN in row.kinds else None


def _records() -> Select[Any]:
    r = records.c
    return select(r.number, r.capture, captures.c.id, r.row, r.start, r.end, r.sha256).join(
        captures, captures.c.number == r.capture
    )


def _written(row: Any) -> Written:
    return Written(row.capture, row.id, Placed(row.number, row.row, row.start, row.end, row.sha256))
