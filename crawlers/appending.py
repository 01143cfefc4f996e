"""From walked windows to the log: rows are found, compared, read and judged, then appended in groups."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, select

from archive import ledger, log, tables
from archive.ledger import Run
from archive.log import Seen, WindowBatch
from archive.store import Archive
from crawlers.parsing import Parser, Shape
from crawlers.rereading import rereader
from crawlers.source import Source, load_sources
from crawlers.staging import Found, Stage, Tally, find_rows, stage
from crawlers.verdict import Judgement, WindowFacts, judge
from crawlers.walk import Walk, write_ledger
from noticewatch.database import BATCH
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Notice, Origin, Verdict

_MOST_WINDOWS: Final = 250
"""Most windows that wait for one transaction."""

_DEFENSE: Final = ("17", "21", "57", "97")
"""First digits of agency codes of the Department of Defense (FPDS, four characters; CGAC has a 0 before them)."""


@dataclass(slots=True)
class Ready:
    """A walk whose rows are found, waiting to be appended."""

    walk: Walk
    found: list[Found]
    tally: Tally


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
        if not self.grouped or self._rows_waiting() >= BATCH or len(self._waiting) >= _MOST_WINDOWS:
            self.flush()

    def _rows_waiting(self) -> int:
        return sum(ready.tally.rows for ready in self._waiting)

    def flush(self) -> None:
        """Append everything that waits."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        known = self._known(waiting)
        with ExitStack() as stages:
            judged = [self._stage(ready, known, stages) for ready in waiting]
            with self.archive.writing() as connection:
                for ready, judgement, _ in judged:
                    self._note(connection, ready, judgement)
            for group in _grouped(self._batches(judged)):
                self._append(group)
        for ready in waiting:
            ready.walk.forget_payloads()

    def refuse(self, walk: Walk, judgement: Judgement) -> None:
        """Close a walk that was not walked at all."""
        with self.archive.writing() as connection:
            self._note(connection, Ready(walk, [], Tally()), judgement)
        walk.closed = True

    def _find(self, walk: Walk) -> Ready:
        found, tally = [], Tally()
        for asked, held in walk.to_read(every=self.every):
            if walk.unreadable:
                break
            noted = Shape()
            try:
                rows = find_rows(self.parser, held, noted)
            except SourceDrift as error:
                walk.unreadable = str(error)
                break
            if held.capture.origin is Origin.REBUILT:
                noted.missing.clear()  # a container that somebody else rebuilt holds what they kept
            self.shape.add(noted)
            if self.again is not None:
                wanted = set(self.again[held.number or 0])
                rows.rows = [row for row in rows.rows if row.index in wanted]
            found.append(rows)
            if held is asked.held[-1]:
                asked.rows = len(rows.rows)
                tally.add(rows.rows)
        return Ready(walk, found, tally)

    def _known(self, waiting: Sequence[Ready]) -> dict[str, str]:
        if self.again is not None:
            return {}
        numbers = sorted({row.source_number for ready in waiting for found in ready.found for row in found.rows})
        known: dict[str, str] = {}
        with self.archive.reading() as connection:
            for at in range(0, len(numbers), BATCH):
                hashes = log.known_hashes(connection, self.source.name, numbers[at : at + BATCH])
                known |= {number: sha256 for number, (sha256, _) in hashes.items()}
        return known

    def _stage(
        self, ready: Ready, known: Mapping[str, str], stages: ExitStack
    ) -> tuple[Ready, Judgement, list[tuple[Found, Stage]]]:
        facts = self._facts(ready)
        judgement = judge(facts)
        if not judgement.usable:
            return ready, judgement, []
        staged, problems, taken = [], [], set[str]()
        for found in ready.found:
            if self.every:
                taken = set[str]()
            rows, unread = stage(self.parser, found, known, taken, self.shape)
            staged.append((found, stages.enter_context(rows)))
            problems += unread
        if problems:
            judgement = judge(self._facts(ready, problems))
        return ready, judgement, staged

    def _facts(self, ready: Ready, problems: Sequence[str] = ()) -> WindowFacts:
        walk, tally, expected = ready.walk, ready.tally, self.source.expectations
        gaps = walk.gaps(every=self.every)
        if problems:
            count = "1 row" if len(problems) == 1 else f"{len(problems):,} rows"
            gaps.append(f"{count} could not be read (the first: {problems[0]})")
        sized = self.sized and not walk.unreadable
        return WindowFacts(
            [asked.facts() for asked in walk.asked],
            rows=tally.rows, distinct=len(tally.numbers), doubles=tally.doubles, expected=walk.expected, gaps=gaps,
            unreadable=walk.unreadable, cancelled=walk.cancelled,
            previous=self._previous(walk) if sized and expected.greatest_drop else None,
            least_rows=expected.least_rows if sized else min(expected.least_rows, 1),
            greatest_drop=expected.greatest_drop,
        )  # fmt: skip

    def _previous(self, walk: Walk) -> int | None:
        """Rows of the window in the last crawl that walked it to the end."""
        windows, runs = tables.windows.c, tables.runs.c
        query = (
            select(windows.rows)
            .join(tables.runs, runs.number == windows.run)
            .where(runs.source == self.source.name, runs.number != self.run.number, windows.walked)
            .where(windows.scope == walk.window.scope, windows.key == walk.window.key, windows.state == "appended")
            .order_by(windows.run.desc())
            .limit(1)
        )
        with self.archive.reading() as connection:
            rows: int | None = connection.scalar(query)
        return rows

    def _note(self, connection: Connection, ready: Ready, judgement: Judgement) -> None:
        write_ledger(connection, self.run, ready.walk, every=self.every)
        ledger.finish_window(
            connection, ready.walk.number, state="held" if judgement.held else "fetched",
            verdict=judgement.verdict, reasons=judgement.reasons, expected=ready.walk.expected,
            rows=ready.tally.rows, distinct_rows=len(ready.tally.numbers),
        )  # fmt: skip
        self.verdicts.append((judgement.verdict, judgement.reasons))
        self.counts.windows += 1
        self.counts.captures += len(ready.found)
        self.counts.rows += ready.tally.rows

    def _batches(self, judged: Sequence[tuple[Ready, Judgement, list[tuple[Found, Stage]]]]) -> Iterator[WindowBatch]:
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
        )  # fmt: skip
        self.counts.records += appended.records
        self.counts.versions += appended.versions
        self.counts.events += appended.events
        self.counts.last_seq = max(self.counts.last_seq, appended.last_seq)


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
