"""Procurements that others are linked to by what they state; links never collapse, sum or pass anything on.

Nothing is kept for them: they follow from the members' numbers and the table of aliases each time they are asked for.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import orjson
from sqlalchemy import Connection, func, select

from archive import tables as t
from archive.identity import notice_id
from archive.joins import read_stated
from archive.rows import NoticeRow
from archive.solicitations import awards_of, holders, known_awards
from archive.stated import Stated
from noticewatch.models import Number

RelatedKind: TypeAlias = Literal[
    "vehicle", "order", "solicitation", "award", "same_solicitation", "present_contract", "forecast", "corrects",
    "corrected_by",
]  # fmt: skip

MOST: Final = 200
"""Most links of one kind that are given."""

_NAMES_ITSELF: Final = 10
"""Letters and digits from which a contract number is looked up without its agency, for a link only."""


@dataclass(frozen=True, slots=True)
class Related:
    """A procurement that another is linked to. ``kind`` says what it is to the other: its vehicle, an order under it,
    the notices before it and several awards, one of the awards that they led to, a notice with the same solicitation
    number, the contract that a forecast follows, such a forecast, the document that it corrects or is corrected by.

    number: the procurement's, 0 where nothing of it is held; notice: its lowest notice, 0 likewise.
    """

    kind: RelatedKind
    id: str
    number: int = 0
    notice: int = 0


def related(connection: Connection, members: Sequence[NoticeRow]) -> list[Related]:
    """The procurements to which the procurement of these members is linked, at most 200 of a kind."""
    own = {row.procurement_id for row in members}
    numbers = [number for row in members for number in row.notice.numbers]
    linked: dict[tuple[RelatedKind, str], None] = {}
    for kind, found in _links(connection, members, numbers, own):
        for procurement_id in sorted(set(found) - own)[:MOST]:
            linked[kind, procurement_id] = None
    held = _held(connection, {procurement_id for _, procurement_id in linked})
    return [Related(kind, one, *held.get(one, (0, 0))) for kind, one in linked]


def _links(
    connection: Connection, members: Sequence[NoticeRow], numbers: Sequence[Number], own: Collection[str]
) -> Iterator[tuple[RelatedKind, Iterable[str]]]:
    yield "vehicle", _vehicles(numbers)
    yield from _of_awards(connection, own)
    yield from _of_solicitations(connection, members)
    yield "present_contract", _present_contracts(connection, numbers)
    yield "corrects", _corrections(connection, numbers, "corrects", "corrected_by")
    yield "corrected_by", _corrections(connection, numbers, "corrected_by", "corrects")


def _corrections(connection: Connection, numbers: Sequence[Number], kind: str, other: str) -> set[str]:
    """Documents that are named as such, and those that name one of these the other way round."""
    named = {notice_id("fr", number.printed) for number in numbers if number.type == kind}
    documents = {number.plain for number in numbers if number.type == "document"}
    return _procurements_of(connection, [*_notices(connection, named), *_naming(connection, documents, other)])


def _vehicles(numbers: Iterable[Number]) -> set[str]:
    """A vehicle's number is a key only together with its issuer."""
    return {
        f"award:{number.issuer}:{number.plain}" for number in numbers if number.type == "parent_piid" and number.issuer
    }


def _of_awards(connection: Connection, own: Collection[str]) -> Iterator[tuple[RelatedKind, set[str]]]:
    """Orders under a vehicle, and forecasts that name a contract as the present one."""
    for procurement_id in own:
        kind, _, rest = procurement_id.partition(":")
        agency, _, number = rest.partition(":")
        if kind != "award" or not number or ":" in number:
            continue
        yield "order", _orders(connection, agency, number)
        if len(number) >= _NAMES_ITSELF:
            yield "forecast", _procurements_of(connection, _naming(connection, {number}, "incumbent_contract"))


def _orders(connection: Connection, agency: str, number: str) -> set[str]:
    """Procurements whose first action names the vehicle and its issuer."""
    a, m, p, r = t.aliases.c, t.memberships.c, t.procurements.c, t.records.c
    first = (
        select(p.id, func.min(a.notice).label("notice"))
        .join(t.memberships, m.procurement == p.number)
        .join(t.aliases, a.notice == m.notice)
        .where(a.number == number, a.type == "parent_piid")
        .group_by(p.id)
        .order_by(p.id)
        .limit(MOST)
        .subquery()
    )
    rows = connection.execute(select(first.c.id, r.content).join(t.records, r.notice == first.c.notice))
    return {procurement_id for procurement_id, content in rows if (agency, number) in _parents(content)}


def _parents(content: str) -> set[tuple[str, str]]:
    numbers = orjson.loads(content).get("numbers", ())
    return {(one.get("issuer", ""), one["plain"]) for one in numbers if one["type"] == "parent_piid"}


def _of_solicitations(
    connection: Connection, members: Sequence[NoticeRow]
) -> Iterator[tuple[RelatedKind, Iterable[str]]]:
    """What has the same solicitation number, and what that number led to."""
    stated = read_stated(connection, [row.number for row in members]).values()
    before = {one.solicitation_id for one in stated if one.solicitation_id is not None}
    yield "solicitation", before & _held(connection, before).keys()
    for one in _one_of_each(stated):
        yield "award", awards_of(connection, one, lambda numbers: read_stated(connection, numbers))
        sharing = read_stated(connection, holders(connection, {one.solicitation or ""})).values()
        alike = [other.notice for other in sharing if other.solicitation_id == one.solicitation_id]
        yield (
            "same_solicitation",
            {
                found
                for found in _procurements_of(connection, alike)
                if not found.startswith(("award:", "solicitation:"))
            },
        )


def _one_of_each(stated: Iterable[Stated]) -> list[Stated]:
    """One notice of each solicitation."""
    by_solicitation = {one.solicitation_id: one for one in stated if one.solicitation_id is not None}
    return list(by_solicitation.values())


def _present_contracts(connection: Connection, numbers: Iterable[Number]) -> set[str]:
    """Contracts that a forecast names, where exactly one is known by the number."""
    plains = {one.plain for one in numbers if one.type == "incumbent_contract" and len(one.plain) >= _NAMES_ITSELF}
    known = known_awards(connection, plains)
    return {award for awards in known.values() if len(awards) == 1 for award in awards}


def _naming(connection: Connection, numbers: Collection[str], kind: str) -> list[int]:
    """Notices that name another thing by one of these numbers."""
    a = t.aliases.c
    query = select(a.notice).where(a.number.in_(sorted(numbers)), a.type == kind).limit(MOST)
    return list(connection.scalars(query)) if numbers else []


def _notices(connection: Connection, ids: Collection[str]) -> list[int]:
    n = t.notices.c
    return list(connection.scalars(select(n.number).where(n.id.in_(sorted(ids))))) if ids else []


def _procurements_of(connection: Connection, notices: Collection[int]) -> set[str]:
    m, p = t.memberships.c, t.procurements.c
    query = select(p.id).join(t.memberships, m.procurement == p.number).where(m.notice.in_(sorted(notices)[:900]))
    return set(connection.scalars(query)) if notices else set()


def _held(connection: Connection, ids: Collection[str]) -> Mapping[str, tuple[int, int]]:
    """Number and lowest notice of each procurement that is held and has a member."""
    m, p = t.memberships.c, t.procurements.c
    query = (
        select(p.id, p.number, func.min(m.notice))
        .join(t.memberships, m.procurement == p.number)
        .where(p.id.in_(sorted(ids)[:900]))
        .group_by(p.id, p.number)
    )
    return {found: (number, notice) for found, number, notice in connection.execute(query)} if ids else {}
