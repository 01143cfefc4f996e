"""Recordings of crawls that asked whether a file had changed."""

from datetime import timedelta
from pathlib import Path

import pytest

from archive.store import Archive
from crawlers.engine import crawl
from crawlers.source import Source
from noticewatch.errors import UsageError
from noticewatch.settings import Settings
from tests.crawlers.conftest import ADDRESS, DAY, Recorder

FILE = ADDRESS + "file.csv"


def test_a_file_that_was_found_unchanged_replays_as_what_it_was(
    archive: Archive, settings: Settings, tiny_file: Source, tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path / "one.warc.gz", "tiny_file")
    recorder.add(b"id,title\nA1,one\nA2,two\n", FILE, media_type="text/csv")
    recorder.add(b"", FILE, status=304, at=DAY + timedelta(hours=1))
    result = crawl(archive, settings, tiny_file, kind="replay", recordings=recorder.close())
    assert (result.verdict, result.counts.rows) == ("complete", 2)


def test_a_recording_of_nothing_but_unchanged_is_refused(
    archive: Archive, settings: Settings, tiny_file: Source, tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path / "one.warc.gz", "tiny_file")
    recorder.add(b"", FILE, status=304)
    with pytest.raises(UsageError, match="no recorded answer of tiny_file"):
        crawl(archive, settings, tiny_file, kind="replay", recordings=recorder.close())
