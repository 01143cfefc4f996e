"""Crawls in processes of their own: what killed them is noted, hung ones are stopped, stopping waits for the page."""

import contextlib
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from itertools import count

import pytest

from archive import ledger, locks, queries
from archive.captures import add
from archive.warc import Placed
from noticewatch.models import Verdict
from noticewatch.settings import Settings
from service.children import Children
from service.schedule import Schedule
from service.watching import progress_mark, watch
from tests.archive.making import capture
from tests.waiting import PATIENCE

SOURCE = "usaspending_transactions"
DIES = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
OBEYS = "import signal; signal.pause()"
DEAF = """
import signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
sys.stdout.write("deaf"); sys.stdout.flush()
signal.pause()
"""
BEGINS = """
import sys
from pathlib import Path
from archive import ledger, locks
from archive.store import Archive
from noticewatch.models import Verdict
from noticewatch.settings import Settings
archive = Archive.open(Settings(home=Path(sys.argv[1])))
with locks.hold(archive, sys.argv[2]):
    run = ledger.start_run(archive, sys.argv[2], "crawl")
"""
ENDS_BY_ITSELF = """
    ledger.finish_run(archive, run, Verdict.PARTIAL, ["a page is missing"])
    sys.exit(3)
"""
KILLS_ITSELF = """
    import os, signal
    os.kill(os.getpid(), signal.SIGKILL)
"""
HANGS = """
    import signal
    def told(*_):
        ledger.finish_run(archive, run, Verdict.CANCELLED, ["cancelled"])
        sys.exit(8)
    signal.signal(signal.SIGTERM, told)
    signal.pause()
"""
FAULT = "raise SystemExit(1)"


class Programs(Children):
    """Children that run a program of the test in place of a command."""

    def __init__(self, program: str, *arguments: str) -> None:
        super().__init__()
        self.program, self.arguments = program, arguments
        self.started: list[subprocess.Popen[bytes]] = []
        self.asked = threading.Event()

    def start(self, arguments, grace=PATIENCE):
        if self.closed:
            return None
        process = subprocess.Popen(
            [sys.executable, "-c", self.program, *self.arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._running[process] = grace
        self.started.append(process)
        self.asked.set()
        return process


def crawl_once(archive, program, **facts):
    """What the scheduler notes of one crawl by a program: verdict and reasons of its run, or None."""
    children = Programs(program, str(archive.folder), SOURCE)
    schedule = Schedule(archive, Settings(home=archive.folder), children, look_every=0.02, **facts)
    schedule._crawl(SOURCE)
    with archive.reading() as connection:
        runs = queries.runs(connection, SOURCE)
    return schedule, [(run.verdict, run.reasons) for run in runs if run.ended_at]


def test_a_crawl_that_ends_by_itself_keeps_its_verdict(archive):
    _, noted = crawl_once(archive, BEGINS + ENDS_BY_ITSELF)
    assert noted == [(Verdict.PARTIAL, ("a page is missing",))]


def test_a_crawl_that_is_killed_is_noted_with_its_signal(archive):
    _, noted = crawl_once(archive, BEGINS + KILLS_ITSELF)
    assert noted == [(Verdict.FAILED, ("process ended by signal 9",))]


def test_a_crawl_that_dies_before_it_notes_anything_is_noted_too(archive):
    assert crawl_once(archive, DIES)[1] == [(Verdict.FAILED, ("process ended by signal 9",))]
    assert crawl_once(archive, FAULT)[1][0] == (Verdict.FAILED, ("process ended with exit code 1",))


def test_a_hung_crawl_is_stopped_and_failed_though_it_says_cancelled(archive):
    _, noted = crawl_once(archive, BEGINS + HANGS, hang_after=timedelta(seconds=3))
    assert noted == [(Verdict.FAILED, ("stopped after 3 seconds without progress",))]


def test_a_source_that_another_process_holds_is_left_alone_and_tried_later(archive):
    with locks.hold(archive, SOURCE):
        schedule, noted = crawl_once(archive, DIES)
    assert noted == []
    assert SOURCE in schedule._not_before
    assert schedule._children.started == []


def hung_after(program: str, marks, ticks) -> tuple[Children, bool]:
    children = Programs(program)
    process = children.start([], grace=1.0 if program == DEAF else PATIENCE)
    if program == DEAF:
        assert process.stdout.read(4) == b"deaf"
    by_itself = watch(
        children, process, marks, timedelta(minutes=30), look_every=0.001, clock=lambda: next(ticks) * 60.0
    )  # fmt: skip
    return process, by_itself


def test_a_crawl_without_progress_for_thirty_minutes_is_asked_to_end():
    process, by_itself = hung_after(OBEYS, lambda: "the same", count())
    assert (by_itself, process.returncode) == (False, -signal.SIGTERM)


def test_a_crawl_that_does_not_listen_is_killed():
    process, by_itself = hung_after(DEAF, lambda: "the same", count())
    assert (by_itself, process.returncode) == (False, -signal.SIGKILL)


def test_a_crawl_that_gets_on_a_little_is_never_stopped():
    looks, process = count(), []

    def mark() -> int:
        looked = next(looks)
        if looked == 100:
            process[0].kill()
        return looked // 20

    children = Programs(OBEYS)
    process.append(children.start([]))
    ticks = count()
    assert watch(
        children, process[0], mark, timedelta(minutes=30), look_every=0.001, clock=lambda: next(ticks) * 60.0
    )  # fmt: skip
    assert process[0].returncode == -signal.SIGKILL


def test_rows_of_the_ledger_and_bytes_are_progress_and_a_renewed_lock_is_none(archive):
    marks = []

    def note() -> None:
        marks.append(progress_mark(archive, SOURCE, 0))

    note()
    with locks.hold(archive, SOURCE, renew_every=None) as lease:
        run = ledger.start_run(archive, SOURCE, "crawl")
        note()
        window = ledger.plan_window(archive, run, "all", "1", None, None)
        note()
        request = ledger.note_request(archive, window, purpose="page", method="GET", url="https://source.example")
        note()
        with archive.writing() as connection:
            number = add(connection, run.number, capture(1.0), Placed("a.warc.gz", 0, 1))
        ledger.answer_request(archive, request, state="answered", status=200, capture=number)
        note()
        (archive.warc_folder / f"{SOURCE}-1.warc.gz").write_bytes(b"1")
        note()
        ledger.set_progress(archive, run, {"rows": 1})
        note()
        assert len(set(marks)) == len(marks)
        lease.renew()
        other = ledger.start_run(archive, "another", "crawl")
        ledger.plan_window(archive, other, "all", "1", None, None)
        assert progress_mark(archive, SOURCE, 0) == marks[-1]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells of files without a name")
def test_bytes_that_are_spooled_are_progress(archive):
    program = (
        "import sys, tempfile\nfile = tempfile.TemporaryFile()\n"
        "for line in sys.stdin:\n    file.write(b'1'); file.flush(); sys.stdout.write('x'); sys.stdout.flush()\n"
    )
    children = Programs(program)
    process = children.start([])
    marks = set()
    for _ in range(3):
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.read(1) == b"x"
        marks.add(progress_mark(archive, SOURCE, process.pid))
    children.end(process)
    assert len(marks) == 3


def test_stopping_waits_for_the_page_in_hand_and_starts_nothing_more():
    program = (
        "import signal, sys\nsignal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})\n"
        "sys.stdout.write('ready'); sys.stdout.flush()\nsignal.sigwait({signal.SIGTERM})\n"
        "sys.stdin.read(1)\nsys.exit(8)\n"
    )
    children = Programs(program)
    process = children.start([], grace=PATIENCE)
    assert process.stdout.read(5) == b"ready"
    stopping = threading.Thread(target=children.stop)
    stopping.start()
    while not children.closed:
        stopping.join(0.001)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(0.2)
    assert process.returncode is None, "the page in hand was not waited for"
    process.stdin.write(b"page")
    process.stdin.close()
    stopping.join(PATIENCE)
    assert process.returncode == 8
    assert children.start(["crawl", SOURCE]) is None
