"""Runs tests marked ``both_databases`` twice: on SQLite and on PostgreSQL, each in a database of its own.
Those marked ``sqlite_suffices`` too make an archive an example, or a large one; what they promise rests on no
database, so they stay on SQLite.

The server is that of ``TEST_POSTGRESQL_URL``, else one started from the installed programs when a test first needs it.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import databases, forking
from tests.plugins.postgresql_server import programs, remove

_serial = 0


def absent() -> str:
    """Why there is no PostgreSQL server to be had; empty where there is."""
    if os.environ.get(databases.URL) or programs():
        return ""
    return f"there is no PostgreSQL (Debian: apt install postgresql; or name a server in {databases.URL})"


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        os.environ[databases.FOLDER] = tempfile.mkdtemp(prefix="noticewatch-databases-")


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    folder = Path(os.environ[databases.FOLDER])
    if (started := folder / "server").exists():
        remove(Path(started.read_text()))
    shutil.rmtree(folder, ignore_errors=True)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker("both_databases") and not metafunc.definition.get_closest_marker(
        "sqlite_suffices"
    ):
        other = pytest.param("postgresql", marks=pytest.mark.postgresql)
        metafunc.parametrize("database", ["sqlite", other], indirect=True)


@pytest.fixture(autouse=True)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The kind of database that the test runs on; what it made there is dropped afterwards."""
    global _serial  # noqa: PLW0603 - one number a test
    kind = getattr(request, "param", "sqlite")
    if kind == "sqlite":
        yield kind
        return
    _serial += 1
    tag = f"t{os.getpid()}n{_serial}"
    forking.ensure_started()  # else the children of later tests would take this one's database for theirs
    os.environ.update({databases.KIND: kind, databases.TAG: tag})
    try:
        yield kind
    finally:
        del os.environ[databases.KIND], os.environ[databases.TAG]
        databases.drop(tag)
