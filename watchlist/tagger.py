"""The tagger: a reader of the log that keeps every notice's tags at its current version and the present dictionary."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

import orjson
from sqlalchemy import Connection, delete, func, select

from archive import tables as t
from archive.log import Derived, append_derived
from archive.readers import BATCH, REGROUPED, cursor, set_cursor, speechless
from archive.store import Archive
from noticewatch.database import insert_many
from noticewatch.models import DERIVED, EventKind, Notice, notice_from
from watchlist.evidence import Tag, dump_evidence
from watchlist.matcher import Matcher
from watchlist.tables import tagged, tags

_SKIPPED: Final = frozenset(kind.value for kind in DERIVED)
_CHUNK: Final = 900
_State = tuple[int, str]
"""Version and dictionary a notice was tagged with."""


class Tagger:
    """Follows the joiner. First tags of a notice append no event; tags that change later append a quiet one."""

    name = "tagger"

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._dictionary = matcher.dictionary.version

    def advance(self, archive: Archive) -> bool:
        """Take the next batch of at most 1,000 events; at the joiner's cursor, notices tagged with another dictionary.

        Gives True if there may be more. Work and cursor are committed in one transaction.
        """
        if not self._has_work(archive):
            return False
        with archive.writing() as connection:
            after, limit = cursor(connection, self.name), cursor(connection, "joiner")
            e = t.events.c
            query = select(e.seq, e.notice, e.kinds, REGROUPED).where(e.seq > after, e.seq <= limit).order_by(e.seq)
            rows = connection.execute(query.limit(BATCH)).all()
            if not rows:
                return self._retag_stale(connection)
            if any(row.regrouped for row in rows):
                _replace(connection, {}, speechless(connection, {row.notice for row in rows if row.regrouped}))
            self._tag(connection, sorted({row.notice for row in rows if row.regrouped or not _is_derived(row.kinds)}))
            set_cursor(connection, self.name, rows[-1].seq)
            return True

    def _has_work(self, archive: Archive) -> bool:
        """Looks without taking the write lock, so that an idle reader disturbs nobody."""
        with archive.reading() as connection:
            if cursor(connection, self.name) < cursor(connection, "joiner"):
                return True
            return bool(self._stale(connection, 1))

    def _retag_stale(self, connection: Connection) -> bool:
        numbers = self._stale(connection, BATCH)
        self._tag(connection, numbers)
        return len(numbers) == BATCH

    def _stale(self, connection: Connection, limit: int) -> Sequence[int]:
        """Notices tagged with another dictionary."""
        query = select(tagged.c.notice).where(tagged.c.dictionary != self._dictionary)
        return connection.scalars(query.order_by(tagged.c.notice).limit(limit)).all()

    def _tag(self, connection: Connection, numbers: Sequence[int]) -> None:
        """Replace the tags of notices that are not yet tagged at their current version with this dictionary."""
        states = _states(connection, numbers)
        current = {
            number: (version, notice)
            for number, version, notice in _current(connection, numbers, states, self._dictionary)
        }
        if not current:
            return
        found = {number: self._matcher.tags(notice) for number, (_, notice) in current.items()}
        before = _ids(connection, [number for number in current if number in states])
        retagged = [
            number for number in current if number in states and before.get(number, []) != _plain(found[number])
        ]
        _replace(connection, found, [number for number in current if number in states])
        insert_many(
            connection,
            tagged,
            [{"notice": n, "version": v, "dictionary": self._dictionary} for n, (v, _) in current.items()],
        )
        if retagged:
            append_derived(
                connection,
                [Derived(n, EventKind.RETAGGED, [("tags", before.get(n, []), _plain(found[n]))]) for n in retagged],
            )


def _is_derived(kinds: str) -> bool:
    return set(orjson.loads(kinds)) <= _SKIPPED


def _plain(found: Iterable[Tag]) -> list[str]:
    """Tags as an event states them: ``vendor:fivecast:maker:alert``, sorted."""
    return sorted(f"{tag.kind}:{tag.id}:{tag.role}:{tag.tier}" for tag in found)


def _ids(connection: Connection, numbers: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    query = select(tags.c.notice, tags.c.kind, tags.c.id, tags.c.role, tags.c.tier)
    for chunk in _chunks(numbers):
        for number, *parts in connection.execute(query.where(tags.c.notice.in_(chunk))):
            found.setdefault(number, []).append(":".join(parts))
    return {number: sorted(plain) for number, plain in found.items()}


def _states(connection: Connection, numbers: Sequence[int]) -> dict[int, _State]:
    query = select(tagged.c.notice, tagged.c.version, tagged.c.dictionary)
    return {
        number: (version, dictionary)
        for chunk in _chunks(numbers)
        for number, version, dictionary in connection.execute(query.where(tagged.c.notice.in_(chunk)))
    }


def _current(
    connection: Connection, numbers: Sequence[int], states: Mapping[int, _State], dictionary: str
) -> Iterator[tuple[int, int, Notice]]:
    """Number, version and content of the notices that have records and whose tags are not up to date."""
    n, v, r = t.notices.c, t.versions.c, t.records.c
    query = (
        select(n.number, v.version, func.coalesce(v.content, r.content))
        .join(t.versions, (v.notice == n.number) & (v.version == n.current_version))
        .join(t.records, r.number == v.record)
        .where(n.leads_to.is_(None))
    )
    for chunk in _chunks(numbers):
        for number, version, content in connection.execute(query.where(n.number.in_(chunk))).all():
            if states.get(number) != (version, dictionary):
                yield number, version, _readable(content)


def _readable(content: str) -> Notice:
    """The parts of a notice that the matcher reads; the others are left out, since checking them costs most."""
    whole = orjson.loads(content)
    return notice_from({field: whole[field] for field in _READ if field in whole})


_READ: Final = ("kind", "title", "title_from", "description", "parties")


def _replace(connection: Connection, found: Mapping[int, Sequence[Tag]], again: Collection[int]) -> None:
    for chunk in _chunks(sorted(again)):
        connection.execute(delete(tags).where(tags.c.notice.in_(chunk)))
        connection.execute(delete(tagged).where(tagged.c.notice.in_(chunk)))
    rows = [
        {
            "notice": number, "kind": tag.kind, "id": tag.id, "role": tag.role, "tier": tag.tier,
            "evidence": dump_evidence(tag.evidence),
        }
        for number, some in found.items()
        for tag in some
    ]  # fmt: skip
    insert_many(connection, tags, rows)


def _chunks(items: Sequence[int]) -> Iterator[list[int]]:
    for begin in range(0, len(items), _CHUNK):
        yield list(items[begin : begin + _CHUNK])
