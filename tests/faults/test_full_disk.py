"""A disk that fills up at a random moment of a command: it stops with one sentence, and goes on once there is space."""

import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

import pytest

from archive.backup import MANIFEST
from archive.log import head
from archive.proof.verify import verify
from archive.store import Archive
from crawlers.engine import crawl
from indexer.embedded import EmbeddedEngine
from noticewatch.errors import NoticewatchError
from noticewatch.models import Verdict
from noticewatch.settings import PREFIX, Settings
from service.cli import main
from tests.faults.crawling import Job, as_recorded, run
from tests.faults.days import RECORDING, SOURCE, Days
from tests.faults.full_disk import can_be_full, fill, is_full
from tests.faults.killing import Acknowledge, child, spread
from tests.faults.scale import KILLS
from tests.faults.server import Publisher
from tests.faults.stage import Stage, state_at
from tests.faults.state import State, state_of, unreadable_captures

pytestmark = pytest.mark.skipif(not can_be_full(), reason="the disk of this machine cannot be made to look full")

WRITING: Final = (
    "archive/log.py", "archive/shelf.py", "archive/captures.py", "archive/warc.py", "archive/store.py",
    "archive/locks.py", "archive/ledger.py", "archive/readers.py", "archive/backup.py", "archive/database_copies.py",
    "archive/proof/filing.py", "archive/proof/heads.py", "archive/proof/keys.py", "archive/proof/verify.py",
    "archive/evidence/pack.py", "archive/evidence/gather.py", "crawlers/importing.py", "crawlers/engine.py",
    "crawlers/unpacking.py", "indexer/embedded.py", "indexer/index_folders.py", "indexer/sync.py",
    "noticewatch/database.py", "noticewatch/schema.py", "noticewatch/disk.py", "service/readers.py",
    "service/holding.py", "service/commands/evidence.py", "watchlist/tagger.py",
)  # fmt: skip
"""Files of the program beside or in which something is written."""


def command(
    acknowledge: Acknowledge, home: Path, arguments: Sequence[str], printed: Path, database: str | None = None
) -> None:
    """Run a command of the program; its output and sentences go into a file each. ``database``: URL of another."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    os.environ["NOTICEWATCH_HOME"] = str(home)
    if database is not None:
        os.environ["NOTICEWATCH_DATABASE_URL"] = database
    for number, stream in ((1, "out"), (2, "err")):
        file = os.open(f"{printed}.{stream}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, number)
        os.close(file)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    try:
        main(arguments)
    except SystemExit as ended:
        sys.stdout.flush()
        sys.stderr.flush()
        acknowledge(ended.code)
        acknowledge(is_full(home))


@dataclass(frozen=True)
class Command:
    """arguments: of the command line; lines: about how many of ``WRITING`` run in it."""

    arguments: Sequence[str]
    lines: int


COMMANDS: Final[Mapping[str, Command]] = {
    "import": Command(("import", SOURCE.name, "TODAY"), 40_000),
    "crawl": Command(("crawl", SOURCE.name, "--replay", "RECORDING"), 60_000),
    "backup": Command(("backup", "AWAY/backup"), 250),
    "evidence": Command(("evidence", "NOTICE", "-o", "AWAY/pack.zip"), 640),
    "index": Command(("index", "rebuild"), 3_000),
    "first start": Command(("sources", "--json"), 600),
    "verify": Command(("verify",), 600),
}


class Place:
    """A data folder with yesterday's import in it, and a folder beside for what commands write elsewhere."""

    def __init__(self, folder: Path, days: Days, name: str) -> None:
        self.home, self.away, self.days, self.name = folder / "data", folder / "away", days, name
        self.away.mkdir(parents=True)
        if name != "first start":
            shutil.copytree(_yesterday(days), self.home)

    def run(self, at: int | None = None) -> "Ran":
        """Run the command; its disk is full from a line on."""
        files = WRITING if at else ()
        printed = self.away / "printed"
        with child(command, self.home, self._arguments(), printed, files=files, at=at, happens=fill) as ran:
            assert ran.wait() == 0, Path(f"{printed}.err").read_text()
        code, full, lines = ran.said[1:]
        return Ran(code, full, lines, Path(f"{printed}.err").read_text().splitlines())

    def state(self) -> State:
        """What the log says. All bytes and proofs must hold, and the index must be at the log's end."""
        with closing(Archive.open(Settings(home=self.home))) as archive:
            assert unreadable_captures(archive) == []
            verify(archive, lambda *_: None, full=True)
            with archive.reading() as connection:
                end = head(connection)
            position = EmbeddedEngine(archive.folder / "index").position()
            assert (position.seq if position else 0) == end
            return state_of(archive)

    def clear(self) -> None:
        """Delete what was begun elsewhere, as the sentence about it says."""
        assert not (self.away / "backup" / MANIFEST).exists()
        assert not list(self.away.glob("pack.zip*"))
        shutil.rmtree(self.away / "backup", ignore_errors=True)

    def _arguments(self) -> list[str]:
        given = {"RECORDING": str(RECORDING), "NOTICE": min(_yesterdays_notices(self.days))}
        words = [given.get(word, word.replace("AWAY", str(self.away))) for word in COMMANDS[self.name].arguments]
        return [word for one in words for word in (map(str, self.days.today) if one == "TODAY" else [one])]


@dataclass(frozen=True)
class Ran:
    """How a command ended. full: whether its disk was, in the end; lines: of ``WRITING`` that ran; said: on standard
    error.
    """

    code: int
    full: bool
    lines: int
    said: list[str]


@cache
def _yesterday(days: Days) -> Path:
    home = days.today[0].parent.parent / "home"
    printed = home.parent / "printed"
    with child(command, home, ["import", SOURCE.name, *map(str, days.yesterday)], printed) as ran:
        assert ran.wait() == 0
    assert ran.said[1] == 0, Path(f"{printed}.err").read_text()
    return home


@cache
def _yesterdays_notices(days: Days) -> frozenset[str]:
    with closing(Archive.open(Settings(home=_yesterday(days)))) as archive:
        return frozenset(state_of(archive).notices)


@cache
def _undisturbed(days: Days, name: str) -> State:
    place = Place(days.today[0].parent.parent / name, days, name)
    ran = place.run()
    assert ran.code == 0, ran.said
    return place.state()


@pytest.mark.parametrize(
    "number", [pytest.param(one, id=f"{one}-{list(COMMANDS)[one % len(COMMANDS)]}") for one in range(KILLS)]
)
def test_a_full_disk_stops_a_command_with_a_sentence_and_leaves_nothing_half_done(
    number: int,
    days: Days,
    tmp_path: Path,
) -> None:
    name, chance = list(COMMANDS)[number % len(COMMANDS)], Random(number)
    whole = _undisturbed(days, name)
    for tries in range(5):
        place = Place(tmp_path / f"{tries}", days, name)
        at = spread(chance, COMMANDS[name].lines >> tries)
        ran = place.run(at)
        if ran.full:
            break
    where = f"seed {number}: {name} at line {at}"
    assert ran.full, f"{where}: the disk did not fill up"
    if ran.code:
        assert ran.said, where
        assert ran.said[-1].endswith("."), f"{where}: {ran.said}"
        assert "free space" in ran.said[-1], f"{where}: {ran.said}"
        assert not any("Traceback" in line or "Unexpected" in line for line in ran.said), f"{where}: {ran.said}"
        place.clear()
        ran = place.run()
        assert (ran.code, ran.full) == (0, False), f"{where}: {ran.said}"
    assert place.state() == whole, where


LIVE: Final = (
    *WRITING,
    "crawlers/capturing.py",
    "crawlers/downloading.py",
    "crawlers/spooling.py",
    "crawlers/conductor.py",
)

LIVE_LINES: Final = 46_000
"""About how many of them run in a crawl."""


def crawled(acknowledge: Acknowledge, job: Job) -> None:
    """Crawl a source, live; tells how it ended, or the sentence that stopped it."""
    try:
        with closing(Archive.open(job.settings)) as archive:
            result = crawl(archive, job.settings, as_recorded(job.name, job.folder, **job.facts))
        acknowledge((result.verdict.value, list(result.reasons)))
    except NoticewatchError as error:
        acknowledge(("failed", [str(error)]))
    acknowledge(is_full(job.home))


@pytest.mark.parametrize("number", range(max(1, KILLS // 5)))
def test_a_full_disk_ends_a_live_crawl_as_failed_with_the_reason(
    number: int, stage_of: Callable[[str], Stage], server: Publisher, tmp_path: Path
) -> None:
    stage, chance = stage_of(SOURCE.name), Random(number)
    for tries in range(5):
        job = stage.job(stage.archive_of_yesterday(tmp_path / f"{tries}"), server.address)
        at = spread(chance, LIVE_LINES >> tries)
        server.serve(stage.today)
        with child(crawled, job, files=LIVE, at=at, happens=fill) as ran:
            assert ran.wait() == 0
        (verdict, reasons), full = ran.said[1:3]
        if full:
            break
    assert full, "the disk did not fill up"
    where = f"seed {number}: live at line {at}: {verdict}, {reasons}"
    assert verdict in {"failed", "complete"}, where
    assert verdict == "complete" or "free space" in " ".join(reasons), where
    server.serve(stage.today)
    last = run(stage.job(job.home, server.address))
    assert last.verdict is Verdict.COMPLETE, f"{where}: {last.said}"
    assert state_at(job.home) == stage.undisturbed, where
