"""Copies of a database as one file: SQLite by its own means, PostgreSQL by ``pg_dump`` and ``pg_restore``."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine

from noticewatch.database import connect, copy_sqlite, export_snapshot, reading
from noticewatch.database_errors import without_password
from noticewatch.disk import sync_file, sync_folder
from noticewatch.errors import DatabaseUnavailable, UsageError

SQLITE: Final = "noticewatch.sqlite"
POSTGRESQL: Final = "noticewatch.pgdump"
_DEBIAN: Final = Path("/usr/lib/postgresql")


@contextmanager
def copied(engine: Engine, folder: Path) -> Iterator[tuple[Path, Connection]]:
    """Copy a database into a file of a folder; gives the file and a connection that reads what the copy holds.

    Raises UsageError where ``pg_dump`` is absent, DatabaseUnavailable with its words where it fails.
    """
    if engine.dialect.name == "sqlite":
        file = folder / SQLITE
        copy_sqlite(engine, file)
        copy = connect(f"sqlite:///file:{file}?mode=ro&immutable=1&uri=true")
        try:
            with copy.connect() as connection:
                yield file, connection
        finally:
            copy.dispose()
        return
    file = folder / POSTGRESQL
    with reading(engine) as connection:
        snapshot = export_snapshot(connection)
        _run(engine, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}",
             f"--file={file}")  # fmt: skip
        sync_file(file)
        yield file, connection


def put_back(engine: Engine, copy: Path) -> None:
    """Put a copied database where the settings want it; the copy is used up. Raises as :func:`copied`."""
    if engine.dialect.name == "sqlite":
        assert engine.url.database is not None
        target = Path(engine.url.database)
        if target.exists():
            raise UsageError(f"The database {target} is there already; name another in NOTICEWATCH_DATABASE_URL.")
        shutil.move(copy, target)
        sync_file(target)
        sync_folder(target.parent)
        return
    _run(engine, "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(copy))
    copy.unlink()


def _run(engine: Engine, program: str, *arguments: str) -> None:
    url = engine.url
    named = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    kept = os.environ | ({"PGPASSWORD": str(url.password)} if url.password else {})
    command = [_program(program), "--no-password", f"--dbname={named}", *arguments]
    done = subprocess.run(command, env=kept, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        said = without_password(" ".join(done.stderr.split()), url)
        raise DatabaseUnavailable(f"{program} failed: {said or f'exit code {done.returncode}'}")


def _program(name: str) -> str:
    """Path of a program of PostgreSQL; Debian keeps the newest beside, not on the path, of a server's programs."""
    versions = sorted(
        (path for path in _DEBIAN.glob(f"*/bin/{name}") if path.parent.parent.name.isdigit()),
        key=lambda path: int(path.parent.parent.name),
    )
    found = str(versions[-1]) if versions else shutil.which(name)
    if found is None:
        raise UsageError(
            f"Backups of a PostgreSQL database need the program {name}, which is not installed here "
            "(Debian: apt install postgresql-client)."
        )
    return found
