"""Joins: notices that speak of one award or order become one procurement. By stated numbers only.

An award, its actions and orders join by contract number and agency. The notices before it join where their solicitation
(department and strong number) has led to exactly one award; where it led to several they form a procurement of their
own, linked to each (archive/related.py). A notice that states no strong number stands alone, in a procurement under its
own id. The joiner also keeps the titles by which archive/titles.py finds what is probably the same; that joins nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from archive import tables as t
from archive.event_queries import REGROUPED
from archive.log import Derived, append_derived
from archive.placements import decided
from archive.readers import BATCH, cursor, set_cursor, speechless
from archive.solicitations import Load, place
from archive.stated import LONG_ENOUGH, Stated, award_id
from archive.store import Archive
from archive.titles import keep
from noticewatch.database import chunks
from noticewatch.models import DERIVED, EventKind

__all__ = ["LONG_ENOUGH", "Joiner", "award_id", "move", "read_stated", "ruled"]

_SKIPPED: Final = frozenset(kind.value for kind in DERIVED)


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
        query = select(e.seq, e.notice, e.kinds, REGROUPED).where(e.seq > after).order_by(e.seq).limit(BATCH)
        rows = connection.execute(query).all()
        if not rows:
            return False
        notices = {row.notice for row in rows if row.regrouped or not _is_derived(row.kinds)}
        if any(row.regrouped for row in rows):
            _leave(connection, speechless(connection, {row.notice for row in rows if row.regrouped}))
        self._join(connection, sorted(notices))
        set_cursor(connection, self.name, rows[-1].seq)
        return len(rows) == BATCH

    def _join(self, connection: Connection, notices: Sequence[int]) -> None:
        """First the notices that name their procurement for certain, then those that depend on what is known."""
        contents = current_contents(connection, notices)
        keep(connection, {number: (first_seen, content) for number, (_, first_seen, content) in contents.items()})
        stated = _stated(contents)
        made, findings = move(connection, decided(connection, _sure(stated)))
        append_derived(connection, findings)
        _, findings = move(connection, decided(connection, place(connection, stated, made, _load(connection))))
        append_derived(connection, findings)


def ruled(connection: Connection, notices: Sequence[int]) -> dict[int, str]:
    """Ids of the procurements of notices by the rules alone, whatever corrections decided."""
    stated = read_stated(connection, notices)
    found = _sure(stated) | place(connection, stated, (), _load(connection))
    return {number: found[number] for number in notices if number in found}


def move(connection: Connection, wanted: Mapping[int, str]) -> tuple[set[str], list[Derived]]:
    """Bring memberships to what is wanted; gives the procurements made, and a finding for each notice that moves."""
    notices = sorted(wanted)
    held = _memberships(connection, notices)
    changed = [number for number in notices if held.get(number, ("", 0))[0] != wanted[number]]
    if not changed:
        return set(), []
    procurements, made = _procurements(connection, {wanted[number] for number in changed})
    new = [number for number in changed if number not in held]
    moved = [number for number in changed if number in held]
    if new:
        rows = [{"notice": number, "procurement": procurements[wanted[number]]} for number in new]
        connection.execute(insert(t.memberships), rows)
    if moved:
        _move(connection, {number: procurements[wanted[number]] for number in moved})
    return made, [
        Derived(number, _kind(wanted[number]), [("procurement", held[number][0], wanted[number])]) for number in moved
    ]


def _sure(stated: Mapping[int, Stated]) -> dict[int, str]:
    """The procurements of the notices that name theirs for certain."""
    return {number: one.own for number, one in stated.items() if one.own is not None}


def _load(connection: Connection) -> Load:
    return lambda numbers: read_stated(connection, numbers)


def _leave(connection: Connection, notices: set[int]) -> None:
    """Take notices out of their procurements that have no records any more."""
    held = _memberships(connection, sorted(notices))
    for chunk in chunks(sorted(notices)):
        connection.execute(delete(t.memberships).where(t.memberships.c.notice.in_(chunk)))
        connection.execute(delete(t.titles).where(t.titles.c.notice.in_(chunk)))
    left = [Derived(number, EventKind.JOINED, [("procurement", one, None)]) for number, (one, _) in held.items()]
    append_derived(connection, left)


def _kind(procurement_id: str) -> EventKind:
    """A notice that leaves an award for no other is split from it."""
    return EventKind.JOINED if procurement_id.startswith(("award:", "docket:")) else EventKind.SPLIT


def _is_derived(kinds: str) -> bool:
    return set(orjson.loads(kinds)) <= _SKIPPED


def read_stated(connection: Connection, notices: Iterable[int]) -> dict[int, Stated]:
    """What the current contents of notices state."""
    return _stated(current_contents(connection, notices))


def _stated(contents: Mapping[int, tuple[str, str, Mapping[str, Any]]]) -> dict[int, Stated]:
    return {number: Stated.of(number, notice_id, content) for number, (notice_id, _, content) in contents.items()}


def current_contents(connection: Connection, notices: Iterable[int]) -> dict[int, tuple[str, str, dict[str, Any]]]:
    """Id, first sighting and current content of the notices that have records."""
    n, v, r = t.notices.c, t.versions.c, t.records.c
    query = (
        select(n.number, n.id, n.first_seen, func.coalesce(v.content, r.content))
        .join(t.versions, (v.notice == n.number) & (v.version == n.current_version))
        .join(t.records, r.number == v.record)
        .where(n.leads_to.is_(None))
    )
    return {
        number: (notice_id, first_seen, orjson.loads(content))
        for chunk in chunks(sorted(notices))
        for number, notice_id, first_seen, content in connection.execute(query.where(n.number.in_(chunk)))
    }


def _memberships(connection: Connection, notices: Sequence[int]) -> dict[int, tuple[str, int]]:
    """Id and number of the procurement of each notice that has one."""
    m, p = t.memberships.c, t.procurements.c
    query = select(m.notice, p.id, p.number).join(t.procurements, p.number == m.procurement)
    return {
        notice: (procurement_id, number)
        for chunk in chunks(notices)
        for notice, procurement_id, number in connection.execute(query.where(m.notice.in_(chunk)))
    }


def _procurements(connection: Connection, wanted: set[str]) -> tuple[dict[str, int], set[str]]:
    """Numbers of procurements by id, and the ids of those that were made, because they are new."""
    p = t.procurements.c
    found: dict[str, int] = {}
    for chunk in chunks(sorted(wanted)):
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
