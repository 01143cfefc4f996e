"""What corrections decided of procurements, over what the rules of joins say (archive/joins.py)."""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from archive import tables as t
from archive.regrouping_tables import placements
from noticewatch.database import chunks


def held(connection: Connection) -> dict[str, str]:
    """All decisions: id of a notice or of a procurement → id of the procurement that it stands in."""
    found: dict[str, str] = {}
    found.update(connection.execute(select(placements.c.subject, placements.c.procurement)).all())
    return found


def decided(connection: Connection, wanted: Mapping[int, str]) -> dict[int, str]:
    """Ids of procurements by notice number, as decided where anything was; ``wanted``: as the rules have them."""
    decisions = held(connection) if wanted else {}
    if not decisions:
        return dict(wanted)
    numbers, ids = sorted(wanted), dict[int, str]()
    for chunk in chunks(numbers):
        query = select(t.notices.c.number, t.notices.c.id)
        ids.update(connection.execute(query.where(t.notices.c.number.in_(chunk))).all())
    return {number: placed(decisions, ids[number], wanted[number]) for number in numbers}


def placed(decisions: Mapping[str, str], notice_id: str, ruled: str) -> str:
    """Where a notice stands: by what was decided of itself, else by the rules, and on from there. Pure."""
    at, seen = decisions.get(notice_id, ruled), {notice_id}
    while at in decisions and at not in seen:
        seen.add(at)
        at = decisions[at]
    return at
