"""Leaves of what the log held before there was a proof: in one order, however often their making is cut off."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import select

from archive.proof import answers, backfill, tree
from archive.proof.tree import StoredTree
from archive.store import Archive
from archive.tables import leaves
from noticewatch.database import connect
from noticewatch.schema import migrate
from noticewatch.settings import Settings
from tests.archive.proving import check, grow, proved
from tests.house.test_rooms import ROOT

pytestmark = pytest.mark.both_databases


def test_what_was_held_before_gets_leaves_in_one_order_however_often_it_is_cut_off(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        for day in range(4):
            grow(archive, 3 + day, [f"{name} {day}" for name in "ABCDEFG"])
        held = archive.folder
    _forget_the_proof(held)
    shutil.copytree(held, tmp_path / "cut off")
    told: list[tuple[int | None, int | None]] = []
    whole = Archive(connect(Settings(home=held).database), held)
    _migrate(whole)
    backfill.catch_up(whole, lambda _text, done, total: told.append((done, total)), chunk=3)
    whole.close()
    assert told[-1][0] == told[-1][1]
    cut = Archive(connect(Settings(home=tmp_path / "cut off").database), tmp_path / "cut off")
    _migrate(cut)
    steps = 0
    while not _cut_off_once(cut):
        steps += 1
    assert steps > 5
    cut.close()
    with proved(held) as whole, proved(tmp_path / "cut off") as other:
        assert _leaves(whole) == _leaves(other)
        assert check(whole).events == check(other).events > 20
        with whole.reading() as connection:
            data = [json.loads(answers.of_event(connection, seq).data)["seq"] for seq in (1, 2, 3)]
        assert data == [1, 2, 3]
        grow(whole, 9)
        check(whole)


def _forget_the_proof(folder: Path) -> None:
    """Bring an archive back to the schema before there was a proof: its rows in the tables of that time."""
    file, new = folder / "noticewatch.sqlite", folder / "before.sqlite"
    config = Config()
    config.set_main_option("script_location", str(ROOT / "noticewatch" / "migrations"))
    before = ScriptDirectory.from_config(config).get_revision("0006").down_revision
    engine = connect(f"sqlite:///{new}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, before)
    engine.dispose()
    with closing(sqlite3.connect(new)) as connection:
        connection.execute("ATTACH ? AS old", (str(file),))
        for table in _names(connection, "SELECT name FROM sqlite_master WHERE type='table'"):
            columns = ", ".join(
                f'"{name}"' for name in _names(connection, f"SELECT name FROM pragma_table_info('{table}')")
            )
            if table != "alembic_version":
                connection.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM old.{table}")
        connection.execute("DELETE FROM meta WHERE name='leaves'")
        connection.commit()
    for left in folder.glob("noticewatch.sqlite-*"):
        left.unlink()
    new.replace(file)
    for left in folder.glob("before.sqlite-*"):
        left.unlink()
    (folder / "heads.jsonl").unlink()


def _names(connection: sqlite3.Connection, query: str) -> list[str]:
    return [name for (name,) in connection.execute(query)]


def _migrate(archive: Archive) -> None:
    migrate(archive.engine, archive.folder)


class _Cut(Exception):
    pass


def _cut_off_once(archive: Archive) -> bool:
    """Let one step of three rows be made; True where all is made."""

    def stop(*_: object) -> None:
        raise _Cut

    try:
        backfill.catch_up(archive, stop, chunk=3)
    except _Cut:
        return False
    return True


def _leaves(archive: Archive) -> list[tuple[Any, ...]]:
    """Leaf hashes in order, but for those that state when they were made."""
    with archive.reading() as connection:
        stated = {
            number
            for number, kind in connection.execute(select(leaves.c.number, leaves.c.kind))
            if kind in {"epoch", "key"}
        }
        count = tree.size(connection)
        hashes = tree.split(StoredTree(connection).hashes(0, count))
    return [(place, one) for place, one in enumerate(hashes) if place not in stated]
