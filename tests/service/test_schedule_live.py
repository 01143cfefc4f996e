"""The scheduler as a process, with a publisher on loopback: a crawl that is killed, and a stop while a page comes."""

import os
import signal
import threading
from datetime import timedelta

import pytest

from archive import deadlines, queries
from archive.readers import drive
from archive.store import Archive
from crawlers.source import load_sources
from noticewatch.identifiers import now
from noticewatch.models import EventKind, Verdict
from noticewatch.settings import Settings, SourceSettings
from service.children import Children
from service.schedule import Schedule
from tests.archive.making import append, events, reading, title
from tests.faults.crawling import healthy
from tests.faults.server import answers_of, publisher
from tests.service.test_run import children_of, running
from tests.waiting import PATIENCE, until

SOURCE = next(
    name
    for name, source in load_sources().items()
    if source.live and not source.key and source.delay <= 1 and healthy(name)
)


class Slow:
    """Answers robots.txt, then holds the first page back until it is let go; an unrecorded day is like another."""

    def __init__(self, answers) -> None:
        self.page = max(answers.values(), key=lambda good: (good.status == 200, len(good.payload)))
        self.came, self.go_on = threading.Event(), threading.Event()

    def __call__(self, asked, good):
        if not asked.robots:
            self.came.set()
            self.go_on.wait(PATIENCE)
        return good if good.status == 200 else self.page


@pytest.fixture
def slow(surroundings, tmp_path):
    """A scheduler that crawls one source, whose publisher is slow; gives (environment, the publisher's hold)."""
    answers = answers_of(healthy(SOURCE).recordings[-1])
    hold = Slow(answers)
    with publisher() as server:
        server.serve(answers, hold)
        others = "".join(f"[sources.{name}]\nenabled = false\n" for name in load_sources() if name != SOURCE)
        (tmp_path / "noticewatch.toml").write_text(
            f'contact = "desk@example.org"\n{others}[sources.{SOURCE}]\nthrough = "{server.address}"\n'
        )
        yield surroundings, hold
        hold.go_on.set()


def ended_crawls(tmp_path):
    archive = Archive.open(Settings(home=tmp_path / "data"))
    try:
        with archive.reading() as connection:
            return [(run.verdict, run.reasons) for run in queries.runs(connection, SOURCE) if run.verdict]
    finally:
        archive.close()


def test_a_scheduled_crawl_that_is_killed_is_noted_with_its_signal_and_not_tried_at_once(slow, tmp_path):
    environment, hold = slow
    with running(environment, tmp_path / "log", "schedule") as server:
        server.address()
        server.until(hold.came.is_set)
        [child] = children_of(server.process.pid)
        os.kill(child, signal.SIGKILL)
        server.until(lambda: ended_crawls(tmp_path))
        assert ended_crawls(tmp_path) == [(Verdict.FAILED, ("process ended by signal 9",))]
        assert children_of(server.process.pid) == []
        assert server.stop(signal.SIGTERM) < server.lasting(8)
    assert f"{SOURCE}: failed: process ended by signal 9" in server.said()


def test_a_stop_waits_for_the_page_in_hand(slow, tmp_path):
    environment, hold = slow
    with running(environment, tmp_path / "log", "schedule") as server:
        server.until(hold.came.is_set)
        server.process.send_signal(signal.SIGTERM)
        letting_go = threading.Timer(1.0, hold.go_on.set)
        letting_go.start()
        server.process.wait(PATIENCE)
        assert server.process.returncode == 0
    [(verdict, reasons)] = ended_crawls(tmp_path)
    archive = Archive.open(Settings(home=tmp_path / "data"))
    with archive.reading() as connection:
        captures = queries.counts(connection).captures
    archive.close()
    assert verdict == Verdict.CANCELLED, (reasons, server.said())
    assert captures >= 2, "robots.txt and the page in hand"


def test_the_scheduler_says_in_the_log_that_a_deadline_is_near(tmp_path):
    archive = Archive.open(Settings(home=tmp_path / "data"))
    deadlines.tell(archive)
    at = now() + timedelta(days=7, seconds=1)
    append(
        archive, [reading("A", title("drone", dates=[{"role": "due", "value": at.isoformat(), "precision": "time"}]))]
    )
    drive(archive, [deadlines.DeadlineReader()])
    off = Settings(home=archive.folder, sources={name: SourceSettings(enabled=False) for name in load_sources()})
    schedule = Schedule(archive, off, Children(), plan_every=0.05)
    schedule.start()
    try:
        until(lambda: len(events(archive)) > 1)
    finally:
        schedule.stop()
    assert [event.kinds for event in events(archive)] == [(EventKind.NEW,), (EventKind.DUE_SOON,)]
    archive.close()
