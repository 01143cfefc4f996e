"""What the radar looks at: new notices, matched notices and how many notices have said a phrase. Takes a connection."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select

from archive import tables as t
from archive.withheld import withheld_now
from noticewatch.buyers import ancestors
from noticewatch.database import chunks
from noticewatch.errors import NotFound
from noticewatch.models import Notice, notice_in_part
from noticewatch.numbers import plain
from watchlist.queries import tiers_of
from watchlist.radar.counting import READ, agency_numbers
from watchlist.radar.phrases import key
from watchlist.radar.tables import agencies, counted, phrase_counts
from watchlist.tables import tags

MOST_NEW: Final = 20_000
"""Newest notices that one look takes in."""

MOST_MATCHED: Final = 3_000
"""Newest matched notices that others are compared with."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A notice that the radar looks at. ``day``: by which it is dated; ``tiers``: of its tags."""

    number: int
    id: str
    notice: Notice
    agency: str
    day: str
    tiers: frozenset[str]


def agencies_called(connection: Connection, name: str) -> set[int]:
    """Numbers of the agencies with an id of the buyers table, those below it included, or with a name as printed.

    Raises NotFound.
    """
    wanted, held = plain(name), agency_numbers(connection)
    found = {number for agency, number in held.items() if name in ancestors(agency) or plain(agency) == wanted}
    if not wanted or not found:
        raise NotFound(
            f"No notice of an agency {name[:80]!r} was counted; write its name or acronym as in the table of buyers "
            "(the list beside the results on the page /search names those there are)."
        )
    return found


def newest_day(connection: Connection, today: str) -> str:
    """The latest day by which a notice is dated, up to today; empty where nothing was counted."""
    return str(connection.scalar(select(func.max(counted.c.day)).where(counted.c.day <= today)) or "")


def new_notices(connection: Connection, since: str, only: Collection[int] | None = None) -> list[Seen]:
    """Notices dated on or after a day, the newest first; of all agencies or of those with these numbers. What is
    withheld is left out, and what leads to another notice.
    """
    query = _seen().where(counted.c.day >= since)
    if only is not None:
        query = query.where(counted.c.agency.in_(sorted(only)))
    return _read(connection, query.order_by(counted.c.day.desc(), counted.c.notice.desc()).limit(MOST_NEW))


def matched_notices(connection: Connection) -> list[Seen]:
    """The newest notices with a tag of the tier ``alert``."""
    carries = counted.c.notice.in_(select(tags.c.notice).where(tags.c.tier == "alert"))
    order = counted.c.day.desc(), counted.c.notice.desc()
    return _read(connection, _seen().where(carries).order_by(*order).limit(MOST_MATCHED))


def said_by(connection: Connection, phrases: Iterable[str]) -> dict[str, dict[str, int]]:
    """How many notices of each agency have ever said a phrase, by phrase and agency."""
    names = {number: agency for agency, number in agency_numbers(connection).items()}
    wanted = {key(phrase): phrase for phrase in phrases}
    found: dict[str, dict[str, int]] = {}
    keys = sorted(wanted)
    p = phrase_counts.c
    for chunk in chunks(keys):
        query = select(p.phrase, p.agency, p.notices).where(p.phrase.in_(chunk))
        for phrase, agency, notices in connection.execute(query):
            found.setdefault(wanted[phrase], {})[names[agency]] = notices
    return found


def notices_by_agency(connection: Connection) -> dict[str, int]:
    """How many notices of each agency were counted."""
    query = select(agencies.c.agency, func.count(counted.c.notice)).join(counted, counted.c.agency == agencies.c.number)
    return {row[0]: row[1] for row in connection.execute(query.group_by(agencies.c.agency))}


def _seen() -> Select[Any]:
    n, v = t.notices.c, t.versions.c
    return (
        select(
            n.number, n.id, func.coalesce(v.content, t.records.c.content).label("content"), agencies.c.agency,
            counted.c.day,
        )
        .join(counted, counted.c.notice == n.number)
        .join(agencies, agencies.c.number == counted.c.agency)
        .join(t.versions, (v.notice == n.number) & (v.version == n.current_version))
        .join(t.records, t.records.c.number == v.record)
        .where(n.leads_to.is_(None), n.number.not_in(withheld_now()))
    )  # fmt: skip


def _read(connection: Connection, query: Select[Any]) -> list[Seen]:
    rows: Sequence[Any] = connection.execute(query).all()
    tiers = tiers_of(connection, [row.number for row in rows])
    return [
        Seen(
            row.number, row.id, notice_in_part(row.content, (*READ, "parties")), row.agency, row.day,
            frozenset(tiers.get(row.number, ())),
        )
        for row in rows
    ]  # fmt: skip
