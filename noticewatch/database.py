"""The database: engine, writing transactions and migrations. All dialect-only SQL stands here.

SQLite in WAL mode is the default; PostgreSQL is used when a URL says so.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, MetaData, Table, Update, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from noticewatch.errors import DataFolderError, SchemaTooNew

metadata = MetaData()
"""Tables of all rooms; each room defines its own in its ``tables`` module."""

BATCH = 1_000
"""Most notices written in one transaction."""

_APPEND_LOCK = 0x6E77_6C6F_6700  # "nwlog": key of PostgreSQL's advisory lock that orders `seq`
_MIGRATIONS = Path(__file__).parent / "migrations"


def connect(url: str) -> Engine:
    """An engine for the system of record. Writers use :func:`writing`, readers ``engine.connect()``."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": 60, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN is deferred and loses the race for `seq`
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA cache_size=-65536")
        connection.execute("PRAGMA wal_autocheckpoint=8000")  # 32 MB; at 4 MB every batch would wait for it

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("noticewatch_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A writing transaction: on SQLite ``BEGIN IMMEDIATE``; commits at the end, rolls back on an error.

    Raises DataFolderError where the database cannot be written (read-only, disk full).
    """
    try:
        with engine.connect().execution_options(noticewatch_writes=True) as connection, connection.begin():
            yield connection
    except OperationalError as error:
        raise _explained(error, engine) from error


def lock_log(connection: Connection) -> None:
    """Hold the order of ``seq`` until the transaction ends. SQLite's BEGIN IMMEDIATE holds it already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _APPEND_LOCK})


def insert_many(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, new: bool = False) -> None:
    """Insert rows that all have the same keys in the same order.

    ``new``: only those whose primary key or unique columns are not there yet; the others stay as they are.
    """
    if not rows:
        return
    if connection.dialect.name == "sqlite":  # the driver alone: building parameters costs more than the insert itself
        statement = _sqlite_insert(table.name, tuple(rows[0]), new)
        connection.exec_driver_sql(statement, [tuple(row.values()) for row in rows])
        return
    statement_pg = postgresql.insert(table)
    connection.execute(statement_pg.on_conflict_do_nothing() if new else statement_pg, list(rows))


def update_many(connection: Connection, statement: Update, rows: Sequence[Mapping[str, Any]]) -> int:
    """Run an update for each row of parameters; gives how many rows of the table were changed, -1 where unknown."""
    if connection.dialect.name != "sqlite":
        return connection.execute(statement, list(rows)).rowcount
    text, names = _sqlite_text(statement)  # as in insert_many
    return connection.exec_driver_sql(text, [tuple(row[name] for name in names) for row in rows]).rowcount


@cache
def _sqlite_text(statement: Update) -> tuple[str, tuple[str, ...]]:
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="qmark"))
    return str(compiled), tuple(compiled.positiontup or ())


@cache
def _sqlite_insert(table: str, columns: tuple[str, ...], new: bool) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join("?" * len(columns))
    return f'INSERT INTO "{table}" ({names}) VALUES ({values}){" ON CONFLICT DO NOTHING" if new else ""}'  # noqa: S608 - names of our own tables


def _explained(error: OperationalError, engine: Engine) -> Exception:
    reason = str(error.orig).lower()
    if "readonly" in reason or "unable to open" in reason or "full" in reason:
        return DataFolderError(
            f"The database {engine.url.database} cannot be written ({error.orig}); "
            "free space or make the data folder writable (NOTICEWATCH_HOME)."
        )
    return error


def check_integrity(engine: Engine) -> str:
    """What is damaged in the database, in the database's own words; empty where it is whole. SQLite only: PostgreSQL
    checks its pages itself.
    """
    if engine.dialect.name != "sqlite":
        return ""
    with engine.connect() as connection:
        said = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
    return "" if said == "ok" else said


def migrate(engine: Engine, lock_folder: Path) -> None:
    """Bring the database to this program's schema, under a lock.

    Raises SchemaTooNew for a database of a newer program, DataFolderError if the lock or the database is not writable.
    """
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    try:
        with FileLock(lock_folder / "migrate.lock", timeout=60):
            with engine.connect() as connection:
                current = MigrationContext.configure(connection).get_current_revision()
            if current == scripts.get_current_head():
                return
            if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
                raise SchemaTooNew(
                    f"The data in {lock_folder} were written by a newer noticewatch (schema {current}); "
                    "update the program, or point NOTICEWATCH_HOME to another folder."
                )
            with writing(engine) as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
    except Timeout as error:
        raise DataFolderError(f"Another process has been migrating {lock_folder} for a minute; try again.") from error
    except OperationalError as error:
        raise _explained(error, engine) from error
    except OSError as error:
        raise DataFolderError(
            f"The data folder {lock_folder} cannot be written ({error.strerror}); "
            "make it writable or set NOTICEWATCH_HOME to another folder."
        ) from error
