"""Joins: notices that speak of one award or order become one procurement. By contract number only.

A notice that states no strong number stands alone, in a procurement under its own id.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection, bindparam, func, insert, select, update

from archive import tables as t
from archive.log import Derived, append_derived
from archive.readers import BATCH, cursor, set_cursor
from archive.store import Archive
from noticewatch.models import DERIVED, EventKind

LONG_ENOUGH: Final = 13
"""Letters and digits from which a contract number names one award by itself, within its agency."""

_SKIPPED = frozenset(kind.value for kind in DERIVED)
_CHUNK = 900


def award_id(content: Mapping[str, Any]) -> str | None:
    """``award:<agency>:<PIID>[:<parent PIID>]`` where a notice's content states an award by a strong number, else None.

    The parent stands only beside a PIID of under 13 letters and digits; the agency is the code of the number's issuer.
    """
    numbers: dict[str, Mapping[str, Any]] = {}
    for number in content.get("numbers", ()):
        numbers.setdefault(number["type"], number)
    piid = numbers.get("piid")
    if piid is not None and piid.get("issuer"):
        return _from_piid(piid, numbers.get("parent_piid"))
    award = numbers.get("award")
    if award is not None and award.get("issuer") and _is_strong(award["plain"]):
        return f"award:{award['issuer']}:{award['plain']}"
    return None


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
        wanted = _wanted(connection, notices)
        held = _memberships(connection, notices)
        changed = [number for number in notices if held.get(number, ("", 0))[0] != wanted[number]]
        if not changed:
            return
        procurements = _procurements(connection, {wanted[number] for number in changed})
        new = [number for number in changed if number not in held]
        moved = [number for number in changed if number in held]
        if new:
            rows = [{"notice": number, "procurement": procurements[wanted[number]]} for number in new]
            connection.execute(insert(t.memberships), rows)
        if moved:
            _move(connection, {number: procurements[wanted[number]] for number in moved})
            append_derived(
                connection,
                [
                    Derived(number, EventKind.JOINED, [("procurement", held[number][0], wanted[number])])
                    for number in moved
                ],
            )


def _from_piid(piid: Mapping[str, Any], parent: Mapping[str, Any] | None) -> str:
    plain, agency = piid["plain"], piid["issuer"]
    if len(plain) >= LONG_ENOUGH or parent is None:
        return f"award:{agency}:{plain}"
    return f"award:{agency}:{plain}:{parent['plain']}"


def _is_strong(plain: str) -> bool:
    return len(plain) >= LONG_ENOUGH and any(character.isdigit() for character in plain)


def _is_derived(kinds: str) -> bool:
    return set(orjson.loads(kinds)) <= _SKIPPED


def _wanted(connection: Connection, notices: Sequence[int]) -> dict[int, str]:
    """The procurement id that each notice's current content asks for."""
    n, v, r = t.notices.c, t.versions.c, t.records.c
    query = (
        select(n.number, n.id, func.coalesce(v.content, r.content))
        .join(t.versions, (v.notice == n.number) & (v.version == n.current_version))
        .join(t.records, r.number == v.record)
    )
    wanted = {}
    for chunk in _chunks(notices):
        for number, notice_id, content in connection.execute(query.where(n.number.in_(chunk))):
            wanted[number] = award_id(orjson.loads(content)) or notice_id
    return wanted


def _memberships(connection: Connection, notices: Sequence[int]) -> dict[int, tuple[str, int]]:
    """Id and number of the procurement of each notice that has one."""
    m, p = t.memberships.c, t.procurements.c
    query = select(m.notice, p.id, p.number).join(t.procurements, p.number == m.procurement)
    return {
        notice: (procurement_id, number)
        for chunk in _chunks(notices)
        for notice, procurement_id, number in connection.execute(query.where(m.notice.in_(chunk)))
    }


def _procurements(connection: Connection, wanted: set[str]) -> dict[str, int]:
    """Numbers of procurements by id; those that are new are made."""
    p = t.procurements.c
    found: dict[str, int] = {}
    for chunk in _chunks(sorted(wanted)):
        found.update(connection.execute(select(p.id, p.number).where(p.id.in_(chunk))).all())
    top = int(connection.scalar(select(func.max(p.number))) or 0)
    new = {procurement_id: top + index for index, procurement_id in enumerate(sorted(wanted - found.keys()), start=1)}
    if new:
        rows = [{"id": procurement_id, "number": number} for procurement_id, number in new.items()]
        connection.execute(insert(t.procurements), rows)
    return found | new


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
