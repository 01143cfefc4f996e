"""Live crawls of a source against a server on loopback, each in a process of its own.

The processes come from a fork server that has the heavy modules loaded, so that one takes a fraction of a second. The
crawl is the program's own; only facts of ``source.toml`` that would make a test wait are lowered, and the spider's
regular windows are pinned to the days that were recorded.
"""

import contextlib
import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import SecretStr

from archive.store import Archive
from crawlers.engine import crawl
from crawlers.importing import import_files
from crawlers.loading import load_spider
from crawlers.source import Source, source
from noticewatch import identifiers
from noticewatch.models import Verdict
from noticewatch.settings import Settings, SourceSettings
from tests.databases import settings_at
from tests.forking import FORKED
from tests.waiting import PATIENCE

REPLAYS: Final = Path(__file__).parents[1] / "replays"
KEY: Final = "test-key-0123456789"
_PARSER: Final = """
from crawlers.sources.{name}.parser import read_row as read_row
from crawlers.sources.{name}.parser import rows as rows
"""
_SPIDER: Final = '''
from datetime import date, datetime, timedelta, tzinfo

from crawlers.sources.{name}.spider import {spider} as AsPublished

FIRST, LAST = {first!r}, {last!r}


class Pinned(AsPublished):
    """Its regular windows are the days that were recorded."""

    def windows(self, date_from, date_to, today):
        first, last = (date.fromisoformat(day) if day else None for day in (FIRST, LAST))
        return super().windows(date_from or first, date_to or last, last or today)
'''


@dataclass(frozen=True, slots=True)
class Healthy:
    """What ``tests/replays/SOURCE/healthy.toml`` says. ``first``, ``last``: days of a crawl that ends complete;
    ``least_faults``: so many faults of the matrix apply to it.
    """

    name: str
    first: str | None
    last: str | None
    key: str | None
    strange_dates: Mapping[str, str] = field(default_factory=dict)
    least_faults: int = 0

    @property
    def recordings(self) -> list[Path]:
        """The recordings of the source, in the order in which they are replayed."""
        return sorted((REPLAYS / self.name).glob("*.warc.gz"))


def healthy(name: str) -> Healthy | None:
    """The healthy crawl of a source; None where it has none."""
    file = REPLAYS / name / "healthy.toml"
    if not file.is_file():
        return None
    stated = tomllib.loads(file.read_text(encoding="utf-8"))
    days = [str(stated[end]) if end in stated else None for end in ("from", "to")]
    strange, least = stated.get("strange_dates", {}), int(stated.get("least_faults", 0))
    return Healthy(name, days[0], days[1], stated.get("key"), strange, least)


def as_recorded(name: str, folder: Path | None = None, **facts: Any) -> Source:
    """A source with expectations that a small recording from the past can meet; ``facts`` stand in place of its own."""
    own = source(name)
    expected = own.expectations.model_copy(
        update={"least_rows": min(own.expectations.least_rows, 1), "freshness_days": None}
    )
    return own.model_copy(update={"expectations": expected, "folder": folder or own.folder, **facts})


def pinned(name: str, folder: Path, first: str | None, last: str | None) -> Path:
    """A folder with the source's spider and parser, its regular windows pinned to these days."""
    own = folder / name
    own.mkdir(parents=True, exist_ok=True)
    spider = load_spider(source(name)).__name__
    (own / "spider.py").write_text(_SPIDER.format(name=name, spider=spider, first=first, last=last), encoding="utf-8")
    (own / "parser.py").write_text(_PARSER.format(name=name), encoding="utf-8")
    return own


@dataclass(frozen=True, slots=True)
class Job:
    """A crawl to run. folder: of the pinned source; facts: of ``source.toml`` that are lowered; through: the server.

    kind: ``crawl``, ``replay`` of recordings or ``import`` of files; clock: by how much the machine's clock is off.
    """

    home: Path
    name: str
    folder: Path | None = None
    through: str | None = None
    kind: Literal["crawl", "replay", "import", "starter"] = "crawl"
    paths: Sequence[Path] = ()
    date_from: str | None = None
    date_to: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    clock: timedelta = timedelta(0)

    @property
    def settings(self) -> Settings:
        facts = source(self.name)
        key, calls = SecretStr(KEY) if facts.key else None, 100_000 if facts.quota else None
        own = SourceSettings(through=self.through, key=key, calls_a_day=calls)
        return settings_at(self.home, contact="test@example.org", sources={self.name: own})


@dataclass(frozen=True, slots=True)
class Result:
    """How a crawl ended, and what it printed on standard error."""

    verdict: Verdict
    reasons: list[str]
    findings: list[str]
    printed: str

    @property
    def said(self) -> str:
        return "; ".join(self.reasons)


def run(job: Job) -> Result:
    """Run a crawl in a process of its own and wait for its end."""
    process, receiver = start(job)
    try:
        return finish(job, process, receiver)
    finally:
        receiver.close()


def start(job: Job) -> tuple[BaseProcess, Connection]:
    """Start a crawl; give its process and where its result will come."""
    receiver, sender = FORKED.Pipe(duplex=False)
    process = FORKED.Process(target=_work, args=(job, sender), daemon=True)
    process.start()
    sender.close()
    return process, receiver


def finish(job: Job, process: BaseProcess, receiver: Connection) -> Result:
    """Wait for a crawl's end. Raises AssertionError where it ended without a verdict or does not end."""
    try:
        ended = receiver.poll(PATIENCE)
        assert ended, f"the crawl of {job.name} has not ended after {PATIENCE:.0f} seconds"
        verdict, reasons, findings = receiver.recv()
    except EOFError:
        raise AssertionError(f"the crawl of {job.name} ended without a verdict:\n{_printed(job)}") from None
    finally:
        if process.is_alive() and not receiver.closed:
            process.join(PATIENCE)
        if process.is_alive():
            process.kill()
            process.join()
    return Result(Verdict(verdict), reasons, findings, _printed(job))


def _printed(job: Job) -> str:
    file = job.home / "printed.txt"
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""


def _set_clock(off: timedelta) -> None:
    """Let the clock that the program of this process reads be off by so much."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) + off

    if off:
        identifiers.datetime = Clock  # type: ignore[misc]


def _work(job: Job, sender: Connection) -> None:
    job.home.mkdir(parents=True, exist_ok=True)
    with (job.home / "printed.txt").open("wb") as printed:
        os.dup2(printed.fileno(), 2)
    sys.stderr = os.fdopen(2, "w", buffering=1)
    _set_clock(job.clock)
    archive = Archive.open(job.settings)
    with contextlib.closing(archive):
        which = as_recorded(job.name, job.folder, **job.facts)
        days = [date.fromisoformat(day) if day else None for day in (job.date_from, job.date_to)]
        if job.kind == "import":
            result = import_files(archive, job.settings, which, list(job.paths))
        else:
            path = job.paths[0] if job.paths else None
            result = crawl(
                archive, job.settings, which, kind=job.kind, recordings=path, date_from=days[0], date_to=days[1]
            )
    sender.send((result.verdict.value, list(result.reasons), list(result.findings)))
    sender.close()
