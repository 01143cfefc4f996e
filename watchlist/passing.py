"""Reads what passes down in the procurements of notices: their members in order, with the tags of their own words."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, func, select

from archive import tables as t
from archive.times import moment
from noticewatch.database import chunks
from noticewatch.dates import dated
from noticewatch.models import notice_in_part
from watchlist.evidence import Tag
from watchlist.inheritance import Member, own_tags, with_inherited
from watchlist.queries import held_tags

_MOST_MEMBERS: Final = 5_000
"""Members of a procurement above which nothing passes down: a vehicle of so many is no contract."""


def passed_down(connection: Connection, own: Mapping[int, Sequence[Tag]]) -> dict[int, tuple[Tag, ...]]:
    """All tags of notices whose own words give some: with those that pass down to them, and those of the other members
    of their procurements to which something else passes down now. Joins that are only likely pass nothing.
    """
    found = {number: tuple(tags) for number, tags in own.items()}
    members = _members(connection, own)
    numbers = [number for some in members.values() for number in some]
    held = held_tags(connection, [number for number in numbers if number not in own])
    speaking = {number for number, tags in (*held.items(), *own.items()) if any(tag.tier == "alert" for tag in tags)}
    active = [some for some in members.values() if len(some) > 1 and not speaking.isdisjoint(some)]
    order = _orders(connection, [number for some in active for number in some])
    for some in active:
        line = [
            Member(order[number][0], (order[number][1], number), own.get(number) or own_tags(held.get(number, ())))
            for number in some
            if number in order
        ]
        for member, tags in with_inherited(line):
            number = member.order[1]
            if number in own or _plain(tags) != _plain(held.get(number, ())):
                found[number] = tags
    return found


def _plain(tags: Iterable[Tag]) -> list[tuple[str, str, str, str]]:
    return sorted((tag.kind, tag.id, tag.role, tag.tier) for tag in tags)


def _members(connection: Connection, numbers: Collection[int]) -> dict[int, list[int]]:
    """Members by procurement of the procurements that some notices belong to."""
    m = t.memberships.c
    procurements = [
        number
        for chunk in chunks(sorted(numbers))
        for number in connection.scalars(select(m.procurement).where(m.notice.in_(chunk)).distinct())
    ]
    found: dict[int, list[int]] = {}
    for chunk in chunks(sorted(set(procurements))):
        for notice, procurement in connection.execute(
            select(m.notice, m.procurement).where(m.procurement.in_(chunk)).order_by(m.notice)
        ):
            found.setdefault(procurement, []).append(notice)
    return {procurement: some for procurement, some in found.items() if len(some) <= _MOST_MEMBERS}


def _orders(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Id and day of notices, by number; those that lead to another one are left out."""
    n, v, r = t.notices.c, t.versions.c, t.records.c
    query = (
        select(n.number, n.id, n.first_seen, func.coalesce(v.content, r.content))
        .join(t.versions, (v.notice == n.number) & (v.version == n.current_version))
        .join(t.records, r.number == v.record)
        .where(n.leads_to.is_(None))
    )
    found = {}
    for chunk in chunks(numbers):
        for number, identity, first_seen, content in connection.execute(query.where(n.number.in_(chunk))):
            notice = notice_in_part(content, ("kind", "dates"))
            found[number] = (identity, dated(notice, moment(first_seen))[0])
    return found
