"""``noticewatch run``: one process tree that serves, loads, crawls, and ends as a whole."""

import json
import re
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest

from tests.waiting import PATIENCE, has_ended, until

RECORD = "70B03C23F00001003"
NOTICES = "/api/v1/notices?lens=everything&scope=notice"
START = 2.0
"""Seconds in which a server has started on a machine that does nothing else."""


class Server:
    """A running ``noticewatch run`` with what it said."""

    def __init__(self, surroundings, log: Path, command="run"):
        self.log, self.began, self.started = log, monotonic(), 0.0
        with log.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service.cli", command], env=surroundings, stdout=file, stderr=file,
                cwd=log.parent,
            )  # fmt: skip

    def said(self) -> str:
        return self.log.read_text()

    def until(self, true):
        """Wait until something holds, while the server lives."""

        def holds():
            assert self.process.poll() is None, self.said()
            return true()

        return until(holds, self.said)

    def address(self) -> str:
        """Where it is at; empty for a scheduler, which is nowhere."""
        found = self.until(lambda: re.search(r"noticewatch is at (\S+) |Crawls of .* are scheduled", self.said()))
        self.started = self.started or monotonic() - self.began
        return found[1] or ""

    def get(self, path: str):
        """What it answers, as soon as it can."""
        address = self.address()

        def answer():
            try:
                with urllib.request.urlopen(address + path, timeout=PATIENCE) as told:
                    return json.load(told)
            except OSError:
                return None

        return self.until(answer)

    def total(self, path: str = NOTICES) -> int:
        """How many notices it finds."""
        return self.get(path)["total"]

    def stop(self, number=signal.SIGINT) -> float:
        """End it by a signal; gives the seconds that this takes."""
        began = monotonic()
        self.process.send_signal(number)
        self.process.wait(PATIENCE)
        return monotonic() - began

    def lasting(self, seconds: float) -> float:
        """So many seconds, or as much longer as its start took longer on a machine that is busy with something else."""
        return seconds * max(1.0, self.started / START)


@contextmanager
def running(surroundings, log: Path, command="run"):
    server = Server(surroundings, log, command)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
        server.process.wait()


def contents(data: Path):
    """What an archive holds, without what differs from one load to the next: ids of runs and times of commits."""
    connection = sqlite3.connect(f"file:{data / 'noticewatch.sqlite'}?mode=ro", uri=True)
    try:
        versions = "SELECT n.id, v.version, v.content_sha256 FROM versions v JOIN notices n ON n.number = v.notice"
        events = "SELECT n.id, e.version, e.kinds, e.quiet, e.late FROM events e JOIN notices n ON n.number = e.notice"
        captures = "SELECT id, payload_sha256 FROM captures"
        records = "SELECT source_number, sha256 FROM records"
        return tuple(sorted(connection.execute(query).fetchall()) for query in (versions, events, captures, records))
    finally:
        connection.close()


def events_held(data: Path) -> int:
    try:
        connection = sqlite3.connect(f"file:{data / 'noticewatch.sqlite'}?mode=ro", uri=True)
        try:
            return connection.execute("SELECT count(*) FROM captures").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.OperationalError:
        return 0


def test_run_answers_loads_is_searchable_refuses_a_second_and_ends_as_a_whole(surroundings, tmp_path):
    with running(surroundings, tmp_path / "log") as server:
        server.until(lambda: server.total() == 110)
        assert server.total(f"/api/v1/notices?q={RECORD}&lens=everything") == 1
        second = subprocess.run(
            [sys.executable, "-m", "service.cli", "run"], env=surroundings, capture_output=True, text=True, check=False
        )
        assert second.returncode == 1
        assert second.stderr.count("\n") == 1
        assert f"process {server.process.pid} at {server.address()}" in second.stderr
        server.until(lambda: not_started(server))
        assert server.stop() < server.lasting(8)
        assert server.process.returncode == 0
        assert "Traceback" not in server.said()
    assert "The starter archive is loaded: 110 notices" in server.said()


def not_started(server: Server) -> bool:
    """Whether the scheduled crawls without a contact have said so."""
    return "no contact" in json.dumps(server.get("/api/v1/sources"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_loading_ends_the_whole_tree(surroundings, tmp_path, number):
    with running(surroundings, tmp_path / "log") as server:
        server.address()
        children = server.until(lambda: children_of(server.process.pid))
        assert server.stop(number) < server.lasting(8)
        assert server.process.returncode == 0
        assert all(has_ended(child) for child in children)


def children_of(process: int) -> list[int]:
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [line.split() for line in listed.splitlines()]
    return [int(pid) for pid, parent in pairs if int(parent) == process]


@pytest.mark.parametrize("captured", [1, 40])
def test_killed_while_loading_and_run_again_it_ends_with_the_same_contents(
    surroundings, tmp_path, loaded_folder, captured
):
    with running(surroundings, tmp_path / "first") as server:
        server.until(lambda: children_of(server.process.pid))
        server.until(lambda: events_held(tmp_path / "data") >= captured)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
    with running(surroundings, tmp_path / "second") as server:
        server.until(lambda: "The starter archive is loaded" in server.said() or finished(server))
        server.stop(signal.SIGTERM)
    assert contents(tmp_path / "data") == contents(loaded_folder)


def finished(server: Server) -> bool:
    """The first run may have come to its end before it was killed; then nothing is left to load."""
    return server.total() == 110


def test_what_another_process_commits_is_searchable_within_two_seconds(surroundings, tmp_path, cut_starter):
    (tmp_path / "empty").mkdir()
    with running(surroundings | {"NOTICEWATCH_STARTER": str(tmp_path / "empty")}, tmp_path / "log", "serve") as server:
        assert server.total() == 0
        crawl = subprocess.run(
            [sys.executable, "-m", "service.cli", "crawl", "usaspending_transactions", "--replay", str(cut_starter)],
            env=surroundings, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert crawl.returncode == 3, crawl.stderr
        assert "searchable" in crawl.stdout
        began = monotonic()
        server.until(lambda: server.total() == 110)
        assert monotonic() - began < server.lasting(2)
