"""Evidence packs: made from real rows, carried away, checked with nothing but Python, and changed in every file."""

import gzip
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi.testclient import TestClient
from sqlalchemy import insert
from wacz.main import main as wacz

from api.evidence import write_pack
from archive import queries
from archive.captures import open_payload, read_ranges
from archive.documents.tables import documents
from archive.evidence import verify
from archive.proof.answers import NotSealed
from archive.store import Archive
from archive.warc_reading import ArchiveIterator
from crawlers.source import source
from noticewatch.errors import CaptureDamaged, NotFound
from noticewatch.settings import Settings
from tests.archive.documents import making
from tests.archive.documents.shelving import URL, answer
from tests.archive.proving import flip, grow, proved, warc_files
from tests.small_archive import _action, _run

TENDER = "sam:f4ce3f0421184c4bb6ed5aa8d7dbc24d"
GOST = "us-action:7012:70CMSD21FR0000035:0"
SOW = making.pdf(["Statement of work"])


def _runs(python: str | None) -> bool:
    return bool(python) and subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


PYTHONS = [sys.executable, *filter(_runs, [shutil.which("python3.9")])]
"""This Python, and the oldest that packs are made for, where there is one."""


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with proved(tmp_path_factory.mktemp("evidence") / "data") as archive:
        number = _row(archive, TENDER).number
        with archive.writing() as connection:
            connection.execute(insert(documents).values(notice=number, url=URL, place=0, added=1))
        answer(archive, SOW)
        yield archive


def _row(archive: Archive, identity: str):
    with archive.reading() as connection:
        found = queries.notice(connection, identity)
    assert found is not None
    return found


def made(archive: Archive, identity: str, version: int | None = None) -> bytes:
    file = io.BytesIO()
    write_pack(archive, Settings(home=archive.folder), _row(archive, identity), version, file)
    return file.getvalue()


@pytest.fixture(scope="module")
def whole(held: Archive, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pack of a notice with two versions and a document, unpacked."""
    folder = tmp_path_factory.mktemp("pack")
    unpack(made(held, TENDER), folder)
    return folder


def unpack(packed: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        file.extractall(folder)


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def carried(folder: Path, *arguments: str, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    """The pack's own verifier, in a process that has Python and nothing else."""
    command = [python, "-I", "-S", "evidence/verify.py", *arguments]
    return subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, check=False)


def manifest_anew(folder: Path) -> None:
    """What somebody would do who changes a file and knows how packs are made."""
    path = folder / verify.MANIFEST
    stated = json.loads(path.read_bytes())
    for one in stated["resources"]:
        held = (folder / one["path"]).read_bytes()
        one |= {"hash": f"sha256:{hashlib.sha256(held).hexdigest()}", "bytes": len(held)}
    raw = json.dumps(stated).encode()
    path.write_bytes(raw)
    digest = {"path": verify.MANIFEST, "hash": f"sha256:{hashlib.sha256(raw).hexdigest()}"}
    (folder / verify.DIGEST).write_bytes(verify.canonical(digest))


@pytest.mark.parametrize("python", PYTHONS)
def test_a_pack_is_verified_where_there_is_nothing_but_python(whole: Path, held: Archive, python: str):
    done = carried(whole, python=python)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Everything holds" in done.stdout
    assert f"Signer's key fingerprint: {held.signer.fingerprint}" in done.stdout
    assert f"Notice: {TENDER}, version 1, 2" in done.stdout
    assert carried(whole, "--key", held.signer.fingerprint, python=python).returncode == 0
    other = carried(whole, "--key", "0" * 64, python=python)
    assert (other.returncode, "proof/key.json" in other.stderr) == (1, True)


def test_one_byte_changed_in_any_file_is_named(whole: Path, tmp_path: Path):
    changed = names(whole)
    assert {"README", "archive/data.warc.gz", "evidence/report.html", "proof/head.json"} < set(changed)
    assert len(changed) == 23
    for place, name in enumerate(changed):
        copy = tmp_path / str(place)
        shutil.copytree(whole, copy)
        at = (copy / name).stat().st_size // 2
        flip(copy / name, at)
        with pytest.raises(verify.DoesNotHold, match=re.escape(name)):
            verify.check(copy)
        if name != "evidence/verify.py":
            done = carried(copy)
            assert (done.returncode, done.stdout, name in done.stderr) == (1, "", True)
            assert len(done.stderr.splitlines()) == 1


def test_a_missing_file_is_named_and_one_too_many_in_a_zip(whole: Path, held: Archive, tmp_path: Path):
    for place, name in enumerate(names(whole)):
        copy = tmp_path / str(place)
        shutil.copytree(whole, copy)
        (copy / name).unlink()
        with pytest.raises(verify.DoesNotHold, match=re.escape(name)):
            verify.check(copy)
    packed = tmp_path / "pack.zip"
    packed.write_bytes(made(held, TENDER))
    assert verify.check(packed)
    with zipfile.ZipFile(packed, "a") as file:
        file.writestr("evidence/more.html", "more")
    with pytest.raises(verify.DoesNotHold, match=re.escape("evidence/more.html")):
        verify.check(packed)
    shutil.copy(packed, whole / "pack.zip")
    try:
        assert "Not of the pack, and not looked at: pack.zip" in verify.check(whole)
    finally:
        (whole / "pack.zip").unlink()


@pytest.mark.parametrize(
    ("pattern", "old", "new", "said"),
    [
        ("records/*-1.txt", b"OSINT", b"OSINX", "records/"),
        ("versions/1.json", b"Multiple-Award", b"Multiplx-Award", "versions/1.json"),
        ("versions/1.json", b'"version":1', b'"version":2', "versions/1.json"),
        ("documents/*", b"%PDF", b"%PDG", "documents/"),
        ("proof/head.json", b'"size":', b'"size":1', "proof/head.json"),
        ("proof/head.json", b"signed_at", b"signed_ax", "proof/head.json"),
        ("proof/key.json", b'"public_key":"', b'"public_key":"00', "proof/key.json"),
        ("proof/leaves.json", b"another collector", b"another kollector", "proof/leaves.json"),
        ("proof/leaves.json", b'"noise":[]', b'"noise":[[0,9]]', "proof/leaves.json"),
        ("proof/leaves.json", b'"captures":[', b'"captures":[{},', "proof/leaves.json"),
    ],
)
def test_a_change_is_named_though_the_manifest_was_made_anew(
    whole: Path, tmp_path: Path, pattern: str, old: bytes, new: bytes, said: str
):
    copy = tmp_path / "copy"
    shutil.copytree(whole, copy)
    path = next(copy.glob(pattern))
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    manifest_anew(copy)
    with pytest.raises(verify.DoesNotHold, match=said):
        verify.check(copy)


def test_a_change_in_the_web_archive_is_named_though_the_manifest_was_made_anew(whole: Path, tmp_path: Path):
    for place, (old, new) in enumerate(
        [(b"OSINT", b"OSINX"), (b"-04-24T", b"-04-23T"), (b"conversion", b"xonversion")]
    ):
        copy = tmp_path / str(place)
        shutil.copytree(whole, copy)
        path = copy / verify.WARC
        members = [
            gzip.compress(_record(headers, body).replace(old, new, 1))
            for headers, body in verify.warc_records(path.read_bytes())
        ]
        path.write_bytes(b"".join(members[1:] if old != b"conversion" else [*members[1:], members[1]]))
        manifest_anew(copy)
        with pytest.raises(verify.DoesNotHold, match=re.escape(verify.WARC)):
            verify.check(copy)


def _record(headers: dict[str, str], body: bytes) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"WARC/1.1\r\n{head}\r\n".encode() + body + b"\r\n\r\n"


def test_another_signer_shows_by_another_fingerprint(whole: Path, held: Archive, tmp_path: Path):
    copy = tmp_path / "copy"
    shutil.copytree(whole, copy)
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    fingerprint = hashlib.sha256(public).hexdigest()
    head = json.loads((copy / verify.HEAD).read_bytes()) | {"key": fingerprint}
    del head["signature"]
    head["signature"] = key.sign(verify.canonical(head)).hex()
    (copy / verify.HEAD).write_bytes(verify.canonical(head))
    stated = json.loads((copy / verify.KEY).read_bytes())
    stated |= {"fingerprint": fingerprint, "public_key": public.hex()}
    (copy / verify.KEY).write_bytes(verify.canonical(stated))
    manifest_anew(copy)
    assert f"Signer's key fingerprint: {fingerprint}" in verify.check(copy)
    with pytest.raises(verify.DoesNotHold, match=re.escape(verify.KEY)):
        verify.check(copy, held.signer.fingerprint)


def test_the_pack_of_a_version_is_the_same_whatever_comes_later(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        first, notice = made(archive, TENDER, 1), made(archive, TENDER)
        assert made(archive, TENDER, 1) == first
        grow(archive, 900)
        assert made(archive, TENDER, 1) == first
        assert made(archive, TENDER) != notice, "it says as of which entry of the log it was made"
    with zipfile.ZipFile(io.BytesIO(first)) as file:
        assert "versions/1.json" in file.namelist()
        assert "versions/2.json" not in file.namelist()
        assert {info.date_time for info in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_pack_of_a_notice_says_as_of_which_entry(whole: Path, held: Archive):
    stated = json.loads((whole / verify.LEAVES).read_bytes())
    assert f"as of seq {stated['as_of']} of the log" in (whole / "evidence/report.html").read_text()
    file = next(whole.glob("documents/*"))
    assert file.read_bytes() == SOW


def test_the_report_masks_contact_data_and_the_row_holds_what_was_published(held: Archive, tmp_path: Path):
    unpack(made(held, GOST), tmp_path)
    rows = [name for name in names(tmp_path) if name.startswith("records/")]
    with_contact = {
        name for name in names(tmp_path)
        if b"GALLOWAY" in (tmp_path / name).read_bytes() or b"235-3420" in (tmp_path / name).read_bytes()
    }  # fmt: skip
    assert with_contact == set(rows), "as published, and one click away"
    warc = b"".join(body for _, body in verify.warc_records((tmp_path / verify.WARC).read_bytes()))
    assert b"GALLOWAY" in warc
    assert "they show contact data of contracting staff" in (tmp_path / "evidence/report.html").read_text()
    strangers = [name for name in names(tmp_path) if b"PANAMERICA" in (tmp_path / name).read_bytes()]
    assert (strangers, b"PANAMERICA" in warc) == ([], False), "of a file with many records only this one"


def test_a_row_with_noise_is_held_to_what_was_hashed(tmp_path: Path):
    action = _action("70CMSD23FR0000999", "7012", "-NONE-_-NONE-", "0", "2023-09-05", 5, "A, INC.", "SOFTWARE")
    payload = orjson.dumps({"results": [action | {"internal_id": 12345}], "page_metadata": {"hasNext": False}})
    with proved(tmp_path / "data") as archive:
        _run(archive, source("usaspending_transactions"), payload, "2026-08-23T12:00:00+00:00")
        unpack(made(archive, "us-action:7012:70CMSD23FR0000999:0"), tmp_path / "pack")
    assert verify.check(tmp_path / "pack")
    [row] = json.loads((tmp_path / "pack" / verify.LEAVES).read_bytes())["rows"]
    [[begin, end]] = row["noise"]
    assert b"12345" in (tmp_path / "pack" / row["file"]).read_bytes()[begin:end]


@pytest.mark.parametrize("version", [None, 1])
def test_a_pack_is_a_web_archive_that_others_accept(held: Archive, tmp_path: Path, version: int | None, capsys):
    path = tmp_path / "pack.wacz"
    path.write_bytes(made(held, TENDER, version))
    assert wacz(["validate", "-f", str(path)]) == 0
    assert "Validation succeeded" in capsys.readouterr().out
    unpack(path.read_bytes(), tmp_path / "pack")
    folder = tmp_path / "pack"
    index = gzip.decompress((folder / "indexes/index.cdx.gz").read_bytes()).decode().splitlines()
    assert len(index) == (1 if version else 2)
    for line in index:
        stated = json.loads(line.split(" ", 2)[2])
        with (folder / "archive" / stated["filename"]).open("rb") as file:
            file.seek(int(stated["offset"]))
            record = next(iter(ArchiveIterator(file)))
            assert record.rec_type == "conversion"
            assert record.rec_headers.get_header("WARC-Target-URI") == stated["url"]
            assert f"sha256:{hashlib.sha256(record.raw_stream.read()).hexdigest()}" == stated["digest"]


def test_what_no_head_covers_or_nobody_holds_gets_no_pack(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        with pytest.raises(NotFound, match="no version 7"):
            made(archive, TENDER, 7)
        from archive.tables import heads  # noqa: PLC0415 - only here

        with archive.writing() as connection:
            connection.execute(heads.delete())
        with pytest.raises(NotSealed):
            made(archive, TENDER)


@pytest.mark.parametrize("part", [0.6, 0.8, 0.95])
def test_a_damaged_capture_gets_no_pack(tmp_path: Path, part: float):
    with proved(tmp_path / "data") as archive:
        for path in warc_files(archive):
            flip(path, int(path.stat().st_size * part))
        with pytest.raises(CaptureDamaged):
            made(archive, GOST)


def test_two_rows_of_one_answer_are_read_in_one_go(tmp_path: Path):
    with proved(tmp_path / "data") as archive, archive.reading() as connection:
        capture = queries.captures_of(connection, _row(archive, GOST).number)[0]
        spans = [(row.start, row.end) for row in queries.capture_rows(connection, capture.number)]
        overlapping = [*spans, (spans[0][0], spans[1][1]), (spans[0][0] + 1, spans[0][1])]
        read = read_ranges(archive, capture, overlapping[::-1])
        with open_payload(archive, capture) as stream:
            payload = stream.read()
        assert read == {(start, end): payload[start:end] for start, end in overlapping}


def test_the_api_gives_packs_and_the_page_leads_to_them(client: TestClient, small_archive: Archive, tmp_path: Path):
    page = client.get(f"/notices/{TENDER}").text
    proof = re.search(r'<section aria-labelledby="proof">.*?</section>', page, re.S)
    assert proof
    one, all_of_them = re.findall(r'href="([^"]+/evidence[^"]*)"', proof[0])
    for number, address in enumerate((one, all_of_them)):
        found = client.get(address)
        assert (found.status_code, found.headers["content-type"]) == (200, "application/zip")
        assert "noindex" in found.headers["x-robots-tag"]
        path = tmp_path / f"{number}.zip"
        path.write_bytes(found.content)
        assert any(small_archive.signer.fingerprint in line for line in verify.check(path))
        again = client.get(address, headers={"If-None-Match": found.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert client.get(one).headers["content-disposition"].endswith('-v2.zip"')
    missing = client.get(f"/api/v1/notices/{TENDER}/evidence?version=9")
    assert (missing.status_code, missing.json()["type"]) == (404, "/docs/api#problem-not-found")
    assert client.get("/api/v1/notices/nothing/evidence").status_code == 404
    assert client.get(f"/api/v1/notices/{TENDER}/evidence?version=x").status_code == 400
