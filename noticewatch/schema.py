"""The schema of the database: migrations under a lock, and a newer program's schema told apart."""

import sqlite3
from collections.abc import Iterator, Set
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, column, inspect, select, table

from noticewatch.database import writing
from noticewatch.errors import DataFolderError, SchemaTooNew

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_VERSION: Final = table("alembic_version", column("version_num"))
"""Where Alembic notes the schema of a database."""

_opened: Final[WeakKeyDictionary[Engine, str]] = WeakKeyDictionary()
"""The schema that this program brought each database to; its files may be a newer program's by now."""


def migrate(engine: Engine, lock_folder: Path) -> None:
    """Bring the database to this program's schema, under a lock.

    The lock is a file beside the data and, on PostgreSQL, the advisory lock of the log, which other machines see too.
    Raises SchemaTooNew for a database of a newer program, DataFolderError if the lock or the database is not writable,
    DatabaseUnavailable where the server is away or forbids it.
    """
    _opened[engine] = max(revisions())
    try:
        with FileLock(lock_folder / "migrate.lock", timeout=60):
            with engine.connect() as connection:
                if _is_current(connection, engine, lock_folder):
                    return
            with _migrating(engine) as connection:
                if _is_current(connection, engine, lock_folder):
                    return  # another machine was quicker
                _upgrade(connection)
                _order_by_bytes(connection)
    except Timeout as error:
        raise DataFolderError(f"Another process has been migrating {lock_folder} for a minute; try again.") from error
    except OSError as error:
        raise DataFolderError(
            f"The data folder {lock_folder} cannot be written ({error.strerror}); "
            "make it writable or set NOTICEWATCH_HOME to another folder."
        ) from error


def moved(engine: Engine) -> SchemaTooNew | None:
    """That a newer program has changed the tables while this one ran; None where they are as this one knows them."""
    if _opened.get(engine) is None:
        return None
    with engine.connect() as connection:
        current = _schema_of(connection)
    if current == _opened[engine]:
        return None
    return SchemaTooNew(
        f"A newer noticewatch has changed the data meanwhile (schema {current}); stop this program and start it anew."
    )


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - Alembic is loaded only where there is something to migrate
    from alembic.config import Config  # noqa: PLC0415 - likewise

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@cache
def revisions() -> Set[str]:
    """The schemas that this program knows, as its files told when it first opened a database; the newest is the
    greatest.
    """
    return {file.name.partition("_")[0] for file in (_MIGRATIONS / "versions").glob("[0-9]*_*.py")}


def _schema_of(connection: Connection) -> str | None:
    """The schema that a database has; None for a new one."""
    held = inspect(connection).has_table(_VERSION.name)
    return connection.scalar(select(_VERSION.c.version_num)) if held else None


def _is_current(connection: Connection, engine: Engine, folder: Path) -> bool:
    current = _schema_of(connection)
    if current is not None and current not in revisions():
        where, other = f"in {folder}", "NOTICEWATCH_HOME to another folder"
        if engine.dialect.name != "sqlite":
            where, other = f"in the database {engine.url.database}", "NOTICEWATCH_DATABASE_URL to another database"
        raise SchemaTooNew(
            f"The data {where} were written by a newer noticewatch (schema {current}); "
            f"update the program, or point {other}."
        )
    return current == max(revisions())


def _order_by_bytes(connection: Connection) -> None:
    """Let PostgreSQL order text by its bytes, as SQLite does, whatever the language of the database is."""
    if connection.dialect.name != "postgresql":
        return
    found = connection.exec_driver_sql(
        "SELECT format('ALTER TABLE %%I ALTER COLUMN %%I TYPE %%s COLLATE \"C\"', c.relname, a.attname, "
        "format_type(a.atttypid, a.atttypmod)) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
        "WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attnum > 0 "
        "AND NOT a.attisdropped AND a.attcollation = 'pg_catalog.default'::regcollation"
    )
    for (statement,) in found.all():
        connection.exec_driver_sql(statement.replace("%", "%%"))


@contextmanager
def _migrating(engine: Engine) -> Iterator[Connection]:
    """A writing transaction that may make tables anew; SQLite then lets go of all that refers to them, so it checks
    references once, before the end.
    """
    if engine.dialect.name != "sqlite":
        with writing(engine) as connection:
            yield connection
        return
    with engine.connect().execution_options(noticewatch_writes=True) as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute("PRAGMA foreign_keys=OFF")  # takes effect only outside a transaction
        try:
            with connection.begin():
                yield connection
                lost = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                assert lost is None, f"a migration lost what a row of {lost[0] if lost else ''} refers to"
        finally:
            driver.execute("PRAGMA foreign_keys=ON")
