"""The database: engine and transactions. All dialect-only SQL stands here and in ``noticewatch/schema.py``.

SQLite in WAL mode is the default; PostgreSQL is used when a URL says so.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    Insert,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    Table,
    create_engine,
    event,
    inspect,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from noticewatch import database_errors
from noticewatch.disk import sync_file
from noticewatch.errors import DataFolderError
from noticewatch.identifiers import now

metadata = MetaData()
"""Tables of all rooms; each room defines its own in its ``tables`` module."""

BIG = BigInteger().with_variant(Integer, "sqlite")
"""Whole numbers above two thousand million: sizes and offsets of files, and the order of the log."""

BATCH = 1_000
"""Most notices written in one transaction."""

MOST_VALUES = 1_000
"""Values that one statement is given to look for; every SQLite takes them."""

_T = TypeVar("_T")
_APPEND_LOCK = 0x6E77_6C6F_6700  # "nwlog": key of PostgreSQL's advisory lock that orders `seq`


def connect(url: str) -> Engine:
    """An engine for the system of record. Writers use :func:`writing`, readers ``engine.connect()``.

    What a person can mend is raised as one sentence: DataFolderError, DatabaseUnavailable.
    """
    if not url.startswith("sqlite"):
        return _connect_postgresql(url)
    engine = create_engine(url, connect_args={"timeout": 60, "check_same_thread": False}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN is deferred and loses the race for `seq`
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA cache_size=-65536")
        connection.execute("PRAGMA wal_autocheckpoint=32000")  # 128 MB; pages that are written again are copied once

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("noticewatch_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    @event.listens_for(engine, "handle_error")
    def _explain(context: ExceptionContext) -> None:
        error = context.original_exception
        if found := database_errors.broken_file(error, str(engine.url.database)):
            raise found from error

    return engine


def read_mapped(engine: Engine) -> None:
    """Let connections made from now on read up to 256 MB of an SQLite file as memory, without copying it.

    For a process that reads much and that another one can do without: where the file is cut short, a signal ends it.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA mmap_size=268435456"))


def _connect_postgresql(url: str) -> Engine:
    from noticewatch import postgresql_text  # noqa: PLC0415 - its driver is loaded only where that is the database

    engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
    if "connect_timeout" not in engine.url.query:
        event.listen(engine, "do_connect", lambda _d, _r, _a, given: given.update(connect_timeout=10))

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        postgresql_text.install(connection)
        connection.execute("SET lock_timeout = '60s'")  # as long as SQLite waits
        connection.execute(  # what was acknowledged outlives the server, whatever its default is
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
        connection.commit()

    @event.listens_for(engine, "handle_error")
    def _explain(context: ExceptionContext) -> None:
        if context.is_pre_ping:
            return
        error = context.original_exception
        if context.connection is None and isinstance(context.sqlalchemy_exception, OperationalError):
            raise database_errors.unreachable(error, engine.url) from error
        if found := database_errors.explained(error, engine.url, lost=context.is_disconnect):
            raise found from error

    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A read transaction in which everything is of one moment, on PostgreSQL too."""
    connection = engine.connect()
    with connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A writing transaction, one at a time on either database; commits at the end, rolls back on an error.

    On SQLite it is ``BEGIN IMMEDIATE``, on PostgreSQL it holds the advisory lock of the log from its begin, so that
    whoever looks first and writes then is alone. Raises DataFolderError where the database cannot be written
    (read-only, disk full), DatabaseUnavailable where its server is away or forbids it.
    """
    with engine.connect().execution_options(noticewatch_writes=True) as connection, connection.begin():
        lock_log(connection)
        yield connection


def shared_time(connection: Connection) -> datetime:
    """The time that all workers share, finer than a second, UTC: of the one machine that an SQLite file stands on, of
    the server with PostgreSQL, which may tell another than the machines of its workers.
    """
    if connection.dialect.name == "sqlite":
        return now()
    told = connection.scalar(text("SELECT clock_timestamp()"))
    assert isinstance(told, datetime)
    return told.astimezone(UTC)


def lock_log(connection: Connection) -> None:
    """Hold the order of ``seq`` until the transaction ends. SQLite's BEGIN IMMEDIATE holds it already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _APPEND_LOCK})


def plain_rows(
    connection: Connection, query: Select[Any], values: Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """The rows of a query as the driver gives them, for many rows of columns that need no conversion. ``values``: of
    its parameters.
    """
    with connection.execute(query, values) as result:
        assert result.cursor is not None
        return list(result.cursor.fetchall())


class Utf8(FunctionElement[bytes]):
    """A text as its bytes in UTF-8, for what is hashed and not read. For :func:`plain_rows`."""

    type = LargeBinary()
    inherit_cache = True


@compiles(Utf8, "sqlite")
def _utf8_on_sqlite(text: Utf8, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST({compiler.process(text.clauses, **options)} AS BLOB)"


@compiles(Utf8, "postgresql")
def _utf8_on_postgresql(text: Utf8, compiler: SQLCompiler, **options: Any) -> str:
    return f"convert_to({compiler.process(text.clauses, **options)}, 'UTF8')"


def chunks(items: Iterable[_T], size: int = MOST_VALUES) -> Iterator[list[_T]]:
    """Items in order, in lists of at most ``size``: what one statement takes as values."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def insert_many(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, new: bool = False, over: bool = False
) -> None:
    """Insert rows that all have the same keys in the same order.

    ``new``: only those whose primary key or unique columns are not there yet; the others stay as they are. ``over``:
    they are written over what stands under their primary key.
    """
    if not rows:
        return
    if connection.dialect.name == "sqlite":  # the driver alone: building parameters costs more than the insert itself
        statement = _sqlite_insert(table, tuple(rows[0]), new, over)
        connection.exec_driver_sql(statement, [tuple(row.values()) for row in rows])
        return
    statement_pg = postgresql.insert(table)
    if new:
        statement_pg = statement_pg.on_conflict_do_nothing()
    elif over:
        statement_pg = statement_pg.on_conflict_do_update(
            index_elements=table.primary_key.columns,
            set_={name: statement_pg.excluded[name] for name in rows[0] if name not in table.primary_key.columns},
        )
    connection.execute(statement_pg, list(rows))


def add_many(connection: Connection, table: Table, rows: Sequence[Mapping[str, int]]) -> None:
    """Add counts to those that stand under the same primary key: rows with the same keys in the same order, all columns
    outside of the primary key are counts.
    """
    if not rows:
        return
    key = [column.name for column in table.primary_key.columns]
    made = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
    sums = {name: table.c[name] + made.excluded[name] for name in rows[0] if name not in key}
    statement = made.on_conflict_do_update(index_elements=key, set_=sums)
    if connection.dialect.name != "sqlite":
        connection.execute(statement, list(rows))
        return
    text, names = _sqlite_text(statement.values(dict.fromkeys(rows[0])))
    take = itemgetter(*names)
    connection.exec_driver_sql(text, [take(row) for row in rows])


def put_selected(connection: Connection, table: Table, selected: Select[Any], rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert what a query finds for each row of parameters, over what stands under the same primary key.

    ``selected``: all columns of the table in their order, with a WHERE. Gives how many rows of the table were written,
    -1 where unknown.
    """
    statement = _put(connection.dialect.name, table, selected)
    if connection.dialect.name != "sqlite":
        return connection.execute(statement, list(rows)).rowcount
    text, names = _sqlite_text(statement)  # as in insert_many
    take = itemgetter(*names)
    return connection.exec_driver_sql(text, [take(row) for row in rows]).rowcount


@cache
def _put(dialect: str, table: Table, selected: Select[Any]) -> Insert:
    """The statement of :func:`put_selected`; one object a query, so that it is compiled once."""
    statement = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    columns = [column.name for column in table.columns]
    put: Insert = statement.from_select(columns, selected).on_conflict_do_update(
        index_elements=table.primary_key.columns,
        set_={name: statement.excluded[name] for name in columns if name not in table.primary_key.columns},
    )
    return put


@cache
def _sqlite_text(statement: Insert) -> tuple[str, tuple[str, ...]]:
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="qmark"))
    return str(compiled), tuple(compiled.positiontup or ())


@cache
def _sqlite_insert(table: Table, columns: tuple[str, ...], new: bool, over: bool) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join("?" * len(columns))
    key = [column.name for column in table.primary_key.columns]
    told = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name not in key)
    clash = (
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {told}" if over else " ON CONFLICT DO NOTHING" if new else ""
    )
    return f'INSERT INTO "{table.name}" ({names}) VALUES ({values}){clash}'  # noqa: S608 - names of our own tables


def check_integrity(engine: Engine) -> str:
    """What is damaged in the database, in the database's own words; empty where it is whole. SQLite only: PostgreSQL
    checks its pages itself.
    """
    if engine.dialect.name != "sqlite":
        return ""
    with engine.connect() as connection:
        said = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
    return "" if said == "ok" else said


def copy_sqlite(engine: Engine, target: Path) -> None:
    """Copy a SQLite database of one moment into a file that is whole by itself, while others write.

    Raises DataFolderError where the copy cannot be written.
    """
    with engine.connect() as connection, closing(sqlite3.connect(target)) as copy:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        try:
            driver.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            raise DataFolderError(
                f"The copy {target} of the database cannot be written ({error}); free space, delete {target.parent} "
                "and begin again."
            ) from error
    sync_file(target)


def export_snapshot(connection: Connection) -> str:
    """Name under which ``pg_dump`` finds the moment that this read transaction sees, as long as it lasts."""
    return str(connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar())


def is_empty(engine: Engine) -> bool:
    """Whether a database has no table yet."""
    return not inspect(engine).get_table_names()


def vacuum(engine: Engine) -> None:
    """Give unused space back and renew what the database knows of its contents."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("VACUUM (ANALYZE)")
            return
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        try:
            driver.execute("VACUUM")  # outside of any transaction
        except sqlite3.OperationalError as error:
            raise DataFolderError(
                f"The database {engine.url.database} cannot be vacuumed ({error}); free as much space as it takes, "
                "or wait until other programs have closed it."
            ) from error
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        driver.execute("PRAGMA optimize")
