"""A crawl killed at random points: after the next run the log is that of a crawl that nobody disturbed.

NOTICEWATCH_KILLS says at how many points. Even numbers kill live crawls, some when a
random request comes in and some after a random time; odd numbers kill replays after a random time. Some are killed
again in the run after.
"""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import select

from archive import tables
from archive.proof.verify import verify
from archive.store import Archive
from archive.warc import recorded
from noticewatch.models import Verdict
from tests.databases import settings_at
from tests.faults.crawling import Job, run, start
from tests.faults.scale import KILLS
from tests.faults.server import Asked, Publisher, Reply
from tests.faults.stage import Stage, state_at
from tests.faults.state import State, unreadable_captures
from tests.sources.states import rebuild
from tests.waiting import PATIENCE

LIVE = "usaspending_transactions"
BEFORE, AFTER, SINCE = date(2026, 8, 21), date(2026, 8, 22), date(2026, 6, 1)


@dataclass(frozen=True)
class Scene:
    """A crawl to be killed: the archive before it, what is right after it, how long it takes, how often it asks."""

    before: Path
    right: State
    seconds: float
    requests: int
    job: Callable[[Path], Job]


@pytest.fixture(scope="module")
def live(stage_of: Callable[[str], Stage], server: Publisher, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    stage = stage_of(LIVE)
    home = stage.archive_of_yesterday(tmp_path_factory.mktemp("live") / "home")
    server.serve(stage.today)
    began = monotonic()
    run(stage.job(home, server.address))
    seconds = monotonic() - began
    return Scene(
        stage.yesterday, stage.undisturbed, seconds, len(server.asked), lambda home: stage.job(home, server.address)
    )


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("replayed")
    before, after = (rebuild(day, folder, SINCE) for day in (BEFORE, AFTER))
    home = folder / "before"
    run(Job(home, LIVE, kind="replay", paths=[before]))
    whole = Path(shutil.copytree(home, folder / "whole"))
    began = monotonic()
    run(Job(whole, LIVE, kind="replay", paths=[after]))
    seconds = monotonic() - began
    return Scene(home, state_at(whole), seconds, 0, lambda home: Job(home, LIVE, kind="replay", paths=[after]))


@pytest.mark.parametrize(
    "number", [pytest.param(number, marks=pytest.mark.xdist_group(f"kills {number % 2}")) for number in range(KILLS)]
)
def test_a_killed_crawl_leaves_nothing_behind_that_the_next_does_not_put_right(
    number: int, request: pytest.FixtureRequest, server: Publisher, stage_of: Callable[[str], Stage], tmp_path: Path
) -> None:
    chance = random.Random(number)
    is_live = number % 2 == 0
    scene: Scene = request.getfixturevalue("live" if is_live else "replayed")
    home = Path(shutil.copytree(scene.before, tmp_path / "home"))
    killed = 0
    for _ in range(chance.choice((1, 1, 2, 3))):
        server.serve(stage_of(LIVE).today if is_live else {})
        killed += _killed(scene, home, chance, server if is_live and chance.random() < 0.5 else None)
    server.serve(stage_of(LIVE).today if is_live else {})
    last = run(scene.job(home))
    assert "Traceback" not in last.printed, last.printed
    assert last.verdict in ({Verdict.COMPLETE} if is_live else {Verdict.COMPLETE, Verdict.PARTIAL}), last.said
    assert state_at(home) == scene.right
    _check_archive(home, killed)


def _killed(scene: Scene, home: Path, chance: random.Random, server: Publisher | None) -> int:
    """Kill a crawl when a random request comes in, or after a random time; 1 where it was not at its end before."""
    at = chance.randint(1, max(scene.requests, 1))
    process, receiver = start(scene.job(home))
    if server is not None:
        whole = server.bend

        def bend(asked: Asked, good: Reply) -> Reply:
            if len(server.asked) == at:
                process.kill()
            return good

        server.bend = bend
        process.join(PATIENCE)
        server.bend = whole
    else:
        process.join(chance.uniform(0, scene.seconds))
    was_alive = process.is_alive()
    process.kill()
    process.join()
    receiver.close()
    return int(was_alive or process.exitcode != 0)


def _check_archive(home: Path, killed: int) -> None:
    archive = Archive.open(settings_at(home))
    try:
        assert unreadable_captures(archive) == []
        verify(archive, lambda *_: None, full=True)
        assert all(one.capture.id for one in recorded(archive.warc_folder))
        left = [path.name for path in home.rglob("*") if path.suffix in {".part", ".lock"} and "warc" in path.parts]
        assert left == []
        runs = tables.runs.c
        with archive.reading() as connection:
            verdicts = list(connection.scalars(select(runs.verdict).order_by(runs.number)))
            windows = tables.windows.c
            halves = connection.execute(
                select(windows.key).where(windows.run == len(verdicts), windows.state == "planned")
            )
            assert halves.all() == []
        assert None not in verdicts
        assert verdicts.count("failed") <= killed
    finally:
        archive.close()
