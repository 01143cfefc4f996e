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
from tests.api.test_evidence import manifest_anew, unpack
from tests.api.test_evidence_procurement import AWARD, held, made

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
