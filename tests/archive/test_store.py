"""Opening an archive: migrations match the tables, and a folder that cannot be used is named."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError

from alerts.tables import alert_limits
from archive.deadline_tables import deadlines
from archive.documents.tables import texts
from archive.store import Archive
from indexer.tables import dead_letters
from noticewatch.database import metadata
from noticewatch.errors import DataFolderError, SchemaTooNew
from tests.databases import settings_at
from watchlist.radar.tables import agencies
from watchlist.tables import tags

pytestmark = pytest.mark.both_databases

OF_ROOMS = (texts, tags, dead_letters, deadlines, alert_limits, agencies)
"""Tables of modules that are not loaded otherwise."""


def test_the_migrations_make_exactly_the_tables(archive: Archive) -> None:
    with archive.reading() as connection:
        context = MigrationContext.configure(connection, opts={"target_metadata": metadata})
        assert compare_metadata(context, metadata) == []


def test_an_archive_opened_again_keeps_its_epoch(tmp_path: Path) -> None:
    first = Archive.open(settings_at(tmp_path / "data"))
    second = Archive.open(settings_at(tmp_path / "data"))
    assert first.epoch == second.epoch
    first.close()
    second.close()


def test_a_data_folder_that_is_a_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(DataFolderError, match="set NOTICEWATCH_HOME to another folder"):
        Archive.open(settings_at(tmp_path / "data"))


def test_data_of_a_newer_program_are_refused(archive: Archive) -> None:
    with archive.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNew, match="newer noticewatch"):
        Archive.open(settings_at(archive.folder))


def test_an_open_archive_says_that_a_newer_program_has_changed_its_tables(tmp_path: Path) -> None:
    archive = Archive.open(settings_at(tmp_path / "data"))
    with archive.writing() as connection:
        connection.execute(text("ALTER TABLE events RENAME TO events_of_tomorrow"))
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNew, match="stop this program and start it anew"), archive.reading() as connection:
        connection.execute(text("SELECT max(seq) FROM events"))
    archive.close()


def test_a_mistake_in_a_query_is_not_put_down_to_a_newer_program(archive: Archive) -> None:
    with pytest.raises((OperationalError, ProgrammingError)), archive.reading() as connection:
        connection.execute(text("SELECT max(seq) FROM events_of_tomorrow"))
