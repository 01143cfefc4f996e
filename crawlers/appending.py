"""From walked windows to the log: rows are found, compared, read and judged, then appended in groups."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from sqlalchemy import Connection

from archive import crawl_state, ledger, log
from archive.absence import Rules
from archive.ledger import Run
from archive.log import Seen, WindowBatch
from archive.store import Archive
from archive.windows import WALKING
from crawlers.known import known_numbers, rebuilt_numbers
from crawlers.measuring import Measured
from crawlers.parsing import Parser, Shape
from crawlers.rereading import rereader
from crawlers.source import Source, load_sources
from crawlers.staging import Found, Stage, Tally, find_rows, stage
from crawlers.verdict import Judgement, WindowFacts, judge, pooled
from crawlers.walk import Walk, write_ledger
from noticewatch.database import BATCH
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Notice, Origin, Verdict

_MOST_WINDOWS: Final = 250
"""Most windows that wait for one transaction."""

_POOL_ROWS: Final = 100
_POOL_WINDOWS: Final = 25
"""Rows, and windows, of a live crawl that wait to be judged together."""

_BESIDE: Final = "rows left out beside another, different row of the same number in the same answer"

_DEFENSE: Final = ("17", "21", "57", "97")
"""First digits of agency codes of the Department of Defense (FPDS, four characters; CGAC has a 0 before them)."""


@dataclass(slots=True)
class Ready:
    """A walk whose rows are found, waiting to be appended. ``shape``: what was found about the shape of its answers;
    ``facts``: what it was judged by.
    """

    walk: Walk
    found: list[Found]
    tally: Tally
    shape: Shape = field(default_factory=Shape)
    facts: WindowFacts | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is held of the rows that wait: SHA-256 by source number, and those that the present parser has read."""

    hashes: Mapping[str, str]
    current: Set[str]


Judged: TypeAlias = tuple[Ready, Judgement, list[tuple[Found, Stage]]]
"""A walk, its verdict, and what of it is to be appended."""


@dataclass(slots=True)
class Counts:
    """What a run has brought so far."""

    windows: int = 0
    captures: int = 0
    rows: int = 0
    records: int = 0
    versions: int = 0
    events: int = 0
    last_seq: int = 0


@dataclass(slots=True)
class Appender:
    """Appends the walks of one run. ``every``: older captures of the same request are read too (starter archive);
    ``sized``: windows are held to the expectations on their size; ``grouped``: small windows share a transaction;
    ``again``: rows to read again by number of their capture, known or not; other rows are left out.
    """

    archive: Archive
    run: Run
    source: Source
    parser: Parser
    every: bool = False
    sized: bool = True
    grouped: bool = True
    again: Mapping[int, Collection[int]] | None = None
    shape: Shape = field(default_factory=Shape)
    counts: Counts = field(default_factory=Counts)
    verdicts: list[tuple[Verdict, Sequence[str]]] = field(default_factory=list)
    _waiting: list[Ready] = field(default_factory=list)

    def take(self, walk: Walk) -> None:
        """Find the rows of a walk that has ended and append it, together with others where they are small."""
        ready = self._find(walk)
        walk.closed = True
        if self._rows_waiting() + ready.tally.rows > BATCH:
            self.flush()
        self._waiting.append(ready)
        if self._is_due(walk):
            self.flush()

    def _is_due(self, walk: Walk) -> bool:
        """Whether what waits is to be appended now. Small windows of a live crawl wait for each other where only many
        rows together show that too much has changed.
        """
        rows, windows = self._rows_waiting(), len(self._waiting)
        if self.grouped:
            return rows >= BATCH or windows >= _MOST_WINDOWS
        wary = self.source.expectations.greatest_change is not None and walk.window.begins is not None
        return not wary or rows >= _POOL_ROWS or windows >= _POOL_WINDOWS

    def _rows_waiting(self) -> int:
        return sum(ready.tally.rows for ready in self._waiting)

    def flush(self) -> None:
        """Append everything that waits."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        known = self._known(waiting)
        with ExitStack() as stages:
            judged = _judged_together([self._stage(ready, known, stages) for ready in waiting])
            with self.archive.writing() as connection:
                for ready, judgement, _ in judged:
                    self._note(connection, ready, judgement)
            for group in _grouped(self._batches(judged)):
                self._append(group)
        for ready, judgement, _ in judged:
            ready.walk.whole = judgement.usable and judgement.verdict is Verdict.COMPLETE
        for ready in waiting:
            ready.walk.forget_payloads()

    def refuse(self, walk: Walk, judgement: Judgement) -> None:
        """Close a walk that was not walked at all."""
        with self.archive.writing() as connection:
            self._note(connection, Ready(walk, [], Tally()), judgement)
        walk.closed = True

    def _find(self, walk: Walk) -> Ready:
        ready = Ready(walk, [], Tally())
        for asked, held in walk.to_read(every=self.every):
            if walk.unreadable or walk.parts or walk.limit is not None:
                break
            noted = Shape()
            try:
                rows = find_rows(self.parser, held, noted)
            except SourceDrift as error:
                walk.unreadable = str(error)
                break
            if held.capture.origin is Origin.REBUILT:
                noted.missing.clear()  # a container that somebody else rebuilt holds what they kept
            ready.shape.add(noted)
            if self.again is not None:
                wanted = set(self.again[held.number or 0])
                rows.keep(wanted)
            ready.found.append(rows)
            if held is asked.held[-1]:
                asked.rows = len(rows.rows)
                ready.tally.add(rows.rows)
        return ready

    def _known(self, waiting: Sequence[Ready]) -> Known:
        if self.again is not None:
            return Known({}, set())
        numbers = {number for ready in waiting for found in ready.found for number in found.numbers()}
        with self.archive.reading() as connection:
            return Known(*known_numbers(connection, self.source.name, self.source.parser_version, numbers))

    def _rebuilt(self, numbers: Collection[str]) -> set[str]:
        with self.archive.reading() as connection:
            return rebuilt_numbers(connection, self.source.name, numbers)

    def _stage(self, ready: Ready, known: Known, stages: ExitStack) -> Judged:
        measured = Measured(self.parser, known.current, self.source.expectations.filled, self._rebuilt)
        judgement = self._judge(ready, known, measured)
        if not judgement.usable:
            return ready, judgement, []
        staged, problems, taken = [], [], set[str]()
        for found in ready.found:
            if self.every:
                taken = set[str]()
            rows, unread = stage(measured, found, known.hashes, taken, ready.shape)
            staged.append((found, stages.enter_context(rows)))
            problems += unread
        judgement = self._judge(ready, known, measured, problems)
        return ready, judgement, staged if judgement.usable else []

    def _judge(self, ready: Ready, known: Known, measured: Measured, problems: Sequence[str] = ()) -> Judgement:
        """The verdict of a walk, from the facts that the ledger will hold."""
        ready.facts = self._facts(ready, known, measured, problems)
        return judge(ready.facts)

    def _facts(self, ready: Ready, known: Known, measured: Measured, problems: Sequence[str]) -> WindowFacts:
        walk, tally, expected = ready.walk, ready.tally, self.source.expectations
        sized = self.sized and not walk.unreadable
        return WindowFacts(
            [asked.facts() for asked in walk.asked],
            rows=tally.rows, distinct=len(tally.numbers), doubles=tally.doubles,
            expected=walk.expected, recounted=tuple(walk.recounted), limit=walk.limit, parts=walk.parts,
            gaps=tuple(walk.gaps(every=self.every)), unreadable=walk.unreadable, unread=len(problems),
            first_unread=problems[0] if problems else None,
            previous=self._previous(walk) if sized and expected.greatest_drop else None,
            least_rows=expected.least_rows if sized else min(expected.least_rows, 1),
            greatest_drop=expected.greatest_drop,
            known=len(known.current & tally.numbers) if sized else 0, changed=measured.changed if sized else 0,
            greatest_change=expected.greatest_change,
            read=measured.read if sized else 0,
            filled={path: (measured.stated[path], least) for path, least in expected.filled.items()} if sized else {},
            vanished=self._vanished(ready), types=dict(ready.shape.types),
            unchanged_since=walk.unchanged_since, stale_days=self._stale_days(walk) if sized else None,
            accepted=walk.accepted, cancelled=walk.cancelled,
        )  # fmt: skip

    def _vanished(self, ready: Ready) -> tuple[str, ...]:
        """Known fields that an answer of the source itself no longer has; files of other people may have fewer."""
        live = all(found.held.capture.origin is Origin.LIVE for found in ready.found)
        return tuple(sorted(ready.shape.missing)) if live and self.run.kind in WALKING else ()

    def _stale_days(self, walk: Walk) -> int | None:
        """Days since the window brought anything new, where that is longer than the source ever pauses.

        A window that has ended (a past day, an archived year) need not bring anything new.
        """
        most = self.source.expectations.freshness_days
        if most is None or self.run.kind != "crawl" or walk.window.ends is not None:
            return None
        with self.archive.reading() as connection:
            news = crawl_state.last_news(connection, self.source.name, walk.window.scope, walk.window.key)
        days = (self.run.started_at - news).days if news else 0
        return days if days > most else None

    def _previous(self, walk: Walk) -> int | None:
        """Rows of the window in the last crawl that walked it to the end."""
        window = walk.window
        with self.archive.reading() as connection:
            return crawl_state.previous_rows(
                connection, self.source.name, self.run.number, window.scope, window.key
            )  # fmt: skip

    def _note(self, connection: Connection, ready: Ready, judgement: Judgement) -> None:
        walk, facts = ready.walk, ready.facts
        write_ledger(connection, self.run, walk, every=self.every)
        ledger.finish_window(
            connection, walk.number, state="held" if judgement.held else "fetched",
            verdict=judgement.verdict, reasons=judgement.reasons, expected=walk.expected,
            rows=facts.previous or 0 if facts and walk.unchanged_since else ready.tally.rows,
            distinct_rows=len(ready.tally.numbers), facts=facts.to_json() if facts else None, parts=walk.parts or None,
        )  # fmt: skip
        if ready.tally.beside:
            ready.shape.remarks[_BESIDE] += ready.tally.beside
        self.shape.add(ready.shape)
        self.verdicts.append((judgement.verdict, judgement.reasons))
        self.counts.windows += 1
        self.counts.captures += len(ready.found)
        self.counts.rows += ready.tally.rows

    def _batches(self, judged: Sequence[Judged]) -> Iterator[WindowBatch]:
        """Batches of at most 1,000 readings; each window ends with one that closes it."""
        for ready, judgement, staged in judged:
            if not judgement.usable:
                continue
            batch: list[tuple[int, Capture, Seen]] = []
            for found, rows in staged:
                number = found.held.number
                assert number is not None
                for seen in rows:
                    if len(batch) >= BATCH:
                        yield _batch(ready.walk, judgement, batch, last=False)
                        batch = []
                    batch.append((number, found.held.capture, seen))
            yield _batch(ready.walk, judgement, batch, last=True)

    def _append(self, group: Sequence[WindowBatch]) -> None:
        appended = log.append(
            self.archive, self.run, group, register=self.source.register, parser_version=self.source.parser_version,
            late_after=late_after(self.source), reread=rereader(self.archive, self.parser), ranks=ranks(self.source),
            rules=Rules(self.source.absence, frozenset(self.source.archive_scopes)),
        )  # fmt: skip
        self.counts.records += appended.records
        self.counts.versions += appended.versions
        self.counts.events += appended.events
        self.counts.last_seq = max(self.counts.last_seq, appended.last_seq)


def _judged_together(staged: Sequence[Judged]) -> list[Judged]:
    """The verdicts of walks in the light of each other."""
    usable = [ready for ready, judgement, _ in staged if judgement.usable and ready.facts]
    for ready, facts in zip(usable, pooled([ready.facts for ready in usable if ready.facts]), strict=True):
        ready.facts = facts
    found = []
    for ready, judgement, stages in staged:
        again = judge(ready.facts) if judgement.usable and ready.facts else judgement
        found.append((ready, again, stages if again.usable else []))
    return found


def late_after(source: Source) -> Callable[[Notice], int]:
    """Days after which the first version of a notice is called late: more for actions of the Department of Defense."""

    def days(notice: Notice) -> int:
        codes = [code for buyer in notice.buyers if buyer.role == "contracting" for code in buyer.codes.values()]
        defense = any(len(code) in {3, 4} and code.removeprefix("0")[:2] in _DEFENSE for code in codes)
        return source.late_after_defense if defense else source.late_after

    return days


def ranks(source: Source) -> dict[str, int]:
    """Ranks of the witnesses of a source's register."""
    others = load_sources(source.folder.parent).values()
    return {other.name: other.rank for other in others if other.register == source.register} | {
        source.name: source.rank
    }


def _batch(
    walk: Walk, judgement: Judgement, readings: Sequence[tuple[int, Capture, Seen]], *, last: bool
) -> WindowBatch:
    window = walk.window
    return WindowBatch(
        walk.number, window.scope, window.key, window.begins, readings,
        judgement.verdict, judgement.reasons, judgement.walked, last,
    )  # fmt: skip


def _grouped(batches: Iterator[WindowBatch]) -> Iterator[list[WindowBatch]]:
    """Groups of batches with at most 1,000 readings together."""
    group: list[WindowBatch] = []
    size = 0
    for batch in batches:
        if group and size + len(batch.readings) > BATCH:
            yield group
            group, size = [], 0
        group.append(batch)
        size += len(batch.readings)
    if group:
        yield group
