"""Answers whose payload is held already: a small record refers to it, and they are read like any other."""

import gzip
import hashlib
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from archive import captures, ledger, queries
from archive import tables as t
from archive.captures import PayloadMoved, original
from archive.ledger import Run
from archive.store import Archive
from archive.warc import Placed, WarcWriter, recorded
from noticewatch.errors import CaptureDamaged, UsageError
from noticewatch.identifiers import new_id
from noticewatch.models import Capture, Verdict
from tests.archive.making import SOURCE, append, capture, reading
from tests.archive.proving import check, flip, named, tamper

pytestmark = pytest.mark.both_databases

BODY = b"".join(b"%d,a row of the file\n" % number for number in range(300))
ADDRESS = "https://source.example/file.csv"


@pytest.fixture
def run(archive: Archive) -> Run:
    return ledger.start_run(archive, SOURCE, "import")


def told(day: float, body: bytes = BODY, url: str = ADDRESS) -> Capture:
    digest = hashlib.sha256(body).hexdigest()
    changes = {"id": new_id(), "url": url, "payload_sha256": digest, "payload_length": len(body)}
    return capture(day).model_copy(update=changes)


def keep(archive: Archive, run: Run, day: float, body: bytes = BODY, url: str = ADDRESS) -> tuple[Capture, Placed]:
    """Write and file a capture as crawls and imports do."""
    seen = told(day, body, url)
    with WarcWriter(archive.warc_folder, SOURCE) as writer:
        placed = writer.write(seen, (), [("Content-Type", "text/csv")], io.BytesIO(body), original(archive, seen))
    with archive.writing() as connection:
        captures.add(connection, run.number, seen, placed)
    return seen, placed


def payload(archive: Archive, capture_id: str) -> bytes:
    with archive.reading() as connection:
        row = queries.capture(connection, capture_id)
    assert row is not None
    with captures.open_payload(archive, row) as stream:
        return stream.read()


def head_of(archive: Archive, placed: Placed) -> dict[str, str]:
    """The WARC headers of a record, as warcio reads them."""
    command = [sys.executable, "-m", "warcio.cli", "extract", "--headers", str(archive.warc_folder / placed.file)]
    said = subprocess.run([*command, str(placed.offset)], capture_output=True, check=True).stdout.decode()
    return dict(line.split(": ", 1) for line in said.split("\r\n\r\n")[0].split("\r\n")[1:])


def test_an_unchanged_answer_costs_a_small_record_and_is_read_through_the_one_that_holds_it(
    archive: Archive, run: Run
) -> None:
    first, whole = keep(archive, run, 1)
    second, small = keep(archive, run, 2)
    assert (whole.payload, small.payload) == (None, captures.PayloadAt(whole.file, whole.offset))
    assert small.length < whole.length / 2
    assert payload(archive, second.id) == payload(archive, first.id) == BODY
    said = head_of(archive, small)
    assert said["WARC-Type"] == "revisit"
    assert said["WARC-Profile"] == "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
    assert said["WARC-Refers-To"] == f"<urn:uuid:{first.id}>"
    assert said["WARC-Refers-To-Target-URI"] == ADDRESS
    assert said["WARC-Refers-To-Date"] == "2026-08-02T00:00:00.000000Z"
    assert said["WARC-Payload-Digest"] == f"sha256:{first.payload_sha256}"
    for file in archive.warc_folder.glob("*.warc.gz"):
        done = subprocess.run(
            [sys.executable, "-m", "warcio.cli", "check", "-v", str(file)], capture_output=True, check=False
        )
        assert done.returncode == 0, done.stdout


def test_a_payload_of_another_address_is_referred_to_by_that_address(archive: Archive, run: Run) -> None:
    keep(archive, run, 1)
    other, placed = keep(archive, run, 2, url="https://source.example/copy.csv")
    assert head_of(archive, placed)["WARC-Target-URI"] == "https://source.example/copy.csv"
    assert head_of(archive, placed)["WARC-Refers-To-Target-URI"] == ADDRESS
    keep(archive, run, 3, url="https://source.example/copy.csv", body=BODY + b"!")
    again, placed = keep(archive, run, 4, url="https://source.example/copy.csv", body=BODY + b"!")
    assert head_of(archive, placed)["WARC-Refers-To-Target-URI"] == "https://source.example/copy.csv"
    assert payload(archive, other.id) == BODY
    assert payload(archive, again.id) == BODY + b"!"


def test_an_answer_is_never_a_repetition_of_a_repetition(archive: Archive, run: Run) -> None:
    _, whole = keep(archive, run, 1)
    places = [keep(archive, run, day)[1].payload for day in (2, 3, 4)]
    assert {place and place.file for place in places} == {whole.file}


def test_a_small_payload_is_written_whole(archive: Archive, run: Run) -> None:
    assert [keep(archive, run, day, body=b"x" * 1_000)[1].payload for day in (1, 2)] == [None, None]


def test_what_is_not_committed_or_not_there_is_not_referred_to(archive: Archive, run: Run) -> None:
    seen = told(1)
    with WarcWriter(archive.warc_folder, SOURCE) as writer:
        placed = writer.write(seen, (), (), io.BytesIO(BODY))
    with archive.writing() as connection:
        captures.add(connection, run.number, seen, placed)
        assert original(archive, told(2)) is None
    assert original(archive, told(2)) is not None
    file = archive.warc_folder / placed.file
    held = file.read_bytes()
    for damaged in (held[:-1], held[: placed.offset + 300], held[:-40] + b"?" + held[-39:]):
        file.write_bytes(damaged)
        assert original(archive, told(2)) is None
    file.unlink()
    assert original(archive, told(2)) is None


def test_an_answer_whose_original_moved_before_it_was_filed_is_refused(archive: Archive, run: Run) -> None:
    _, whole = keep(archive, run, 1)
    seen = told(2)
    with WarcWriter(archive.warc_folder, SOURCE) as writer:
        placed = writer.write(seen, (), (), io.BytesIO(BODY), original(archive, seen))
    tamper(archive, "UPDATE captures SET warc_file='elsewhere.warc.gz' WHERE warc_file=?", whole.file)
    with pytest.raises(PayloadMoved, match="begin again"), archive.writing() as connection:
        captures.add(connection, run.number, seen, placed)
    with archive.reading() as connection:
        assert queries.capture(connection, seen.id) is None


def test_records_of_a_folder_come_back_with_their_payloads_and_a_file_alone_is_refused(
    archive: Archive, run: Run, tmp_path: Path
) -> None:
    kept = [keep(archive, run, day) for day in (1, 2, 3)]
    found = list(recorded(archive.warc_folder))
    assert sorted((one.capture for one in found), key=lambda one: one.fetched_at) == [seen for seen, _ in kept]
    for one in found:
        with one.open() as stream:
            assert stream.read() == BODY
    with pytest.raises(UsageError, match=r"stands in another file .* name the folder that holds both"):
        list(recorded(archive.warc_folder / kept[1][1].file))
    name = captures.adopt(archive, archive.warc_folder / kept[0][1].file)
    assert name == kept[0][1].file


def test_a_repetition_that_states_another_hash_is_refused(archive: Archive, run: Run, tmp_path: Path) -> None:
    (_, whole), (_, small) = keep(archive, run, 1), keep(archive, run, 2)
    (tmp_path / "copy").mkdir()
    for place in (whole, small):
        plain = gzip.decompress((archive.warc_folder / place.file).read_bytes())
        if place is small:
            plain = re.sub(rb"(?<=Digest: sha256:)[0-9a-f]{64}", b"0" * 64, plain)
        (tmp_path / "copy" / place.file.removesuffix(".gz")).write_bytes(plain)
    with pytest.raises(CaptureDamaged, match=r"repeats an answer of .* that was another one"):
        list(recorded(tmp_path / "copy"))


def test_verification_follows_a_repetition_to_its_payload(archive: Archive, run: Run) -> None:
    (first, whole), (second, small) = keep(archive, run, 1), keep(archive, run, 2)
    ledger.finish_run(archive, run, Verdict.COMPLETE)
    assert check(archive).captures == 2
    assert check(archive, full=False).captures == 0
    again = ledger.start_run(archive, SOURCE, "import")
    third, _ = keep(archive, again, 3)
    ledger.finish_run(archive, again, Verdict.COMPLETE)
    assert check(archive, full=False).captures == 1
    flip(archive.warc_folder / whole.file, whole.offset + whole.length // 2)
    said = named(archive)
    assert whole.file in said
    assert first.id in said
    flip(archive.warc_folder / whole.file, whole.offset + whole.length // 2)
    flip(archive.warc_folder / small.file, small.offset + small.length // 2)
    assert second.id in named(archive)
    flip(archive.warc_folder / small.file, small.offset + small.length // 2)
    check(archive)
    assert third.id


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE captures SET payload_offset=payload_offset+1 WHERE number=2",
        "UPDATE captures SET payload_file='none.warc.gz' WHERE number=2",
        "UPDATE captures SET payload_file=NULL WHERE number=2",
        "UPDATE captures SET payload_file=(SELECT warc_file FROM captures WHERE number=3), "
        "payload_offset=(SELECT warc_offset FROM captures WHERE number=3) WHERE number=2",
    ],
)
def test_a_repetition_that_was_led_elsewhere_is_named(archive: Archive, run: Run, change: str) -> None:
    keep(archive, run, 1)
    second, _ = keep(archive, run, 2)
    keep(archive, run, 3, body=BODY[::-1])
    ledger.finish_run(archive, run, Verdict.COMPLETE)
    check(archive)
    tamper(archive, change)
    assert second.id in named(archive)


def test_rows_of_a_repeated_answer_lead_to_their_bytes(archive: Archive) -> None:
    first = ledger.start_run(archive, SOURCE, "import")
    keep(archive, first, 1)
    seen, _ = keep(archive, first, 2)
    append(archive, [reading("A", "T", index=1)], given=seen)
    with archive.reading() as connection:
        assert connection.scalar(select(t.captures.c.payload_file).where(t.captures.c.id == seen.id)) is not None
    assert captures.read_record(archive, seen.id, 1) == BODY[10:19]
