"""The matcher: a reader of the log that runs every saved search on each batch of loud events, and fills the outbox.

It follows the tagger, never the search index. What a batch gives is worked out while others write; matches, outbox and
cursor are then written in one transaction, for the searches and targets that there are at that moment.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from alerts import forming
from alerts import timing as clocks
from alerts.deciding import Judge, crossing, reasons
from alerts.epoch import FOLLOWS, NAME, is_of_this_log
from alerts.models import Crossing, Reason, Timing
from alerts.revisions import Active, Revisions, first_seq
from alerts.sides import Sides, Told, sides, told_of
from alerts.tables import alert_groups, alert_targets, matches, outbox, saved_searches
from archive.queries import events
from archive.readers import BATCH, cursor, set_cursor
from archive.store import Archive
from archive.times import stamp
from indexer.memory import MemoryIndex
from indexer.names import Names
from indexer.sync import collecting_later, light
from noticewatch.database import chunks, insert_many, plain_rows, shared_time
from noticewatch.models import Event, EventKind
from watchlist.current import Watchlist, matcher_of
from watchlist.matcher import Matcher


class Match(NamedTuple):
    """An event that a revision of a search found."""

    revision: int
    search: int
    told: Told
    crossing: Crossing
    reasons: tuple[Reason, ...]

    @property
    def place(self) -> tuple[int, str, bool]:
        """What it goes into: one message, or entry of a digest. What came late is told apart."""
        return self.search, self.told.notice.procurement_id, self.told.event.late


class AlertReader:
    """Follows the tagger: what it has passed is matched."""

    name = NAME

    def __init__(self, matcher: Matcher | Watchlist) -> None:
        """``matcher``: the one to use, or the watchlist that has one in force at each moment."""
        self._given = matcher
        self._said = set[int]()
        self._use(matcher_of(matcher))

    def advance(self, archive: Archive) -> bool:
        """Match one batch of the log; True if there may be more."""
        if not is_of_this_log(archive):
            return True
        if (matcher := matcher_of(self._given)) is not self._matcher:
            self._use(matcher)
        with collecting_later():
            return self._advance(archive)

    def _advance(self, archive: Archive) -> bool:
        with archive.reading() as connection:
            after, upto = cursor(connection, NAME), cursor(connection, FOLLOWS)
            if after >= upto:
                return False
            batch, last = _batch(connection, after, upto)
            if batch:
                self._revisions.refresh(connection, after)
            both = sides(connection, told_of(connection, batch), self._matcher)
        found = list(matched(self._revisions, both))
        with archive.writing() as connection:
            if cursor(connection, NAME) == after:  # else another process was quicker
                _write(connection, found)
                for number in self._revisions.broken.keys() - self._said:
                    forming.note_broken(connection, number, self._revisions.broken[number], shared_time(connection))
                set_cursor(connection, NAME, last)
        self._said = set(self._revisions.broken)
        return last < upto

    def _use(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._revisions = Revisions(Names(matcher.dictionary))
        self._said.clear()


def _batch(connection: Connection, after: int, upto: int) -> tuple[list[Event], int]:
    """The next loud events that some search counts, no more than is held in memory at once, and the ``seq`` up to which
    nothing is left out.
    """
    first = first_seq(connection, after)
    if first is None:
        return [], upto
    loud = [one for one in events(connection, max(after, first - 1), BATCH, loud_only=True) if one.seq <= upto]
    batch = light(loud, connection) if loud else []
    whole = len(loud) < BATCH and len(batch) == len(loud)
    return batch, upto if whole else batch[-1].seq


def matched(revisions: Revisions, both: Sides) -> Iterator[Match]:
    """What the searches find in a batch: each event once for each search that was active when it was committed."""
    if not both.documents or not len(revisions):
        return
    index = MemoryIndex(both.documents)
    possible = [reasons(one.event, EventKind.NEW in one.version.kinds) for one in both.told]
    masks = _masks(both, possible)
    users = _users(both)
    judge = Judge([one.event for one in both.told], possible)
    same: dict[int, frozenset[int]] = {}
    for active in revisions.candidates(index.sieve):
        among = 0
        for reason in active.asks.reasons:
            among |= masks.get(reason, 0)
        places = same.get(id(active.asks))
        if places is None:  # searches that ask the same are asked once
            places = same[id(active.asks)] = frozenset(index.matching(active.asks.node, among))
        if places:
            touched = sorted({event for place in places for event in users.get(place, ())})
            yield from _matches(active, both, judge, touched, places)


def _matches(
    active: Active,
    both: Sides,
    judge: Judge,
    touched: Sequence[int],
    places: frozenset[int],
) -> Iterator[Match]:
    for number in touched:
        told, (after, before) = both.told[number], both.places[number]
        if not active.counts(told.event.seq):
            continue
        stands = crossing(after=after in places, before=before in places)
        if stands is not None and (why := judge.decided(active.asks, number, stands)):
            yield Match(active.number, active.search, told, stands, why)


def _masks(both: Sides, possible: Sequence[frozenset[Reason]]) -> dict[Reason, int]:
    """For each reason the documents of events that may count for it, as bits by place."""
    found: dict[Reason, int] = {}
    for (after, before), some in zip(both.places, possible, strict=True):
        bits = 1 << after | (0 if before is None else 1 << before)
        for reason in some:
            found[reason] = found.get(reason, 0) | bits
    return found


def _users(both: Sides) -> dict[int, list[int]]:
    """Which events a document stands for."""
    found: dict[int, list[int]] = {}
    for event, pair in enumerate(both.places):
        for place in pair:
            if place is not None:
                found.setdefault(place, []).append(event)
    return found


def _write(connection: Connection, found: Sequence[Match]) -> None:
    """Write what was found, grouped, and for every target of its search a row of the outbox. Searches that were
    deleted meanwhile are left out.
    """
    timings = _timings(connection, {match.search for match in found})
    groups: dict[tuple[int, str, bool], list[Match]] = {}
    for match in found:
        if match.search in timings:
            groups.setdefault(match.place, []).append(match)
    if not groups:
        return
    at = shared_time(connection)
    made_at, dues = stamp(at), dict[tuple[Timing, bool], str]()
    targets = _targets(connection, timings)
    last = int(connection.scalar(select(func.max(alert_groups.c.number))) or 0)
    rows, held, out = [], [], []
    for number, ((search, key, late), some) in enumerate(groups.items(), start=last + 1):
        rows.append(
            {"number": number, "search": search, "key": key, "first_seq": some[0].told.event.seq, "late": late,
             "made_at": made_at}
        )  # fmt: skip
        held += [
            {"revision": one.revision, "seq": one.told.event.seq, "event_group": number, "crossing": one.crossing,
             "reasons": " ".join(one.reasons)}
            for one in some
        ]  # fmt: skip
        for target in targets.get(search, ()):
            speaks = timings[search], late
            if (due := dues.get(speaks)) is None:
                due = dues[speaks] = stamp(clocks.due_at(timings[search], at, late=late))
            out.append({"search": search, "event_group": number, "target": target, "state": "waiting", "due_at": due})
    insert_many(connection, alert_groups, rows)
    insert_many(connection, matches, held)
    insert_many(connection, outbox, out)


def _timings(connection: Connection, searches: set[int]) -> dict[int, Timing]:
    found, s = dict[int, Timing](), saved_searches.c
    query = select(s.number, s.rhythm, s.local_time, s.weekday, s.zone)
    for chunk in chunks(sorted(searches)):
        for number, *saved in plain_rows(connection, query.where(s.number.in_(chunk))):
            found[number], _ = clocks.read(*saved)
    return found


def _targets(connection: Connection, searches: Mapping[int, object]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    t = alert_targets.c
    for chunk in chunks(sorted(searches)):
        query = select(t.search, t.number).where(t.search.in_(chunk)).order_by(t.number)
        for search, number in plain_rows(connection, query):
            found.setdefault(search, []).append(number)
    return found
