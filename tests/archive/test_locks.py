"""The lock of a source: one holder at a time, over processes and machines; who loses it appends nothing more."""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from archive import ledger, locks, queries, tables
from archive.locks import LEASE, LeaseLost, SourceTaken, confirm, hold
from archive.processes import Process, is_dead, started, this_process
from archive.store import Archive
from noticewatch.models import Verdict
from noticewatch.settings import Settings
from tests.archive.making import SOURCE, append, events, open_archive, reading
from tests.databases import settings_at
from tests.forking import FORKED
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.both_databases

ELSEWHERE = Process("elsewhere/1/1", 4711, "1")
BEGIN = datetime(2026, 8, 1, tzinfo=UTC)


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.at = BEGIN

    def __call__(self, connection: Connection) -> datetime:
        return self.at


@pytest.fixture
def other(archive: Archive) -> Iterator[Archive]:
    """The same database, opened as another process would."""
    opened = Archive.open(settings_at(archive.folder))
    yield opened
    opened.close()


def living(archive: Archive, source: str = "one") -> bool:
    with archive.reading() as connection:
        return locks.living_holder(connection, source) is not None


def test_a_held_source_is_refused_with_the_name_of_its_holder_until_it_is_released(archive: Archive) -> None:
    with hold(archive, "one"):
        mine = rf"one is being crawled or imported by process {os.getpid()} on "
        with pytest.raises(SourceTaken, match=mine), hold(archive, "one"):
            pass
        with hold(archive, "two"):
            assert living(archive)
    assert not living(archive)
    with hold(archive, "one"):
        assert living(archive)


def test_a_lock_is_released_when_its_work_fails(archive: Archive) -> None:
    with pytest.raises(ValueError, match="no"), hold(archive, "one"):
        raise ValueError("no")
    assert not living(archive)


def test_a_lease_of_another_machine_holds_while_it_is_renewed_and_is_over_when_it_is_not(archive: Archive) -> None:
    clock = Clock()
    with hold(archive, "one", clock=clock, process=ELSEWHERE, renew_every=None) as lease:
        clock.at += LEASE - timedelta(seconds=1)
        assert lease.renew()
        clock.at += LEASE - timedelta(seconds=1)
        with pytest.raises(SourceTaken, match="process 4711 on elsewhere"), hold(archive, "one", clock=clock):
            pass
        clock.at += timedelta(seconds=1)
        with hold(archive, "one", clock=clock):
            assert not lease.renew()
            assert lease.lost


def test_who_lost_a_source_is_told_before_it_writes_and_cannot_release_it_for_the_new_holder(
    archive: Archive, other: Archive
) -> None:
    clock = Clock()
    with hold(archive, "one", clock=clock, renew_every=None) as lease:
        with archive.writing() as connection:
            confirm(connection, "one")
        clock.at += LEASE
        taken = locks._acquire(other, "one", LEASE, clock, ELSEWHERE)
        with pytest.raises(LeaseLost, match="one was taken over"), archive.writing() as connection:
            confirm(connection, "one")
        lease.release()
        with archive.reading() as connection:
            found = locks.holder(connection, "one")
        assert found is not None
        assert found.owner == taken.owner


def test_a_source_that_this_process_never_held_is_nothing_to_confirm(archive: Archive) -> None:
    with archive.writing() as connection:
        confirm(connection, "one")


def test_the_thread_renews_until_the_lock_is_released(archive: Archive) -> None:
    with hold(archive, "one", renew_every=timedelta(milliseconds=5)) as lease:
        first = _renewed(archive)
        until(lambda: _renewed(archive) != first)  # the database's clock ticks once a second
        assert not lease.lost


def _renewed(archive: Archive) -> datetime:
    with archive.reading() as connection:
        found = locks.holder(connection, "one")
    assert found is not None
    return found.renewed_at


def _hold_until_killed(settings: Settings, ready: "multiprocessing.synchronize.Event") -> None:
    with hold(Archive.open(settings), "one"):
        ready.set()
        signal.pause()


def test_the_lock_of_a_killed_process_of_this_machine_is_free_at_once(archive: Archive) -> None:
    ready = FORKED.Event()
    child = FORKED.Process(target=_hold_until_killed, args=(settings_at(archive.folder), ready))
    child.start()
    assert ready.wait(PATIENCE)
    with pytest.raises(SourceTaken, match=f"process {child.pid}"), hold(archive, "one"):
        pass
    child.kill()
    child.join(PATIENCE)
    with hold(archive, "one"):
        pass


def test_a_process_number_that_was_given_anew_does_not_keep_a_lock(archive: Archive) -> None:
    me = this_process()
    before = Process(me.host, me.number, "another start")
    locks._acquire(archive, "one", LEASE, locks.database_time, before)
    with hold(archive, "one"):
        pass


def test_a_process_is_dead_only_where_that_is_known() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    me = this_process()
    assert not is_dead(me)
    assert is_dead(Process(me.host, ended.pid, ""))  # ended, but not waited for
    ended.wait()
    assert started(ended.pid) is None
    assert not is_dead(Process("elsewhere", ended.pid, ""))


def _take_turns(settings: Settings, name: str, turns: int) -> None:
    """Hold the source in turns; inside, no other may be: a file that only one can make says so."""
    archive, mark = Archive.open(settings), settings.home / "inside"
    done = 0
    while done < turns:
        try:
            with hold(archive, "one"), _alone(mark):
                with archive.writing() as connection:
                    confirm(connection, "one")
                done += 1
        except SourceTaken:
            continue
    archive.close()


@contextmanager
def _alone(mark: Path) -> Iterator[None]:
    mark.touch(exist_ok=False)
    try:
        yield
    finally:
        mark.unlink()


@pytest.mark.xdist_group("processes")
def test_of_several_processes_one_at_a_time_holds_a_source(tmp_path: Path) -> None:
    archive = open_archive(tmp_path / "data")
    children = [FORKED.Process(target=_take_turns, args=(settings_at(archive.folder), name, 15)) for name in "abc"]
    for child in children:
        child.start()
    for child in children:
        child.join(PATIENCE)
    assert [child.exitcode for child in children] == [0, 0, 0]
    assert not living(archive)
    archive.close()


def _held_elsewhere(archive: Archive, source: str, clock: locks.Clock = locks.database_time) -> None:
    """As if a process of another machine held the source from now on."""
    with archive.writing() as connection:
        connection.execute(tables.crawl_locks.delete())
    locks._acquire(archive, source, LEASE, clock, ELSEWHERE)


def test_an_append_after_the_lease_was_lost_appends_nothing(archive: Archive, other: Archive) -> None:
    with hold(archive, SOURCE, renew_every=None):
        append(archive, [reading("A", "T")])
        before = len(events(archive))
        _held_elsewhere(other, SOURCE)
        with pytest.raises(LeaseLost):
            append(archive, [reading("B", "T")])
        assert len(events(archive)) == before == 1


def _run_of_another_process(archive: Archive, source: str) -> ledger.Run:
    run = ledger.start_run(archive, source, "crawl")
    ledger._alive.discard(run.id)
    return run


def test_a_run_of_another_machine_is_living_while_its_source_is_held_there(archive: Archive) -> None:
    _held_elsewhere(archive, "one")
    _run_of_another_process(archive, "one")
    _run_of_another_process(archive, "two")
    assert ledger.close_dead_runs(archive) == 1
    with archive.reading() as connection:
        verdicts = {run.source: run.verdict for run in queries.runs(connection)}
    assert verdicts == {"one": None, "two": Verdict.FAILED}


def test_runs_are_dead_when_the_lease_is_over_and_when_another_holds_the_source(archive: Archive) -> None:
    _held_elsewhere(archive, "one", lambda _: datetime.now(UTC) - 2 * LEASE)
    _run_of_another_process(archive, "one")
    with hold(archive, "one"):
        assert ledger.count_dead_runs(archive) == 1
        assert ledger.close_dead_runs(archive) == 1
    assert ledger.count_dead_runs(archive) == 0


def test_a_run_is_closed_for_the_reason_that_is_known_and_only_that_run(archive: Archive) -> None:
    before = _run_of_another_process(archive, "one")
    ledger.finish_run(archive, before, Verdict.CANCELLED, ["cancelled"])
    run = _run_of_another_process(archive, "one")
    assert not ledger.close_run_of_process(archive, "one", os.getpid() + 1, "process ended by signal 9")
    assert not ledger.close_run_of_process(archive, "two", os.getpid(), "process ended by signal 9")
    assert ledger.close_run_of_process(archive, "one", os.getpid(), "stopped", after=before.number, cancelled=True)
    assert not ledger.close_run_of_process(archive, "one", os.getpid(), "again", after=run.number - 1)
    with archive.reading() as connection:
        reasons = [(held.verdict, held.reasons) for held in queries.runs(connection)]
    assert reasons == [(Verdict.FAILED, ("stopped",)), (Verdict.CANCELLED, ("cancelled",))]
