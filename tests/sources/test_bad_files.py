"""Files that are cut off, empty, monstrous or of another kind are refused in one sentence; nothing of them is kept."""

import gzip
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive import queries
from archive.store import Archive
from archive.warc import recorded
from crawlers.engine import RunResult
from crawlers.importing import import_files
from crawlers.parsing import Shape
from crawlers.source import source
from crawlers.sources.sam_gov_bulk.parser import rows as sam_rows
from noticewatch.errors import SourceDrift, UsageError
from noticewatch.models import Verdict
from noticewatch.settings import Settings
from tests.sources.reading import STARTER

SAM, USA = source("sam_gov_bulk"), source("usaspending_transactions")


def first_rows(count: int) -> bytes:
    """The header and the first rows of the recorded daily file."""
    *_, last = recorded(STARTER / "sam_gov_bulk")
    with last.open() as stream:
        whole = stream.read(600_000)
    ends = [row.end for _, row in zip(range(count), sam_rows(io.BytesIO(whole), Shape()), strict=False)]
    return whole[: ends[-1]]


def take(archive: Archive, tmp_path: Path, name: str, payload: bytes, which: object = SAM) -> RunResult:
    file = tmp_path / name
    file.write_bytes(payload)
    moment = datetime(2026, 5, 1, tzinfo=UTC)
    settings = Settings(home=archive.folder)
    return import_files(archive, settings, which, [file], url=None, captured_at=moment, note=None)  # type: ignore[arg-type]  # a Source


@pytest.mark.parametrize("left_out", [1, 2, 3, 400])
def test_a_file_cut_off_anywhere_is_never_complete(archive: Archive, tmp_path: Path, left_out: int) -> None:
    whole = first_rows(5)
    cut = whole[:-left_out] if left_out > 1 else whole.rstrip(b"\r\n")
    result = take(archive, tmp_path, "cut.csv", cut)
    assert result.verdict is Verdict.FAILED
    assert "cut off" in result.reasons[0]
    with archive.reading() as connection:
        assert queries.counts(connection).notices == 0


def test_a_file_cut_between_two_columns_is_never_complete(archive: Archive, tmp_path: Path) -> None:
    whole = first_rows(5)
    result = take(archive, tmp_path, "cut.csv", whole[: whole.rindex(b'/view",') + len(b'/view",')])
    assert result.verdict is Verdict.FAILED
    assert "cut off" in result.reasons[0]


def test_a_header_without_rows_is_suspicious_even_when_imported(archive: Archive, tmp_path: Path) -> None:
    whole = first_rows(1)
    result = take(archive, tmp_path, "header.csv", whole[: whole.index(b"\n") + 1])
    assert result.verdict is Verdict.EMPTY_SUSPICIOUS


def test_a_line_without_end_is_refused_before_it_is_held() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> int:
            assert self.given < 50_000_000, "a line was read on and on"
            view = memoryview(buffer)  # type: ignore[arg-type]  # a writable buffer
            view[:] = b"x" * len(view)
            self.given += len(view)
            return len(view)

    with pytest.raises(SourceDrift, match="a line of more than"):
        list(sam_rows(io.BufferedReader(Endless()), Shape()))


def test_a_packed_file_that_swells_beyond_the_largest_answer_is_refused(archive: Archive, tmp_path: Path) -> None:
    packed = gzip.compress(bytes(USA.max_megabytes << 20) + b"!")
    with pytest.raises(UsageError, match="holds more than 16 MB"):
        take(archive, tmp_path, "bomb.json.gz", packed, USA)


def test_deeply_nested_json_is_an_answer_that_cannot_be_read(archive: Archive, tmp_path: Path) -> None:
    result = take(archive, tmp_path, "deep.json", b"[" * 200_000, USA)
    assert result.verdict is Verdict.FAILED
    assert result.reasons == ["The answer is cut off or broken JSON; fetch it again."]
