"""What is withheld from readers, as the read side tells it: tombstones in the place of contents.

The tables of take-downs are small, and their keys lead to them: a query joins them where it gives out content. Writers,
the joiner and the tagger do not ask; what they work out of a withheld content is withheld with it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, FromClause, Select, Subquery, and_, bindparam, func, or_, select

from archive import tables as t
from archive.correction_tables import WHOLE, corrections, takedowns, withheld_files
from archive.times import moment
from noticewatch.database import chunks
from noticewatch.errors import UsageError
from noticewatch.models import Kind, Notice

NOTHING: Final = Notice(kind=Kind.OTHER)
"""What readers get in the place of a content that is withheld."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What stands where something was taken down. correction: its number in the log; since: UTC; whole: the notice is
    withheld with all its versions.
    """

    correction: int
    reason: str
    since: datetime
    whole: bool


class Withheld(UsageError):
    """What was asked for was taken down. ``tombstone`` says why; ``members``: what else is told of it, in JSON."""

    def __init__(self, what: str, stone: Tombstone, **members: Any) -> None:
        super().__init__(f"{what} was taken down by correction {stone.correction}: {stone.reason}")
        self.tombstone, self.members = stone, members


COLUMNS: Final = (
    corrections.c.number.label("correction"), corrections.c.reason.label("correction_reason"),
    corrections.c.made_at.label("taken_down_at"), takedowns.c.version.label("taken_down_version"),
)  # fmt: skip
"""What :func:`tombstone` reads of a row that was joined by :func:`joined`."""


def _records() -> Subquery:
    """Records of which a version is withheld, with the correction: whatever else is read of them, by a better parser or
    under another notice, is withheld too.
    """
    v, d = t.versions.alias().c, takedowns.alias().c
    withheld = and_(v.notice == d.notice, or_(d.version == WHOLE, d.version == v.version))
    query = select(v.record, func.max(d.correction).label("correction")).where(withheld)
    few = v.notice.in_(select(takedowns.c.notice))  # so that no planner begins with all versions
    return query.where(few).group_by(v.record).subquery()


def joined(source: FromClause, notice: Any, record: Any) -> FromClause:
    """A source of rows with the take-down that withholds a version of a notice, where there is one: that of the whole
    notice, or of a version that was read from the same record.
    """
    whole, records = and_(takedowns.c.notice == notice, takedowns.c.version == WHOLE), _records()
    by = func.coalesce(takedowns.c.correction, records.c.correction)
    return (
        source.outerjoin(takedowns, whole)
        .outerjoin(records, records.c.record == record)
        .outerjoin(corrections, corrections.c.number == by)
    )


def tombstone(row: Any) -> Tombstone | None:
    """The tombstone of a row with :data:`COLUMNS`; None where nothing is withheld."""
    if row.correction is None:
        return None
    return Tombstone(
        row.correction, row.correction_reason, moment(row.taken_down_at), row.taken_down_version == WHOLE
    )  # fmt: skip


@cache
def withheld_now() -> Select[tuple[int]]:
    """Selects the numbers of the notices whose current version is withheld."""
    n, v, records = t.notices.c, t.versions.c, _records()
    current = and_(v.notice == n.number, v.version == n.current_version)
    standing = select(t.records.c.notice).where(t.records.c.number.in_(select(records.c.record)))
    return (
        select(n.number)
        .join(t.versions, current)
        .where(n.number.in_(standing), v.record.in_(select(records.c.record)))
        .union(select(takedowns.c.notice).where(takedowns.c.version == WHOLE))
        .subquery()
        .select()
    )


def concerned() -> Select[tuple[int, int]]:
    """Selects the numbers of the notices of which anything is withheld, each with the latest correction."""
    records = _records()
    of_records = select(t.records.c.notice, records.c.correction).join(records, records.c.record == t.records.c.number)
    each = of_records.union_all(select(takedowns.c.notice, takedowns.c.correction)).subquery()
    return select(each.c.notice, func.max(each.c.correction).label("correction")).group_by(each.c.notice)


def tombstones(connection: Connection, notices: Collection[int]) -> dict[int, dict[int, Tombstone]]:
    """What is withheld of notices: tombstones by number of notice and version; the version 0 stands for all."""
    found: dict[int, dict[int, Tombstone]] = {}
    for chunk in chunks(sorted(set(notices))):
        for row in connection.execute(_of_notices(), {"notices": chunk}):
            stone = Tombstone(row.number, row.reason, moment(row.made_at), row.version == WHOLE)
            found.setdefault(row.notice, {})[row.version] = stone
    return found


@cache
def _of_notices() -> Select[Any]:
    """What is withheld of the notices ``notices``. Made once: to put it together takes longer than to ask it."""
    c, v, records = corrections.c, t.versions.c, _records()
    wanted: BindParameter[int] = bindparam("notices", expanding=True)
    whole = select(takedowns.c.notice, takedowns.c.version, takedowns.c.correction).where(takedowns.c.version == WHOLE)
    single = select(v.notice, v.version, records.c.correction).join(records, records.c.record == v.record)
    each = single.where(v.notice.in_(wanted)).union_all(whole.where(takedowns.c.notice.in_(wanted))).subquery()
    return select(each, c.number, c.reason, c.made_at).join(corrections, c.number == each.c.correction)


def of_records(connection: Connection, records: Mapping[int, int]) -> dict[int, Tombstone]:
    """Tombstones of records (number → number of the notice); those that readers may see are left out.

    Where single versions are withheld, only records of versions that stand are shown: another witness may say the
    same.
    """
    held = tombstones(connection, set(records.values()))
    touched = {record: held[notice] for record, notice in records.items() if notice in held}
    versions = _versions(connection, {records[record] for record in touched})
    found = {}
    for record, stones in touched.items():
        of = versions.get(record, set())
        stone = stones.get(WHOLE) or next((stones[one] for one in sorted(of) if one in stones), None)
        if stone is None and not of:
            stone = next(iter(stones.values()))
        if stone is not None:
            found[record] = stone
    return found


def anything(connection: Connection) -> bool:
    """Whether any notice, or any version of one, is withheld."""
    return connection.scalar(select(takedowns.c.notice).limit(1)) is not None


def anything_of(connection: Connection, source: str) -> bool:
    """Whether anything that a source said is withheld."""
    r, records = t.records.c, _records()
    whole = select(takedowns.c.notice).where(takedowns.c.version == WHOLE)
    own = or_(r.number.in_(select(records.c.record)), r.notice.in_(whole))
    return connection.scalar(select(r.number).where(r.source == source, own).limit(1)) is not None


def of_files(connection: Connection, hashes: Collection[str]) -> dict[str, Tombstone]:
    """Tombstones of files of documents by SHA-256."""
    found: dict[str, Tombstone] = {}
    c = corrections.c
    query = select(withheld_files.c.sha256, c.number, c.reason, c.made_at)
    query = query.join(corrections, c.number == withheld_files.c.correction)
    for chunk in chunks(sorted(set(hashes))):
        for row in connection.execute(query.where(withheld_files.c.sha256.in_(chunk))):
            found[row.sha256] = Tombstone(row.number, row.reason, moment(row.made_at), whole=False)
    return found


def _versions(connection: Connection, notices: Collection[int]) -> dict[int, set[int]]:
    """Versions by the number of the record that they were read from."""
    found: dict[int, set[int]] = {}
    v = t.versions.c
    for chunk in chunks(sorted(notices)):
        for record, version in connection.execute(select(v.record, v.version).where(v.notice.in_(chunk))):
            found.setdefault(record, set()).add(version)
    return found
