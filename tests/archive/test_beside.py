"""Work beside a verification: in a second process where that is safe, with the same result where it is not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from archive.processes import Process, is_dead, this_host

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="a second process needs Linux and two cores"
)


def run(home: Path, case: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.archive.working_beside", str(home), case]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("where", "another"),
        ("fails", "another process raised: It does not hold"),
        ("breaks", "this"),
        ("threads", "this"),
    ],
)
def test_work_goes_on_in_another_process_unless_that_fails_or_threads_forbid_it(tmp_path: Path, case: str, said: str):
    done = run(tmp_path, case)
    assert (done.stdout.strip(), done.stderr) == (said, "")


@pytest.mark.parametrize(("case", "made"), [("ahead", "0 1 2"), ("ahead breaks", "0 1"), ("ahead of threads", "")])
def test_what_is_made_ahead_comes_in_order_and_ends_where_no_other_process_makes_it(
    tmp_path: Path, case: str, made: str
):
    done = run(tmp_path, case)
    assert (done.stdout, done.stderr) == (made, "")


def test_of_works_that_fail_the_first_in_their_order_is_named_whichever_fails_first(tmp_path: Path):
    done = run(tmp_path, "in order")
    assert (done.stdout, done.stderr) == ("The first does not hold.", "")


def test_the_second_process_ends_with_the_first_one_however_that_ends(tmp_path: Path):
    assert run(tmp_path, "killed").returncode == -9
    second = Process(this_host(), int((tmp_path / "working").read_text()), "")
    while not is_dead(second):
        pass
