"""One server and one scheduler a data folder."""

import os
import subprocess
import sys

import pytest

from noticewatch.errors import DataFolderError
from service.holding import hold, holder

HOLDER = """
import sys
from pathlib import Path
from service.holding import hold, say_address
with hold(Path(sys.argv[1]), "server"):
    say_address(Path(sys.argv[1]), "server", "http://127.0.0.1:8484")
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "locks").mkdir()
    return tmp_path


@pytest.fixture
def other(folder):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_server_on_the_same_folder_is_refused_with_process_address_and_way_out(folder, other):
    with pytest.raises(DataFolderError) as refusal, hold(folder, "server"):
        pass
    said = str(refusal.value)
    assert f"process {other.pid} at http://127.0.0.1:8484" in said
    assert "set NOTICEWATCH_HOME to another folder" in said


def test_a_scheduler_runs_beside_a_server(folder, other):
    with hold(folder, "scheduler"):
        assert holder(folder, "scheduler").process == os.getpid()
        assert holder(folder, "server").process == other.pid


def test_a_holder_that_was_killed_holds_nothing(folder, other):
    other.kill()
    other.wait()
    assert holder(folder, "server") is None
    with hold(folder, "server"):
        pass


def test_nobody_holds_a_folder_that_is_let_go(folder):
    with hold(folder, "server", "scheduler"):
        pass
    assert holder(folder, "server") is None
    assert holder(folder, "scheduler") is None
