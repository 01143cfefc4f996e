"""Several processes at once, and processes that die: the log stays whole."""

import os
import random
import signal
from collections import Counter
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import select

from archive import tables
from archive.store import Archive
from noticewatch.settings import Settings
from tests.archive.dying import statements
from tests.archive.making import append, events, open_archive, reading
from tests.databases import settings_at
from tests.forking import FORKED
from tests.waiting import PATIENCE

pytestmark = pytest.mark.both_databases

PER_PROCESS = 600


def _append_many(settings: Settings, name: str, count: int, size: int, dies_at: int | None = None) -> int:
    """What a child does: append ``count`` notices in runs of ``size``; gives how many statements that took."""
    archive = Archive.open(settings)
    with statements(archive, dies_at) as run:
        for begin in range(0, count, size):
            rows = [reading(f"{name}-{number}", f"title {number}") for number in range(begin, begin + size)]
            append(archive, rows, day=begin / 100)
    archive.close()
    return run[0]


def _start(home: Path, *arguments: object) -> BaseProcess:
    process = FORKED.Process(target=_append_many, args=(settings_at(home), *arguments))
    process.start()
    return process


def _contents(archive: Archive) -> tuple[dict[str, str], Counter[tuple[str, str]]]:
    """Hash by notice, and the events without their order."""
    n, v = tables.notices.c, tables.versions.c
    with archive.reading() as connection:
        rows = connection.execute(select(n.id, v.content_sha256).join(tables.versions, v.notice == n.number)).all()
    return dict(rows), Counter((event.notice_id, ",".join(event.kinds)) for event in events(archive))  # type: ignore[arg-type]  # rows are pairs


@pytest.mark.xdist_group("processes")
def test_three_processes_lose_no_seq_and_a_reader_beside_them_misses_none(tmp_path: Path) -> None:
    archive = open_archive(tmp_path / "data")
    children = [_start(archive.folder, name, PER_PROCESS, 50) for name in "abc"]
    followed: list[int] = []
    looks = 0
    while any(child.is_alive() for child in children):
        seen = [event.seq for event in events(archive, followed[-1] if followed else 0)]
        looks += bool(seen)
        followed += seen
    for child in children:
        child.join(PATIENCE)
    followed += [event.seq for event in events(archive, followed[-1] if followed else 0)]
    assert followed == list(range(1, 3 * PER_PROCESS + 1))
    assert looks > 3, "the reader came too late to follow"
    assert [child.exitcode for child in children] == [0, 0, 0]
    with archive.reading() as connection:
        seqs = list(connection.scalars(select(tables.events.c.seq).order_by(tables.events.c.seq)))
        first_seen = list(connection.scalars(select(tables.notices.c.first_seen_seq)))
    assert seqs == list(range(1, 3 * PER_PROCESS + 1))
    assert sorted(first_seen) == seqs
    archive.close()


@pytest.mark.xdist_group("processes")
@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_and_begun_again_is_as_if_undisturbed(tmp_path: Path, seed: int) -> None:
    undisturbed, disturbed = open_archive(tmp_path / "a"), open_archive(tmp_path / "b")
    run = _append_many(settings_at(undisturbed.folder), "x", 2_000, 100)
    child = _start(disturbed.folder, "x", 2_000, 100, random.Random(seed).randrange(run // 20, run * 3 // 4))
    child.join(PATIENCE)
    assert child.exitcode == -signal.SIGKILL
    assert 0 < len(events(disturbed)) < 2_000, "it was killed in the middle"
    _append_many(settings_at(disturbed.folder), "x", 2_000, 100)
    assert _contents(disturbed) == _contents(undisturbed)
    undisturbed.close()
    disturbed.close()
