"""Whether sources still list notices that a regrouping has changed."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from archive import listing_tables as lt
from archive import tables as t
from archive import walks
from noticewatch.database import chunks, insert_many
from noticewatch.models import Listing

_LISTED: Final = Listing.LISTED.value
_d, _n = lt.departures.c, t.notices.c


def follow(
    connection: Connection, register: str, come_from: Mapping[int, Iterable[int]], led: Iterable[int]
) -> dict[int, tuple[str, str]]:
    """Let the listing of notices follow their records; gives those whose listing changed: before and after.

    come_from: of each notice that has records those that had them before; led: notices that have none any more. A
    notice is gone where all that its records come from were, and is then not told of again. Whether a part of one that
    is listed is gone is decided when its windows are complete the next time.
    """
    rows, changed = (
        _departures(connection, [*come_from, *led, *(one for some in come_from.values() for one in some)]),
        {},
    )
    for notice in [*come_from, *led]:
        connection.execute(delete(lt.departures).where(_d.notice == notice))
        connection.execute(delete(lt.undecided).where(lt.undecided.c.notice == notice))
    for notice, some in come_from.items():
        kept = _kept([rows.get(one) for one in some])
        if kept is not None:
            insert_many(connection, lt.departures, [kept | {"notice": notice, "register": register}])
        before = str(connection.scalar(select(_n.listing).where(_n.number == notice)))
        after = kept["listing"] if kept is not None else _LISTED
        if before != after:
            connection.execute(update(t.notices).where(_n.number == notice).values(listing=after))
            changed[notice] = (before, after)
        _look_again(connection, notice)
    return changed


def _departures(connection: Connection, notices: Iterable[int]) -> dict[int, dict[str, Any]]:
    found = {}
    for chunk in chunks(sorted(set(notices))):
        for row in connection.execute(select(lt.departures).where(_d.notice.in_(chunk))):
            found[row.notice] = dict(row._mapping)
    return found


def _kept(rows: Iterable[dict[str, Any] | None]) -> dict[str, Any] | None:
    """The departure of a notice, from those of all that its records come from. Pure.

    Where one of them is listed only what was said of a withdrawal stays, so that the source's next word is heard.
    """
    held = list(rows)
    gone = [row for row in held if row is not None and row["listing"] != _LISTED]
    if gone and len(gone) == len(held):
        return max(gone, key=lambda row: (row["since"] or "", row["notice"]))
    said = [row for row in held if row is not None and (row["said_at"] or row["listing"] == _LISTED)]
    if not said:
        return None
    first = min(said, key=lambda row: (row["said_at"] or row["as_of"], row["notice"]))
    return first | {"listing": _LISTED, "key": None, "since": None}


def _look_again(connection: Connection, notice: int) -> None:
    """Have it looked at when the windows in which its postings were seen last are complete the next time."""
    seen = walks.last_listed(connection, [notice]).get(notice, [])
    rows = [{"key": key, "notice": notice} for key in sorted({key for last in seen for key in last.keys})]
    insert_many(connection, lt.undecided, rows, new=True)
