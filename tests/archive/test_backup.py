"""Backups made while others write, and restored: whole, or not at all. They are killed in tests/faults."""

import hashlib
import io
import shutil
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select

from archive import ledger, log, tables
from archive.backup import MANIFEST, backup, restore
from archive.captures import add, open_payload
from archive.log import WindowBatch
from archive.store import RESTORING, Archive
from archive.warc import WarcWriter
from noticewatch.errors import CaptureDamaged, DataFolderError, UsageError
from noticewatch.models import Verdict
from noticewatch.settings import Settings
from tests.archive.making import REGISTER, SOURCE, append, capture, events, never_reread, open_archive, reading
from tests.databases import empty_at, settings_at
from tests.forking import FORKED
from tests.waiting import until

pytestmark = pytest.mark.both_databases


def _payload(number: int) -> bytes:
    return f"answer {number} ".encode() * 2_000


def _append_one(archive: Archive, writer: WarcWriter, number: int) -> None:
    """A run of one capture, its bytes archived before it is filed."""

    body = _payload(number)
    made = capture(number, f"c{number}").model_copy(
        update={"payload_sha256": hashlib.sha256(body).hexdigest(), "payload_length": len(body)}
    )
    placed = writer.write(made, (), (), io.BytesIO(body))
    writer.sync()
    run = ledger.start_run(archive, SOURCE, "import")
    with archive.writing() as connection:
        window = ledger.plan_window(connection, run, "7012", str(number), None, None)
        held = add(connection, run.number, made, placed)
    rows = [(held, made, reading(f"n{number}", f"title {number}"))]
    log.append(
        archive, run, [WindowBatch(window, "7012", str(number), None, rows, Verdict.COMPLETE, [], walked=True)],
        register=REGISTER, parser_version=1, late_after=lambda _: 30, reread=never_reread,
    )  # fmt: skip
    ledger.finish_run(archive, run, Verdict.COMPLETE)


def _write_on(settings: Settings, begin: int) -> None:
    archive = Archive.open(settings)
    with WarcWriter(archive.warc_folder, SOURCE) as writer:
        for number in range(begin, begin + 100_000):
            _append_one(archive, writer, number)


def _fill(archive: Archive, count: int = 8) -> None:
    with WarcWriter(archive.warc_folder, SOURCE) as writer:
        for number in range(count):
            _append_one(archive, writer, number)


def _check_whole(archive: Archive) -> int:
    """Every capture's bytes are there and the log has no gap; gives how many events it holds."""
    held = events(archive)
    assert [event.seq for event in held] == list(range(1, len(held) + 1))
    with archive.reading() as connection:
        captures = connection.execute(select(tables.captures)).all()
    assert len(captures) >= len(held)
    for row in captures:
        with open_payload(archive, row) as stream:
            assert len(stream.read()) == row.payload_length
    return len(held)


def test_a_restored_backup_says_what_the_archive_said_under_a_new_epoch(archive: Archive, tmp_path: Path) -> None:
    _fill(archive)
    made = backup(archive, tmp_path / "backup")
    restore(empty_at(tmp_path / "restored"), tmp_path / "backup")
    restored = Archive.open(settings_at(tmp_path / "restored"))
    assert made.head == _check_whole(restored) == 8
    assert [event.notice_id for event in events(restored)] == [event.notice_id for event in events(archive)]
    assert restored.epoch != archive.epoch == made.epoch
    append(restored, [reading("more", "after it")], day=900)
    assert len(events(restored)) == 9
    restored.close()


@pytest.mark.xdist_group("processes")
def test_a_backup_made_while_others_write_is_of_one_moment(archive: Archive, tmp_path: Path) -> None:
    _fill(archive)
    child = FORKED.Process(target=_write_on, args=(settings_at(archive.folder), 100))
    child.start()
    try:
        heads = [12]
        for number in range(3):
            until(lambda: len(events(archive)) > heads[-1] or not child.is_alive())
            assert child.is_alive()
            heads.append(backup(archive, tmp_path / f"backup{number}").head)
        assert heads == sorted(set(heads)), "nothing was written meanwhile"
    finally:
        child.kill()
        child.join()
    for number, head in enumerate(heads[1:]):
        restore(empty_at(tmp_path / f"restored{number}"), tmp_path / f"backup{number}")
        restored = Archive.open(settings_at(tmp_path / f"restored{number}"))
        assert _check_whole(restored) == head
        restored.close()


def test_every_changed_file_of_a_backup_is_named(archive: Archive, tmp_path: Path) -> None:
    _fill(archive)
    made = backup(archive, tmp_path / "backup")
    for number, file in enumerate(made.files):
        copy = Path(shutil.copytree(tmp_path / "backup", tmp_path / f"bent{number}"))
        bent = bytearray((copy / file.name).read_bytes())
        bent[len(bent) // 2] ^= 1
        (copy / file.name).write_bytes(bytes(bent))
        home = tmp_path / f"restored{number}"
        with pytest.raises(CaptureDamaged, match=file.name):
            restore(empty_at(home), copy)
        assert (home / RESTORING).exists()
        with pytest.raises(DataFolderError, match="did not come to its end"):
            Archive.open(settings_at(home))


def test_a_backup_is_not_mixed_with_anything(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "letter.txt").write_text("keep me")
    with pytest.raises(UsageError, match="is not empty"):
        backup(archive, tmp_path / "there")
    with pytest.raises(UsageError, match="stands in the data folder"):
        backup(archive, archive.folder / "warc" / "backup")
    backup(archive, tmp_path / "backup")
    with pytest.raises(UsageError, match="is not empty"):
        restore(settings_at(archive.folder), tmp_path / "backup")
    with pytest.raises(UsageError, match="is not empty"):
        restore(empty_at(tmp_path / "there"), tmp_path / "backup")
    with pytest.raises(UsageError, match="is no backup"):
        restore(empty_at(tmp_path / "new"), tmp_path / "there")


def test_a_manifest_names_nothing_outside_of_its_backup(archive: Archive, tmp_path: Path) -> None:
    backup(archive, tmp_path / "backup")
    file = tmp_path / "backup" / MANIFEST
    stated = orjson.loads(file.read_bytes())
    stated["files"].append({"name": "../../stray", "length": 1, "sha256": "0"})
    file.write_bytes(orjson.dumps(stated))
    with pytest.raises(UsageError, match="outside of it"):
        restore(empty_at(tmp_path / "restored"), tmp_path / "backup")


def test_an_archive_whose_files_are_missing_is_not_backed_up_as_if_whole(archive: Archive, tmp_path: Path) -> None:
    _fill(archive)
    for file in archive.warc_folder.glob("*.warc.gz"):
        file.unlink()
    with pytest.raises(CaptureDamaged, match="is missing"):
        backup(archive, tmp_path / "backup")
    assert not (tmp_path / "backup" / MANIFEST).exists()


def test_a_cut_archive_file_is_not_backed_up_as_if_whole(tmp_path: Path) -> None:
    archive = open_archive(tmp_path / "data")
    _fill(archive)
    [file] = archive.warc_folder.glob("*.warc.gz")
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(CaptureDamaged, match="ends before"):
        backup(archive, tmp_path / "backup")
    archive.close()
