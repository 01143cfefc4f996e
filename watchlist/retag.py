"""Tags the past again after a change of the dictionary: in the background, quietly, and says what has changed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, case, func, select, update

from archive.store import Archive
from archive.times import moment, stamp
from archive.withheld import withheld_now
from noticewatch.database import insert_many
from noticewatch.identifiers import now
from watchlist.current import Watchlist, matcher_of
from watchlist.evidence import Evidence, Tag, dump_evidence, load_evidence
from watchlist.inheritance import own_tags
from watchlist.matcher import Matcher
from watchlist.queries import held_tags
from watchlist.tables import retags, tag_changes, tagged
from watchlist.tagger import Tagged, keep, states_of, tags_now

BATCH: Final = 500
"""Notices of one step."""

MOST_SAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class Change:
    """A tag of a notice before and after: its tiers, empty where the notice did not carry it. ``evidence``: why it does
    now, or why it did.
    """

    notice: int
    kind: str
    id: str
    role: str
    before: str
    after: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """What changed of one tag: in how many notices it was added, removed, or has another tier; some of them."""

    kind: str
    id: str
    added: int
    removed: int
    moved: int
    samples: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Retag:
    """A retag: with which dictionary, from when until when (UTC; ``ended_at`` None: it goes on), and how many notices
    it has tagged again.
    """

    number: int
    dictionary: str
    began_at: datetime
    ended_at: datetime | None
    notices: int


class Retagger:
    """A reader that works while the others are at rest: a batch of notices that another dictionary has tagged.

    Where a process is killed the next one goes on: each batch is one transaction, and each notice remembers with which
    dictionary it was tagged.
    """

    name = "retag"

    def __init__(self, matcher: Matcher | Watchlist) -> None:
        """``matcher``: the one to use, or the watchlist that has one in force at each moment."""
        self._given = matcher
        self._done = ""
        self._place: tuple[str, int] = ("", 0)

    def advance(self, archive: Archive) -> bool:
        """Tag one batch again; True if there may be more. The matching itself holds no lock."""
        matcher = matcher_of(self._given)
        version = matcher.dictionary.version
        if self._done == version:
            return False
        after = self._place[1] if self._place[0] == version else 0
        with archive.reading() as connection:
            states = states_of(connection, _stale(connection, version, after))
            found = tags_now(connection, matcher, states)
            before = _own(connection, states)
        with archive.writing() as connection:
            if not states:
                _end(connection, version)
                self._done = version
                return False
            standing = states_of(connection, list(states))
            same = {number: one for number, one in found.items() if standing[number] == states[number]}
            _note(connection, version, same, list(_changes(before, same)))
            keep(connection, matcher, same, states)
        self._place = (version, max(states))
        return True


def _own(connection: Connection, states: Iterable[int]) -> dict[int, list[Tag]]:
    """Tags that the notices' own words gave: what passes down follows by itself."""
    held = {number: own_tags(tags) for number, tags in held_tags(connection, states).items()}
    return {number: tags for number, tags in held.items() if tags}


def stale(connection: Connection, version: str) -> int:
    """How many notices another dictionary has tagged."""
    return int(connection.scalar(select(func.count()).where(tagged.c.dictionary != version)) or 0)


def preview(archive: Archive, matcher: Matcher) -> Iterator[tuple[int, list[Change]]]:
    """What a retag would change, batch by batch: how many notices were looked at, and their changes. Writes nothing."""
    after = 0
    while True:
        with archive.reading() as connection:
            states = states_of(connection, _stale(connection, matcher.dictionary.version, after))
            if not states:
                return
            found = tags_now(connection, matcher, states)
            changes = list(_changes(_own(connection, states), found))
            hidden: set[int] = set(connection.scalars(withheld_now()))
        after = max(states)
        yield len(states), [change for change in changes if change.notice not in hidden]


def latest(connection: Connection) -> Retag | None:
    """The latest retag; None where there was none."""
    return next(iter(history(connection, 1)), None)


def history(connection: Connection, most: int) -> list[Retag]:
    """The latest retags, newest first."""
    rows = connection.execute(select(retags).order_by(retags.c.number.desc()).limit(most))
    return [
        Retag(row.number, row.dictionary, moment(row.began_at), row.ended_at and moment(row.ended_at), row.notices)
        for row in rows
    ]


def sums(connection: Connection, retag: int) -> list[Sum]:
    """What a retag changed by tag, those of most notices first, with samples that are not withheld."""
    c = tag_changes.c
    counts = [func.sum(case((condition, 1), else_=0)) for condition in (c.before == "", c.after == "")]
    query = select(c.kind, c.id, func.count(), *counts).where(c.retag == retag).group_by(c.kind, c.id)
    found = []
    for kind, tag, notices, added, removed in connection.execute(query).all():
        of_tag = select(tag_changes).where(c.retag == retag, c.kind == kind, c.id == tag)
        shown = of_tag.where(c.notice.not_in(withheld_now())).order_by(c.notice, c.role).limit(MOST_SAMPLES)
        samples = tuple(map(_change, connection.execute(shown)))
        found.append(Sum(kind, tag, added, removed, notices - added - removed, samples))
    return in_order(found)


def sums_of(changes: Sequence[Change]) -> list[Sum]:
    """The same of changes in hand. Pure."""
    by_tag: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        by_tag.setdefault((change.kind, change.id), []).append(change)
    return in_order(
        Sum(
            kind, tag, sum(not one.before for one in some), sum(not one.after for one in some),
            sum(bool(one.before and one.after) for one in some), tuple(some[:MOST_SAMPLES]),
        )
        for (kind, tag), some in by_tag.items()
    )  # fmt: skip


def in_order(found: Any) -> list[Sum]:
    """Sums, those of most notices first. Pure."""
    return sorted(found, key=lambda one: (-(one.added + one.removed + one.moved), one.kind, one.id))


def _stale(connection: Connection, version: str, after: int) -> list[int]:
    query = select(tagged.c.notice).where(tagged.c.dictionary != version, tagged.c.notice > after)
    return list(connection.scalars(query.order_by(tagged.c.notice).limit(BATCH)))


def _changes(before: Mapping[int, Sequence[Tag]], after: Mapping[int, Tagged]) -> Iterator[Change]:
    for number, one in sorted(after.items()):
        old = {(tag.kind, tag.id, tag.role): tag for tag in before.get(number, ())}
        new = {(tag.kind, tag.id, tag.role): tag for tag in one.tags}
        for kind, tag, role in sorted(old.keys() | new.keys()):
            had, has = old.get((kind, tag, role)), new.get((kind, tag, role))
            tiers = had.tier if had else "", has.tier if has else ""
            shown = has or had
            if tiers[0] != tiers[1] and shown is not None:
                yield Change(number, kind, tag, role, *tiers, shown.evidence)


def _note(connection: Connection, version: str, found: Mapping[int, Tagged], changes: Sequence[Change]) -> None:
    """Write what a batch changes under the retag with this dictionary that goes on, begun here where there is none."""
    going_on = select(retags.c.number).where(retags.c.dictionary == version, retags.c.ended_at.is_(None))
    number = connection.scalar(going_on)
    if number is None:
        _end(connection, None)
        insert_many(
            connection, retags, [{"dictionary": version, "began_at": stamp(now()), "ended_at": None, "notices": 0}]
        )
        number = connection.scalar(going_on)
    counted = retags.c.notices + len(found)
    connection.execute(update(retags).where(retags.c.number == number).values(notices=counted))
    rows = [
        {
            "retag": number, "notice": one.notice, "kind": one.kind, "id": one.id, "role": one.role,
            "before": one.before, "after": one.after, "evidence": dump_evidence(one.evidence),
        }
        for one in changes
    ]  # fmt: skip
    insert_many(connection, tag_changes, rows, over=True)


def _end(connection: Connection, version: str | None) -> None:
    """End the retag with a dictionary, or whichever goes on: another one has taken its place."""
    open_ones = update(retags).where(retags.c.ended_at.is_(None)).values(ended_at=stamp(now()))
    connection.execute(open_ones if version is None else open_ones.where(retags.c.dictionary == version))


def _change(row: Any) -> Change:
    return Change(row.notice, row.kind, row.id, row.role, row.before, row.after, load_evidence(row.evidence))
