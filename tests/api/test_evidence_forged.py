"""Packs that somebody put together anew out of what is proved: what is left out of them or added is named."""

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archive import takedowns
from archive.evidence import verify
from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from crawlers.source import source
from tests.api.test_evidence import TENDER, manifest_anew, unpack
from tests.api.test_evidence import made as made_of
from tests.api.test_evidence_procurement import AWARD, held, made
from tests.archive.proving import proved
from tests.small_archive import _TENDER, _file, _run

__all__ = ["held"]


@pytest.fixture
def pack(held: Archive, tmp_path: Path) -> Path:
    """The pack of a contract with one of three notices taken down, unpacked."""
    takedowns.take_down(held, [f"{AWARD}:P00001"], "A test.")
    drive(held, [Joiner()])
    unpack(made(held), tmp_path / "pack")
    assert verify.check(tmp_path / "pack")
    return tmp_path / "pack"


def named(pack: Path, change: Callable[[dict[str, Any]], None]) -> str:
    """What the verifier says where what the pack states of its leaves was changed, and all hashes made anew."""
    path = pack / verify.LEAVES
    stated = json.loads(path.read_bytes())
    change(stated)
    path.write_bytes(verify.canonical(stated))
    manifest_anew(pack)
    with pytest.raises(verify.DoesNotHold) as found:
        verify.check(pack)
    return str(found.value)


def without_row(packed: bytes, capture: str, row: int) -> bytes:
    """A web archive without what it holds of one row."""
    kept = b""
    while packed:
        member = zlib.decompressobj(31)
        head = member.decompress(packed).partition(b"\r\n\r\n")[0]
        whole, packed = packed[: len(packed) - len(member.unused_data)], member.unused_data
        if not (capture.encode() in head and f"Noticewatch-Row: {row}\r\n".encode() in head + b"\r\n"):
            kept += whole
    return kept


def test_a_row_cannot_be_left_out_with_the_word_that_another_version_of_it_was_taken_down(pack: Path):
    def change(stated: dict[str, Any]) -> None:
        standing = next(one for one in stated["versions"] if "file" in one)
        taken = next(one for one in stated["versions"] if "taken_down" in one)
        taken["row"] = standing["row"]
        row = stated["rows"][standing["row"]]
        capture, number = json.loads(row["records"]["leaf"])["capture"], json.loads(row["leaf"])["row"]
        warc = pack / verify.WARC
        left = without_row(warc.read_bytes(), capture, number)
        assert len(left) < warc.stat().st_size
        warc.write_bytes(left)
        (pack / row.pop("file")).write_bytes(b"")
        row["taken_down"] = True

    assert "The bytes of row" in named(pack, change)


def test_a_notice_of_which_nothing_is_proved_cannot_be_put_into_a_contract(pack: Path):
    other = "us-action:7012:ANOTHER:0"
    assert other in named(pack, lambda stated: stated["notices"].append(other))


def test_a_version_can_be_proved_whose_row_an_older_answer_turned_out_to_hold(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        _run(archive, source("sam_gov_bulk"), _file([_TENDER]), "2026-04-20T12:00:00+00:00", "import")
        for version in (1, None):
            folder = tmp_path / f"pack-{version}"
            unpack(made_of(archive, TENDER, version), folder)
            lines = verify.check(folder)
            assert any(line.startswith("Received 2026-04-20T12:00:00") for line in lines)
            first = json.loads((folder / verify.LEAVES).read_bytes())["versions"][0]
            told = json.loads(first["event"]["leaf"])["capture"]
            assert any(told in one["leaf"] for one in json.loads((folder / verify.LEAVES).read_bytes())["captures"])


def test_a_version_cannot_be_led_to_a_row_of_an_answer_that_came_after_its_event(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        unpack(made_of(archive, TENDER, None), tmp_path / "pack")

    def change(stated: dict[str, Any]) -> None:
        first, later = stated["versions"][0], stated["versions"][-1]
        assert first["row"] != later["row"]
        first["row"] = later["row"]

    assert "comes from an answer that was received after" in named(tmp_path / "pack", change)


def test_a_file_of_a_version_says_nothing_beside_what_is_proved(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        unpack(made_of(archive, TENDER, None), tmp_path / "pack")
    path = tmp_path / "pack/versions/1.json"
    form = json.loads(path.read_bytes())
    path.write_bytes(verify.canonical(form | {"status": "withdrawn"}))
    assert "versions/1.json says more than a version" in named(tmp_path / "pack", lambda _: None)


def test_a_notice_that_is_shown_cannot_be_said_to_be_left_out(pack: Path):
    def change(stated: dict[str, Any]) -> None:
        stated["left_out"] = [stated["notices"][0]]

    assert "is said to be left out" in named(pack, change)
    stated = json.loads((pack / verify.LEAVES).read_bytes())
    stated["left_out"] = ["us-action:7012:OTHER:0"]
    (pack / verify.LEAVES).write_bytes(verify.canonical(stated))
    manifest_anew(pack)
    assert "Left out, without proof that it belongs here: us-action:7012:OTHER:0" in verify.check(pack)
