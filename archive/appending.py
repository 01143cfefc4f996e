"""One transaction of the append: each reading is filed as a sighting, a record, a version and an event."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache, partial
from typing import Any, NamedTuple

from sqlalchemy import Connection

from archive.batches import Reread, Seen, Sighting
from archive.changes import change_kinds, is_late, is_news, is_quiet
from archive.derived import append_derived
from archive.dossiers import Dossier, Point, points, settle
from archive.fold import Step, predecessor
from archive.held import HeldRecord, Place
from archive.identity import alias_numbers, notice_id
from archive.intervals import Outcome, Sighted, sight
from archive.ledger import Run
from archive.moves import Moves
from archive.postings import by_number
from archive.regrouping import Regrouping
from archive.settling import Changes, Settling, changed
from archive.shelf import Shelf
from archive.times import moment
from noticewatch.models import EventKind, Notice, Reading, ordered, to_paths
from noticewatch.numbers import plain


class Item(NamedTuple):
    """One reading or sighting of a window: where it was seen, and whether its window is quiet."""

    window: int
    quiet: bool
    place: Place
    seen: Seen


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for all readings of an append."""

    run: Run
    register: str
    parser_version: int
    late_after: Callable[[Notice], int]
    reread: Reread
    ranks: Mapping[str, int]
    committed_at: str


class Witnessed(NamedTuple):
    """That a record was seen: in which window and where; ``before``: where it had been seen last until then, None for a
    new one.
    """

    record: HeldRecord
    window: int
    place: Place
    before: Place | None = None


@dataclass(slots=True)
class Tally:
    """What one transaction did. ``fresh``: new records by window number."""

    records: int = 0
    versions: int = 0
    events: int = 0
    sightings: int = 0
    fresh: dict[int, int] = field(default_factory=dict)


class Appending:
    """Files the items of one transaction."""

    def __init__(self, connection: Connection, shelf: Shelf, terms: Terms) -> None:
        self._connection, self._shelf, self._terms = connection, shelf, terms
        self._settling = Settling(shelf, terms.ranks, terms.committed_at, terms.run.number)
        self._moves = Moves(connection, shelf, terms.register, self._settling)
        self._regrouping = Regrouping(connection, shelf, terms.register, self._moves)
        self._intervals: dict[str, list[HeldRecord]] = {}
        self._notices: dict[str, int] = {}
        self._rereads: dict[tuple[int, int], Reading] = {}
        self.tally = Tally()
        self.witnessed: list[Witnessed] = []
        self.last_seq = 0

    def run(self, items: Sequence[Item]) -> None:
        """File all items and write them."""
        self._load(items)
        for item in _one_word_a_capture(items):
            self._file(item)
        self.tally.records = self._shelf.write()
        self.tally.versions = self._settling.added
        self.last_seq = self._shelf.last_seq
        regrouped = self._moves.write()
        if regrouped:
            self.last_seq = append_derived(self._connection, regrouped)
        self.tally.events = self._settling.added + len(regrouped)

    def _load(self, items: Sequence[Item]) -> None:
        """Fetch in bulk whatever the items will need."""
        self._intervals = self._shelf.intervals({item.seen.source_number for item in items})
        self._read_again(
            (item.place.capture, item.seen.index)
            for item in items
            if isinstance(item.seen, Sighting) and not self._knows(item)
        )
        touched = [item for item in items if self._may_change(item)]
        new = [self._reading(item) for item in touched if not self._intervals[item.seen.source_number]]
        opened = {held.notice for item in touched for held in self._intervals[item.seen.source_number]}
        keyed = {notice_id(self._terms.register, reading.key) for reading in new if reading.key is not None}
        self._notices = self._shelf.by_id(keyed)
        opened |= {*self._notices.values(), *self._regrouping.load([one for one in new if one.key is None])}
        self._shelf.open(sorted(opened))
        self._read_predecessors_again(touched)

    def _knows(self, item: Item) -> bool:
        return any(held.sha256 == item.seen.sha256 for held in self._intervals[item.seen.source_number])

    def _may_change(self, item: Item) -> bool:
        """Whether the item can do more than stretch the end of an interval."""
        held = self._intervals[item.seen.source_number]
        return (
            self._terms.run.kind == "reparse"
            or not held
            or any(record.sha256 != item.seen.sha256 for record in held)
            or item.place.moment < min(record.first.moment for record in held)
        )

    def _read_predecessors_again(self, touched: Iterable[Item]) -> None:
        """Read records of older parsers again where a comparison may need them; all of one capture in one call."""
        wanted = []
        for item in touched:
            intervals = self._intervals[item.seen.source_number]
            if not intervals or self._terms.run.kind == "reparse" or self._knows(item):
                continue
            own = (
                held for held in self._shelf.dossier(intervals[0].notice).records if held.source == intervals[0].source
            )
            last = max(own, key=lambda held: held.order)
            if last.parser_version != self._terms.parser_version:
                wanted.append((last.first.capture, last.first.row))
        self._read_again(wanted)

    def _read_again(self, rows: Iterable[tuple[int, int]]) -> None:
        by_capture: dict[int, list[int]] = {}
        for capture, row in rows:
            if (capture, row) not in self._rereads:
                by_capture.setdefault(capture, []).append(row)
        for capture, indexes in by_capture.items():
            for index, reading in self._terms.reread(capture, sorted(set(indexes))).items():
                self._rereads[capture, index] = reading

    def _reading(self, item: Item) -> Reading:
        """The item as a full reading; a sighting whose content is needed is read again."""
        if isinstance(item.seen, Reading):
            return item.seen
        row = (item.place.capture, item.seen.index)
        self._read_again([row])
        return self._rereads[row]

    def _file(self, item: Item) -> None:
        self.tally.sightings += 1
        intervals = self._intervals[item.seen.source_number]
        spans = {id(held): (held.first, held.last) for held in intervals}
        sighted = sight(intervals, item.place, item.seen.sha256)
        if sighted.record is not None and sighted.outcome is not Outcome.SPLIT:
            _, last = spans.get(id(sighted.record), (None, None))
            self.witnessed.append(Witnessed(sighted.record, item.window, item.place, last))
        if sighted.outcome in {Outcome.FRESH, Outcome.SPLIT}:
            self._file_record(item, intervals, sighted)
        elif sighted.outcome is Outcome.EXTENDED and sighted.record is not None:
            if sighted.record.first == item.place:
                self._settle(self._begun_earlier(sighted.record, spans[id(sighted.record)][0], item), None, item)
        elif self._terms.run.kind == "reparse" and sighted.record is not None:
            self._reparse(item, sighted.record)

    def _file_record(self, item: Item, intervals: list[HeldRecord], sighted: Sighted) -> None:
        reading = self._reading(item)
        record = HeldRecord(
            0, 0, self._terms.run.source, reading.source_number, reading.revision, reading.sha256,
            self._terms.parser_version, reading.carried, ordered(reading.notice.content()), item.place, item.place,
        )  # fmt: skip
        dossier = self._dossier_of(reading, record, intervals, sighted.later)
        self.witnessed.append(Witnessed(record, item.window, item.place))
        for new in (record, sighted.later):
            if new is not None:
                self._shelf.add_record(new, dossier)
                intervals.append(new)
        self._shelf.add_aliases(dossier, alias_numbers(reading.notice, reading.source_number))
        self.tally.fresh[item.window] = self.tally.fresh.get(item.window, 0) + 1
        self._settle(dossier, record, item, reading.notice)

    def _begun_earlier(self, record: HeldRecord, before: Place, item: Item) -> Dossier:
        """The notice of a record that is seen to be older than was known: another wording of its posting may be the
        latest by that. ``before``: where it was seen first until now.
        """
        dossier = self._shelf.dossier(record.notice)
        own = by_number(dossier.records)[plain(record.source_number)]
        if len(own) < 2 or self._reading(item).key is not None:
            return dossier
        record.first = before
        return self._regrouping.review(record, partial(setattr, record, "first", item.place))

    def _dossier_of(
        self, reading: Reading, record: HeldRecord, intervals: Sequence[HeldRecord], later: HeldRecord | None
    ) -> Dossier:
        """The notice that a reading speaks of: held under its number or key, or by its chain; else a new one."""
        held = intervals[0].notice if intervals else None
        if reading.key is None:
            return self._regrouping.home(record, reading.notice, held, later)
        if held is None:
            wanted = notice_id(self._terms.register, reading.key)
            if wanted not in self._notices:
                self._notices[wanted] = self._shelf.new_dossier(wanted, None, record.first.at).number
            held = self._notices[wanted]
        return self._shelf.dossier(held)

    def _reparse(self, item: Item, record: HeldRecord) -> None:
        """Take what the present parser makes of bytes that an older one has read, and how it hashes them."""
        if record.parser_version == self._terms.parser_version:
            return
        if (record.first.capture_id, record.first.row) != (item.place.capture_id, item.place.row):
            return
        reading = self._reading(item)
        if reading.key is None:
            dossier = self._regrouping.review(record, partial(self._take, record, reading))
        else:
            dossier = self._shelf.dossier(record.notice)
            self._take(record, reading)
        self._shelf.add_aliases(dossier, alias_numbers(reading.notice, reading.source_number))
        self._settle(dossier, None, item)

    def _take(self, record: HeldRecord, reading: Reading) -> None:
        """Let a record say what the present parser reads."""
        self._shelf.dossier(record.notice).materialise(record)
        record.reread(ordered(reading.notice.content()), reading.carried, self._terms.parser_version)
        record.sha256 = reading.sha256

    def _settle(self, dossier: Dossier, record: HeldRecord | None, item: Item, notice: Notice | None = None) -> None:
        """Bring a notice's versions in line with its records. ``record``: the new one, which alone may be loud."""
        is_new = not dossier.versions
        steps, found = points(dossier, self._terms.ranks)
        missing = settle(dossier, found)
        for point in sorted(missing, key=lambda point: point.step.record is not record):
            own = record is not None and point.step.record is record
            told = changed(point)
            kinds = (EventKind.NEW,) if is_new else self._kinds(steps, point, told, reparsed=record is None)
            late = bool(is_new and notice and self._late(notice, item))
            quiet = is_quiet(kinds, window_quiet=item.quiet, is_current=own and point is found[-1])
            self._settling.add(dossier, point, kinds, told, quiet=quiet, late=late)
            is_new = False
        self._settling.point_to_current(dossier, found[-1])

    def _kinds(self, steps: Sequence[Step], point: Point, told: Changes, *, reparsed: bool) -> tuple[EventKind, ...]:
        if reparsed:
            return (EventKind.REPARSED,)
        if not told:
            return (EventKind.AMENDED,)
        news = [path for path, old, new in told if is_news(path, old, new)]
        if not news:
            return (EventKind.ENRICHED,)
        record = point.step.record
        before = predecessor(steps, record)
        return change_kinds(news, record, before, self._paths_now(before), point.step.paths)

    def _paths_now(self, record: HeldRecord | None) -> Mapping[str, Any] | None:
        """A record's paths as the present parser reads its bytes; of another witness as its own parser read them."""
        if record is None:
            return None
        if record.source != self._terms.run.source or record.parser_version == self._terms.parser_version:
            return record.paths
        row = (record.first.capture, record.first.row)
        self._read_again([row])
        return to_paths(ordered(self._rereads[row].notice.content()))

    def _late(self, notice: Notice, item: Item) -> bool:
        return is_late(notice, _day(item.place.at), self._terms.late_after(notice))


@lru_cache(maxsize=64)
def _day(at: str) -> date:
    """The day of a stamp; all rows of a capture have one."""
    return moment(at).date()


def _one_word_a_capture(items: Sequence[Item]) -> Iterable[Item]:
    """Items without a second wording of one number in one capture: the greatest hash speaks, whatever the row order."""
    speaks: dict[tuple[int, str], str] = {}
    for item in items:
        key = (item.place.capture, item.seen.source_number)
        speaks[key] = max(speaks.get(key, ""), item.seen.sha256)
    return (item for item in items if speaks[item.place.capture, item.seen.source_number] == item.seen.sha256)
