"""Archive files of answers that unpack to far more than they take."""

import hashlib
import io
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

from archive.warc import WarcWriter, repair
from noticewatch.identifiers import new_id
from noticewatch.models import Capture, Origin

LENGTH = 64 << 20
BOUND = 16 << 20


class Zeros(io.RawIOBase):
    """A body of zeros that stands nowhere whole."""

    def __init__(self, length: int) -> None:
        self._left = length

    def read(self, size: int = -1) -> bytes:
        block = bytes(min(self._left, size if size >= 0 else self._left))
        self._left -= len(block)
        return block


def capture() -> Capture:
    digest = hashlib.sha256()
    for _ in range(LENGTH >> 20):
        digest.update(bytes(1 << 20))
    return Capture(
        id=new_id(), source="tiny", url="https://publisher.example/", status=200, fetched_at=datetime.now(UTC),
        payload_sha256=digest.hexdigest(), payload_length=LENGTH, origin=Origin.LIVE, recorder="a test",
    )  # fmt: skip


def test_a_torn_file_whose_answers_unpack_a_thousandfold_is_cut_back_within_bounds(tmp_path: Path) -> None:
    with WarcWriter(tmp_path, "tiny", name="tiny.warc.gz") as writer:
        placed = writer.write(capture(), (), (), Zeros(LENGTH))  # type: ignore[arg-type]  # reads like one
    file = tmp_path / placed.file
    whole = file.read_bytes()
    assert len(whole) < LENGTH / 500
    file.write_bytes(whole + whole[placed.offset : -1000])
    file.with_name(file.name + ".lock").touch()
    tracemalloc.start()
    try:
        cut = repair(tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert cut == [file]
    assert file.read_bytes() == whole
    assert peak < BOUND
