"""What each source says of a notice: the witnesses of one register, and where they contradict each other."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, select

from archive import tables as t
from archive.fold import LAST_RANK
from archive.sightings import LAST_SEEN, WITH_LAST
from archive.times import moment
from archive.withheld import concerned
from noticewatch.database import chunks
from noticewatch.dates import is_time_of
from noticewatch.models import Content, carries, to_paths

_MADE: Final = frozenset({"links", "title_from"})
"""Paths that say how a source is built rather than what was bought."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What a source says at one path, and the archived record that says so."""

    value: Any
    capture_id: str
    row: int
    seen: datetime


@dataclass(frozen=True, slots=True)
class Witness:
    """A source of a notice with all that it says now, by path. capture_id, row: its latest record; times are UTC."""

    source: str
    first_seen: datetime
    last_seen: datetime
    capture_id: str
    row: int
    says: Mapping[str, Stated]


@dataclass(frozen=True, slots=True)
class Difference:
    """A path at which witnesses contradict each other. said: by source, best rank first; shown: sources whose word the
    reader's notice has.
    """

    path: str
    said: Mapping[str, Stated]
    shown: frozenset[str]


def sources_of(connection: Connection, numbers: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Names of the sources that have told of notices, by notice number, in order of name."""
    wanted, found = list(numbers), dict[int, list[str]]()
    r = t.records.c
    for chunk in chunks(wanted):
        query = select(r.notice, r.source).where(r.notice.in_(chunk)).distinct()
        for notice, source in connection.execute(query.order_by(r.notice, r.source)):
            found.setdefault(notice, []).append(source)
    return {number: tuple(names) for number, names in found.items()}


def witnesses(connection: Connection, notice_number: int, ranks: Mapping[str, int]) -> list[Witness]:
    """All witnesses of a notice, best rank first, from one query; none where any of its versions was taken down: a
    witness may say the same.
    """
    r, c = t.records.c, t.captures.c
    query = (
        select(r.source, r.content, t.carried.c.paths, r.row, r.first_seen, LAST_SEEN.label("last_seen"), c.id)
        .select_from(WITH_LAST)
        .join(t.carried, t.carried.c.number == r.carried)
        .join(t.captures, c.number == r.capture)
        .where(r.notice == notice_number, r.notice.not_in(select(concerned().subquery().c.notice)))
        .order_by(r.revision, r.first_seen, c.id, r.row)
    )
    found: dict[str, Witness] = {}
    for row in connection.execute(query):
        stated = {
            path: Stated(value, row.id, row.row, moment(row.first_seen))
            for path, value in to_paths(orjson.loads(row.content)).items()
        }
        before = found.get(row.source)
        carried = frozenset(orjson.loads(row.paths))
        kept = {path: held for path, held in before.says.items() if not carries(carried, path)} if before else {}
        seen = [moment(row.last_seen), *([before.last_seen] if before else [])]
        first = before.first_seen if before else moment(row.first_seen)
        found[row.source] = Witness(row.source, first, max(seen), row.id, row.row, kept | stated)
    return sorted(found.values(), key=lambda held: (ranks.get(held.source, LAST_RANK), held.source))


def differences(held: Sequence[Witness], content: Content) -> list[Difference]:
    """Where witnesses contradict each other, in order of path; ``content``: of the notice as readers see it. Pure."""
    if len(held) < 2:
        return []
    shown = to_paths(content)
    paths = sorted({path for witness in held for path in witness.says} - _MADE)
    found = []
    for path in paths:
        said = {witness.source: witness.says[path] for witness in held if path in witness.says}
        if _differ(path, [stated.value for stated in said.values()]) and not _told_by_description(path, paths, held):
            here = {source for source, stated in said.items() if not contradict(path, stated.value, shown.get(path))}
            found.append(Difference(path, said, frozenset(here)))
    return found


def contradict(path: str, one: Any, other: Any) -> bool:
    """Whether two values at a path say different things; one that merely says more contradicts nothing.

    Case and white space do not matter; of sums only those of one basis are compared; a buyer is its codes.
    """
    if one is None or other is None:
        return False
    if isinstance(one, list) and isinstance(other, list):
        return any(_foreign(path, item, other) for item in one) or any(_foreign(path, item, one) for item in other)
    return not _agree(one, other)


def _differ(path: str, values: Sequence[Any]) -> bool:
    return any(contradict(path, values[0], value) for value in values[1:]) or (
        len(values) > 2 and _differ(path, values[1:])
    )


def _told_by_description(path: str, paths: Sequence[str], held: Sequence[Witness]) -> bool:
    """Whether a path is a title that every witness's description tells already."""
    return path == "title" and "description" in paths and all("description" in one.says for one in held)


def _foreign(path: str, item: Any, others: Sequence[Any]) -> bool:
    """Whether no element of another list agrees with this one, though there are some of its sort."""
    plain = _compared(path, item)
    same_sort = [_compared(path, other) for other in others if _sort(path, other) == _sort(path, item)]
    return bool(same_sort) and not any(_agree(plain, other) for other in same_sort)


def _sort(path: str, item: Any) -> Any:
    return (item.get("basis"), item.get("currency")) if path.startswith("amounts.") and isinstance(item, dict) else None


def _compared(path: str, item: Any) -> Any:
    """What of an element counts: of a buyer its codes, of a sum not the day it is of."""
    if not isinstance(item, dict):
        return item
    dropped = {"buyers": {"name", "inferred"}, "amounts": {"as_of", "of"}}.get(path.partition(".")[0], set())
    return {name: value for name, value in item.items() if name not in dropped}


def _agree(one: Any, other: Any) -> bool:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(_agree(one[name], other[name]) for name in one.keys() & other.keys())
    if isinstance(one, str) and isinstance(other, str):
        if is_time_of(one, other) or is_time_of(other, one):
            return True
        return " ".join(one.casefold().split()) == " ".join(other.casefold().split())
    return bool(one == other)
