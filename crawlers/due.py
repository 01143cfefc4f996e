"""When a source is crawled next, and why one is not crawled at all. Pure: computed from the ledger of runs.

Times are UTC throughout, so daylight saving moves nothing. Once a crawl was seen, the time since is told by a clock
that nobody sets, so that one which is set back or ahead neither skips nor doubles the next.
"""

import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from archive.rows import RunRow
from crawlers.source import Source, interval
from noticewatch.errors import SettingsError
from noticewatch.models import Verdict
from noticewatch.settings import Settings

RETRY: Final = timedelta(hours=1)
"""When a crawl that failed or was cancelled is tried again, if its interval is not shorter."""

MOST_SPREAD: Final = timedelta(minutes=5)
"""Crawls begin up to so much later than they are due, so that sources are not all asked at once."""

_AGAIN: Final = frozenset({Verdict.FAILED, Verdict.CANCELLED})
_AT_START: Final = _AGAIN | {Verdict.NOT_STARTED}
_NOTHING: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Due:
    """When a source is crawled next. ``at`` None: never, and ``why`` says why; else it says what it waits for."""

    source: str
    every: timedelta
    at: datetime | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What else decides when a source is asked. ``held``: so many windows of it wait for a person; ``spent_until``: it
    answers no more calls until then; ``rests_until``: a host of it wants to be left alone until then; ``calls``,
    ``calls_left``: a day, and today; None where nobody counts them.
    """

    held: int = 0
    spent_until: datetime | None = None
    rests_until: datetime | None = None
    calls: int | None = None
    calls_left: int | None = None


def obstacle(source: Source, settings: Settings) -> str:
    """Why a source is never crawled by a schedule, in words; empty where it is."""
    setting = settings.sources.get(source.name)
    if setting is not None and not setting.enabled:
        return "switched off in the settings"
    return not_askable(source, settings)


def not_askable(source: Source, settings: Settings) -> str:
    """Why a source cannot be crawled live, by whomever, in words; empty where it can."""
    if not source.live:
        return f"not crawled: {source.live_note or 'it reads recordings and imports only'}"
    setting = settings.sources.get(source.name)
    if source.key is not None and source.key.required and (setting is None or setting.key is None):
        return f"no key: get one at {source.key.obtain} and set it as key in the table [sources.{source.name}]"
    return ""


def crawl_interval(source: Source, settings: Settings) -> timedelta:
    """The interval between crawls of a source. Raises SettingsError where the setting is none."""
    setting = settings.sources.get(source.name)
    if setting is None or setting.schedule is None:
        return source.schedule
    try:
        return interval(setting.schedule)
    except ValueError as error:
        raise SettingsError(f"Setting sources.{source.name}.schedule: {error}.") from error


def next_crawl(
    every: timedelta,
    last: RunRow | None,
    moment: datetime,
    *,
    starting: bool = False,
    held: bool = False,
    spread: timedelta = _NOTHING,
) -> datetime:
    """When a source is due: never before ``moment``.

    last: its latest crawl by noticewatch itself; starting: whether a scheduler is just starting, which tries again at
    once what failed or could not start; held: whether it failed because something waits for a person, which to ask
    again soon does not help; spread: how much later it begins.
    """
    if last is None or (starting and last.verdict in _AT_START and not held):
        return moment
    pause = min(every, RETRY) if last.verdict in _AGAIN and not held else every
    return max(moment, last.started_at + pause + spread)


def spread(source: str, run: int, every: timedelta) -> timedelta:
    """How much later than due the crawl after a run begins: the same each time it is computed, at most a twentieth of
    the interval.
    """
    most = min(MOST_SPREAD, every / 20).total_seconds()
    return timedelta(seconds=zlib.crc32(f"{source} {run}".encode()) % (int(most) + 1))


def steady_seconds() -> float:
    """Seconds by a clock that nobody sets and that goes on, where the system has one, while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
    return time.monotonic() if clock is None else time.clock_gettime(clock)


@dataclass(slots=True)
class Planner:
    """Plans crawls again and again while time goes on. ``steady``: seconds by a clock that nobody sets."""

    sources: Mapping[str, Source]
    settings: Settings
    spreads: bool = True
    steady: Callable[[], float] = steady_seconds
    _seen: dict[str, tuple[int, timedelta, float]] = field(default_factory=dict)

    def plan(
        self,
        runs: Sequence[RunRow],
        moment: datetime,
        *,
        starting: bool = False,
        standing: Mapping[str, Standing] | None = None,
    ) -> list[Due]:
        """When each source is due, in order of name. Raises SettingsError for a schedule that is no interval."""
        last: dict[str, RunRow] = {}
        for run in sorted(runs, key=lambda run: run.number):
            if run.kind == "crawl":
                last[run.source] = run
        last = {name: self._at_its_time(run, moment) for name, run in last.items()}
        known = standing or {}
        return [
            self._due(source, last.get(name), moment, known.get(name, Standing()), starting=starting)
            for name, source in self.sources.items()
        ]

    def _due(self, source: Source, last: RunRow | None, moment: datetime, standing: Standing, *, starting: bool) -> Due:
        every = crawl_interval(source, self.settings)
        why = obstacle(source, self.settings)
        if why:
            return Due(source.name, every, None, why)
        later = spread(source.name, last.number, every) if self.spreads and last else _NOTHING
        held = standing.held > 0
        at = next_crawl(every, last, moment, starting=starting, held=held, spread=later)
        if standing.spent_until is not None and standing.spent_until > at:
            return Due(source.name, every, standing.spent_until, "its calls for the day are used up")
        if standing.rests_until is not None and standing.rests_until > at:
            return Due(source.name, every, standing.rests_until, "its publisher asks to wait until then")
        return Due(source.name, every, at)

    def _at_its_time(self, run: RunRow, moment: datetime) -> RunRow:
        """The run, begun as long before ``moment`` as the steady clock says since it was first seen."""
        number, elapsed, seen = self._seen.get(run.source, (0, _NOTHING, 0.0))
        if number != run.number:
            elapsed, seen = max(_NOTHING, moment - run.started_at), self.steady()
            self._seen[run.source] = run.number, elapsed, seen
        return replace(run, started_at=moment - elapsed - timedelta(seconds=self.steady() - seen))


def plan(
    sources: Mapping[str, Source],
    settings: Settings,
    runs: Sequence[RunRow],
    moment: datetime,
    *,
    standing: Mapping[str, Standing] | None = None,
) -> list[Due]:
    """When each source is due, in order of name. Raises SettingsError for a schedule that is no interval."""
    return Planner(sources, settings).plan(runs, moment, standing=standing)


def refuse_unknown_sources(settings: Settings, sources: Mapping[str, Source]) -> None:
    """Raises SettingsError for a table ``[sources.NAME]`` of a source that there is not, or with a bad schedule."""
    for name in settings.sources:
        if name not in sources:
            raise SettingsError(f"Setting sources.{name} is of no source; there are {', '.join(sources)}.")
        crawl_interval(sources[name], settings)
