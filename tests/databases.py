"""On which database a test runs: SQLite in its data folder, or a PostgreSQL database of that folder's own.

A test marked ``both_databases`` runs twice. It opens archives by :func:`settings_at` and copies data folders by
:func:`copied`, in this process and in those it starts; the plugin ``tests/plugins/databases.py`` does the rest.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

import psycopg
from filelock import FileLock
from psycopg import sql
from sqlalchemy import make_url

from noticewatch.database import connect
from noticewatch.schema import migrate
from noticewatch.settings import Settings
from tests.plugins.postgresql_server import PostgresqlServer

KIND: Final = "TEST_DATABASE"
TAG: Final = "TEST_DATABASE_TAG"
URL: Final = "TEST_POSTGRESQL_URL"
FOLDER: Final = "TEST_POSTGRESQL_FOLDER"
"""Where the processes of one run of the tests agree on one server."""

_TEMPLATE: Final = "noticewatch_template"
_made: Final[set[str]] = set()


def kind() -> str:
    """``sqlite`` or ``postgresql``."""
    return os.environ.get(KIND, "sqlite")


def settings_at(home: Path, **more: Any) -> Settings:
    """Settings of a data folder, in the kind of database that the test runs on; one with tables, where it is new."""
    if kind() == "sqlite":
        settings = Settings(home=home, **more)
        _place_tables(Path(str(make_url(settings.database).database)))
        return settings
    return Settings(home=home, database_url=_database_of(os.environ[TAG], home.absolute()), **more)


def empty_at(home: Path) -> Settings:
    """Settings of a data folder to be, in a database without any table."""
    if kind() == "sqlite":
        return Settings(home=home)
    _make(_name(os.environ[TAG], home.absolute()), "template1")
    return settings_at(home)


def copied(home: Path, to: Path, settings: Settings | None = None) -> Path:
    """A copy of a data folder with its database, which are of ``settings``, by default :func:`settings_at` the folder.
    Nobody may have it open.
    """
    shutil.copytree(home, to)
    if kind() == "postgresql":
        held = make_url((settings or settings_at(home)).database).database
        assert held is not None
        _make(_name(os.environ[TAG], to.absolute()), held)
    return to


@contextmanager
def kept() -> Iterator[None]:
    """What is made inside lasts until the run of the tests ends, for fixtures that several tests share."""
    before = os.environ.get(TAG, "")
    os.environ[TAG] = f"kept{os.getpid()}"
    try:
        yield
    finally:
        os.environ[TAG] = before


def drop(tag: str) -> None:
    """Drop the databases made under a tag."""
    found = _server().execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [f"{tag}_"])
    for (name,) in found.fetchall():
        _server().execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@cache
def server_url() -> str:
    """The server that the tests use: the one named, else one of their own, started by whoever needs it first."""
    if named := os.environ.get(URL):
        return named
    folder = Path(os.environ[FOLDER])
    place = folder / "url"
    with FileLock(folder / "lock"):
        if not place.exists():
            server = PostgresqlServer()
            (folder / "server").write_text(str(server.folder))
            server.start()
            place.write_text(server.url())
        _make_template(place.read_text())
    return place.read_text()


def address(name: str) -> str:
    """URL of a database of the server."""
    return make_url(server_url()).set(database=name).render_as_string(hide_password=False)


@cache
def _server() -> psycopg.Connection[Any]:
    """A connection of this process, on which it makes and drops databases."""
    return psycopg.connect(server_url(), autocommit=True)


def _database_of(tag: str, home: Path) -> str:
    name = _name(tag, home)
    _make(name, _TEMPLATE)
    return address(name)


def _name(tag: str, home: Path) -> str:
    return f"{tag}_{hashlib.sha256(str(home).encode()).hexdigest()[:12]}"


def _make(name: str, template: str) -> None:
    """Make a database, where this process knows of none of the name."""
    if name in _made:
        return
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    if _server().info.server_version >= 150_000:
        statement += sql.SQL(" STRATEGY FILE_COPY")  # twice as fast without fsync
    with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
        _server().execute(statement)  # else another process of the test was quicker
    _made.add(name)


def _place_tables(file: Path) -> None:
    """Copy a database with this program's tables to where there is none, whole or not at all."""
    if file.exists() or file.parent.is_file():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent) as part, suppress(FileExistsError):
        shutil.copyfile(_tables(), part.name)
        os.link(part.name, file)  # else another process of the test was quicker


@cache
def _tables() -> Path:
    folder = Path(os.environ[FOLDER])
    place = folder / "tables.sqlite"
    with FileLock(folder / "tables.lock"):
        if not place.exists():
            part = folder / "tables.part"
            engine = connect(f"sqlite:///{part}")
            migrate(engine, folder)
            engine.dispose()
            part.rename(place)
    return place


def _make_template(url: str) -> None:
    """A database with this program's tables, of which the others are copies."""
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_TEMPLATE]).fetchone():
            return
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_TEMPLATE)))
    made = make_url(url).set(database=_TEMPLATE, drivername="postgresql+psycopg")
    engine = connect(made.render_as_string(hide_password=False))
    migrate(engine, Path(os.environ[FOLDER]))
    engine.dispose()
