"""Procurements that others are linked to by what they state, or by title and buyer; links never collapse, sum or pass
anything on.

Nothing is kept for them: they follow from the members' numbers, the table of aliases and that of titles each time they
are asked for.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal, TypeAlias

import orjson
from sqlalchemy import Connection, func, select

from archive import tables as t
from archive.identity import notice_id
from archive.joins import read_stated
from archive.rows import NoticeRow
from archive.solicitations import awards_of, holders, known_awards
from archive.stated import Stated
from archive.titles import probably_same
from noticewatch.database import chunks
from noticewatch.models import Number

RelatedKind: TypeAlias = Literal[
    "vehicle", "order", "solicitation", "award", "same_solicitation", "present_contract", "forecast", "corrects",
    "corrected_by", "same_title",
]  # fmt: skip

INFERRED: Final[frozenset[RelatedKind]] = frozenset({"same_title"})
"""Kinds that nobody states: probably the same thing, by title and buyer (archive/titles.py)."""

MOST: Final = 1_000
"""Most links of one kind that are given, those seen latest; one more says that there are others."""

_NAMES_ITSELF: Final = 10
"""Letters and digits from which a contract number is looked up without its agency, for a link only."""


@dataclass(frozen=True, slots=True)
class Related:
    """A procurement that another is linked to. ``kind`` says what it is to the other: its vehicle, an order under it,
    the notices before it and several awards, one of the awards that they led to, a notice with the same solicitation
    number, the contract that a forecast follows, such a forecast, the document that it corrects or is corrected by;
    ``same_title`` is inferred: probably the same.

    number: the procurement's, 0 where nothing of it is held; notice: its lowest notice, 0 likewise.
    """

    kind: RelatedKind
    id: str
    number: int = 0
    notice: int = 0


def related(connection: Connection, members: Sequence[NoticeRow]) -> list[Related]:
    """The procurements to which the procurement of these members is linked, by kind, those seen latest first and those
    not held last; of a kind at most 1,000, and one more where there are others.
    """
    own = {row.procurement_id for row in members}
    numbers = [number for row in members for number in row.notice.numbers]
    found: dict[RelatedKind, set[str]] = {}
    for kind, ids in _links(connection, members, numbers, own):
        found.setdefault(kind, set()).update(set(ids) - own)
    held = _held(connection, set().union(*found.values()))
    links = [Related(kind, *link) for kind, ids in found.items() for link in _latest(ids, held)]
    return links + _inferred(connection, members, {link.number for link in links})


def _latest(ids: Iterable[str], held: Mapping[str, tuple[int, int]]) -> list[tuple[str, int, int]]:
    """Ids with the numbers of what is held of them, the highest first, cut where there are too many."""
    links = [(one, *held.get(one, (0, 0))) for one in ids]
    return sorted(links, key=lambda link: (-link[1], link[0]))[: MOST + 1]


def _inferred(connection: Connection, members: Sequence[NoticeRow], stated: Collection[int]) -> list[Related]:
    """What is probably the same thing, unless numbers say already how it is linked."""
    p = t.procurements.c
    found = {probably_same(connection, number) for number in {row.procurement for row in members} if number}
    numbers = sorted(number for number in found if number and number not in stated)
    ids = connection.scalars(select(p.id).where(p.number.in_(numbers))).all() if numbers else ()
    return [Related("same_title", *link) for link in _latest(ids, _held(connection, set(ids)))]


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
        select(p.number, p.id, func.min(a.notice).label("notice"))
        .join(t.memberships, m.procurement == p.number)
        .join(t.aliases, a.notice == m.notice)
        .where(a.number == number, a.type == "parent_piid")
        .group_by(p.number, p.id)
        .order_by(p.number.desc())
        .subquery()
    )
    rows = connection.execute(select(first.c.id, r.content).join(t.records, r.notice == first.c.notice))
    named = (procurement_id for procurement_id, content in rows if (agency, number) in _parents(content))
    return set(islice(dict.fromkeys(named), MOST + 1))


def _parents(content: str) -> set[tuple[str, str]]:
    numbers = orjson.loads(content).get("numbers", ())
    return {(one.get("issuer", ""), one["plain"]) for one in numbers if one["type"] == "parent_piid"}


def _of_solicitations(
    connection: Connection, members: Sequence[NoticeRow]
) -> Iterator[tuple[RelatedKind, Iterable[str]]]:
    """What has the same solicitation number, and what that number led to."""
    known = read_stated(connection, [row.number for row in members])
    stated = list(known.values())

    def load(numbers: Collection[int]) -> dict[int, Stated]:
        """Each notice is read once: hundreds may share a solicitation."""
        known.update(read_stated(connection, [number for number in numbers if number not in known]))
        return {number: known[number] for number in numbers if number in known}

    before = {one.solicitation_id for one in stated if one.solicitation_id is not None}
    yield "solicitation", before & _held(connection, before).keys()
    for one in _one_of_each(stated):
        yield "award", awards_of(connection, one, load)
        sharing = load(holders(connection, {one.solicitation or ""})).values()
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
    """The latest notices that name another thing by one of these numbers."""
    a = t.aliases.c
    query = select(a.notice).where(a.number.in_(sorted(numbers)), a.type == kind).order_by(a.notice.desc())
    return list(connection.scalars(query.limit(MOST + 1))) if numbers else []


def _notices(connection: Connection, ids: Collection[str]) -> list[int]:
    n = t.notices.c
    return list(connection.scalars(select(n.number).where(n.id.in_(sorted(ids))))) if ids else []


def _procurements_of(connection: Connection, notices: Collection[int]) -> set[str]:
    m, p = t.memberships.c, t.procurements.c
    query = select(p.id).join(t.memberships, m.procurement == p.number)
    return {one for chunk in chunks(notices) for one in connection.scalars(query.where(m.notice.in_(chunk)))}


def _held(connection: Connection, ids: Collection[str]) -> Mapping[str, tuple[int, int]]:
    """Number and lowest notice of each procurement that is held and has a member."""
    m, p = t.memberships.c, t.procurements.c
    query = (
        select(p.id, p.number, func.min(m.notice))
        .join(t.memberships, m.procurement == p.number)
        .group_by(p.id, p.number)
    )
    return {
        found: (number, notice)
        for chunk in chunks(ids)
        for found, number, notice in connection.execute(query.where(p.id.in_(chunk)))
    }
