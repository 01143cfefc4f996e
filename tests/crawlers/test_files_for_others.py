"""The WARC files that crawls, imports and documents leave: other programs accept them, and no secret stands in them."""

import hashlib
import io
import subprocess
import sys
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.store import Archive
from archive.warc import WarcWriter, recorded
from crawlers.documents.importing import import_document
from crawlers.importing import import_files
from crawlers.source import Source
from noticewatch.identifiers import new_id
from noticewatch.models import Capture, Origin, Verdict
from noticewatch.settings import Settings
from tests.archive.documents import making
from tests.archive.documents.shelving import listing, opened
from tests.crawlers.documents.apart import crawl_apart, source
from tests.crawlers.wires import Wires, http, wires

SOW = making.pdf(["Statement of work"])


@pytest.fixture
def publisher() -> Iterator[Wires]:
    with wires() as opened_wires:
        yield opened_wires


def checked(file: Path) -> int:
    """How many records warcio's own command finds in a file; it must have nothing to say against any of them."""
    command = [sys.executable, "-m", "warcio.cli", "check", "-v", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.count("  offset ")


def members(file: Path) -> list[bytes]:
    """What the members of a file unpack to, one by one."""
    found, held = [], file.read_bytes()
    while held:
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        found.append(member.decompress(held))
        assert member.eof
        held = member.unused_data
    return found


def held_to_standard(folder: Path, *, records: int) -> list[bytes]:
    """All members of the files of a folder: each a record of its own of WARC 1.1, requests and responses in pairs."""
    files = sorted(folder.glob("*.warc.gz"))
    found = [member for file in files for member in members(file)]
    assert sum(checked(file) for file in files) == len(found) == records
    assert all(member.startswith(b"WARC/1.1\r\n") and member.endswith(b"\r\n\r\n") for member in found)
    kinds = [b"request" if b"\r\nWARC-Type: request\r\n" in member else b"response" for member in found]
    assert kinds == [b"request", b"response"] * (records // 2)
    return found


def test_a_crawl_of_documents_leaves_files_that_warcio_accepts_and_no_cookie(
    archive: Archive, publisher: Wires
) -> None:
    opened(archive)
    listing(archive, f"{publisher.address}/sow.pdf")
    cookie = ("Set-Cookie", "session=let-me-in; Path=/")
    publisher.answers = lambda asked: http(200, SOW, cookie, ("Content-Type", "application/pdf"))
    assert crawl_apart(archive.folder).verdict == "complete"
    found = held_to_standard(archive.warc_folder, records=4)  # robots.txt and the document
    assert not [member for member in found if b"let-me-in" in member or b"\r\nCookie:" in member]
    (file,) = archive.warc_folder.glob("*.warc.gz")
    told = [one.capture for one in recorded(file)]
    assert [(one.origin, one.recorder) for one in told] == [(Origin.LIVE, "noticewatch")] * 2
    assert told[1].payload_sha256 == hashlib.sha256(SOW).hexdigest()


def test_imports_leave_files_that_warcio_accepts_and_that_say_who_brought_them(
    archive: Archive, settings: Settings, tiny_file: Source, tmp_path: Path
) -> None:
    file = tmp_path / "by-hand.csv"
    file.write_bytes(b"id,title\nA1,one\n")
    assert import_files(archive, settings, tiny_file, [file]).verdict is Verdict.COMPLETE
    opened(archive)
    listing(archive, "https://files.example/sow.pdf")
    document = tmp_path / "sow.pdf"
    document.write_bytes(SOW)
    assert import_document(archive, settings, source(), document, "us-action:N1").verdict is Verdict.COMPLETE
    found = held_to_standard(archive.warc_folder, records=4)
    stated = [member for member in found if b"\r\nNoticewatch-Origin: imported\r\n" in member]
    assert len([member for member in stated if b"\r\nNoticewatch-Recorder: test@example.org\r\n" in member]) == 2


def test_every_file_of_a_rotation_is_one_that_warcio_accepts(tmp_path: Path) -> None:
    bodies = [b"", b"x", b"{}" * 5_000, bytes(range(256)) * 40, "Prüfung".encode("cp1252")]
    with WarcWriter(tmp_path, "tiny", rotate_at=1_500) as writer:
        for body in bodies * 3:
            writer.write(
                Capture(
                    id=new_id(), source="tiny", url="https://source.example/a?b=%20c", status=200, method="POST",
                    request_body='{"page":1}', fetched_at=datetime(2026, 8, 17, tzinfo=UTC), origin=Origin.LIVE,
                    payload_sha256=hashlib.sha256(body).hexdigest(), payload_length=len(body), recorder="Zoë & others",
                ),
                [("Accept", "*/*")], [("Content-Type", "text/csv"), ("Transfer-Encoding", "chunked")], io.BytesIO(body),
            )  # fmt: skip
    assert len(list(tmp_path.glob("*.warc.gz"))) > 2
    held_to_standard(tmp_path, records=2 * 3 * len(bodies))
