"""The recorded daily file, replayed: its revisions become chains; a bad file changes nothing."""

import io
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive import queries
from archive.store import Archive
from archive.warc import WarcWriter, recorded
from crawlers.engine import RunResult, crawl
from crawlers.loading import load_parser
from crawlers.parsing import read
from crawlers.source import source
from dev.rebuild import Recorder, write_sam
from noticewatch.models import Verdict, to_paths
from noticewatch.settings import Settings
from tests.sources.reading import STARTER

SOURCE = source("sam_gov_bulk")
LATER = Recorder("a test", datetime(2026, 4, 26, 12, tzinfo=UTC), "made for a test")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("sam"), contact="test@example.org")


@pytest.fixture(scope="module")
def archive(settings: Settings) -> Iterator[Archive]:
    opened = Archive.open(settings)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def first(archive: Archive, settings: Settings) -> RunResult:
    return crawl(archive, settings, SOURCE, kind="replay", recordings=STARTER / "sam_gov_bulk")


def _head(archive: Archive) -> int:
    with archive.reading() as connection:
        return max((event.seq for event in queries.events(connection, 0, 1_000_000)), default=0)


def _replay(archive: Archive, settings: Settings, folder: Path, payload: bytes) -> RunResult:
    with WarcWriter(folder, "", name="later.warc.gz") as writer:
        write_sam(writer, payload, LATER)
    return crawl(archive, settings, SOURCE, kind="replay", recordings=folder)


def _whole_file() -> bytes:
    *_, last = recorded(STARTER / "sam_gov_bulk")
    with last.open() as stream:
        return stream.read()


def test_rows_become_chains(archive: Archive, first: RunResult) -> None:
    assert first.verdict is Verdict.PARTIAL
    assert "not the whole file" in "; ".join(first.reasons)
    with archive.reading() as connection:
        assert queries.counts(connection).notices == 12_917
        assert len(queries.find(connection, "70-CMSD-26P00000034")) == 1
        assert len(queries.find(connection, "47QSMD20R0001")) > 100
        assert all(event.quiet for event in queries.events(connection, 0, 1_000_000))


def test_the_same_file_a_day_later_appends_no_event(
    archive: Archive, settings: Settings, first: RunResult, tmp_path: Path
) -> None:
    before = _head(archive)
    assert _replay(archive, settings, tmp_path, _whole_file()).verdict is Verdict.COMPLETE
    assert _head(archive) == before


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda whole: whole[: whole.index(b"\n") + 1], "0"),
        (lambda whole: whole[: len(whole) - 1_000], "cut off"),
        (lambda _: b"<!doctype html><p>Sorry</p>", "HTML"),
    ],
    ids=["header-only", "cut-off", "html"],
)
def test_a_file_that_is_not_what_was_due_appends_nothing_and_says_why(
    archive: Archive, settings: Settings, first: RunResult, tmp_path: Path, make: object, said: str
) -> None:
    before = _head(archive)
    assert callable(make)
    result = _replay(archive, settings, tmp_path, make(_whole_file()))
    assert result.verdict in {Verdict.FAILED, Verdict.EMPTY_SUSPICIOUS}
    assert said in " ".join(result.reasons)
    assert _head(archive) == before


def test_the_recorded_rows_state_what_is_expected_of_rows() -> None:
    stated: Counter[str] = Counter()
    readings = list(read(load_parser(SOURCE), io.BytesIO(_whole_file()), next(recorded(STARTER / SOURCE.name)).capture))
    for reading in readings:
        stated.update(to_paths(reading.notice.content()).keys())
    assert {path for path, least in SOURCE.expectations.filled.items() if stated[path] < least * len(readings)} == set()
