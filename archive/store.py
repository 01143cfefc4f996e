"""The archive as one thing to hand around: its database and its data folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Self

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import OperationalError, ProgrammingError

from archive import tables
from archive.proof import backfill, keys
from noticewatch.database import connect, insert_many, reading, writing
from noticewatch.errors import DataFolderError
from noticewatch.identifiers import new_id
from noticewatch.schema import migrate, moved
from noticewatch.settings import Settings

RESTORING: Final = "restoring"
"""File in a data folder while a backup is being restored into it."""


@dataclass(frozen=True)
class Archive:
    """An open archive. ``folder`` is the data folder (HOME); WARC files stand in its folder ``warc``."""

    engine: Engine
    folder: Path

    @classmethod
    def open(cls, settings: Settings, tell: backfill.Tell | None = None) -> Self:
        """Open the archive, made and migrated where it is new. ``tell``: how far a change of what is held has come
        (text, done, total).

        Raises DataFolderError where the folder cannot be written, SchemaTooNew for data of a newer program,
        DatabaseUnavailable where a database server is away or forbids it.
        """
        folder = settings.home.absolute()
        if (folder / RESTORING).exists():
            raise DataFolderError(
                f"A restore into {folder} did not come to its end; delete the folder and restore the backup again."
            )
        _prepare(folder)
        engine = connect(settings.database)
        migrate(engine, folder)
        archive = cls(engine, folder)
        archive._begin_epoch()
        backfill.catch_up(archive, tell)
        return archive

    @property
    def warc_folder(self) -> Path:
        """Where WARC files stand; ``captures.warc_file`` is relative to it."""
        return self.folder / "warc"

    @cached_property
    def epoch(self) -> str:
        """The log's epoch: a UUID that a restore replaces; index names and cursors carry it."""
        with self.reading() as connection:
            return str(connection.scalar(select(tables.meta.c.value).where(tables.meta.c.name == "epoch")))

    @cached_property
    def signer(self) -> keys.Signer:
        """The key that signs heads. Raises DataFolderError where it cannot be used."""
        return keys.signer(self.folder)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A short read transaction: everything read inside is of one moment.

        Raises SchemaTooNew where a newer program has changed the tables meanwhile.
        """
        with self._of_one_schema(), reading(self.engine) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A writing transaction; see :func:`noticewatch.database.writing`.

        Raises SchemaTooNew where a newer program has changed the tables meanwhile.
        """
        with self._of_one_schema(), writing(self.engine) as connection:
            yield connection

    def close(self) -> None:
        """Close all connections of this process."""
        self.engine.dispose()

    @contextmanager
    def _of_one_schema(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, ProgrammingError) as error:
            if newer := moved(self.engine):
                raise newer from error
            raise

    def _begin_epoch(self) -> None:
        with self.reading() as connection:
            held = connection.scalar(select(tables.meta.c.value).where(tables.meta.c.name == "epoch"))
        if held is None:
            with self.writing() as connection:
                insert_many(connection, tables.meta, [{"name": "epoch", "value": new_id()}], new=True)


def _prepare(folder: Path) -> None:
    try:
        for part in (folder, folder / "warc", folder / "warc" / "adopted", folder / "locks"):
            part.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataFolderError(
            f"The data folder {folder} cannot be made or written ({error.strerror}); "
            "make it writable or set NOTICEWATCH_HOME to another folder."
        ) from error
