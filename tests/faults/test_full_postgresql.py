"""The disk of the PostgreSQL server fills up during an import: one sentence, and on again once there is space."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psycopg
import pytest

from archive.proof.verify import verify
from archive.store import Archive
from noticewatch.settings import Settings
from tests.faults.days import SOURCE, Days
from tests.faults.killing import child
from tests.faults.scale import KILLS
from tests.faults.small_disk import MEGABYTE, SmallDisk, can_be_mounted
from tests.faults.state import State, state_of, unreadable_captures
from tests.faults.test_full_disk import command
from tests.plugins.postgresql_server import Place, PostgresqlServer

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(not can_be_mounted(), reason="no file system can be mounted here; only root may"),
]
SIZE = 300
"""Megabytes of the server's disk: enough for all the databases of this module, and soon filled."""


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server whose disk can be filled."""

    postgresql: PostgresqlServer
    disk: SmallDisk

    def database(self, name: str) -> str:
        """Address of a new database."""
        with psycopg.connect(self.postgresql.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.postgresql.url(name)

    def free(self) -> None:
        """Give it space again. A server whose own log found none has ended, or ends its connections: start it."""
        self.disk.free()
        self.postgresql.stop()
        self.postgresql.start()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    disks: list[SmallDisk] = []

    def place(folder: Path) -> Place:
        disks.append(SmallDisk(folder, SIZE))
        return disks[0].place

    made = PostgresqlServer(place)
    made.start()
    yield Server(made, disks[0])
    made.remove()
    disks[0].close()


@pytest.mark.parametrize("number", range(max(1, KILLS // 10)))
def test_a_full_disk_of_the_server_stops_an_import_with_a_sentence_and_leaves_nothing_half_done(
    number: int, server: Server, days: Days, tmp_path: Path
) -> None:
    chance = Random(number)
    whole = server.database(f"whole_{number}")
    for files in (days.yesterday, days.today):
        assert run_import(tmp_path / "whole", whole, files)[0] == 0
    database, home = server.database(f"full_{number}"), tmp_path / "full"
    assert run_import(home, database, days.yesterday)[0] == 0
    leaving = chance.randrange(MEGABYTE >> 2)
    server.disk.fill(leaving=leaving)
    code, said = run_import(home, database, days.today)
    server.free()
    where = f"seed {number}, {leaving} bytes left: {said}"
    assert code != 0, where
    assert said[-1].endswith("."), where
    assert "free space" in said[-1] or "begin again when the server answers" in said[-1], where
    assert not any("Traceback" in line or "Unexpected" in line for line in said), where
    assert run_import(home, database, days.today)[0] == 0, where
    assert state(home, database) == state(tmp_path / "whole", whole), where


def run_import(home: Path, database: str, files: tuple[Path, ...]) -> tuple[int, list[str]]:
    """Exit code of an import, and what it said on standard error."""
    printed = home.parent / "printed"
    with child(command, home, ["import", SOURCE.name, *map(str, files)], printed, database) as ran:
        assert ran.wait() == 0, Path(f"{printed}.err").read_text()
    return ran.said[1], Path(f"{printed}.err").read_text().splitlines()


def state(home: Path, database: str) -> State:
    """What the log says; all bytes and proofs must hold."""
    with closing(Archive.open(Settings(home=home, database_url=database))) as archive:
        assert unreadable_captures(archive) == []
        verify(archive, lambda *_: None, full=True)
        return state_of(archive)
