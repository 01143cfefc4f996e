"""Thinning: what may go goes by explicit command alone, what is left reads and proves, nothing passes for thinned."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from filelock import FileLock
from sqlalchemy import select

from archive import captures
from archive import tables as t
from archive import thinning as files
from archive.backup import backup
from archive.captures import PayloadMoved, original, read_ranges, read_record
from archive.proof import answers
from archive.proof.keys import Signer
from archive.standing_files import files_stay
from archive.store import Archive
from archive.thinned import PayloadThinned
from crawlers import thinning
from crawlers.importing import import_files
from crawlers.loading import load_parser
from crawlers.reparsing import reparse
from crawlers.rereading import filed as held
from crawlers.source import source
from crawlers.staging import read_rows
from noticewatch.errors import UsageError
from noticewatch.models import Capture
from noticewatch.settings import Settings
from tests.archive.making import open_archive
from tests.archive.proving import check, named, tamper
from tests.crawlers.thinned import DAYS, SAM, THINNABLE, daily, filed, imported
from tests.faults.crawling import as_recorded
from tests.faults.state import state_of

pytestmark = pytest.mark.both_databases


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    opened = open_archive(tmp_path / "data")
    imported(opened, tmp_path)
    yield opened
    opened.close()


def thin(archive: Archive) -> thinning.Done:
    return thinning.carry_out(archive, thinning.plan(archive), lambda *_: None)


def payload(archive: Archive, row: object) -> bytes:
    with captures.open_payload(archive, row) as stream:
        return stream.read()


def test_files_that_begin_a_month_carried_something_or_are_the_last_stay_whole(archive: Archive) -> None:
    planned = thinning.plan(archive)
    assert [one.whole.number for one in planned] == list(THINNABLE)
    assert [one.rows for one in planned] == [1, 2, 2]
    assert thinning.plan(archive, ["dhs_apfs"]) == []
    before = {path.name: path.read_bytes() for path in archive.warc_folder.glob("*.warc.gz")}
    check(archive)
    assert {path.name: path.read_bytes() for path in archive.warc_folder.glob("*.warc.gz")} == before


def test_months_and_last_files_are_those_of_one_request() -> None:
    def seen(number: int, day: str, body: str | None, url: str = "u", source: str = "s") -> SimpleNamespace:
        return SimpleNamespace(
            number=number, source=source, method="POST", url=url, request_body=body, fetched_at=f"{day}T00:00:00Z"
        )

    rows = [
        seen(1, "2026-04-30", "a"), seen(2, "2026-05-01", "b"), seen(3, "2026-05-02", "a"), seen(4, "2026-05-03", "a"),
        seen(5, "2026-05-03", "a", url="v"), seen(6, "2026-05-04", "a"), seen(7, "2026-05-05", "a", source="t"),
    ]  # fmt: skip
    assert files.kept_whole(rows) == {1, 2, 3, 5, 6, 7}


def test_kept_rows_lead_to_their_bytes_and_the_proof_survives(archive: Archive) -> None:
    check(archive)
    before, said = filed(archive), state_of(archive)
    with archive.reading() as connection:
        proofs = {row.id: answers.of_capture(connection, row.id)[0].data for row in before}
        r = t.records.c
        places = connection.execute(select(r.capture, r.row, r.start, r.end, r.sha256)).all()
    done = thin(archive)
    assert (len(done.thinned), done.left_whole) == (3, {})
    assert sorted(done.thinned.values()) == [2, 3, 3]  # with the last row of each file
    assert done.freed > 0
    after = filed(archive)
    assert [row.number for row in after if row.thinned_at] == list(THINNABLE)
    for row, was in zip(after, before, strict=True):
        whole = daily(row.number)
        assert (row.payload_sha256, row.payload_length) == (was.payload_sha256, was.payload_length)
        if row.thinned_at:
            with pytest.raises(PayloadThinned, match=f"was thinned on {row.thinned_at[:10]}: of its payload"):
                payload(archive, row)
        else:
            assert payload(archive, row) == whole
            assert payload(archive, was) == whole, "a row that was read before the thinning"
        for _, index, start, end, sha256 in (place for place in places if place[0] == row.number):
            assert read_record(archive, row.id, index) == whole[start:end]
            assert read_ranges(archive, was, [(start, end)]) == {(start, end): whole[start:end]}
            assert hashlib.sha256(whole[start:end]).hexdigest() == sha256
    assert state_of(archive) == said
    for full in (False, True):
        found = check(archive, full=full)
        assert [(one.capture, one.rows) for one in found.thinned] == list(done.thinned.items())
    assert check(archive, full=False).thinned == ()
    with archive.reading() as connection:
        for capture_id, leaf in proofs.items():
            kinds = {one.kind: one.data for one in answers.of_capture(connection, capture_id)}
            assert kinds["capture"] == leaf
            assert ("thinned" in kinds) == (capture_id in done.thinned)
    assert thinning.plan(archive) == []
    (file,) = archive.warc_folder.glob("*.warc.gz")
    checked = subprocess.run([sys.executable, "-m", "warcio.cli", "check", str(file)], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_an_unchanged_row_of_a_thinned_file_is_said_to_be_given_up(archive: Archive) -> None:
    thin(archive)
    row = filed(archive)[THINNABLE[0] - 1]
    with pytest.raises(PayloadThinned, match="2 rows are kept"):
        read_ranges(archive, row, [(0, 10), (9_000, 9_100)])


def test_the_source_s_parser_reads_what_is_kept_as_it_read_the_whole(archive: Archive, tmp_path: Path) -> None:
    parser = load_parser(source(SAM))
    with archive.reading() as connection:
        r = t.records.c
        rows = {
            number: list(connection.scalars(select(r.row).where(r.capture == number))) for number in THINNABLE
        }  # fmt: skip
    before = {number: read_rows(parser, held(archive, number), rows[number]) for number in THINNABLE}
    assert all(before.values())
    thin(archive)
    assert {number: read_rows(parser, held(archive, number), rows[number]) for number in THINNABLE} == before
    newer = as_recorded(SAM, parser_version=source(SAM).parser_version + 1)
    result = reparse(archive, newer)
    assert result is not None
    assert (result.verdict, result.reasons) == ("complete", [])
    with archive.reading() as connection:
        assert set(connection.scalars(select(t.records.c.parser_version))) == {newer.parser_version}
    check(archive)


def test_a_payload_that_others_refer_to_or_that_is_needed_meanwhile_stays_whole(archive: Archive, tmp_path: Path):
    planned = thinning.plan(archive)
    second, fourth, sixth = (filed(archive)[number - 1] for number in THINNABLE)
    copy = tmp_path / "again.csv"
    copy.write_bytes(daily(2))
    import_files(archive, Settings(home=archive.folder, contact="a@b.example"), as_recorded(SAM), [copy])
    assert filed(archive)[-1].payload_offset == second.warc_offset
    tamper(archive, "UPDATE versions SET capture=? WHERE seq=1", fourth.number)
    done = thinning.carry_out(archive, planned, lambda *_: None)
    assert list(done.thinned) == [sixth.id]
    assert done.left_whole == dict.fromkeys([second.id, fourth.id], "something else needs it by now")
    assert payload(archive, filed(archive)[-1]) == daily(2)
    assert filed(archive)[-1].payload_file == filed(archive)[0].warc_file != second.warc_file


def test_what_comes_to_be_needed_while_the_thinned_file_is_written_stays_whole(archive: Archive) -> None:
    planned, needed = thinning.plan(archive), THINNABLE[1]
    before = {path.name for path in archive.warc_folder.glob("*.warc.gz")}
    told: list[int] = []

    def as_the_file_takes_its_place(_frame: object, event: str, function: object) -> None:
        if event == "c_call" and function is os.replace and not told:
            told.append(needed)
            tamper(archive, "UPDATE versions SET capture=? WHERE seq=1", needed)

    sys.setprofile(as_the_file_takes_its_place)
    try:
        done = thinning.carry_out(archive, planned, lambda *_: None)
    finally:
        sys.setprofile(None)
    assert (told, done.thinned, done.freed) == ([needed], {}, 0)
    assert set(done.left_whole.values()) == {"something else needs it by now"}
    assert {path.name for path in archive.warc_folder.glob("*.warc.gz")} == before
    assert all(payload(archive, row) == daily(row.number) for row in filed(archive))
    assert len(thin(archive).thinned) == len(planned) - 1


def test_an_import_whose_original_is_thinned_meanwhile_is_told_to_begin_again_and_then_keeps_the_whole(
    archive: Archive, tmp_path: Path
) -> None:
    folder = tmp_path / "later"
    folder.mkdir()
    (folder / "1.csv").write_bytes(daily(1).replace(b"Specialized", b"Specialised"))
    (folder / "2.csv").write_bytes(daily(2))
    for file in folder.iterdir():
        os.utime(file, (DAYS[-1].timestamp() + int(file.stem), DAYS[-1].timestamp() + int(file.stem)))
    settings = Settings(home=archive.folder, contact="test@example.org")
    second = filed(archive)[1]
    thinned: list[str] = []
    with pytest.raises(PayloadMoved, match="was moved meanwhile, by a thinning; begin again"):
        import_files(
            archive, settings, as_recorded(SAM), [folder], progress=lambda _: thinned.extend(thin(archive).thinned)
        )
    assert second.id in thinned
    check(archive)
    import_files(archive, settings, as_recorded(SAM), [folder])
    last = filed(archive)[-1]
    assert (last.payload_sha256, last.payload_file) == (second.payload_sha256, None)
    assert payload(archive, last) == daily(2)
    check(archive)


def test_a_thinned_payload_is_not_referred_to(archive: Archive) -> None:
    row = filed(archive)[1]
    asked = Capture(
        id="new", source=SAM, url=row.url, status=200, fetched_at=row.fetched_at, payload_sha256=row.payload_sha256,
        payload_length=row.payload_length, origin=row.origin, recorder="a test",
    )  # fmt: skip
    assert original(archive, asked) is not None
    thin(archive)
    assert original(archive, asked) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE captures SET thinned_at=NULL WHERE number=2", "is damaged"),
        ("UPDATE captures SET thinned_at='2026-01-01T00:00:00.000000Z' WHERE number=1", "no signed entry of the log"),
        ("DELETE FROM leaves WHERE kind='thinned'", "leaves are missing"),
        ("UPDATE leaves SET body=? WHERE kind='thinned'", "The thinning of capture"),
        (
            "UPDATE captures SET thinned_at='2026-01-01T00:00:00.000000Z', warc_offset=(SELECT warc_offset FROM "
            "captures WHERE number=2), warc_length=(SELECT warc_length FROM captures WHERE number=2) WHERE number=3",
            "no signed entry of the log",
        ),
    ],
)
def test_nothing_passes_for_thinned_that_the_log_does_not_say(archive: Archive, change: str, said: str) -> None:
    thin(archive)
    tamper(archive, change, *([b'{"type":"thinned"}'] if "?" in change else []))
    assert said in named(archive)


def test_a_payload_that_somebody_removes_cannot_be_called_thinned_without_the_key(archive: Archive) -> None:
    """Everything is done as a thinning does it, by somebody who has all but the key."""
    own = archive.signer
    forged = Signer(Ed25519PrivateKey.generate(), own.public)
    archive.__dict__["signer"] = forged
    plan = thinning.plan(archive)
    kept = {one.whole.number: thinning.left_of(archive, one.whole) for one in plan}
    numbers, freed = files.thin(archive, plan[0].whole.file, kept)
    assert (list(numbers), freed > 0) == (list(THINNABLE), True)
    archive.__dict__["signer"] = own
    assert "is gone, and no signed entry of the log says why" in named(archive)


def test_a_changed_byte_of_what_is_kept_is_named(archive: Archive) -> None:
    thin(archive)
    row = filed(archive)[1]
    path = archive.warc_folder / row.warc_file
    whole = path.read_bytes()
    for at in range(row.warc_offset + 12, row.warc_offset + row.warc_length, 97):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        assert row.warc_file in named(archive)
    path.write_bytes(whole)
    check(archive)


def test_a_file_that_is_being_written_and_a_damaged_one_are_left_whole_and_it_is_said(archive: Archive) -> None:
    row = filed(archive)[1]
    path = archive.warc_folder / row.warc_file
    with FileLock(path.with_name(path.name + ".lock")):
        assert set(thin(archive).left_whole.values()) == {"its WARC file is still being written"}
    path.with_name(path.name + ".lock").unlink(missing_ok=True)
    whole = path.read_bytes()
    at = row.warc_offset + row.warc_length // 2
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
    done = thin(archive)
    assert row.id in done.left_whole
    assert len(done.thinned) == 2


def test_thinning_waits_for_nobody_and_lets_nobody_go_through_the_files_meanwhile(
    archive: Archive, tmp_path: Path
) -> None:
    planned = thinning.plan(archive)
    with files_stay(archive), pytest.raises(UsageError, match="verification or another thinning is under way"):
        thinning.carry_out(archive, planned, lambda *_: None)
    refused = []

    def beside(*_: int) -> None:
        for try_it in (lambda: check(archive), lambda: backup(archive, tmp_path / "backup")):
            with pytest.raises(UsageError, match="are being thinned"):
                try_it()
            refused.append(True)

    thinning.carry_out(archive, planned, beside)
    assert len(refused) == 2
    check(archive)
    assert backup(archive, tmp_path / "backup").length > 0
