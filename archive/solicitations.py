"""Where notices belong that do not name their procurement for certain: by what is known of their numbers.

Numbers are looked up in the table of aliases, so the order in which notices arrive does not matter: a notice is placed
when it arrives, and again when an award with one of its numbers does.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final

import orjson
from sqlalchemy import Connection, func, select

from archive import tables as t
from archive.stated import LONG_ENOUGH, Stated, agency_of, department_of_code
from noticewatch.database import chunks

Load = Callable[[Collection[int]], Mapping[int, Stated]]

_OF_AWARDS: Final = ("us-action", "us-award", "us-subaward")
"""Registers whose notices name their award for certain."""


def place(connection: Connection, stated: Mapping[int, Stated], made: Collection[str], load: Load) -> dict[int, str]:
    """Ids of the procurements of the notices that are not sure of it, and of others that ``stated`` and the awards
    just ``made`` concern. ``load`` gives what notices state.
    """
    numbers = {number for award in made if (number := _number_of(award))}
    seen = dict(stated)
    _add(seen, _beside(connection, [one.notice for one in stated.values() if one.own is None]), load)
    _add(seen, holders(connection, numbers, others=True), load)
    asked = {one.solicitation for one in seen.values() if one.solicitation}
    _add(seen, holders(connection, asked), load)
    unsure = [one for one in seen.values() if one.own is None]
    if not unsure:
        return {}
    long = {one.solicitation for one in unsure if one.solicitation and len(one.solicitation) >= LONG_ENOUGH}
    known = known_awards(connection, long | {one.award for one in unsure if one.award})
    awards = {one.notice: _award_of(one, known) for one in seen.values()}
    led_to = _led_to(seen.values(), awards, known)
    return {one.notice: awards[one.notice] or _before(one, led_to) for one in unsure}


def awards_of(connection: Connection, one: Stated, load: Load) -> set[str]:
    """The awards to which the solicitation of a notice has led."""
    if one.solicitation is None:
        return set()
    seen: dict[int, Stated] = {one.notice: one}
    _add(seen, holders(connection, {one.solicitation}), load)
    numbers = {number for held in seen.values() for number in (held.award, held.solicitation) if number}
    known = known_awards(connection, {number for number in numbers if len(number) >= LONG_ENOUGH})
    awards = {held.notice: _award_of(held, known) for held in seen.values()}
    return _led_to(seen.values(), awards, known).get(one.solicitation_id or "", set())


def _add(seen: dict[int, Stated], numbers: Iterable[int], load: Load) -> None:
    seen.update(load([number for number in numbers if number not in seen]))


def _beside(connection: Connection, notices: Collection[int]) -> set[int]:
    """Notices in the procurements in which these are so far: where a number was changed they may have to leave."""
    m, other, n = t.memberships.c, t.memberships.alias(), t.notices.c
    query = (
        select(other.c.notice)
        .join(t.memberships, m.procurement == other.c.procurement)
        .join(t.notices, n.number == other.c.notice)
        .where(n.register.not_in(_OF_AWARDS))
    )
    return {
        notice for chunk in chunks(sorted(notices)) for notice in connection.scalars(query.where(m.notice.in_(chunk)))
    }


def _number_of(award: str) -> str | None:
    """Letters and digits of an award that is named by them and its agency alone."""
    kind, _, rest = award.partition(":")
    _, _, number = rest.partition(":")
    return number if kind == "award" and ":" not in number else None


def holders(connection: Connection, numbers: Collection[str], *, others: bool = False) -> set[int]:
    """Notices that have these numbers; ``others``: without those of the registers of awards."""
    a = t.aliases.c
    query = select(a.notice)
    if others:
        query = query.where(a.register.not_in(_OF_AWARDS))
    return {
        notice for chunk in chunks(sorted(numbers)) for notice in connection.scalars(query.where(a.number.in_(chunk)))
    }


def known_awards(connection: Connection, numbers: Collection[str]) -> dict[str, set[str]]:
    """Ids of the awards and vehicles that the registers of awards know under these numbers."""
    a, p = t.aliases.c, t.procurements.c
    of_awards = (
        select(a.number, p.id)
        .join(t.memberships, t.memberships.c.notice == a.notice)
        .join(t.procurements, p.number == t.memberships.c.procurement)
        .where(a.register.in_(_OF_AWARDS))
        .distinct()
    )
    of_vehicles = (
        select(a.number, func.min(a.notice))
        .where(a.register.in_(_OF_AWARDS), a.type == "parent_piid")
        .group_by(a.number)
    )
    known: dict[str, set[str]] = defaultdict(set)
    orders: dict[int, str] = {}
    for chunk in chunks(sorted(numbers)):
        for number, procurement_id in connection.execute(of_awards.where(a.number.in_(chunk))):
            if _number_of(procurement_id) == number:
                known[number].add(procurement_id)
        for number, notice in connection.execute(of_vehicles.where(a.number.in_(chunk))):
            orders[notice] = number
    for number, issuer in _parents(connection, orders):
        known[number].add(f"award:{issuer}:{number}")
    return known


def _parents(connection: Connection, orders: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    """Numbers of vehicles with the agency that issued them, as one of their orders states it."""
    r = t.records.c
    query = select(r.notice, r.content)
    for chunk in chunks(sorted(orders)):
        for notice, content in connection.execute(query.where(r.notice.in_(chunk))):
            for number in orjson.loads(content).get("numbers", ()):
                if number["type"] == "parent_piid" and number["plain"] == orders[notice] and number.get("issuer"):
                    yield number["plain"], number["issuer"]


def _award_of(one: Stated, known: Mapping[str, Collection[str]]) -> str | None:
    """The award that a notice names; where its agency knows none of that number, the one that its department knows."""
    if one.own is not None or one.award is None:
        return one.own
    named = f"award:{one.agency}:{one.award}" if one.agency else None
    of_department = _of_department(known.get(one.award, ()), one.department)
    if named in of_department or len(of_department) != 1:
        return named
    return of_department[0]


def _of_department(awards: Iterable[str], department: str | None) -> list[str]:
    return [award for award in awards if department_of_code(agency_of(award)) == department]


def _led_to(
    seen: Iterable[Stated], awards: Mapping[int, str | None], known: Mapping[str, Collection[str]]
) -> dict[str, set[str]]:
    """Awards by the id of the solicitation that led to them: that states both, or whose number is the award's own."""
    found: dict[str, set[str]] = defaultdict(set)
    for one in seen:
        solicitation = one.solicitation_id
        if solicitation is None or one.solicitation is None:
            continue
        award = awards[one.notice]
        if award is not None:
            found[solicitation].add(award)
        found[solicitation].update(_of_department(known.get(one.solicitation, ()), one.department))
    return found


def _before(one: Stated, led_to: Mapping[str, Collection[str]]) -> str:
    """The procurement of a notice before award."""
    solicitation = one.solicitation_id
    awards = sorted(led_to.get(solicitation, ())) if solicitation else []
    if solicitation is None or not awards:
        return one.id
    return awards[0] if len(awards) == 1 else solicitation
