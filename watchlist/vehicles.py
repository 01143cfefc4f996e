"""Contract vehicles that name something on the watchlist, the orders under them, and what passes to these for review.

A vehicle's number is a key only together with its issuer. All follows from what notices state now, never from joins or
from the order in which they came.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

from sqlalchemy import Connection, delete, or_, select, tuple_

from archive import tables as t
from archive.joins import current_contents
from archive.times import moment
from archive.withheld import withheld_now
from noticewatch.database import chunks, insert_many
from noticewatch.dates import dated
from noticewatch.models import Content, Kind, notice_from
from watchlist.tables import tags, vehicles

MOST_ORDERS: Final = 200
"""Orders above which a vehicle passes nothing: who buys so much under one buys many things."""
_MOST_NOTICES: Final = 1_000
"""Notices that name a number as their vehicle's, in any version, above which it is not asked who issued it."""
_MOST_QUOTED: Final = 200
"""Notices that one statement asks for by what quotes them: no database takes a condition of a thousand parts."""

Key: TypeAlias = tuple[str, str]
"""Issuer of a contract number, and its letters and digits."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a notice stands to vehicles. ``contract``: its own number; ``vehicle``: whether it is one; ``under``: that
    of the vehicle that it names; ``ever``: those that any of its versions names.
    """

    contract: Key | None = None
    vehicle: bool = False
    under: Key | None = None
    ever: frozenset[Key] = frozenset()

    @classmethod
    def of(cls, content: Content, others: Iterable[Content] = ()) -> Self:
        """What a notice states, and ``others``: its other versions. A vehicle may stand under another one."""
        under = _number(content, "parent_piid")
        named = (under, *(_number(other, "parent_piid") for other in others))
        contract = _number(content, "piid")
        return cls(contract, content["kind"] == Kind.VEHICLE, under, frozenset(key for key in named if key))


@dataclass(frozen=True, slots=True)
class Held:
    """A notice as it is held: its id, the day it is dated by, and where it stands."""

    id: str
    day: str
    place: Place


def held(connection: Connection, numbers: Iterable[int]) -> dict[int, Held]:
    """Notices by number; those that lead to another one are left out."""
    found = {}
    for number, (identity, first_seen, whole) in current_contents(connection, numbers).items():
        notice = notice_from({"kind": whole["kind"], "dates": whole.get("dates", ())})
        found[number] = Held(identity, dated(notice, moment(first_seen))[0], Place.of(whole))
    return found


def spoken_for(connection: Connection, notices: Collection[int]) -> dict[int, Key]:
    """The vehicles that these notices speak for as far as is known, by their numbers."""
    v = vehicles.c
    query = select(v.notice, v.issuer, v.number)
    return {
        notice: (issuer, number)
        for chunk in chunks(sorted(notices))
        for notice, issuer, number in connection.execute(query.where(v.notice.in_(chunk)))
    }


def note(connection: Connection, notices: Collection[int], speaking: Mapping[int, Key]) -> None:
    """Keep which of these notices speak for vehicles."""
    for chunk in chunks(sorted(notices)):
        connection.execute(delete(vehicles).where(vehicles.c.notice.in_(chunk)))
    rows = [{"notice": one, "issuer": issuer, "number": number} for one, (issuer, number) in sorted(speaking.items())]
    insert_many(connection, vehicles, rows)


def speakers(connection: Connection, keys: Collection[Key]) -> dict[Key, list[int]]:
    """Notices that speak for vehicles, by their keys: none whose content is withheld or stands in another notice."""
    v, n, found = vehicles.c, t.notices.c, dict[Key, list[int]]()
    query = (
        select(v.issuer, v.number, v.notice)
        .join(t.notices, n.number == v.notice)
        .where(n.leads_to.is_(None), v.notice.not_in(withheld_now()))
        .order_by(v.notice)
    )
    for chunk in chunks(sorted({number for _, number in keys})):
        for issuer, number, notice in connection.execute(query.where(v.number.in_(chunk))):
            if (issuer, number) in keys:
                found.setdefault((issuer, number), []).append(notice)
    return found


def orders(connection: Connection, key: Key) -> dict[int, Held] | None:
    """The notices that name a vehicle as theirs now, by number; None where it has more orders than pass anything on."""
    a = t.aliases.c
    naming = select(a.notice).where(a.number == key[1], a.type == "parent_piid").distinct().limit(_MOST_NOTICES + 1)
    numbers = connection.scalars(naming).all()
    if len(numbers) > _MOST_NOTICES:
        return None
    found = {number: one for number, one in held(connection, numbers).items() if one.place.under == key}
    return found if len({one.place.contract or one.id for one in found.values()}) <= MOST_ORDERS else None


def receivers(connection: Connection, notices: Collection[int], passed: Collection[tuple[str, str]]) -> set[int]:
    """Notices with tags for review that quote others, of the kinds and ids that pass from these."""
    n, g, found = t.notices.c, tags.c, set[int]()
    for some in chunks(sorted(notices), _MOST_QUOTED):
        ids = connection.scalars(select(n.id).where(n.number.in_(some))).all()
        quotes = or_(*(g.evidence.contains(f'"notice":"{one}"', autoescape=True) for one in ids))
        for chunk in chunks(sorted(passed)):
            query = select(g.notice).where(tuple_(g.kind, g.id).in_(chunk), g.tier == "review", quotes)
            found.update(connection.scalars(query.distinct()))
    return found


def _number(content: Content, kind: str) -> Key | None:
    """The first number of a type, with its issuer."""
    first = next((number for number in content.get("numbers", ()) if number["type"] == kind), None)
    return (first["issuer"], first["plain"]) if first and first.get("issuer") and first["plain"] else None
