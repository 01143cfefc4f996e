"""Reads what passes on to notices: down their procurements, in order, and from the vehicles that they stand under."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

import orjson
from sqlalchemy import Connection, select

from archive import tables as t
from noticewatch.database import chunks
from watchlist import vehicles
from watchlist.evidence import Tag
from watchlist.inheritance import (
    Member,
    given_by_vehicle,
    own_tags,
    passing,
    under_vehicle,
    with_inherited,
    without_vehicle,
)
from watchlist.queries import held_tags
from watchlist.vehicles import MOST_ORDERS, Key, Place

_MOST_MEMBERS: Final = 5_000
"""Members of a procurement above which nothing passes down: a vehicle of so many is no contract."""


@dataclass(frozen=True, slots=True)
class Moves:
    """Notices that changed their procurements, and ids of those that they left."""

    notices: frozenset[int] = frozenset()
    left: frozenset[str] = frozenset()

    @classmethod
    def told(cls, events: Iterable[tuple[int, str]]) -> Self:
        """As events tell of them: each with its notice and what changed, JSON."""
        changes = [(notice, orjson.loads(changed)[0]) for notice, changed in events]
        return cls(frozenset(notice for notice, _ in changes), frozenset(old for _, (_, old, _) in changes if old))


NO_MOVES: Final = Moves()


def passed_on(
    connection: Connection,
    own: Mapping[int, Sequence[Tag]],
    places: Mapping[int, Place],
    spoke: Collection[tuple[int, Key]],
    moves: Moves = NO_MOVES,
) -> dict[int, tuple[Tag, ...]]:
    """All tags of notices whose own words give some: with those that pass on to them, and those of other notices to
    which something else passes now. Joins that are only likely pass nothing.

    ``places``: where the notices stand to vehicles; ``spoke``: notices that speak for vehicles, or did until now;
    ``moves``: those that changed their procurements.
    """
    looked = _Looked({number: tuple(tags) for number, tags in own.items()})
    looked.under.update({number: place.under for number, place in places.items()})
    _down_contracts(connection, own, moves, looked)
    given = _from_vehicles(connection, own, places, spoke, looked)
    found = {}
    for number, tags in looked.tags.items():
        under = looked.under.get(number)
        whole = under_vehicle(tags, given.get(under, ()) if under else ())
        if number in own or _told(whole) != _told(looked.held.get(number, ())):
            found[number] = whole
    return found


@dataclass(slots=True)
class _Looked:
    """The notices that are looked at: their tags without those that a vehicle gives, those that are held of the ones
    that are not one's own, and the vehicle that each stands under.
    """

    tags: dict[int, tuple[Tag, ...]]
    held: dict[int, Sequence[Tag]] = field(default_factory=dict)
    under: dict[int, Key | None] = field(default_factory=dict)


def _down_contracts(connection: Connection, own: Mapping[int, Sequence[Tag]], moves: Moves, looked: _Looked) -> None:
    members = _members(connection, own.keys() | moves.notices, moves.left)
    numbers = [number for some in members.values() for number in some]
    held = held_tags(connection, [number for number in numbers if number not in own])
    speaking = {number for number, tags in (*held.items(), *own.items()) if any(tag.tier == "alert" for tag in tags)}
    active = [
        some for some in members.values() if not speaking.isdisjoint(some) and (len(some) > 1 or some[0] not in own)
    ]
    notices = vehicles.held(connection, [number for some in active for number in some])
    looked.held.update(held)
    for some in active:
        numbered = {notices[one].id: one for one in some if one in notices}
        line = [
            Member(notice, notices[one].day, own.get(one) or own_tags(held.get(one, ())))
            for notice, one in numbered.items()
        ]
        for member, tags in with_inherited(line):
            number = numbered[member.notice]
            looked.tags[number], looked.under[number] = tags, notices[number].place.under


def _from_vehicles(
    connection: Connection,
    own: Mapping[int, Sequence[Tag]],
    places: Mapping[int, Place],
    spoke: Collection[tuple[int, Key]],
    looked: _Looked,
) -> dict[Key, tuple[Tag, ...]]:
    """What each vehicle gives to its orders; these, and those that it gave something until now, are looked at too."""
    former: dict[Key, list[int]] = {}
    for number, key in spoke:
        former.setdefault(key, []).append(number)
    named = {key for place in places.values() for key in place.ever} | {key for key in looked.under.values() if key}
    speakers = vehicles.speakers(connection, named | former.keys())
    everybody = {number for some in (*speakers.values(), *former.values()) for number in some}
    said = held_tags(connection, everybody)
    notices = vehicles.held(connection, everybody)
    given: dict[Key, tuple[Tag, ...]] = {}
    reached: set[int] = set()
    for key in speakers.keys() | former.keys():
        line = [
            Member(notices[one].id, notices[one].day, own[one] if one in own else own_tags(said.get(one, ())))
            for one in speakers.get(key, ())
            if one in notices
        ]
        orders = vehicles.orders(connection, key) if line else None
        if orders is not None:
            given[key] = given_by_vehicle(line, MOST_ORDERS)
            reached.update(orders)
        every = {*speakers.get(key, ()), *former.get(key, ())}
        passed = {(tag.kind, tag.id) for one in every for tag in passing((*said.get(one, ()), *own.get(one, ())))}
        reached |= vehicles.receivers(connection, every, passed)
    _add(connection, reached - looked.tags.keys(), looked)
    return given


def _add(connection: Connection, numbers: Collection[int], looked: _Looked) -> None:
    held = held_tags(connection, numbers)
    for number, notice in vehicles.held(connection, numbers).items():
        looked.held[number] = held.get(number, ())
        looked.tags[number], looked.under[number] = without_vehicle(looked.held[number]), notice.place.under


def _told(tags: Iterable[Tag]) -> list[tuple[str, ...]]:
    """What tells tags from others: also from which notices they come. Who sells follows from what is sold."""
    return sorted(
        (tag.kind, tag.id, tag.role, tag.tier, *(piece.notice for piece in tag.evidence))
        for tag in tags
        if tag.role != "seller"
    )


def _members(connection: Connection, numbers: Collection[int], ids: Collection[str]) -> dict[int, list[int]]:
    """Members by procurement of the procurements that some notices belong to, and of those of some ids."""
    m, p = t.memberships.c, t.procurements.c
    procurements = [
        number
        for chunk in chunks(sorted(numbers))
        for number in connection.scalars(select(m.procurement).where(m.notice.in_(chunk)).distinct())
    ]
    for chunk in chunks(sorted(ids)):
        procurements += connection.scalars(select(p.number).where(p.id.in_(chunk)))
    found: dict[int, list[int]] = {}
    for chunk in chunks(sorted(set(procurements))):
        for notice, procurement in connection.execute(
            select(m.notice, m.procurement).where(m.procurement.in_(chunk)).order_by(m.notice)
        ):
            found.setdefault(procurement, []).append(notice)
    return {procurement: some for procurement, some in found.items() if len(some) <= _MOST_MEMBERS}
