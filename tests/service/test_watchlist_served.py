"""A running server takes up a changed watchlist, keeps the last good one, and tags the past again, killed or not."""

import shutil
import signal
import sqlite3

import pytest

from tests.service.test_run import running
from tests.waiting import PATIENCE
from tests.watchlist.changing import changed_dictionary, spoil
from watchlist.dictionary import DATA, load_dictionary


@pytest.fixture
def served(surroundings, tmp_path, loaded_folder):
    """Variables of a server over a loaded archive, with a watchlist of its own, and the folder of that."""
    shutil.copytree(loaded_folder, tmp_path / "data")
    folder = shutil.copytree(DATA, tmp_path / "watchlist")
    return surroundings | {"NOTICEWATCH_WATCHLIST": str(folder)}, folder


def versions_tagged(data):
    connection = sqlite3.connect(f"file:{data / 'noticewatch.sqlite'}?mode=ro", uri=True)
    try:
        return dict(connection.execute("SELECT dictionary, count(*) FROM tagged GROUP BY dictionary").fetchall())
    finally:
        connection.close()


def test_a_server_takes_up_a_change_and_keeps_the_last_good_one(served, tmp_path):
    surroundings, folder = served
    with running(surroundings, tmp_path / "log", "serve") as server:
        first = server.get("/watchlist.json")["version"]
        changed_dictionary(folder)
        second = load_dictionary(folder).version
        server.until(lambda: server.get("/watchlist.json")["version"] == second)
        server.until(lambda: versions_tagged(tmp_path / "data") == {second: 110})
        told = server.until(lambda: [one for one in server.get("/watchlist.json")["history"] if one["ended_at"]])
        assert [(one["version"], one["notices"]) for one in told] == [(second, 110)]
        assert first != second
        spoil(folder)
        server.until(lambda: server.get("/watchlist.json")["changed_files_refused"])
        assert server.get("/watchlist.json")["version"] == second
        assert server.get("/readyz")["ready"] is True
        (line,) = [line for line in server.said().splitlines() if "nothing_known" in line]
        assert "vendors.toml, line " in line
        assert f"stays as it was, version {second}" in line
        server.stop()


def test_a_server_that_was_killed_while_it_tagged_again_goes_on(served, tmp_path):
    surroundings, folder = served
    with running(surroundings, tmp_path / "log", "serve") as server:
        server.get("/watchlist.json")
        changed_dictionary(folder)
        server.until(lambda: "what is held is tagged again" in server.said())
        server.stop(signal.SIGKILL)
    with running(surroundings, tmp_path / "log again", "serve") as server:
        version = load_dictionary(folder).version
        server.until(lambda: versions_tagged(tmp_path / "data") == {version: 110})
        server.until(lambda: server.get("/watchlist.json")["history"][0].get("ended_at"))
        assert [one["notices"] for one in server.get("/watchlist.json")["history"]] == [110]
        server.stop()


def test_a_server_does_not_start_with_files_that_cannot_be_used(served, tmp_path):
    surroundings, folder = served
    spoil(folder)
    with running(surroundings, tmp_path / "log", "serve") as server:
        assert server.process.wait(PATIENCE) == 1
        assert server.said().count("\n") == 1
        assert "vendors.toml, line " in server.said()
