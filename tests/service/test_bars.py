"""The bars of work that takes long, on a terminal and elsewhere: the whole with its unit, and never back."""

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from service.starter import Way
from tests.house.test_rooms import ROOT

PARTS = ("usaspending_transactions/fy2023-cut.warc.gz", "dhs_apfs/forecasts-2024-03-12.warc.gz")
COUNTED = re.compile(r"([\d,]+) of ([\d,]+) (\w+)")
STYLE = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")


@pytest.fixture
def two_sources(tmp_path, surroundings):
    """The variables of a process that loads a starter archive of two sources, and how many kB that has."""
    folder = tmp_path / "starter"
    for part in PARTS:
        (folder / part).parent.mkdir(parents=True)
        shutil.copy(ROOT / "starter" / part, folder / part)
    size = sum((folder / part).stat().st_size for part in PARTS) // 1000
    return surroundings | {"NOTICEWATCH_STARTER": str(folder), "TERM": "xterm"}, size


def on_terminal(variables, *command, until: str = "\0") -> str:
    """What a command says on standard error that is a terminal; it is interrupted when it has said ``until``."""
    ours, theirs = pty.openpty()
    called = [sys.executable, "-m", "service.cli", *command]
    with subprocess.Popen(called, env=variables, stdout=subprocess.DEVNULL, stderr=theirs) as running:
        os.close(theirs)
        said = ""
        for piece in pieces(ours):
            if until not in said and until in said + piece:
                running.send_signal(signal.SIGINT)
            said += piece
    assert running.returncode == 0, said
    return STYLE.sub("", said)


def pieces(terminal: int) -> Iterator[str]:
    with os.fdopen(terminal, "rb", buffering=0) as file:
        try:
            while piece := file.read(4096):
                yield piece.decode("utf-8", "replace")
        except OSError:  # so Linux tells that nobody has the other end any more
            return


def counted(said: str, unit: str) -> list[tuple[int, int]]:
    """Each state of a bar: done, and of how much."""
    return [(int(a.replace(",", "")), int(b.replace(",", ""))) for a, b, what in COUNTED.findall(said) if what == unit]


def is_one_bar(states: list[tuple[int, int]]) -> bool:
    done = [one for one, _ in states]
    return bool(states) and done == sorted(done) and len({total for _, total in states}) == 1


def test_the_starter_archive_is_loaded_and_made_searchable_with_one_bar_each(two_sources):
    variables, size = two_sources
    said = on_terminal(variables, "load-starter")
    loading, settling = counted(said, "kB"), counted(said, "events")
    assert is_one_bar(loading)
    assert {total for _, total in loading} == {size}
    assert is_one_bar(settling)
    assert "Making it searchable" in said


def test_a_server_draws_the_same_bar_while_another_process_loads(two_sources):
    variables, size = two_sources
    said = on_terminal(variables, "run", until="The starter archive is loaded")
    assert is_one_bar(counted(said, "kB"))
    assert {total for _, total in counted(said, "kB")} == {size}


def test_a_built_index_has_its_bar(surroundings, loaded_folder, tmp_path):
    shutil.copytree(loaded_folder, tmp_path / "data")
    states = counted(on_terminal(surroundings | {"TERM": "xterm"}, "index", "rebuild"), "events")
    assert is_one_bar(states)
    assert states[-1][0] == states[-1][1]


def test_without_a_terminal_the_load_is_plain_lines_that_name_source_and_unit(two_sources):
    variables, size = two_sources
    called = [sys.executable, "-m", "service.cli", "load-starter"]
    ended = subprocess.run(called, env=variables, capture_output=True, text=True, check=True)
    loading = [line for line in ended.stderr.splitlines() if line.startswith("Loading the starter archive")]
    assert loading[0] == f"Loading the starter archive: dhs_apfs: 0 of {size} kB"
    assert loading[-1] == f"Loading the starter archive: {size} of {size} kB"
    assert is_one_bar(counted(ended.stderr, "kB"))
    assert is_one_bar(counted(ended.stderr, "events"))
    assert "\x1b" not in ended.stderr


def test_the_way_of_a_load_never_goes_back_and_ends_whole():
    going = Way({"a": 30_000, "b": 70_000})
    told = [
        going.told(()),
        going.told((), "a", 2, 3),
        going.told((), "a", 2, 4),  # a window was split, so there are more
        going.told(()),  # it failed, and the other one is begun
        going.told(("a",), "b", 1, 2),
        going.told(("a", "b")),
    ]
    assert [done for done, _, _ in told] == [0, 20, 20, 20, 65, 100]
    assert {(total, unit) for _, total, unit in told} == {(100, "kB")}
