"""WARC files: what is written comes back, torn files are mended, damage is named."""

import gzip
import hashlib
import io
import os
import subprocess
import sys
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive import captures, ledger
from archive.store import Archive
from archive.warc import Placed, WarcWriter, recorded, repair
from noticewatch.errors import CaptureDamaged, DataFolderError, NotFound, UsageError
from noticewatch.identifiers import new_id
from noticewatch.models import Capture, Origin
from tests.archive.making import append, reading
from tests.limits import files_of_at_most


def captured(body: bytes, **more: object) -> Capture:
    stated = {
        "id": new_id(), "source": "a_source", "method": "POST", "url": "https://source.example/v2/search?page=1",
        "request_body": '{"page":1}', "status": 200, "media_type": "application/json",
        "fetched_at": datetime(2026, 8, 17, 6, 0, 0, 123456, UTC), "payload_sha256": hashlib.sha256(body).hexdigest(),
        "payload_length": len(body), "origin": Origin.REBUILT, "recorder": "somebody/their-collector, commit 15b1aa27",
    }  # fmt: skip
    return Capture.model_validate(stated | more)


def written(folder: Path, *bodies: bytes, **more: object) -> list[tuple[Capture, Placed]]:
    with WarcWriter(folder, "a_source") as writer:
        found = []
        for body in bodies:
            capture = captured(body, **more)
            headers = [("Content-Type", "application/json; charset=utf-8"), ("Content-Encoding", "gzip")]
            found.append((capture, writer.write(capture, [("Accept", "*/*")], headers, io.BytesIO(body))))
        writer.sync()
    return found


texts = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=40).map(
    lambda text: " ".join(text.split()) or "x"
)


@given(
    body=st.binary(max_size=5_000),
    recorder=texts,
    note=st.none() | texts,
    gaps=st.lists(st.text(max_size=40), max_size=3).map(tuple),
    request_body=st.none() | st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40),
    media_type=st.sampled_from([None, "application/json", "text/csv"]),
    status=st.sampled_from([200, 404, 503]),
)
def test_a_capture_comes_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, **more: object
) -> None:
    folder = tmp_path_factory.mktemp("warc")
    [(capture, placed)] = written(folder, body, **more)
    [back] = recorded(folder)
    assert back.capture == capture
    assert (back.file.name, back.offset, back.length) == (placed.file, placed.offset, placed.length)
    assert back.open().read() == body


def test_every_record_is_a_gzip_member_that_other_tools_accept(tmp_path: Path) -> None:
    placed = [place for _, place in written(tmp_path, b"one", b"", b"three" * 10_000)]
    [file] = tmp_path.glob("*.warc.gz")
    for place in placed:
        member = file.read_bytes()[place.offset : place.offset + place.length]
        assert gzip.decompress(member).startswith(b"WARC/1.1\r\n")
    checked = subprocess.run(
        [sys.executable, "-m", "warcio.cli", "check", "-v", str(file)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
    assert checked.stdout.count("digest pass") >= 2


def test_transport_encodings_are_renamed_because_the_payload_is_decoded(tmp_path: Path) -> None:
    written(tmp_path, b"{}")
    [back] = recorded(tmp_path)
    assert ("X-Archive-Orig-Content-Encoding", "gzip") in back.response_headers


def test_a_body_that_does_not_match_its_hash_is_refused_and_leaves_no_trace(tmp_path: Path) -> None:
    with WarcWriter(tmp_path, "a_source") as writer:
        capture = captured(b"announced")
        with pytest.raises(CaptureDamaged, match="does not match its hash"):
            writer.write(capture, [], [], io.BytesIO(b"delivered"))
        good = captured(b"good")
        writer.write(good, [], [], io.BytesIO(b"good"))
    assert [back.capture for back in recorded(tmp_path)] == [good]


def test_a_tail_torn_at_any_byte_is_cut_back_and_no_whole_record_is_lost(tmp_path: Path) -> None:
    kept = written(tmp_path, b"one", b"two" * 1_000)
    [file] = tmp_path.glob("*.warc.gz")
    whole, last = file.read_bytes(), kept[1][1]
    for end in range(last.offset + 1, len(whole)):
        file.write_bytes(whole[:end])
        file.with_name(file.name + ".lock").touch()
        assert repair(tmp_path) == [file]
        assert file.read_bytes() == whole[: last.offset]
        assert repair(tmp_path) == []
    assert [back.capture for back in recorded(tmp_path)] == [kept[0][0]]
    file.write_bytes(whole)
    file.with_name(file.name + ".lock").touch()
    assert repair(tmp_path) == []
    assert [back.capture for back in recorded(tmp_path)] == [capture for capture, _ in kept]


def test_a_file_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    with WarcWriter(tmp_path, "a_source") as writer:
        writer.write(captured(b"x"), [], [], io.BytesIO(b"x"))
        assert repair(tmp_path) == []


def test_no_record_ever_stands_behind_one_that_could_not_be_written(tmp_path: Path) -> None:
    first, torn, last = captured(b"first"), captured(noise := os.urandom(1 << 16)), captured(b"last")
    with WarcWriter(tmp_path, "a_source") as writer:
        kept = writer.write(first, [], [], io.BytesIO(b"first"))
        writer.sync()
        with files_of_at_most(1 << 14), pytest.raises(DataFolderError, match="cannot be written"):
            writer.write(torn, [], [], io.BytesIO(noise))
        after = writer.write(last, [], [], io.BytesIO(b"last"))
        writer.sync()
        assert after.file != kept.file
    assert [file.name for file in repair(tmp_path)] == [kept.file]
    assert {back.capture.id for back in recorded(tmp_path)} == {first.id, last.id}
    assert list(tmp_path.glob("*.lock")) == []


def test_files_rotate_by_size(tmp_path: Path) -> None:
    with WarcWriter(tmp_path, "a_source", rotate_at=100) as writer:
        for number in range(3):
            body = os.urandom(200)
            assert writer.write(captured(body), [], [], io.BytesIO(body)).file.startswith("a_source-"), number
    assert len(list(tmp_path.glob("*.warc.gz"))) == 3
    assert len(list(recorded(tmp_path))) == 3


def test_a_foreign_file_with_responses_first_is_read(tmp_path: Path) -> None:
    with (tmp_path / "foreign.warc.gz").open("wb") as out:
        writer = WARCWriter(out, gzip=True)
        response = writer.create_warc_record(
            "https://x.example/", "response", io.BytesIO(b"hello"),
            http_headers=StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1"),
        )  # fmt: skip
        request = writer.create_warc_record(
            "https://x.example/", "request", io.BytesIO(b"q=1"),
            http_headers=StatusAndHeaders("POST / HTTP/1.1", [], is_http_request=True),
        )  # fmt: skip
        writer.write_request_response_pair(request, response)
    [back] = recorded(tmp_path)
    assert (back.capture.method, back.capture.request_body, back.capture.media_type) == ("POST", "q=1", "text/html")
    assert back.capture.payload_sha256 == hashlib.sha256(b"hello").hexdigest()
    assert back.capture.origin is Origin.IMPORTED


def test_no_file_and_no_warc_are_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no WARC file"):
        list(recorded(tmp_path))
    (tmp_path / "x.warc.gz").write_bytes(b"this is not a WARC file at all")
    with pytest.raises(CaptureDamaged, match="cannot be read as a WARC file"):
        list(recorded(tmp_path))


def test_a_flipped_byte_is_found(tmp_path: Path) -> None:
    written(tmp_path, b"a payload that counts" * 50)
    [file] = tmp_path.glob("*.warc.gz")
    plain = gzip.decompress(file.read_bytes())
    file.unlink()
    (tmp_path / "x.warc").write_bytes(plain.replace(b"that counts", b"that counte", 1))
    with pytest.raises(CaptureDamaged, match="does not match its hash"):
        list(recorded(tmp_path))


def test_what_a_killed_adoption_left_is_written_over(archive: Archive) -> None:
    path = Path(__file__).parents[1] / "replays/federal_register/3-four-days-with-counts.warc.gz"
    name = captures.adopt(archive, path)
    target = archive.warc_folder / name
    target.rename(target.with_name(f"{target.name}.part"))
    target.with_name(f"{target.name}.part").write_bytes(b"half of it")
    assert captures.adopt(archive, path) == name
    assert target.read_bytes() == path.read_bytes()
    assert [left.name for left in target.parent.iterdir()] == [target.name]


def test_adopting_twice_keeps_one_copy(archive: Archive, tmp_path: Path) -> None:
    written(tmp_path / "recorded", b"one")
    [file] = (tmp_path / "recorded").glob("*.warc.gz")
    name = captures.adopt(archive, file)
    assert captures.adopt(archive, file) == name
    assert captures.adopt(archive, archive.warc_folder / name) == name
    assert (archive.warc_folder / name).read_bytes() == file.read_bytes()
    assert [path.name for path in (archive.warc_folder / "adopted").iterdir()] == [Path(name).name]


def test_a_row_leads_back_to_its_bytes(archive: Archive) -> None:
    payload = b"0123456789abcdefghij"
    capture = captured(payload)
    with WarcWriter(archive.warc_folder, "a_source") as writer:
        placed = writer.write(capture, [], [], io.BytesIO(payload))
    run = ledger.start_run(archive, "a_source", "import")
    with archive.writing() as connection:
        assert captures.add(connection, run.number, capture, placed) == captures.add(
            connection, run.number, capture, placed
        )
    append(archive, [reading("A", "T", index=1)], given=capture)
    assert captures.read_record(archive, capture.id, 1) == payload[10:19]
    with pytest.raises(NotFound, match="No record is held at row 7"):
        captures.read_record(archive, capture.id, 7)
    (archive.warc_folder / placed.file).unlink()
    with pytest.raises(CaptureDamaged, match="cannot be opened"):
        captures.read_record(archive, capture.id, 1)


def test_a_file_that_is_not_packed_is_read_like_one_that_is(tmp_path: Path) -> None:
    kept = written(tmp_path / "packed", b"one", b"", b"two" * 1_000)
    [file] = (tmp_path / "packed").glob("*.warc.gz")
    plain = tmp_path / "plain.warc"
    plain.write_bytes(gzip.decompress(file.read_bytes()))
    found = list(recorded(plain))
    assert [back.capture for back in found] == [capture for capture, _ in kept]
    assert [back.open().read() for back in found] == [b"one", b"", b"two" * 1_000]


@pytest.mark.parametrize("plain", [True, False])
def test_a_copy_that_breaks_off_inside_a_record_is_refused_with_a_sentence(tmp_path: Path, *, plain: bool) -> None:
    whole = (Path(__file__).parents[1] / "replays/federal_register/3-four-days-with-counts.warc.gz").read_bytes()
    payload = gzip.decompress(whole) if plain else whole
    file = tmp_path / ("cut.warc" if plain else "cut.warc.gz")
    for part in (0.1, 0.24, 0.25, 0.26, 0.3, 0.5, 0.501, 0.502, 0.7, 0.9, 0.97):
        file.write_bytes(payload[: int(len(payload) * part)])
        with pytest.raises(CaptureDamaged, match=r"breaks off|does not match its hash|cannot be read"):
            list(recorded(file))


def members(payload: bytes) -> set[int]:
    """Where the members of a gzip file end, and its beginning."""
    ends, place = {0}, 0
    while place < len(payload):
        unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
        unpacking.decompress(payload[place:])
        assert unpacking.eof
        place = len(payload) - len(unpacking.unused_data)
        ends.add(place)
    return ends


def test_a_warc_file_that_is_cut_at_any_place_but_between_its_members_is_refused(tmp_path: Path) -> None:
    written(tmp_path, b"{}", b"", os.urandom(300), b"x" * 5_000)
    (whole,) = tmp_path.glob("*.warc.gz")
    payload, file = whole.read_bytes(), tmp_path / "cut.warc.gz"
    ends = members(payload)
    assert len(ends) > 8
    for place in range(len(payload)):
        file.write_bytes(payload[:place])
        if place in ends:
            assert len(list(recorded(file))) <= 4
        else:
            with pytest.raises(CaptureDamaged):
                list(recorded(file))


@given(bodies=st.lists(st.binary(max_size=3_000), min_size=1, max_size=3), back=st.integers(0, 10**6))
def test_a_cut_warc_file_of_any_answers_is_refused(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes], back: int
) -> None:
    folder = tmp_path_factory.mktemp("warc")
    written(folder, *bodies)
    (whole,) = folder.glob("*.warc.gz")
    payload = whole.read_bytes()
    places = sorted(set(range(len(payload))) - members(payload))
    whole.write_bytes(payload[: places[-1 - back % len(places)]])
    with pytest.raises(CaptureDamaged):
        list(recorded(whole))


@pytest.mark.parametrize("block", [16_384, 16_385])
def test_a_check_sum_that_is_cut_off_or_wrong_is_noticed_wherever_reading_stops(tmp_path: Path, block: int) -> None:
    """warcio reads blocks of 16 kB: the last bytes of a member may be all that a block holds."""
    written(tmp_path, os.urandom(block))
    (whole,) = tmp_path.glob("*.warc.gz")
    payload = whole.read_bytes()
    for missing in range(1, 9):
        whole.write_bytes(payload[:-missing])
        with pytest.raises(CaptureDamaged, match="breaks off in the middle of a record"):
            list(recorded(whole))
    whole.write_bytes(payload[:-8] + bytes(4) + payload[-4:])
    with pytest.raises(CaptureDamaged, match=r"does not match its (check sum|hash)"):
        list(recorded(whole))
