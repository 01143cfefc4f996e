"""The operator's own file and command."""

import pickle
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import orjson
import pytest

from alerts.channels.script import Command, File
from alerts.guard import TargetRefused
from alerts.message import payload
from alerts.models import Find, Message, Outcome, Target
from tests.alerts.telling import find_of, message_of
from tests.waiting import PATIENCE, SOON, has_ended


@pytest.fixture
def message(finds: list[Find]) -> Message:
    return message_of([find_of(finds, "us-action:7012:70CMSD23FR0000145:0")])


def lines(file: Path) -> list[bytes]:
    return file.read_bytes().splitlines()


def test_each_message_is_one_line_of_json(message, tmp_path):
    file = tmp_path / "alerts.jsonl"
    for _ in range(2):
        assert File().send(Target("file", str(file)), message).state == "delivered"
    assert [orjson.loads(line) for line in lines(file)] == [payload(message)] * 2


def test_lines_of_many_writers_stay_whole(message, tmp_path):
    file = tmp_path / "alerts.jsonl"
    outcomes: list[Outcome] = []

    def write() -> None:
        outcomes.extend(File(PATIENCE).send(Target("file", str(file)), message) for _ in range(10))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {outcome.state for outcome in outcomes} == {"delivered"}
    assert [orjson.loads(line)["type"] for line in lines(file)] == ["search.found"] * 40


def test_what_a_killed_writer_left_does_not_spoil_the_next_line(message, tmp_path):
    file = tmp_path / "alerts.jsonl"
    file.write_bytes(b'{"type":"search.found","data":{"gr')
    assert File().send(Target("file", str(file)), message).state == "delivered"
    assert orjson.loads(lines(file)[-1]) == payload(message)


def test_a_full_disk_leaves_no_part_of_a_line_and_is_tried_again(message, tmp_path):
    """A limit on the size of files stands for the disk: the write comes to its end in the middle of the line."""
    file = tmp_path / "alerts.jsonl"
    assert File().send(Target("file", str(file)), message).state == "delivered"
    whole = file.read_bytes()
    code = (
        "import resource, signal, sys, pickle\n"
        "from alerts.channels.script import File\n"
        "message, target = pickle.load(sys.stdin.buffer)\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({len(whole) + 100}, {len(whole) + 100}))\n"
        "print(File().send(target, message).state)\n"
    )
    given = pickle.dumps((message, Target("file", str(file))))
    ended = subprocess.run([sys.executable, "-c", code], input=given, capture_output=True, check=True)
    assert ended.stdout.strip() == b"retry"
    assert file.read_bytes() == whole


@pytest.mark.parametrize("address", ["alerts.jsonl", "/no/such/folder/alerts.jsonl", "/tmp"])
def test_a_file_that_cannot_be_is_refused(message, address):
    with pytest.raises(TargetRefused):
        File().check(Target("file", address))
    assert File().send(Target("file", address), message).state == "retry"


def command(tmp_path: Path, code: str) -> Target:
    script = tmp_path / "script with space.py"
    script.write_text(code)
    return Target("command", f"{sys.executable} '{script}'")


def test_a_command_gets_the_message_and_none_of_our_settings(message, tmp_path, monkeypatch):
    monkeypatch.setenv("NOTICEWATCH_SMTP_URL", "smtp://desk:s3cret@mail.example")
    kept = tmp_path / "kept"
    code = f"import os, sys\nopen({str(kept)!r}, 'w').write(sys.stdin.read() + chr(10) + ' '.join(os.environ))"
    assert Command().send(command(tmp_path, code), message).state == "delivered"
    said, names = kept.read_text().splitlines()[0], kept.read_text().splitlines()[-1]
    assert orjson.loads(said) == payload(message)
    assert "NOTICEWATCH" not in names
    assert "PATH" in names.split()


def test_a_command_that_fails_is_tried_again_and_its_words_are_kept(message, tmp_path):
    outcome = Command().send(command(tmp_path, "import sys; sys.exit('no room\\x1b[31m')"), message)
    assert outcome == Outcome("retry", "exit code 1: no room [31m")


def test_a_command_that_does_not_read_or_says_very_much_is_no_trouble(message, tmp_path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    code = "import sys\nfor _ in range(200): sys.stderr.write('x' * 1_000_000)"
    assert Command().send(command(tmp_path, code), message).state == "delivered"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes


def test_a_command_that_hangs_is_ended_with_all_it_started(message, tmp_path):
    pids = tmp_path / "pids"
    script = tmp_path / "hangs"  # a shell begins in an instant, so that both are there long before the time is over
    script.write_text(f"sleep {PATIENCE} & echo $$ $! > {pids}; wait\n")
    begun = time.monotonic()
    outcome = Command(seconds=3).send(Target("command", f"sh '{script}'"), message)
    assert outcome.state == "retry"
    assert "longer than" in outcome.answer
    assert time.monotonic() - begun < SOON
    both = [int(pid) for pid in pids.read_text().split()]
    assert len(both) == 2
    assert all(has_ended(pid) for pid in both)


@pytest.mark.parametrize("line", ["", "  ", "open 'quote", "/no/such/program"])
def test_a_command_that_cannot_be_started_is_tried_again(message, line):
    assert Command().send(Target("command", line), message).state == "retry"


def test_no_shell_reads_the_command(message, tmp_path):
    assert Command().send(Target("command", f"true ; touch {tmp_path}/made"), message).state == "delivered"
    assert not (tmp_path / "made").exists()
