"""Counts phrases: a reader of the log that works while the readers of search and alerts are at rest."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from sqlalchemy import Connection, func, select

from archive import tables as t
from archive.log import head
from archive.readers import cursor, set_cursor
from archive.store import Archive
from archive.times import moment
from noticewatch.database import add_many, chunks, insert_many
from noticewatch.dates import dated
from noticewatch.models import DERIVED, Notice, notice_in_part
from watchlist.radar.phrases import key, phrases
from watchlist.radar.tables import agencies, counted, phrase_counts

BATCH: Final = 300
"""Most events of one step, which takes tens of milliseconds: what comes meanwhile waits no longer than that."""

_CHUNK: Final = 500
READ: Final = ("kind", "title", "title_from", "description", "buyers", "dates")
"""Fields of a notice that its phrases, its agency and its day follow from."""

_DERIVED: Final = frozenset(kind.value for kind in DERIVED)


@dataclass
class _Batch:
    """What a span of the log adds: notices by agency and phrase, and the agency and day of each notice."""

    upto: int
    phrases: Counter[tuple[str, int]] = field(default_factory=Counter)
    notices: dict[int, tuple[str, str]] = field(default_factory=dict)


class PhraseCounter:
    """Follows the log. A notice is counted once for each phrase that any of its versions says, so the counts follow
    from the log alone, however it was cut into batches.
    """

    name = "radar"

    def advance(self, archive: Archive) -> bool:
        """Count one batch; True if there may be more. Reading and counting hold no lock: only what was counted is
        written in a transaction, with the cursor, and thrown away where another process was quicker.
        """
        with archive.reading() as connection:
            after = cursor(connection, self.name)
            if after >= head(connection):
                return False
            batch = _counted(connection, after)
        with archive.writing() as connection:
            if cursor(connection, self.name) == after:
                _write(connection, batch)
                set_cursor(connection, self.name, batch.upto)
        return True


def agency_of(notice: Notice) -> str:
    """Whose notice it is: the contracting buyer's id in the buyers table, else its name as printed, else empty."""
    buyer = notice.buyer() or next(iter(notice.buyers), None)
    return (buyer.buyer_id or buyer.name or "") if buyer else ""


def contents(connection: Connection, numbers: Sequence[int]) -> Iterator[Any]:
    """Number, version, content and first sighting of every version of notices, in order."""
    v, n = t.versions.c, t.notices.c
    query = (
        select(v.notice, v.version, func.coalesce(v.content, t.records.c.content).label("content"), n.first_seen)
        .join(t.records, t.records.c.number == v.record)
        .join(t.notices, n.number == v.notice)
    )
    for chunk in chunks(numbers, _CHUNK):
        some = v.notice.in_(chunk)
        yield from connection.execute(query.where(some).order_by(v.notice, v.version))


def _counted(connection: Connection, after: int) -> _Batch:
    e, v = t.events.c, t.versions.c
    made = (v.notice == e.notice) & (v.version == e.version) & (v.seq == e.seq)
    query = select(e.seq, e.kinds, v.notice, v.version).outerjoin(t.versions, made).where(e.seq > after)
    rows = connection.execute(query.order_by(e.seq).limit(BATCH)).all()
    new: dict[int, set[int]] = {}
    for row in rows:
        if row.notice is not None and not set(orjson.loads(row.kinds)) <= _DERIVED:
            new.setdefault(row.notice, set()).add(row.version)
    batch = _Batch(rows[-1].seq)
    said: dict[int, set[str]] = {}
    for row in contents(connection, sorted(new)):
        if row.version <= max(new[row.notice]):
            _count(batch, row, said.setdefault(row.notice, set()), is_new=row.version in new[row.notice])
    return batch


def _count(batch: _Batch, row: Any, said: set[str], *, is_new: bool) -> None:
    """Take a version into account: what earlier versions have said is counted already."""
    notice = notice_in_part(row.content, READ)
    found = phrases(notice)
    if is_new:
        agency = agency_of(notice)
        batch.phrases.update((agency, key(phrase)) for phrase in found - said)
        batch.notices[row.notice] = agency, dated(notice, moment(row.first_seen))[0]
    said |= found


def _write(connection: Connection, batch: _Batch) -> None:
    numbers = _numbered(connection, sorted({agency for agency, _ in [*batch.notices.values(), *batch.phrases]}))
    rows = sorted((phrase, numbers[agency], count) for (agency, phrase), count in batch.phrases.items())
    add_many(connection, phrase_counts, [dict(zip(("phrase", "agency", "notices"), row, strict=True)) for row in rows])
    days = [
        {"notice": notice, "agency": numbers[agency], "day": day}
        for notice, (agency, day) in sorted(batch.notices.items())
    ]
    insert_many(connection, counted, days, over=True)


def _numbered(connection: Connection, names: Sequence[str]) -> Mapping[str, int]:
    """Numbers of agencies by name; those that are new get one."""
    held = agency_numbers(connection, names)
    insert_many(connection, agencies, [{"agency": name} for name in names if name not in held], new=True)
    return held if len(held) == len(names) else agency_numbers(connection, names)


def agency_numbers(connection: Connection, names: Iterable[str] | None = None) -> dict[str, int]:
    """Numbers of agencies by name; of all where no names are given."""
    query = select(agencies.c.agency, agencies.c.number)
    if names is None:
        return {row.agency: row.number for row in connection.execute(query)}
    found: dict[str, int] = {}
    wanted = sorted(names)
    for chunk in chunks(wanted, _CHUNK):
        some = agencies.c.agency.in_(chunk)
        found.update((name, number) for name, number in connection.execute(query.where(some)))
    return found
