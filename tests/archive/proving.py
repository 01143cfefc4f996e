"""Archives with real WARC files to be verified, and ways to do them harm behind the program's back."""

import atexit
import hashlib
import io
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import psycopg
import pytest
from sqlalchemy import delete, select, update

from archive import captures, ledger, log
from archive import tables as t
from archive.batches import Appended, WindowBatch
from archive.proof import forms, heads, tree
from archive.proof import reading as told
from archive.proof.tree import StoredTree
from archive.proof.verify import DoesNotHold, Verified, verify
from archive.store import Archive
from archive.warc import WarcWriter
from noticewatch.models import Capture, Verdict
from noticewatch.settings import Settings
from tests.archive.making import REGISTER, SOURCE, capture, never_reread, reading
from tests.small_archive import crawl_tender, fill


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="noticewatch-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    archive = Archive.open(Settings(home=folder))
    fill(archive)
    crawl_tender(archive)
    archive.close()
    return folder


@contextmanager
def proved(folder: Path) -> Iterator[Archive]:
    """A copy of an archive of real rows in real WARC files, all runs closed."""
    if not folder.exists():
        shutil.copytree(_template(), folder)
    archive = Archive.open(Settings(home=folder))
    try:
        yield archive
    finally:
        archive.close()


def check(archive: Archive, *, full: bool = True, mirrored: Path | None = None) -> Verified:
    """Verify; raises DoesNotHold."""
    return verify(archive, lambda *_: None, full=full, mirrored=mirrored)


def named(archive: Archive, *, full: bool = True, mirrored: Path | None = None) -> str:
    """The sentence by which a verification names what does not hold."""
    with pytest.raises(DoesNotHold) as found:
        check(archive, full=full, mirrored=mirrored)
    assert found.value.exit_code == 7
    return str(found.value)


def tamper(archive: Archive, statement: str, *values: Any) -> None:
    """Change the database as somebody would who does not go through the program."""
    with _behind(archive) as run:
        assert run(statement, values).rowcount, "the test must change something"


def ask(archive: Archive, statement: str, *values: Any) -> Any:
    """One value of the database."""
    with _behind(archive) as run:
        return run(statement, values).fetchone()[0]


@contextmanager
def _behind(archive: Archive) -> Iterator[Callable[[str, Sequence[Any]], Any]]:
    """The driver's own way to the database, committed at the end."""
    if archive.engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(archive.folder / "noticewatch.sqlite")) as connection:
            yield connection.execute
            connection.commit()
        return
    with psycopg.connect(
        archive.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    ) as server:
        yield lambda statement, values: server.execute(statement.replace("?", "%s").encode(), values)


def warc_files(archive: Archive) -> list[Path]:
    """The WARC files in which filed captures stand."""
    with archive.reading() as connection:
        return [archive.warc_folder / name for name in sorted(connection.scalars(select(t.captures.c.warc_file)))]


def flip(path: Path, at: int, bit: int = 0) -> None:
    """Flip one bit of a file."""
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ (1 << bit)]))


def grow(archive: Archive, day: float, titles: Sequence[str] = ("A", "B"), *, parser_version: int = 1) -> Appended:
    """One run: a capture of that day in a WARC file of its own, and a reading a title; numbers are equal every day."""
    run = ledger.start_run(archive, SOURCE, "import")
    number, seen = received(archive, run, day, orjson.dumps([day, *titles]))
    with archive.writing() as connection:
        window = ledger.plan_window(connection, run, "made", f"{day}", None, None)
    rows = [(number, seen, reading(f"N{index}", title, index=index)) for index, title in enumerate(titles)]
    batch = WindowBatch(window, "made", f"{day}", None, rows, Verdict.COMPLETE, [], walked=True)
    done = log.append(
        archive, run, [batch], register=REGISTER, parser_version=parser_version, late_after=lambda _: 30,
        reread=never_reread,
    )  # fmt: skip
    ledger.finish_run(archive, run, Verdict.COMPLETE)
    return done


def received(archive: Archive, run: ledger.Run, day: float, body: bytes) -> tuple[int, Capture]:
    """A capture of that day, in a WARC file of its own, with its number."""
    digest = hashlib.sha256(body).hexdigest()
    seen = capture(day, source=run.source).model_copy(
        update={"payload_sha256": digest, "payload_length": len(body), "id": str(uuid(day))}
    )
    with WarcWriter(archive.warc_folder, run.source) as writer:
        placed = writer.write(seen, [], [], io.BytesIO(body))
    with archive.writing() as connection:
        return captures.add(connection, run.number, seen, placed), seen


def uuid(day: float) -> UUID:
    """A capture's id that sorts by its day."""
    return UUID(int=(0x0190 << 112) + int(day * 1000))


def forget_lineages(archive: Archive) -> None:
    """Let the leaves of all events be such as earlier programs made: they say no more than those did."""
    with archive.writing() as connection:
        stored, hashes = StoredTree(connection), list[bytes]()
        for row in connection.execute(select(t.leaves).order_by(t.leaves.c.number)).all():
            if row.kind == "event":
                hashes += forms.event_hashes(told.event_rows(connection, row.seq, row.seq + row.leaves - 1), None)
            else:
                hashes += tree.split(stored.hashes(row.number, row.leaves))
        connection.execute(delete(t.tiles))
        connection.execute(delete(t.heads))
        connection.execute(update(t.leaves).where(t.leaves.c.kind == "event").values(body=None))
        tree.grow(connection, 0, hashes)
        heads.seal(connection, archive.signer)
    heads.file_of(archive).unlink()
    heads.export(archive)
