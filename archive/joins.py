"""Joins: notices that speak of one award or order become one procurement. By stated numbers only.

An award, its actions and orders join by contract number and agency. The notices before it join where their solicitation
(department and strong number) has led to exactly one award; where it led to several they form a procurement of their
own, linked to each (archive/related.py). A notice that states no strong number stands alone, in a procurement under its
own id. The joiner also keeps the titles by which archive/titles.py finds what is probably the same; that joins nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection, bindparam, func, insert, select, update

from archive import tables as t
from archive.log import Derived, append_derived
from archive.readers import BATCH, cursor, set_cursor
from archive.solicitations import place
from archive.stated import LONG_ENOUGH, Stated, award_id
from archive.store import Archive
from archive.titles import keep
from noticewatch.models import DERIVED, EventKind

__all__ = ["LONG_ENOUGH", "Joiner", "award_id", "read_stated"]

_SKIPPED: Final = frozenset(kind.value for kind in DERIVED)
_CHUNK = 900


class Joiner:
    """The first reader of the log: gives every notice its one membership in a procurement."""

    name = "joiner"

    def advance(self, archive: Archive) -> bool:
        """Take the next batch of at most 1,000 events; True if there may be more."""
        with archive.writing() as connection:
            return self._advance(connection)

    def _advance(self, connection: Connection) -> bool:
        after = cursor(connection, self.name)
        e = t.events.c
        query = select(e.seq, e.notice, e.kinds).where(e.seq > after).order_by(e.seq).limit(BATCH)
        rows = connection.execute(query).all()
        if not rows:
            return False
        notices = {row.notice for row in rows if not _is_derived(row.kinds)}
        self._join(connection, sorted(notices))
        set_cursor(connection, self.name, rows[-1].seq)
        return len(rows) == BATCH

    def _join(self, connection: Connection, notices: Sequence[int]) -> None:
        """First the notices that name their procurement for certain, then those that depend on what is known."""
        contents = _contents(connection, notices)
        keep(connection, {number: (first_seen, content) for number, (_, first_seen, content) in contents.items()})
        stated = _stated(contents)
        sure = {number: one.own for number, one in stated.items() if one.own is not None}
        made = _write(connection, sure)
        _write(connection, place(connection, stated, made, lambda numbers: read_stated(connection, numbers)))


def _write(connection: Connection, wanted: Mapping[int, str]) -> set[str]:
    """Bring memberships to what is wanted, with a quiet event for each that moves; gives the procurements made."""
    notices = sorted(wanted)
    held = _memberships(connection, notices)
    changed = [number for number in notices if held.get(number, ("", 0))[0] != wanted[number]]
    if not changed:
        return set()
    procurements, made = _procurements(connection, {wanted[number] for number in changed})
    new = [number for number in changed if number not in held]
    moved = [number for number in changed if number in held]
    if new:
        rows = [{"notice": number, "procurement": procurements[wanted[number]]} for number in new]
        connection.execute(insert(t.memberships), rows)
    if moved:
        _move(connection, {number: procurements[wanted[number]] for number in moved})
        found = [
            Derived(number, _kind(wanted[number]), [("procurement", held[number][0], wanted[number])])
            for number in moved
        ]
        append_derived(connection, found)
    return made


def _kind(procurement_id: str) -> EventKind:
    """A notice that leaves an award for no other is split from it."""
    return EventKind.JOINED if procurement_id.startswith(("award:", "docket:")) else EventKind.SPLIT


def _is_derived(kinds: str) -> bool:
    return set(orjson.loads(kinds)) <= _SKIPPED


def read_stated(connection: Connection, notices: Iterable[int]) -> dict[int, Stated]:
    """What the current contents of notices state."""
    return _stated(_contents(connection, notices))


def _stated(contents: Mapping[int, tuple[str, str, Mapping[str, Any]]]) -> dict[int, Stated]:
    return {number: Stated.of(number, notice_id, content) for number, (notice_id, _, content) in contents.items()}


def _contents(connection: Connection, notices: Iterable[int]) -> dict[int, tuple[str, str, dict[str, Any]]]:
    """Id, first sighting and current content of notices."""
    n, v, r = t.notices.c, t.versions.c, t.records.c
    query = (
        select(n.number, n.id, n.first_seen, func.coalesce(v.content, r.content))
        .join(t.versions, (v.notice == n.number) & (v.version == n.current_version))
        .join(t.records, r.number == v.record)
    )
    return {
        number: (notice_id, first_seen, orjson.loads(content))
        for chunk in _chunks(sorted(notices))
        for number, notice_id, first_seen, content in connection.execute(query.where(n.number.in_(chunk)))
    }


def _memberships(connection: Connection, notices: Sequence[int]) -> dict[int, tuple[str, int]]:
    """Id and number of the procurement of each notice that has one."""
    m, p = t.memberships.c, t.procurements.c
    query = select(m.notice, p.id, p.number).join(t.procurements, p.number == m.procurement)
    return {
        notice: (procurement_id, number)
        for chunk in _chunks(notices)
        for notice, procurement_id, number in connection.execute(query.where(m.notice.in_(chunk)))
    }


def _procurements(connection: Connection, wanted: set[str]) -> tuple[dict[str, int], set[str]]:
    """Numbers of procurements by id, and the ids of those that were made, because they are new."""
    p = t.procurements.c
    found: dict[str, int] = {}
    for chunk in _chunks(sorted(wanted)):
        found.update(connection.execute(select(p.id, p.number).where(p.id.in_(chunk))).all())
    top = int(connection.scalar(select(func.max(p.number))) or 0)
    new = {procurement_id: top + index for index, procurement_id in enumerate(sorted(wanted - found.keys()), start=1)}
    if new:
        rows = [{"id": procurement_id, "number": number} for procurement_id, number in new.items()]
        connection.execute(insert(t.procurements), rows)
    return found | new, set(new)


def _move(connection: Connection, targets: Mapping[int, int]) -> None:
    statement = (
        update(t.memberships)
        .where(t.memberships.c.notice == bindparam("moved"))
        .values(procurement=bindparam("target"))
    )
    connection.execute(statement, [{"moved": number, "target": target} for number, target in targets.items()])


def _chunks(items: Sequence[Any]) -> Iterable[list[Any]]:
    for begin in range(0, len(items), _CHUNK):
        yield list(items[begin : begin + _CHUNK])
