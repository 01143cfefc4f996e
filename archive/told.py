"""What of regrouped notices was told before, and under which address: nothing is told twice."""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, select

from archive import tables as t
from archive.regrouping_tables import moved_versions
from noticewatch.database import chunks


def spoken_for(connection: Connection, notices: Collection[int]) -> dict[int, int]:
    """Of these notices those that lead to another one, each with that one's number."""
    n, found = t.notices.c, dict[int, int]()
    ordered = sorted(notices)
    for chunk in chunks(ordered):
        query = select(n.number, n.leads_to).where(n.number.in_(chunk))
        found.update(connection.execute(query.where(n.leads_to.is_not(None))).all())
    return found


def first_told(connection: Connection, versions: Mapping[int, int]) -> dict[int, tuple[str, int]]:
    """Id and version under which versions (by number of their notice) were told first, where that was elsewhere."""
    m, n = moved_versions.c, t.notices.c
    ordered, found = sorted(versions), dict[int, tuple[str, int]]()
    for chunk in chunks(ordered):
        query = (
            select(m.notice, m.version, n.id, m.of_version)
            .join(t.notices, n.number == m.of_notice)
            .where(m.notice.in_(chunk))
        )
        for notice, version, notice_id, number in connection.execute(query):
            if versions[notice] == version:
                found[notice] = (notice_id, number)
    return found
