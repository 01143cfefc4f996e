"""Imports, the rotation of WARC files, the sealing of runs and backups killed at random points.

What was acknowledged before is there afterwards, nothing is there twice, and ``verify`` finds all of it whole.
NOTICEWATCH_KILLS says at how many points. The points go round over the four steps and both databases. Two of three are
lines of the program that does the step, where the process kills itself; the others are random times.
"""

import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from time import monotonic
from typing import Final

import pytest
from sqlalchemy import func, select

from archive import tables, warc
from archive.backup import MANIFEST, backup, read_manifest, restore
from archive.proof import heads
from archive.proof.verify import verify
from archive.store import Archive
from archive.warc import recorded
from crawlers.importing import import_files
from noticewatch.errors import UsageError
from noticewatch.models import Event, Verdict
from noticewatch.settings import Settings
from tests.archive.making import events
from tests.databases import empty_at, settings_at
from tests.faults.days import SOURCE, Days
from tests.faults.killing import Acknowledge, child, lines_of, spread
from tests.faults.scale import KILLS
from tests.faults.state import State, state_of, unreadable_captures
from tests.waiting import PATIENCE

STEPS: Final = {
    "append": (
        "archive/log.py", "archive/appending.py", "archive/shelf.py", "archive/sightings.py", "archive/listing.py",
        "archive/captures.py", "archive/proof/filing.py", "archive/proof/tree.py", "crawlers/appending.py",
        "crawlers/importing.py", "noticewatch/database.py",
    ),
    "rotation": ("archive/warc.py", "noticewatch/disk.py", "crawlers/importing.py", "crawlers/unpacking.py"),
    "sealing": ("archive/proof/heads.py", "archive/proof/keys.py", "archive/ledger.py", "archive/locks.py"),
    "backup": ("archive/backup.py", "archive/database_copies.py", "noticewatch/disk.py"),
}  # fmt: skip
"""The files of the program that do each step."""


def imported(acknowledge: Acknowledge, settings: Settings, files: Sequence[Path]) -> None:
    """Import all files in one run."""
    archive = Archive.open(settings)
    result = import_files(archive, settings, SOURCE, files)
    assert result.verdict is Verdict.COMPLETE, result
    acknowledge(result.counts.last_seq)
    archive.close()


def rotated(acknowledge: Acknowledge, settings: Settings, files: Sequence[Path]) -> None:
    """Import all files in one run that begins a WARC file for each."""
    warc.ROTATE_AT = 1
    imported(acknowledge, settings, files)


def sealed(acknowledge: Acknowledge, settings: Settings, files: Sequence[Path]) -> None:
    """Import each file in a run of its own, each with a signed head."""
    for file in files:
        imported(acknowledge, settings, [file])


def backed_up(acknowledge: Acknowledge, settings: Settings, files: Sequence[Path]) -> None:
    """Back the archive up."""
    archive = Archive.open(settings)
    acknowledge(backup(archive, settings.home.parent / "backup").head)
    archive.close()


TASKS: Final = {"append": imported, "rotation": rotated, "sealing": sealed, "backup": backed_up}


@dataclass(frozen=True)
class Whole:
    """What a step leaves that nobody disturbs, how many lines of its files run, and how many seconds it takes."""

    state: State
    lines: int
    seconds: float


@cache
def _undisturbed(step: str, kind: str, days: Days, folder: Path) -> Whole:
    settings = settings_at(folder / f"{step} on {kind}" / "data")
    timed = settings_at(folder / f"{step} on {kind}, timed" / "data")
    for each in (settings, timed):
        imported(lambda _: None, each, days.yesterday)
    lines = lines_of(TASKS[step], settings, days.today, files=STEPS[step])
    with child(TASKS[step], timed, days.today) as undisturbed:
        assert undisturbed.listen(PATIENCE)
        began = monotonic()
        assert undisturbed.wait() == 0
        seconds = monotonic() - began
    archive = Archive.open(settings)
    state = state_of(archive)
    archive.close()
    return Whole(state, lines, seconds)


POINTS: Final = [
    pytest.param(
        number, database, id=f"{number}-{list(STEPS)[number % 4]}-{database}",
        marks=[pytest.mark.xdist_group(f"steps killed on {database}"), *([pytest.mark.postgresql] * (number // 4 % 2))],
    )
    for number in range(KILLS) for database in [("sqlite", "postgresql")[number // 4 % 2]]
]  # fmt: skip


@pytest.mark.parametrize(("number", "database"), POINTS, indirect=["database"])
def test_a_killed_step_loses_nothing_acknowledged_and_the_next_doubles_nothing(
    number: int, database: str, days: Days, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    step, chance = list(STEPS)[number % 4], Random(number)
    whole = _undisturbed(step, database, days, tmp_path_factory.getbasetemp())
    at = spread(chance, whole.lines) if number % 3 else None
    where = f"seed {number}: {step} at {f'line {at} of {whole.lines}' if at else 'a random time'}"
    for tries in range(5):
        settings = settings_at(tmp_path / f"{tries}" / "data")
        imported(lambda _: None, settings, days.yesterday)
        archive = Archive.open(settings)
        seen = _killed(archive, settings, step, days, at, chance.uniform(0, whole.seconds) / 2**tries)
        if seen is not None:
            break
        archive.close()
    assert seen is not None, f"{where}: it ended each time before it could be killed"
    after = events(archive)
    assert after[: len(seen)] == seen, f"{where}: what a reader saw is not there"
    mirror = Path(shutil.copy(heads.file_of(archive), tmp_path / "mirror.jsonl"))
    if step == "backup":
        _check_backup(settings)
        shutil.rmtree(settings.home.parent / "backup", ignore_errors=True)
    with child(TASKS[step], settings, days.today) as again:
        assert again.wait() == 0, where
    assert events(archive)[: len(after)] == after, f"{where}: what was in the log is not there"
    assert [event.seq for event in events(archive)] == list(range(1, len(events(archive)) + 1))
    assert state_of(archive) == whole.state, where
    _check(archive, mirror)
    if step == "backup":
        _check_backup(settings, finished=True)
    archive.close()


def _killed(
    archive: Archive, settings: Settings, step: str, days: Days, at: int | None, seconds: float
) -> list[Event] | None:
    """Kill a process in a step, at a line or after a time; gives the events that a reader beside it saw before, None
    where it had ended by itself.
    """
    seen = events(archive)
    with child(TASKS[step], settings, days.today, files=STEPS[step] if at else (), at=at) as at_work:
        assert at_work.listen(PATIENCE)
        ends = monotonic() + (PATIENCE if at else seconds)
        while at_work.listen(0.002) and monotonic() < ends:
            seen += events(archive, seen[-1].seq)
        code = at_work.wait() if at else at_work.kill()
    assert code in {-9, 0}
    acknowledged = [said for said in at_work.said if isinstance(said, int)]
    assert len(events(archive)) >= max(acknowledged, default=0)
    return seen if code else None


def _check(archive: Archive, mirror: Path) -> None:
    """All bytes are there, every proof holds, every head that was published is one of the archive, no run is open."""
    assert unreadable_captures(archive) == []
    verify(archive, lambda *_: None, full=True, mirrored=mirror)
    assert all(one.capture.id for one in recorded(archive.warc_folder))
    assert [path.name for path in archive.warc_folder.rglob("*") if path.suffix in {".part", ".lock"}] == []
    c, r = tables.captures.c, tables.runs.c
    with archive.reading() as connection:
        verdicts = list(connection.scalars(select(r.verdict).order_by(r.number)))
        doubled = connection.execute(
            select(c.url, c.fetched_at, c.payload_sha256)
            .group_by(c.url, c.fetched_at, c.payload_sha256)
            .having(func.count() > 1)
        )
        assert doubled.all() == []
    assert None not in verdicts
    assert verdicts.count("failed") <= 1


def _check_backup(settings: Settings, *, finished: bool = False) -> None:
    """A backup that came to its end is restored whole; one that did not is never taken for one."""
    folder = settings.home.parent
    made, restored = folder / "backup", folder / ("restored" if finished else "restored at the first try")
    if not finished and not (made / MANIFEST).exists():
        with pytest.raises(UsageError, match=r"did not come to its end|is no backup"):
            restore(empty_at(restored), made)
        assert not restored.exists()
        if made.exists() and any(made.iterdir()):
            with closing(Archive.open(settings)) as archive, pytest.raises(UsageError, match="is not empty"):
                backup(archive, made)
        return
    restore(empty_at(restored), made)
    was, now = Archive.open(settings), Archive.open(settings_at(restored))
    assert read_manifest(made).head == len(events(now)) == len(events(was))
    assert state_of(now) == state_of(was)
    verify(now, lambda *_: None, full=True, mirrored=heads.file_of(was))
    was.close()
    now.close()
