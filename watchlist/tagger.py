"""The tagger: a reader of the log that keeps every notice's tags at its current version.

What another dictionary has tagged is tagged again in the background (watchlist/retag.py).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import orjson
from sqlalchemy import Connection, Table, delete, func, select

from archive import tables as t
from archive.event_queries import MOVED, REGROUPED
from archive.joins import current_contents
from archive.log import Derived, append_derived
from archive.readers import BATCH, cursor, set_cursor, speechless
from archive.store import Archive
from noticewatch.database import chunks, insert_many
from noticewatch.models import DERIVED, Content, EventKind, Notice, notice_from
from watchlist.current import Watchlist, matcher_of
from watchlist.evidence import Tag, dump_evidence
from watchlist.inheritance import borrowed, from_versions, passing, with_sellers
from watchlist.matcher import Matcher
from watchlist.passing import NO_MOVES, Moves, passed_on
from watchlist.tables import tagged, tags, vehicles
from watchlist.vehicles import Place, note, spoken_for

_SKIPPED: Final = frozenset(kind.value for kind in DERIVED)
_READ: Final = ("kind", "title", "title_from", "description", "parties")
"""What the matcher reads of a notice."""
_MOST_VERSIONS: Final = 20
"""Versions of a notice beside the current one whose words count."""
_ANY: Final = 1 << 62
"""Above all versions: of a notice that was regrouped any may be another one, and the current one the same."""
State: TypeAlias = tuple[int, str]
"""Version and dictionary a notice was tagged with."""


class Tagger:
    """Follows the joiner. First tags of a notice append no event; tags that change later append a quiet one."""

    name = "tagger"

    def __init__(self, matcher: Matcher | Watchlist) -> None:
        """``matcher``: the one to use, or the watchlist that has one in force at each moment."""
        self._given = matcher

    def advance(self, archive: Archive) -> bool:
        """Take the next batch of at most 1,000 events up to the joiner's cursor; True if there may be more.

        Work and cursor are committed in one transaction.
        """
        if not self._has_work(archive):
            return False
        matcher = matcher_of(self._given)
        with archive.writing() as connection:
            after, limit = cursor(connection, self.name), cursor(connection, "joiner")
            e = t.events.c
            query = select(e.seq, e.notice, e.version, e.kinds, REGROUPED, MOVED).where(e.seq > after, e.seq <= limit)
            rows = connection.execute(query.order_by(e.seq).limit(BATCH)).all()
            if not rows:
                return False
            told: dict[int, int] = {}
            for row in rows:
                if row.regrouped or not _is_derived(row.kinds):
                    told[row.notice] = max(_ANY if row.regrouped else row.version, told.get(row.notice, 0))
            moves = Moves.told((row.notice, row.moved) for row in rows if row.moved)
            _tag(connection, matcher, told, moves)
            if any(row.regrouped for row in rows):
                silent = speechless(connection, {row.notice for row in rows if row.regrouped})
                for table in (tags, tagged, vehicles):
                    _forget(connection, table, silent)
            set_cursor(connection, self.name, rows[-1].seq)
            return True

    def _has_work(self, archive: Archive) -> bool:
        """Looks without taking the write lock, so that an idle reader disturbs nobody."""
        with archive.reading() as connection:
            return cursor(connection, self.name) < cursor(connection, "joiner")


@dataclass(frozen=True, slots=True)
class Tagged:
    """The tags of a notice in a version, and where it stands to contract vehicles."""

    version: int
    tags: Sequence[Tag]
    place: Place


def tags_now(connection: Connection, matcher: Matcher, states: Mapping[int, State | None]) -> dict[int, Tagged]:
    """What a matcher finds in the current versions of notices, and for review what only their other versions say, by
    number; without those whose state says that they are tagged so already, and those that say nothing.
    """
    current = list(_current(connection, states, matcher.dictionary.version))
    others = _others(connection, {number: version for number, version, _ in current})
    found = {}
    for number, version, text in current:
        content = orjson.loads(text)
        stated = [(other, orjson.loads(then)) for other, then in others.get(number, ())]
        tags_then = ((other, matcher.tags(_matched(then))) for other, then in stated)
        place = Place.of(content, (then for _, then in stated))
        found[number] = Tagged(version, from_versions(matcher.tags(_matched(content)), tags_then), place)
    return found


def _matched(content: Content) -> Notice:
    """What the matcher reads of a notice: to check all of it costs most."""
    return notice_from({field: content[field] for field in _READ if field in content})


def keep(
    connection: Connection,
    matcher: Matcher,
    found: Mapping[int, Tagged],
    states: Mapping[int, State | None],
    moves: Moves = NO_MOVES,
) -> None:
    """Put tags, and what passes on with them, in the place of those held, and append a quiet event for each notice
    that was tagged otherwise. ``states``: of all notices that something happened to, tagged anew or not; ``moves``:
    those that changed their procurements.
    """
    own = {number: one.tags for number, one in found.items()}
    places = {number: one.place for number, one in found.items()}
    spoke = spoken_for(connection, states)
    speaking = {
        n: place.contract for n, place in places.items() if place.vehicle and place.contract and passing(own[n])
    }
    note(connection, found, speaking)
    whole = passed_on(connection, own, places, {*spoke.items(), *speaking.items()}, moves)
    others = states_of(connection, [number for number in whole if number not in found])
    for number in [number for number, state in others.items() if state is None]:
        del whole[number]  # not tagged yet: what passes down reaches it when it is
    whole |= _sold(connection, matcher, {number: some for number, some in whole.items() if borrowed(some)})
    again = [number for number in whole if number not in found or states.get(number) is not None]
    before = _ids(connection, again)
    _forget(connection, tags, again)
    _forget(connection, tagged, [number for number in again if number in found])
    _insert(connection, whole)
    dictionary = matcher.dictionary.version
    rows = [{"notice": number, "version": one.version, "dictionary": dictionary} for number, one in found.items()]
    insert_many(connection, tagged, rows)
    changed = [(number, before.get(number, []), _plain(whole[number])) for number in again]
    findings = [Derived(number, EventKind.RETAGGED, [("tags", old, new)]) for number, old, new in changed if old != new]
    if findings:
        append_derived(connection, findings)


def _sold(connection: Connection, matcher: Matcher, found: Mapping[int, Sequence[Tag]]) -> dict[int, tuple[Tag, ...]]:
    """Tags of notices with those who sell in them: their own words may say no more than that."""
    contents = current_contents(connection, found)
    return {
        number: with_sellers(found[number], matcher.sellers(_matched(content)))
        for number, (_, _, content) in contents.items()
    }


def states_of(connection: Connection, numbers: Sequence[int]) -> dict[int, State | None]:
    """With which version and dictionary each notice was tagged; None where it was not."""
    query = select(tagged.c.notice, tagged.c.version, tagged.c.dictionary)
    found: dict[int, State | None] = dict.fromkeys(numbers)
    for chunk in chunks(numbers):
        for number, version, dictionary in connection.execute(query.where(tagged.c.notice.in_(chunk))):
            found[number] = (version, dictionary)
    return found


def _tag(connection: Connection, matcher: Matcher, told: Mapping[int, int], moves: Moves) -> None:
    """Replace the tags of notices that are not yet tagged at their current version with this dictionary. ``told``: the
    latest version that something was told of; one that came after the current one is filed before it, and counts too.
    """
    states = states_of(connection, sorted(told))
    known = {number: state if state and told[number] <= state[0] else None for number, state in states.items()}
    keep(connection, matcher, tags_now(connection, matcher, known), states, moves)


def _is_derived(kinds: str) -> bool:
    return set(orjson.loads(kinds)) <= _SKIPPED


def _plain(found: Iterable[Tag]) -> list[str]:
    """Tags as an event states them: ``vendor:fivecast:maker:alert``, sorted."""
    return sorted(f"{tag.kind}:{tag.id}:{tag.role}:{tag.tier}" for tag in found)


def _ids(connection: Connection, numbers: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    query = select(tags.c.notice, tags.c.kind, tags.c.id, tags.c.role, tags.c.tier)
    for chunk in chunks(numbers):
        for number, *parts in connection.execute(query.where(tags.c.notice.in_(chunk))):
            found.setdefault(number, []).append(":".join(parts))
    return {number: sorted(plain) for number, plain in found.items()}


def _current(
    connection: Connection, states: Mapping[int, State | None], dictionary: str
) -> Iterator[tuple[int, int, str]]:
    """Number, version and content as JSON of the notices that have records and whose tags are not up to date."""
    n, v, r = t.notices.c, t.versions.c, t.records.c
    query = (
        select(n.number, v.version, func.coalesce(v.content, r.content))
        .join(t.versions, (v.notice == n.number) & (v.version == n.current_version))
        .join(t.records, r.number == v.record)
        .where(n.leads_to.is_(None))
    )
    for chunk in chunks(states):
        for number, version, content in connection.execute(query.where(n.number.in_(chunk))).all():
            if states.get(number) != (version, dictionary):
                yield number, version, content


def _others(connection: Connection, current: Mapping[int, int]) -> dict[int, list[tuple[int, str]]]:
    """The other versions of notices with their contents as JSON, by number, the newest of them first and no more than
    a few.
    """
    v, r = t.versions.c, t.records.c
    query = (
        select(v.notice, v.version, func.coalesce(v.content, r.content))
        .join(t.records, r.number == v.record)
        .where(v.superseded.is_(False))
        .order_by(v.notice, v.revision.desc(), v.observed_at.desc(), v.version.desc())
    )
    found: dict[int, list[tuple[int, str]]] = {}
    for chunk in chunks(current):
        for number, version, content in connection.execute(query.where(v.notice.in_(chunk))):
            held = found.setdefault(number, [])
            if version != current[number] and len(held) < _MOST_VERSIONS:
                held.append((version, content))
    return found


def _forget(connection: Connection, table: Table, numbers: Collection[int]) -> None:
    for chunk in chunks(sorted(numbers)):
        connection.execute(delete(table).where(table.c.notice.in_(chunk)))


def _insert(connection: Connection, found: Mapping[int, Sequence[Tag]]) -> None:
    rows = [
        {
            "notice": number, "kind": tag.kind, "id": tag.id, "role": tag.role, "tier": tag.tier,
            "evidence": dump_evidence(tag.evidence),
        }
        for number, some in found.items()
        for tag in some
    ]  # fmt: skip
    insert_many(connection, tags, rows)
