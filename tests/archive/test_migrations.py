"""Archives of every released schema, made by the programs of their time, come up to the present one unchanged."""

import gzip
import hashlib
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Integer, MetaData, create_engine, func, select, text

import alerts.tables  # noqa: F401 - its tables are compared too, also where this file runs alone
import archive.correction_tables
import archive.deadline_tables
import archive.documents.tables  # noqa: F401 - likewise
import indexer.tables  # noqa: F401 - likewise
import noticewatch
import watchlist.radar.tables
import watchlist.tables
from archive import queries, tables
from archive.joins import Joiner
from archive.log import head
from archive.proof.verify import verify
from archive.readers import drive
from archive.store import Archive
from noticewatch.database import connect, metadata, writing
from noticewatch.schema import revisions
from noticewatch.settings import Settings
from tests.archive.making import append, reading
from tests.databases import empty_at, kind
from tests.forking import FORKED
from tests.waiting import PATIENCE

pytestmark = pytest.mark.both_databases

SCHEMAS = Path(__file__).parent / "schemas"
ANSWERS = Path(__file__).parents[2] / "starter" / "usaspending_transactions" / "fy2023-cut.warc.gz"
RELEASED = sorted(path.name.partition(".")[0] for path in SCHEMAS.glob("*.sqlite.gz"))


def _placed(home: Path, schema: str) -> Settings:
    """Settings of a data folder whose database is of an old schema, with the rows and answers of that time."""
    (home / "warc" / "adopted").mkdir(parents=True)
    name = f"{hashlib.sha256(ANSWERS.read_bytes()).hexdigest()[:16]}-{ANSWERS.name}"
    shutil.copy(ANSWERS, home / "warc" / "adopted" / name)
    file = home / "noticewatch.sqlite"
    file.write_bytes(gzip.decompress((SCHEMAS / f"{schema}.sqlite.gz").read_bytes()))
    if kind() == "sqlite":
        return Settings(home=home)
    settings = empty_at(home)
    engine = connect(settings.database)
    config = Config()
    config.set_main_option("script_location", str(Path(noticewatch.__file__).parent / "migrations"))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, schema)
    _copy_rows(file, engine)
    engine.dispose()
    file.unlink()
    return settings


def _copy_rows(file: Path, engine: Any) -> None:
    old = create_engine(f"sqlite:///{file}")
    held = MetaData()
    held.reflect(old)
    with old.connect() as source, engine.begin() as target:
        for table in held.sorted_tables:
            rows = [dict(row) for row in source.execute(select(table)).mappings()]
            if rows and table.name != "alembic_version":
                target.execute(table.insert(), rows)
        for table in held.sorted_tables:
            key = [column.name for column in table.primary_key if isinstance(column.type, Integer)]
            if len(table.primary_key) == len(key) == 1:  # where the database counts no such number, this does nothing
                name, column = table.name, key[0]
                target.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('{name}', '{column}'), max({column})) FROM {name}")
                )
    old.dispose()


def _said(file: Path, schema: str) -> tuple[list[Any], list[Any], int]:
    """Hashes of versions, events and the count of tags, by SQL of that time."""
    unpacked = file / f"{schema}.sqlite"
    unpacked.write_bytes(gzip.decompress((SCHEMAS / f"{schema}.sqlite.gz").read_bytes()))
    connection = sqlite3.connect(unpacked)
    versions = connection.execute(
        "SELECT n.id, v.version, v.content_sha256, v.observed_at FROM versions v JOIN notices n ON n.number = v.notice "
        "ORDER BY n.id, v.version"
    ).fetchall()
    events = connection.execute("SELECT seq, version, kinds, changed FROM events ORDER BY seq").fetchall()
    tags = connection.execute("SELECT count(*) FROM tags").fetchone()[0]
    connection.close()
    return versions, events, tags


def _says(archive: Archive) -> tuple[list[Any], list[Any], int]:
    n, v, e = tables.notices.c, tables.versions.c, tables.events.c
    with archive.reading() as connection:
        versions = connection.execute(
            select(n.id, v.version, v.content_sha256, v.observed_at)
            .join(tables.versions, v.notice == n.number)
            .order_by(n.id, v.version)
        ).all()
        events = connection.execute(select(e.seq, e.version, e.kinds, e.changed).order_by(e.seq)).all()
        tags = connection.scalar(select(func.count()).select_from(watchlist.tables.tags))
    return [tuple(row) for row in versions], [tuple(row) for row in events], int(tags or 0)


def test_every_schema_before_the_present_one_is_held() -> None:
    scripts = Path(noticewatch.__file__).parent / "migrations"
    config = Config()
    config.set_main_option("script_location", str(scripts))
    chain = [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    assert set(chain) == revisions(), "files are not named by their revisions"
    assert chain[-1] == max(revisions()), "the last one has not the greatest number"
    assert set(chain[: len(RELEASED)]) == set(RELEASED), "numbers are not in the order of the chain"


@pytest.mark.parametrize("schema", RELEASED)
def test_an_archive_of_an_old_schema_says_the_same_and_goes_on(schema: str, tmp_path: Path) -> None:
    settings = _placed(tmp_path / "data", schema)
    before = _said(tmp_path, schema)
    archive = Archive.open(settings)
    assert _says(archive) == before
    assert len(before[0]) == len(before[1]) == 110
    with archive.reading() as connection:
        context = MigrationContext.configure(connection, opts={"target_metadata": metadata})
        assert compare_metadata(context, metadata) == []
        held = queries.notice(connection, before[0][0][0])
        assert held is not None
        end = head(connection)
    assert verify(archive, lambda *_: None, full=True).events == end
    append(archive, [reading("after", "after the migration")])
    drive(archive, [Joiner()])
    with archive.reading() as connection:
        assert head(connection) == end + 1
    archive.close()


def _open(settings: Settings, home: str) -> None:
    Archive.open(settings.model_copy(update={"home": Path(home)})).close()


@pytest.mark.xdist_group("processes")
def test_two_processes_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    settings = _placed(tmp_path / "data", RELEASED[0])
    homes = [str(settings.home)] * 2
    if kind() == "postgresql":
        homes = [str(settings.home), str(tmp_path / "of another machine")]  # no file lock holds them apart
    children = [FORKED.Process(target=_open, args=(settings, home)) for home in homes]
    for child in children:
        child.start()
    for child in children:
        child.join(PATIENCE)
    assert [child.exitcode for child in children] == [0, 0]
    archive = Archive.open(settings)
    assert _says(archive) == _said(tmp_path, RELEASED[0])
    archive.close()
