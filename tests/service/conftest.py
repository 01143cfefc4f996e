"""Data folders and a cut-down starter archive for the service's tests."""

import os
import shutil
import subprocess
import sys

import pytest

from noticewatch.settings import PREFIX
from service.cli import main
from tests.house.test_rooms import ROOT
from watchlist import current

CUT = "usaspending_transactions/fy2023-cut.warc.gz"
"""The smallest part of the starter archive: 110 transactions."""


@pytest.fixture(scope="session")
def cut_starter(tmp_path_factory):
    """A starter archive of 110 transactions."""
    folder = tmp_path_factory.mktemp("starter")
    (folder / CUT).parent.mkdir()
    shutil.copy(ROOT / "starter" / CUT, folder / CUT)
    return folder


@pytest.fixture(scope="session")
def loaded_folder(tmp_path_factory, cut_starter):
    """A data folder with the cut-down starter archive, loaded once. Copy it."""
    folder = tmp_path_factory.mktemp("loaded") / "data"
    command = [sys.executable, "-m", "service.cli", "load-starter"]
    subprocess.run(command, env=_variables(folder, cut_starter), check=True, capture_output=True)
    return folder


@pytest.fixture
def surroundings(tmp_path, cut_starter):
    """Environment variables for a process of its own data folder, on any free port."""
    return _variables(tmp_path / "data", cut_starter)


def _variables(home, starter):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return kept | {
        "NOTICEWATCH_HOME": str(home),
        "NOTICEWATCH_STARTER": str(starter),
        "NOTICEWATCH_BIND": "127.0.0.1:0",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "COLUMNS": "160",
    }


@pytest.fixture
def inside(surroundings, monkeypatch, tmp_path):
    """The same environment for this process."""
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(current, "_in_force", None)  # as before: other tests of this process have their own
    return tmp_path


@pytest.fixture
def noticewatch(inside, capsys):
    """Run a command; gives exit code, standard output and standard error."""

    def run(*arguments: str):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        said = capsys.readouterr()
        return end.value.code, said.out, said.err

    return run


@pytest.fixture
def loaded(noticewatch, inside, loaded_folder):
    """The command line over a loaded cut-down archive."""
    shutil.copytree(loaded_folder, inside / "data")
    return noticewatch
