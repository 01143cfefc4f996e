"""Verification of a whole archive: what holds, what is named when it does not, and what goes on beside it."""

import random
import shutil
import zlib
from pathlib import Path

import orjson
import pytest

from archive import captures, ledger, takedowns
from archive.proof import heads
from archive.proof.forms import signed_bytes
from archive.proof.keys import NAME
from archive.store import Archive
from archive.warc import Placed, recorded
from noticewatch.errors import UsageError
from noticewatch.models import Verdict
from tests.archive.making import SOURCE
from tests.archive.proving import ask, check, flip, grow, named, proved, tamper, warc_files

pytestmark = pytest.mark.both_databases


def test_an_untouched_archive_holds(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        found = check(archive)
        assert found.leaves == ask(archive, "SELECT sum(leaves) FROM leaves")
        assert found.events == ask(archive, "SELECT count(*) FROM events") > 10
        assert found.captures == ask(archive, "SELECT count(*) FROM captures") == 3
        assert found.heads == ask(archive, "SELECT count(*) FROM heads")


def test_every_flipped_bit_of_a_warc_file_that_anybody_can_read_is_named(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        files = warc_files(archive)
        seed = random.SystemRandom().randrange(1 << 32)
        choice = random.Random(seed)
        for path in files:
            whole = gzip_reads(path)
            places = [*range(12), *(choice.randrange(path.stat().st_size) for _ in range(40))]
            for at in places:
                bit = choice.randrange(8)
                flip(path, at, bit)
                if gzip_reads(path) != whole:  # up to seven bits between two members fill up a byte, and say nothing
                    assert path.name in named(archive), f"seed {seed}: bit {bit} of byte {at} of {path.name}"
                flip(path, at, bit)
        check(archive)


def gzip_reads(path: Path) -> bytes | None:
    """What a file unpacks to, with the headers of its members; None where it does not."""
    held, read = path.read_bytes(), b""
    try:
        while held:
            member = zlib.decompressobj(zlib.MAX_WBITS + 16)
            read += held[:10] + member.decompress(held)
            held = member.unused_data if member.eof else b""
    except zlib.error:
        return None
    return read


def test_a_payload_put_in_place_of_another_is_named(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        rows = "SELECT {} FROM captures ORDER BY number LIMIT 1 OFFSET {}"
        places = [ask(archive, rows.format("warc_file", place)) for place in (1, 2)]
        first, second = (archive.warc_folder / place for place in places)
        shutil.copy(second, first)
        offset, length = ask(archive, rows.format("warc_offset", 2)), ask(archive, rows.format("warc_length", 2))
        assert "ends at byte" in named(archive) or first.name in named(archive)
        tamper(archive, "UPDATE captures SET warc_offset=?, warc_length=? WHERE number=2", offset, length)
        assert ask(archive, rows.format("id", 1)) in named(archive)


def test_a_missing_and_a_cut_warc_file_are_named(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        path = warc_files(archive)[0]
        kept = path.read_bytes()
        path.write_bytes(kept[:-1])
        assert f"The WARC file {path} ends at byte {len(kept) - 1}" in named(archive)
        path.unlink()
        assert named(archive) == f"The WARC file {path} is missing."


def test_a_removed_payload_is_named_also_where_its_capture_is_said_to_stand_in_the_place_of_another(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        first, *_, last = [ask(archive, f"SELECT id FROM captures WHERE number={number}") for number in (1, 2, 3)]
        gone = archive.warc_folder / ask(archive, "SELECT warc_file FROM captures WHERE id=?", first)
        for member in ("warc_file", "warc_offset", "warc_length"):
            of_last = f"(SELECT {member} FROM captures WHERE id=?)"
            tamper(archive, f"UPDATE captures SET {member}={of_last} WHERE id=?", last, first)
        gone.unlink()
        assert f"capture {first} is not as it was archived" in named(archive)


def test_a_changed_adopted_file_is_named_wherever_it_was_changed(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        source = warc_files(archive)[0]
        foreign = shutil.copy(source, tmp_path / "foreign.warc.gz")
        name = captures.adopt(archive, Path(foreign))
        run = ledger.start_run(archive, SOURCE, "import")
        one = next(recorded(archive.warc_folder / name))
        with archive.writing() as connection:
            held = one.capture.model_copy(update={"id": "another"})
            captures.add(connection, run.number, held, Placed(name, one.offset, one.length))
        ledger.finish_run(archive, run, Verdict.COMPLETE)
        assert check(archive).captures == 4
        flip(archive.warc_folder / name, 9)  # no reader looks at this byte of a gzip header
        assert name in named(archive)


@pytest.mark.parametrize(
    ("change", "values", "said"),
    [
        ("DELETE FROM events WHERE seq=?", (3,), "Event 3 is missing from the log."),
        ("DELETE FROM events WHERE seq=(SELECT max(seq) FROM events)", (), "is missing from the log."),
        ("UPDATE events SET kinds='[\"amended\"]' WHERE seq=?", (2,), "Event 2 ("),
        ("UPDATE events SET committed_at='2026-01-01T00:00:00.000000Z' WHERE seq=?", (2,), "Event 2 ("),
        ("UPDATE events SET notice=1 WHERE seq=?", (4,), "Event 4 ("),
        ("UPDATE notices SET id='us-action:another' WHERE number=?", (1,), "Event 1 (us-action:another"),
        ("UPDATE versions SET content_sha256=? WHERE seq=5", ("0" * 64,), "Event 5 ("),
        ("UPDATE records SET content='{}' WHERE number=?", (2,), "The content of us-action:"),
        ("UPDATE versions SET content='{}' WHERE seq=?", (3,), "The content of us-action:"),
        ("DELETE FROM records WHERE number=?", (2,), "Record 2 is missing."),
        ("UPDATE records SET sha256=? WHERE number=4", ("0" * 64,), "Record 4 (row 2 of capture"),
        ("UPDATE records SET capture=3 WHERE number=?", (4,), "Record 4 (row 2 of capture"),
        ('UPDATE records SET start="start"+1 WHERE number=?', (4,), "Record 4 (row 2 of capture"),
        ("UPDATE captures SET url='https://another.example/' WHERE number=?", (1,), "Capture 01900000-"),
        ("UPDATE captures SET fetched_at='2026-01-01T00:00:00.000000Z' WHERE number=?", (2,), "Capture 01900000-"),
        ("UPDATE captures SET payload_sha256=? WHERE number=2", ("0" * 64,), "Capture 01900000-"),
        ("UPDATE captures SET gaps=? WHERE number=2", ("[",), "Capture 01900000-"),
        ("UPDATE events SET kinds=? WHERE seq=2", ("[",), "Event 2 ("),
        ("UPDATE events SET changed=? WHERE changed!='[]'", ("[",), " says that changed in sam:"),
        ("UPDATE leaves SET seq=seq+1 WHERE seq=(SELECT min(seq) FROM leaves WHERE seq>?)", (1,), "has no leaf where"),
        ("UPDATE leaves SET kind='epoch', body='x' WHERE kind=?", ("key",), "Leaf 1 (epoch) is not what leaf 1"),
        ("DELETE FROM leaves WHERE number=?", (3,), "Leaf 3 of the log is missing."),
        ("UPDATE leaves SET body=substr(body, 1, length(body)-72) WHERE kind=?", ("records",), "The list of records"),
        ("UPDATE tiles SET hashes=zeroblob(length(hashes)) WHERE level=?", (0,), "is not what leaf 0 of the tree says"),
        ("UPDATE heads SET root=? WHERE number=2", ("0" * 64,), "Head 2 (size "),
        ("UPDATE heads SET size=size-1 WHERE number=?", (2,), "Head 2 (size "),
        ("UPDATE heads SET signed_at='2026-01-01T00:00:00.000000Z' WHERE number=?", (2,), "Head 2 (size "),
        ("UPDATE heads SET run='another' WHERE number=?", (2,), "was changed: its signature is not that of key"),
        ("DELETE FROM heads WHERE number=?", (2,), "is signed, but missing in this archive."),
        ("DELETE FROM heads WHERE number=(SELECT max(number) FROM heads)", (), "signed, but missing in this archive."),
    ],
)  # fmt: skip
def test_what_was_changed_in_the_database_is_named(tmp_path: Path, change: str, values: tuple[object, ...], said: str):
    with proved(tmp_path / "data") as archive:
        tamper(archive, change, *values)
        assert said in named(archive)


def test_content_may_be_missing_only_where_the_log_says_that_it_was_taken_down(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        tamper(archive, "UPDATE records SET content='{}' WHERE number=2")
        assert "The content of us-action:" in named(archive)
        notice = ask(archive, "SELECT n.id FROM records r JOIN notices n ON n.number=r.notice WHERE r.number=2")
        for change in (takedowns.take_down, takedowns.restore, takedowns.take_down):
            change(archive, [notice], "A test.")
            if change is takedowns.take_down:
                check(archive)
            else:
                assert "The content of us-action:" in named(archive)


def test_reordered_events_are_named(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        tamper(archive, "UPDATE events SET seq=1000 WHERE seq=2")
        tamper(archive, "UPDATE events SET seq=2 WHERE seq=3")
        tamper(archive, "UPDATE events SET seq=3 WHERE seq=1000")
        assert named(archive).startswith("Event 2 (")


def test_what_was_written_without_a_leaf_is_named(tmp_path: Path):
    columns = "notice, version, kinds, committed_at, capture, run, changed, quiet, late"
    with proved(tmp_path / "data") as archive:
        last = ask(archive, "SELECT max(seq) FROM events")
        tamper(archive, f"INSERT INTO events (seq, {columns}) SELECT {last + 1}, {columns} FROM events WHERE seq=1")
        assert named(archive) == f"Event {last + 1} has no leaf; it was not written by noticewatch."
        tamper(archive, "DELETE FROM events WHERE seq=?", last + 1)
        names = 'notice, source, source_number, revision, capture, row, start, "end", sha256, parser_version, carried'
        names += ", content, first_seen"
        tamper(archive, f"INSERT INTO records ({names}) SELECT {names} FROM records WHERE number=1")
        assert named(archive) == "Record {} has no leaf; it was not written by noticewatch.".format(
            ask(archive, "SELECT max(number) FROM records")
        )


def test_a_version_that_no_event_brought_is_named(tmp_path: Path):
    columns = "revision, observed_at, capture, record, content, content_sha256, seq, superseded"
    with proved(tmp_path / "data") as archive:
        values = f"SELECT notice, 9, {columns} FROM versions WHERE seq=1"
        tamper(archive, f"INSERT INTO versions (notice, version, {columns}) {values}")
        assert named(archive).startswith("Version 9 of us-action:")


def test_a_head_signed_by_another_key_is_named(tmp_path: Path):
    with proved(tmp_path / "data") as archive, proved(tmp_path / "other") as other:
        (other.folder / "keys" / NAME).unlink()
        other.__dict__.pop("signer", None)
        grow(other, 3)  # signs by a key that only the other archive names
        with other.reading() as connection:
            head = heads.latest(connection)
        assert head is not None
        tamper(archive, "UPDATE heads SET key=?, signature=? WHERE number=2", head.key, head.signature)
        assert named(archive) == f"{_second(archive)} is signed by key {head.key}, which this archive never named."


def _second(archive: Archive) -> str:
    return f"Head 2 (size {ask(archive, 'SELECT size FROM heads WHERE number=2')})"


def test_a_key_signs_nothing_of_before_it_was_named(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        (archive.folder / "keys" / NAME).unlink()
    with proved(tmp_path / "data") as archive:
        grow(archive, 3)
        with archive.reading() as connection:
            old = heads.covering(connection, 1)
        assert old is not None
        stated = (old.epoch, old.size, old.root, old.signed_at, archive.signer.fingerprint, old.run)
        signature = archive.signer.sign(signed_bytes(*stated)).hex()
        tamper(archive, "UPDATE heads SET key=?, signature=? WHERE number=1", archive.signer.fingerprint, signature)
        assert named(archive).endswith(
            f"signed by key {archive.signer.fingerprint}, which this archive never named before."
        )


def test_a_fork_is_named_by_a_head_that_others_keep(tmp_path: Path):
    with proved(tmp_path / "data") as archive, proved(tmp_path / "fork") as fork:
        grow(archive, 3, ["what readers saw"])
        grow(fork, 3, ["what is shown now"])
        mirrored = shutil.copy(heads.file_of(archive), tmp_path / "mirror.jsonl")
        check(fork)
        said = named(fork, mirrored=Path(mirrored))
        assert f"of {mirrored} was signed at" in said
        assert "over another tree" in said


def test_leaves_that_were_cut_off_with_their_heads_are_named_by_the_file_of_heads(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        before = shutil.copytree(archive.folder, tmp_path / "older")
        grow(archive, 3)
        mirrored = heads.file_of(archive)
        with proved(before) as older:
            assert "leaves are missing, or an older copy" in named(older, mirrored=mirrored)
            shutil.copy(mirrored, heads.file_of(older))
            assert "leaves are missing, or an older copy" in named(older)


def test_a_mirror_that_is_no_file_of_heads_is_refused(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        mirror = tmp_path / "mirror.jsonl"
        with pytest.raises(UsageError, match="cannot be read"):
            check(archive, mirrored=mirror)
        mirror.write_bytes(b"no head\n")
        assert named(archive, mirrored=mirror) == f"Line 1 of {mirror} is not a head of noticewatch."
        line = heads.file_of(archive).read_bytes().splitlines()[0]
        mirror.write_bytes(line.replace(b'"size":', b'"size": ') + b"\n")
        assert "is not a head" in named(archive, mirrored=mirror)
        mirror.write_bytes(line + b"\r\n\r\n" + line + b"\n")  # as mail and editors leave it
        check(archive, mirrored=mirror)
        mirror.write_bytes(line + b"\n" + line[:50])  # a line that is just being written says nothing yet
        check(archive, mirrored=mirror)


def test_the_own_file_of_heads_leaves_none_out(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        file = heads.file_of(archive)
        lines = file.read_bytes().splitlines(keepends=True)
        file.write_bytes(b"".join([lines[0], *lines[2:]]))
        assert named(archive) == f"{file} leaves out head 2; noticewatch only ever appends to it."


def test_verification_goes_on_from_where_the_last_one_ended(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        first = check(archive, full=False)
        again = check(archive, full=False)
        assert (again.since, again.captures, again.heads) == (first.leaves, 0, 0)
        tamper(archive, "UPDATE events SET kinds='[\"amended\"]' WHERE seq=2")
        assert check(archive, full=False).since == first.leaves
        assert "Event 2 (" in named(archive)
        tamper(archive, "UPDATE events SET kinds='[\"new\"]' WHERE seq=2")
        grow(archive, 3)
        grown = check(archive, full=False)
        assert (grown.since, grown.captures) == (first.leaves, 1)
        tamper(archive, "DELETE FROM events WHERE seq=2")
        assert named(archive, full=False) == "Event 2 is missing from the log."


def test_a_tree_that_is_not_the_one_verified_before_is_named(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        check(archive)
        mark = archive.folder / "verified.json"
        said = orjson.loads(mark.read_bytes())
        mark.write_bytes(orjson.dumps(said | {"root": "0" * 64}))
        assert named(archive, full=False).startswith("The tree is not the one that was verified before")
        mark.write_bytes(b"torn")
        assert check(archive, full=False).since == 0


def test_after_a_restore_heads_of_the_epoch_before_hold_for_their_tree(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        check(archive)
        backup = shutil.copytree(archive.folder, tmp_path / "restored")
        covered = ask(archive, "SELECT max(size) FROM heads")
        grow(archive, 3, ["what the backup does not hold"])
        mirrored = shutil.copy(heads.file_of(archive), tmp_path / "mirror.jsonl")
    with proved(backup) as restored:
        before = restored.epoch
        heads.begin_epoch(restored)
    with proved(backup) as restored:
        assert restored.epoch != before
        found = check(restored, mirrored=Path(mirrored))
        assert found.epoch == restored.epoch
        assert found.left_behind == 1
        with restored.reading() as connection:
            assert heads.epochs(connection) == {before: 0, restored.epoch: covered}
        assert check(restored, full=False).since == found.leaves
        (restored.folder / "verified.json").unlink()
        lines = Path(mirrored).read_bytes().splitlines(keepends=True)
        forged = lines[1].replace(b'"root":"', b'"root":"0')
        Path(mirrored).write_bytes(forged)
        assert "Line 1 of" in named(restored, mirrored=Path(mirrored))


def test_an_epoch_that_a_restore_has_only_noted_is_named_when_the_archive_is_opened(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        before, size = archive.epoch, ask(archive, "SELECT max(size) FROM heads")
        tamper(archive, "UPDATE meta SET value='restored' WHERE name='epoch'")
    for _ in range(2):
        with proved(tmp_path / "data") as archive, archive.reading() as connection:
            assert heads.epochs(connection) == {before: 0, "restored": size}
            assert check(archive).epoch == "restored"
            latest = heads.latest(connection)
            assert latest is not None
            assert (latest.epoch, latest.size) == ("restored", size + 1)
    with proved(tmp_path / "data") as archive:
        grow(archive, 3)
        check(archive)


def test_what_was_verified_before_a_restore_does_not_count_after_it(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        backup = shutil.copytree(archive.folder, tmp_path / "restored")
        grow(archive, 3)
        check(archive)
        shutil.copy(archive.folder / "verified.json", backup / "verified.json")
    with proved(backup) as restored:
        heads.begin_epoch(restored)
    with proved(backup) as restored:
        grow(restored, 4, ["C", "D", "E"])
        assert check(restored, full=False).since == 0


def test_a_version_that_is_led_to_a_record_of_another_answer_is_named_though_it_says_the_same(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        for day, title in ((500, "A"), (501, "B"), (502, "A")):
            grow(archive, day, [title])
        number = ask(archive, "SELECT number FROM notices WHERE id='us-action:N0'")
        of = "SELECT record FROM versions WHERE notice=? AND version=?"
        first, last = (ask(archive, of, number, version) for version in (1, 3))
        assert first != last
        tamper(archive, "UPDATE versions SET record=? WHERE notice=? AND version=1", last, number)
        assert f"is held to be read from record {last}, which no leaf places in capture" in named(archive)
        tamper(archive, "UPDATE versions SET record=? WHERE notice=? AND version=1", first, number)
        check(archive)


def test_a_version_whose_record_an_older_answer_turned_out_to_hold_is_as_it_was(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        grow(archive, 501, ["A"])
        number = ask(
            archive, "SELECT capture FROM records r JOIN notices n ON n.number=r.notice WHERE n.id='us-action:N0'"
        )
        grow(archive, 500, ["A"])
        moved = "SELECT capture FROM records r JOIN notices n ON n.number=r.notice WHERE n.id='us-action:N0'"
        assert ask(archive, moved) != number
        check(archive)
