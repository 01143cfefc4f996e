"""Looks at each source: how its last crawl ended, whether one is overdue, its key, its calls, windows held back."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from archive import queries
from archive.rows import RunRow
from archive.store import Archive
from crawlers.due import Due, Standing, plan
from crawlers.source import Source
from crawlers.standing import crawl_runs, standings
from noticewatch.models import Verdict
from noticewatch.settings import Settings
from service.doctor.finding import Finding, State
from service.schedule import run_sentence

_FINE: Final = frozenset({Verdict.COMPLETE, Verdict.PARTIAL, Verdict.CANCELLED})
_LATE: Final = timedelta(hours=2)
"""Past its interval by so much, a crawl is called overdue."""


def sources(
    archive: Archive, settings: Settings, known: Mapping[str, Source], moment: datetime, *, scheduled: bool
) -> list[Finding]:
    """A finding a source. ``scheduled``: whether a scheduler runs here."""
    runs = crawl_runs(archive, known)
    standing = standings(archive, known, settings, moment)
    due = {item.source: item for item in plan(known, settings, runs, moment, standing=standing)}
    with archive.reading() as connection:
        status = queries.sources_status(connection)
    last = latest_crawls(runs)
    return [
        source_finding(
            due[name], standing[name], last.get(name), moment, held=name in status, scheduled=scheduled
        )
        for name in known
    ]  # fmt: skip


def latest_crawls(runs: Sequence[RunRow]) -> dict[str, RunRow]:
    """The latest crawl of each source."""
    return {run.source: run for run in sorted(runs, key=lambda run: run.number) if run.kind == "crawl"}


def source_finding(
    due: Due, standing: Standing, last: RunRow | None, moment: datetime, *, held: bool, scheduled: bool
) -> Finding:
    """What is to be said of one source. ``held``: whether anything of it was ever received. Pure."""
    name = f"source {due.source}"
    if standing.held:
        windows = "1 window is" if standing.held == 1 else f"{standing.held} windows are"
        cure = f"look at it; if the change is right: noticewatch crawl {due.source} --accept"
        return Finding(name, "bad", f"{windows} held back", cure)
    if due.at is None:
        no_key = due.why.startswith("not started")
        return Finding(name, "note", due.why.partition(";")[0], due.why.partition("; ")[2] if no_key else "")
    said, state, cure = _ended(due.source, last)
    if last is not None and _overdue(due, last, moment):
        said += f"; overdue, the last crawl began {last.started_at:%Y-%m-%d %H:%M} UTC"
        if not scheduled:
            state, cure = "bad", "no scheduler runs here: noticewatch run, or noticewatch crawl on another worker"
    if last is None and held:
        said = f"{said}; what is held was imported or replayed"
    if standing.calls is not None:
        said += f"; {standing.calls_left} of {standing.calls} calls left today"
    return Finding(name, state, said, cure)


def _overdue(due: Due, last: RunRow, moment: datetime) -> bool:
    waits = last.ended_at is None or _lacks_contact(last)
    return not waits and moment - last.started_at > due.every + _LATE


def _lacks_contact(last: RunRow) -> bool:
    return last.verdict == Verdict.NOT_STARTED and any(reason.startswith("no contact") for reason in last.reasons)


def _ended(source: str, last: RunRow | None) -> tuple[str, State, str]:
    if last is None:
        return "not crawled yet", "note", f"noticewatch run does it, or noticewatch crawl {source}"
    said = f"last crawl {run_sentence(last)}"
    if last.verdict is None or last.verdict in _FINE:
        return said, "good" if last.verdict != Verdict.CANCELLED else "note", ""
    if _lacks_contact(last):
        return "last crawl not started: no contact", "note", ""  # one contact for all: that finding says what to do
    if last.verdict == Verdict.NOT_STARTED:
        return said, "bad", "set what is missing, then start again"
    if last.verdict == Verdict.BLOCKED:
        return said, "bad", "the publisher refuses, or calls are used up: do not get round it; write to the publisher"
    return said, "bad", f"see whether it still answers as it did: noticewatch doctor --live --source {source}"
