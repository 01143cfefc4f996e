"""What the tables hold, in the shape in which leaves are written from it."""

from collections.abc import Collection
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, func, or_, select

from archive.documents.tables import document_answers, documents
from archive.proof import forms
from archive.proof.forms import Placed
from archive.queries import rows_of
from archive.tables import captures, events, notices, records, versions
from noticewatch.database import plain_rows
from noticewatch.models import EventKind

_CHUNK = 1_000


class Written(NamedTuple):
    """A record with the number and id of its capture."""

    capture: int
    capture_id: str
    placed: Placed


class EventRow(NamedTuple):
    """An event as its leaf needs it; ``content``: JSON of its version, None where it is the record's or not asked for.

    A member that the tables no longer hold is None.
    """

    seq: int
    notice: str | None
    version: int
    content_sha256: str | None
    kinds: str
    committed_at: str
    capture: str | None
    content: str | None = None

    @property
    def leaf(self) -> bytes:
        """The bytes of its leaf."""
        return forms.event_leaf(
            seq=self.seq, notice=self.notice or "", version=self.version, content_sha256=self.content_sha256 or "",
            kinds=self.kinds, committed_at=self.committed_at, capture=self.capture,
        )  # fmt: skip


def captures_after(connection: Connection, number: int, limit: int) -> list[RowMapping]:
    """Rows of the captures behind a number."""
    query = select(captures).where(captures.c.number > number).order_by(captures.c.number).limit(limit)
    return list(connection.execute(query).mappings())


def captures_of(connection: Connection, numbers: Collection[int]) -> dict[int, RowMapping]:
    """Rows of captures by number."""
    query = select(captures).where(captures.c.number.in_(numbers))
    return {row["number"]: row for row in connection.execute(query).mappings()}


def records_after(connection: Connection, number: int, limit: int) -> list[Written]:
    """Records behind a number, as they stand."""
    query = _records().where(records.c.number > number).order_by(records.c.number).limit(limit)
    return [_written(row) for row in connection.execute(query).all()]


def records_of(connection: Connection, numbers: Collection[int]) -> dict[int, tuple[int, int, int, int, int, str]]:
    """Records by number, as they stand: number of the capture, own number, row, start, end, SHA-256 in hex."""
    ordered, found, r = sorted(set(numbers)), dict[int, tuple[int, int, int, int, int, str]](), records.c
    query = select(r.capture, r.number, r.row, r.start, r.end, r.sha256)
    for begin in range(0, len(ordered), _CHUNK):
        some = ordered[begin : begin + _CHUNK]
        in_a_row = some[-1] - some[0] == len(some) - 1
        which = r.number.between(some[0], some[-1]) if in_a_row else r.number.in_(some)
        found.update((row[1], row) for row in plain_rows(connection, query.where(which)))
    return found


def events_between(connection: Connection, first: int, last: int, *, contents: bool = False) -> list[EventRow]:
    """Events in order of ``seq``. ``contents``: with the JSON of the version that an event brought."""
    query = (
        select(
            events.c.seq, notices.c.id, events.c.version, versions.c.content_sha256, events.c.kinds,
            events.c.committed_at, captures.c.id,
        )
        .join(notices, notices.c.number == events.c.notice, isouter=True)
        .join(
            versions, and_(versions.c.notice == events.c.notice, versions.c.version == events.c.version), isouter=True
        )
        .join(captures, captures.c.number == events.c.capture, isouter=True)
        .where(events.c.seq.between(first, last))
        .order_by(events.c.seq)
    )  # fmt: skip
    if contents:
        brought = func.coalesce(versions.c.content, records.c.content)
        query = query.join(records, records.c.number == versions.c.record, isouter=True).add_columns(brought)
        return list(map(EventRow._make, plain_rows(connection, query)))
    return [EventRow(*row) for row in plain_rows(connection, query)]


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
_TAKEDOWNS: Final = or_(events.c.kinds.contains(_TAKEN_DOWN), events.c.kinds.contains(f'"{EventKind.RESTORED}"'))


def _takedown(connection: Connection, *conditions: ColumnElement[bool]) -> int | None:
    """The ``seq`` of the latest of these events where it takes down; None where it restores, or there is none."""
    query = select(events.c.seq, events.c.kinds).join(notices, notices.c.number == events.c.notice)
    row = connection.execute(query.where(_TAKEDOWNS, *conditions).order_by(events.c.seq.desc()).limit(1)).first()
    return row.seq if row and _TAKEN_DOWN in row.kinds else None


def _records() -> Select[Any]:
    r = records.c
    return select(r.number, r.capture, captures.c.id, r.row, r.start, r.end, r.sha256).join(
        captures, captures.c.number == r.capture
    )


def _written(row: Any) -> Written:
    return Written(row.capture, row.id, Placed(row.number, row.row, row.start, row.end, row.sha256))
