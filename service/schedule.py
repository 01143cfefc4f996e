"""Schedules crawls: one interval a source, one process a crawl; what is overdue is computed from the ledger of runs."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from archive import queries
from archive.ledger import close_dead_runs
from archive.rows import RunRow
from archive.store import Archive
from crawlers.source import Source, interval, load_sources
from noticewatch.errors import SettingsError
from noticewatch.identifiers import now
from noticewatch.models import Verdict
from noticewatch.settings import Settings
from service.children import Children

RETRY: Final = timedelta(hours=1)
"""When a crawl that failed or was cancelled is tried again, if its interval is not shorter."""

SPREAD: Final = timedelta(seconds=2)
"""Overdue crawls start so far apart."""

_AGAIN: Final = frozenset({Verdict.FAILED, Verdict.CANCELLED})
_AT_START: Final = _AGAIN | {Verdict.NOT_STARTED}

_log = logging.getLogger("noticewatch.schedule")


@dataclass(frozen=True, slots=True)
class Due:
    """When a source is crawled next. ``at`` None: it is switched off."""

    source: str
    every: timedelta
    at: datetime | None


def next_crawl(every: timedelta, last: RunRow | None, moment: datetime, *, starting: bool = False) -> datetime:
    """When a source is due: never before ``moment``. Pure.

    last: its latest crawl by noticewatch itself; starting: whether a scheduler is just starting, which tries again at
    once what failed or could not start.
    """
    if last is None or (starting and last.verdict in _AT_START):
        return moment
    pause = min(every, RETRY) if last.verdict in _AGAIN else every
    return max(moment, last.started_at + pause)


def plan(
    sources: Mapping[str, Source],
    settings: Settings,
    runs: Sequence[RunRow],
    moment: datetime,
    *,
    starting: bool = False,
) -> list[Due]:
    """When each source is due, in order of name. Raises SettingsError for a schedule that is no interval."""
    last: dict[str, RunRow] = {}
    for run in sorted(runs, key=lambda run: run.number):
        if run.kind == "crawl":
            last[run.source] = run
    planned = []
    for name, source in sources.items():
        setting = settings.sources.get(name)
        every = _interval(source, settings)
        off = setting is not None and not setting.enabled
        at = None if off else next_crawl(every, last.get(name), moment, starting=starting)
        planned.append(Due(name, every, at))
    return planned


def refuse_unknown_sources(settings: Settings, sources: Mapping[str, Source]) -> None:
    """Raises SettingsError for a table ``[sources.NAME]`` of a source that there is not, or with a bad schedule."""
    for name in settings.sources:
        if name not in sources:
            raise SettingsError(f"Setting sources.{name} is of no source; there are {', '.join(sources)}.")
        _interval(sources[name], settings)


def crawl_runs(archive: Archive, sources: Mapping[str, Source]) -> list[RunRow]:
    """Runs of all sources, enough of them to hold each one's latest crawl."""
    with archive.reading() as connection:
        return [run for name in sources for run in queries.runs(connection, name, limit=200)]


class Schedule:
    """Crawls each source at its interval until stopped."""

    def __init__(self, archive: Archive, settings: Settings, children: Children) -> None:
        self._archive, self._settings, self._children = archive, settings, children
        self._sources = load_sources()
        refuse_unknown_sources(settings, self._sources)
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(settings.concurrent_crawls)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Plan all sources; what is overdue starts at once, a little apart."""
        close_dead_runs(self._archive)
        moment = now()
        planned = plan(
            self._sources, self._settings, crawl_runs(self._archive, self._sources), moment, starting=True
        )  # fmt: skip
        overdue = 0
        for due in planned:
            if due.at is None:
                continue
            first = due.at
            if due.at <= moment:
                first, overdue = moment + overdue * SPREAD, overdue + 1
            jitter = int(min(300.0, due.every.total_seconds() / 20))
            trigger = IntervalTrigger(seconds=int(due.every.total_seconds()), start_date=first, jitter=jitter)
            self._scheduler.add_job(self._crawl, trigger, [due.source], id=due.source, next_run_time=first)
        self._scheduler.start()

    def stop(self) -> None:
        """Start nothing more. Crawls under way are ended by :class:`Children`."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def _crawl(self, source: str) -> None:
        process = self._children.start(["crawl", source])
        if process is None:
            return
        self._children.wait(process)
        close_dead_runs(self._archive)
        with self._archive.reading() as connection:
            runs = [run for run in queries.runs(connection, source, limit=50) if run.kind == "crawl"]
        if runs:
            _log.info("%s: %s", source, run_sentence(runs[0]))
            self._try_again(source, runs[0])

    def _try_again(self, source: str, run: RunRow) -> None:
        if run.verdict in _AGAIN and self._scheduler.running and self._scheduler.get_job(source):
            every = _interval(self._sources[source], self._settings)
            self._scheduler.modify_job(source, next_run_time=next_crawl(every, run, now() + SPREAD))


def run_sentence(run: RunRow) -> str:
    """A run's end in words: ``partial: drift: 2 exact doubles``."""
    verdict = run.verdict.replace("_", " ") if run.verdict else "under way"
    return f"{verdict}: {'; '.join(run.reasons)}" if run.reasons else verdict


def _interval(source: Source, settings: Settings) -> timedelta:
    setting = settings.sources.get(source.name)
    if setting is None or setting.schedule is None:
        return source.schedule
    try:
        return interval(setting.schedule)
    except ValueError as error:
        raise SettingsError(f"Setting sources.{source.name}.schedule: {error}.") from error
