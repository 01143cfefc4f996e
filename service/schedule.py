"""Schedules crawls: one interval a source, one process a crawl; what is due is computed from the ledger of runs.

APScheduler fires at the planned moment. A thread plans anew every half minute by a clock that only goes forward: a
crawl by another worker, a clock that was set, an interval or quota that ended are seen then, and nothing is skipped.
"""

import contextlib
import logging
import threading
from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Final

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError

from archive import deadlines, ledger, locks, queries
from archive.rows import RunRow
from archive.store import Archive
from crawlers.due import Due, Planner, refuse_unknown_sources
from crawlers.source import interval, load_sources
from crawlers.standing import crawl_runs, standings
from noticewatch.errors import NoticewatchError
from noticewatch.identifiers import now
from noticewatch.models import RunKind
from noticewatch.settings import Settings
from service.attachments import due_sources
from service.children import CRAWL_GRACE, Children
from service.watching import LOOK_EVERY, progress_mark, watch

PLAN_EVERY: Final = 30.0
"""Seconds between two plannings."""

SPREAD: Final = timedelta(seconds=2)
"""Overdue crawls start so far apart."""

LATER: Final = timedelta(minutes=5)
"""When it is looked again after a source that another process holds."""

DOCUMENTS_EVERY: Final = timedelta(minutes=15)
"""Interval at which it is looked whether documents are due."""

_SOON: Final = timedelta(minutes=1)

_SAYS_ITSELF: Final = frozenset({0, 3, 4, 5, 6, 8, 9})
"""Exit codes of a crawl that has noted its verdict, or found its source held."""

_log = logging.getLogger("noticewatch.schedule")


class Schedule:
    """Crawls each source at its interval until stopped. ``hang_after``: in place of the setting of that name."""

    def __init__(
        self,
        archive: Archive,
        settings: Settings,
        children: Children,
        *,
        plan_every: float = PLAN_EVERY,
        look_every: float = LOOK_EVERY,
        hang_after: timedelta | None = None,
    ) -> None:
        self._archive, self._settings, self._children = archive, settings, children
        self._plan_every, self._look_every = plan_every, look_every
        self._hang_after = hang_after or interval(settings.hang_after)
        self._sources = load_sources()
        refuse_unknown_sources(settings, self._sources)
        self._planner = Planner(self._sources, settings)
        self._begun: set[str] = set()
        self._not_before: dict[str, datetime] = {}
        self._planning, self._stopping = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._keep_planning, name="planning", daemon=True)
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(settings.concurrent_crawls)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Plan all sources; what is overdue starts at once, a little apart. Sources never crawled are named."""
        ledger.close_dead_runs(self._archive)
        self._scheduler.start()
        self._scheduler.add_job(self.crawl_documents, "interval", seconds=DOCUMENTS_EVERY.total_seconds())
        for due in self._replan(starting=True):
            if due.at is None:
                _log.info("%s is not scheduled: %s.", due.source, due.why.rstrip("."))
        self._thread.start()

    def stop(self) -> None:
        """Start nothing more. Crawls under way are ended by :class:`Children`."""
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def _keep_planning(self) -> None:
        while not self._stopping.wait(self._plan_every):
            try:
                self._replan()
            except Exception:
                _log.exception("The crawls could not be planned; it is tried again in %.0f seconds.", self._plan_every)
            try:
                deadlines.tell(self._archive)
            except Exception:
                _log.exception("Deadlines could not be told; it is tried again in %.0f seconds.", self._plan_every)

    def _replan(self, *, starting: bool = False) -> list[Due]:
        with self._planning:
            moment = now()
            planned = self._planner.plan(
                crawl_runs(self._archive, self._sources), moment, starting=starting,
                standing=standings(self._archive, self._sources, self._settings, moment),
            )  # fmt: skip
            overdue = 0
            for due in planned:
                if due.at is not None and not self._stopping.is_set():
                    self._arrange(due.source, max(due.at, moment + overdue * SPREAD), moment)
                    overdue += due.at <= moment
            return planned

    def _arrange(self, source: str, at: datetime, moment: datetime) -> None:
        """Let the scheduler fire at a moment; a crawl that was fired goes on, and is planned anew when it has ended."""
        pause = self._not_before.get(source, moment)
        if moment < pause <= moment + LATER:
            at = max(at, pause)
        if source not in self._begun:
            self._begun.add(source)
            self._scheduler.add_job(self._crawl, "date", run_date=at, args=[source], id=source)
            return
        waiting = self._scheduler.get_job(source)
        if waiting is None or (at <= moment + _SOON and waiting.next_run_time <= moment + _SOON):
            return
        if abs(waiting.next_run_time - at) > timedelta(seconds=1):
            with contextlib.suppress(JobLookupError):  # it has just been fired
                waiting.modify(next_run_time=at)

    def _crawl(self, source: str) -> None:
        try:
            self._crawl_once(source)
        except Exception:
            self._not_before[source] = now() + LATER
            _log.exception("The crawl of %s could not be started or watched.", source)
        finally:
            with self._planning:
                self._begun.discard(source)

    def crawl_documents(self) -> None:
        """Crawl the documents of each source that has any due, one source after the other."""
        try:
            for source in due_sources(self._archive, self._settings, self._sources):
                if self._stopping.is_set():
                    return
                self._crawl_once(source, "documents")
        except Exception:
            _log.exception("Documents could not be crawled; it is tried again in %s.", _words(DOCUMENTS_EVERY))

    def _crawl_once(self, source: str, kind: RunKind = "crawl") -> None:
        with self._archive.reading() as connection:
            held = locks.living_holder(connection, source)
        if held is not None:
            if kind == "crawl":
                self._not_before[source] = now() + LATER
            _log.info("%s is held by %s; it is tried again later.", source, held.words)
            return
        before = self._latest(source, kind)
        arguments = ["crawl", source, *(["--documents"] if kind == "documents" else [])]
        process = self._children.start(arguments, CRAWL_GRACE)
        if process is None:
            return
        by_itself = watch(
            self._children, process, lambda: self._mark(source, process.pid), self._hang_after,
            look_every=self._look_every,
        )  # fmt: skip
        code = self._children.wait(process)
        self._close(source, kind, process.pid, code, before.number if before else 0, by_itself=by_itself)
        ledger.close_dead_runs(self._archive)
        last = self._latest(source, kind)
        if last is not None and last != before:
            what = f"documents of {source}" if kind == "documents" else source
            _log.info("%s: %s", what, run_sentence(last))

    def _close(self, source: str, kind: RunKind, process: int, code: int, before: int, *, by_itself: bool) -> None:
        """Note how a crawl ended that could not note it itself."""
        last = self._latest(source, kind)
        noted = last is not None and last.number > before
        if not by_itself:
            reason = f"stopped after {_words(self._hang_after)} without progress"
        elif code < 0:
            reason = f"process ended by signal {-code}"
        elif code not in _SAYS_ITSELF:
            reason = f"process ended with exit code {code}"
        elif noted or self._children.closed:
            return
        else:  # another process was quicker
            if kind == "crawl":
                self._not_before[source] = now() + LATER
            return
        ledger.close_run_of_process(self._archive, source, process, reason, after=before, cancelled=not by_itself)
        if kind == "crawl" and not (noted or self._children.closed):
            ledger.note_failed_start(self._archive, source, reason)

    def _latest(self, source: str, kind: RunKind) -> RunRow | None:
        """The latest crawl of a source, or of its documents."""
        with self._archive.reading() as connection:
            return next(iter(queries.runs(connection, source, limit=1, kinds=(kind,))), None)

    def _mark(self, source: str, process: int) -> Hashable:
        try:
            return progress_mark(self._archive, source, process)
        except (SQLAlchemyError, NoticewatchError):  # the database is busy or away: nothing is held against the crawl
            return object()


def run_sentence(run: RunRow) -> str:
    """A run's end in words: ``partial: drift: 2 exact doubles``."""
    verdict = run.verdict.replace("_", " ") if run.verdict else "under way"
    return f"{verdict}: {'; '.join(run.reasons)}" if run.reasons else verdict


def _words(span: timedelta) -> str:
    minutes = span.total_seconds() / 60
    if minutes < 1:
        return f"{span.total_seconds():g} seconds"
    if minutes < 120:
        return f"{minutes:.0f} minutes" if minutes >= 2 else "1 minute"
    return f"{minutes / 60:.0f} hours"
