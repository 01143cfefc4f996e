"""The one entry point for live crawls, replays and the starter archive. One process runs one live crawl.

A replay runs without a reactor, so a process may run several, one after the other.
"""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Final, TypeAlias

from scrapy.crawler import AsyncCrawlerProcess

from archive import crawl_state, ledger, locks
from archive.ledger import Run
from archive.processes import few_collections
from archive.store import Archive
from crawlers import planning
from crawlers.addon import live_settings, replay_settings
from crawlers.appending import Appender, Counts
from crawlers.conductor import Conductor, Progress
from crawlers.due import not_askable
from crawlers.loading import load_parser, load_spider
from crawlers.replay import Recordings
from crawlers.source import Source
from crawlers.spider import SourceSpider
from crawlers.taking import Taking
from crawlers.verdict import judge_crawl
from crawlers.walk import accepted_walk
from noticewatch.errors import NoticewatchError, UsageError
from noticewatch.models import RunKind, Verdict
from noticewatch.settings import Settings

EXIT_CODES: Final[dict[Verdict, int]] = {
    Verdict.COMPLETE: 0,
    Verdict.PARTIAL: 3,
    Verdict.BLOCKED: 4,
    Verdict.FAILED: 5,
    Verdict.EMPTY_SUSPICIOUS: 6,
    Verdict.CANCELLED: 8,
    Verdict.NOT_STARTED: 9,
}
"""Exit codes of the commands ``crawl`` and ``import``."""

ProgressCall: TypeAlias = Callable[[Progress], None]


CrawlRunning = locks.SourceTaken
"""Another process, here or on another machine, works on this source at the moment."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended. ``counts.last_seq``: the log's head after its last append, 0 where it appended nothing."""

    run: Run
    verdict: Verdict
    reasons: Sequence[str] = ()
    findings: Sequence[str] = ()
    counts: Counts = field(default_factory=Counts)

    @property
    def exit_code(self) -> int:
        """The command line's exit code for this verdict."""
        return EXIT_CODES[self.verdict]


def crawl(
    archive: Archive,
    settings: Settings,
    source: Source,
    *,
    kind: RunKind = "crawl",
    recordings: Path | None = None,
    date_from: date | None = None,
    date_to: date | None = None,
    progress: ProgressCall | None = None,
    spider_class: type[SourceSpider] | None = None,
) -> RunResult:
    """Crawl a source, live or from recordings (kinds ``replay`` and ``starter``), and give its verdict.

    A live crawl without dates walks the regular windows, what lies between them and the last crawl, and what earlier
    ones left unwalked; one with dates leaves out what an interrupted crawl of the same dates has walked. A replay
    without dates walks the windows that the recordings hold. Raises CrawlRunning while another process crawls the
    source, UsageError for recordings that cannot be replayed, DataFolderError where nothing can be written; what goes
    wrong at the source is a verdict, not an error. ``spider_class``: in place of the source's own, to ask less.
    """
    _check_request(kind, recordings, date_from, date_to)
    spider_class, parser = spider_class or load_spider(source), load_parser(source)
    with crawl_lock(archive, source):
        ledger.close_dead_runs(archive)
        held = Recordings(recordings, source.name) if recordings is not None else None
        if held is not None and kind == "replay":
            held.refuse_several_days()
        chosen = planning.windows(archive, spider_class(source), source, held, date_from, date_to)
        run = ledger.start_run(archive, source.name, kind, _day(date_from), _day(date_to))
        why_not = obstacle(source, settings) if kind == "crawl" else ""
        if why_not:
            return not_started(archive, run, why_not)
        appender = Appender(
            archive, run, source, parser, every=kind == "starter", sized=kind != "starter", grouped=held is not None
        )
        regular = date_from is None and date_to is None
        with closing_run(archive, run, appender, regular=regular, overlap=timedelta(days=source.overlap)) as closing:
            scrapy = replay_settings() if held is not None else live_settings(source, settings.contact or "")
            walks = planning.planned(archive, run, chosen.windows)
            conductor = Conductor(archive, run, appender, walks, settings, scrapy, held, progress)
            run_scrapy(spider_class, source, conductor)
            conductor.finish()
            closing.notes += chosen.notes
        return closing.result()


def accept(archive: Archive, source: Source, *, progress: ProgressCall | None = None) -> RunResult:
    """Append the windows of a source that were held back, as they were captured then, because a person has looked.

    Raises UsageError where none is held back, CrawlRunning while another process crawls the source.
    """
    parser = load_parser(source)
    with crawl_lock(archive, source):
        ledger.close_dead_runs(archive)
        with archive.reading() as connection:
            held = crawl_state.held_windows(connection, source.name)
        if not held:
            raise UsageError(f"No window of {source.name} is held back; there is nothing to accept.")
        run = ledger.start_run(archive, source.name, "accept")
        appender = Appender(archive, run, source, parser)
        with closing_run(archive, run, appender) as closing:
            for done, window in enumerate(held, start=1):
                appender.take(accepted_walk(archive, run, window))
                appender.flush()
                with archive.writing() as connection:
                    crawl_state.release(connection, source.name, window, run.number)
                if progress is not None:
                    progress(Progress(done, len(held), appender.counts.rows, appender.counts.records))
        return closing.result()


def crawl_lock(archive: Archive, source: Source) -> contextlib.AbstractContextManager[locks.Lease]:
    """Let one process at a time, on whatever machine, crawl, import or re-read a source. Raises CrawlRunning."""
    return locks.hold(archive, source.name)


@dataclass(slots=True)
class Closing:
    """The end of a run under way."""

    run: Run
    appender: Taking
    verdict: Verdict | None = None
    reasons: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def findings(self) -> list[str]:
        """What else is to be said: the shape of the answers, what was left out."""
        return [*self.appender.shape.findings(), *self.notes]

    def result(self) -> RunResult:
        """How the run ended."""
        assert self.verdict is not None
        return RunResult(self.run, self.verdict, self.reasons, self.findings(), self.appender.counts)


@contextlib.contextmanager
def closing_run(
    archive: Archive, run: Run, appender: Taking, *, regular: bool = False, overlap: timedelta = timedelta(0)
) -> Iterator[Closing]:
    """Close the run in the ledger however its work ends: with its windows' verdict, or failed with the error."""
    closing = Closing(run, appender)
    try:
        with few_collections():
            yield closing
        closing.verdict, closing.reasons = judge_crawl(appender.verdicts)
    except BaseException as error:
        closing.verdict, closing.reasons = _ended_by(error)
        with contextlib.suppress(Exception):  # the first error is the one to tell
            ledger.finish_run(archive, run, closing.verdict, closing.reasons, closing.findings())
        raise
    findings = closing.findings()
    ledger.finish_run(archive, run, closing.verdict, closing.reasons, findings, regular=regular, overlap=overlap)


def _ended_by(error: BaseException) -> tuple[Verdict, list[str]]:
    if isinstance(error, KeyboardInterrupt):
        return Verdict.CANCELLED, ["cancelled"]
    if isinstance(error, NoticewatchError):
        return Verdict.FAILED, [str(error)]
    return Verdict.FAILED, [f"a fault of the program: {type(error).__name__}: {error}"]


def _check_request(kind: RunKind, recordings: Path | None, date_from: date | None, date_to: date | None) -> None:
    if (recordings is None) is not (kind == "crawl"):
        raise UsageError(f"A run of kind {kind} {'takes no' if recordings else 'needs'} recordings.")
    if recordings is not None and not recordings.exists():
        raise UsageError(f"{recordings} does not exist; name a WARC file or a folder of them.")
    if date_from is not None and date_to is not None and date_from > date_to:
        raise UsageError(f"The first day, {date_from}, is after the last, {date_to}.")


def obstacle(source: Source, settings: Settings) -> str:
    """Why a source cannot be crawled live at all, in words; empty where it can."""
    return not_askable(source, settings) or _no_contact(settings)


def _no_contact(settings: Settings) -> str:
    if settings.contact:
        return ""
    return "no contact: set NOTICEWATCH_CONTACT to an e-mail address or a page, so that publishers know who asks"


def not_started(archive: Archive, run: Run, why: str) -> RunResult:
    """Close a run that cannot begin, with its reason."""
    reasons = [why]
    ledger.finish_run(archive, run, Verdict.NOT_STARTED, reasons)
    return RunResult(run, Verdict.NOT_STARTED, reasons)


def run_scrapy(spider_class: type[SourceSpider], source: Source, conductor: Conductor) -> None:
    """Run Scrapy to its end; SIGTERM and Ctrl-C let it stop in order."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    base = {
        "ADDONS": {"crawlers.addon.Addon": 0},
        "TWISTED_REACTOR_ENABLED": conductor.live,
        "LOG_LEVEL": "WARNING",
        "LOG_INSTALL_ROOT_HANDLER": False,
    }
    process = AsyncCrawlerProcess(base)
    task = process.crawl(spider_class, source=source, conductor=conductor)
    try:
        process.start(install_signal_handlers=_in_main_thread())
    finally:
        if _in_main_thread():
            for number, handler in handlers.items():
                signal.signal(number, handler)
    failure = task.exception() if task.done() and not task.cancelled() else None
    if failure is not None:
        conductor.abort(failure)
    if not task.done() or task.cancelled():
        conductor.cancelled = True


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
