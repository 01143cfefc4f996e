"""Import of files, and the past read again."""

import gzip
import io
import os
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from archive import queries, tables
from archive.store import Archive
from crawlers import held, sorted_spool
from crawlers.engine import CrawlRunning, crawl, crawl_lock
from crawlers.importing import import_files
from crawlers.reparsing import reparse
from crawlers.source import Source, source
from noticewatch.errors import UsageError
from noticewatch.models import Verdict
from noticewatch.settings import Settings
from tests.crawlers.conftest import ADDRESS, DAY, Recorder

pytestmark = pytest.mark.both_databases

CSV = b"id,title\nA1,one\nA2,two\nA3,three\n"


def gzipped(payload: bytes) -> bytes:
    """The same bytes at any time, because some are part of a test's name."""
    return gzip.compress(payload, mtime=0)


def rows(archive: Archive, *columns: Any) -> list[tuple[Any, ...]]:
    with archive.reading() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(*columns[0].table.primary_key))]


def title(archive: Archive, number: str) -> str:
    with archive.reading() as connection:
        found = queries.notice(connection, f"us-action:{number}")
    assert found is not None
    return found.notice.title[0].text


def packed(folder: Path, how: str) -> Path:
    folder.mkdir(exist_ok=True)
    if how == "gz":
        (folder / "file.csv.gz").write_bytes(gzipped(CSV))
        return folder / "file.csv.gz"
    if how == "zip":
        with zipfile.ZipFile(folder / "files.zip", "w") as archive:
            archive.writestr("inner/file.csv", CSV)
        return folder / "files.zip"
    (folder / "file.csv").write_bytes(CSV)
    return folder if how == "folder" else folder / "file.csv"


def test_rows_that_share_a_number_and_differ_are_told_because_one_of_them_is_left_out(
    archive: Archive, settings: Settings, tiny_file: Source, tmp_path: Path
) -> None:
    (tmp_path / "file.csv").write_bytes(CSV + b"A1,one\nA2,another\n")
    result = import_files(archive, settings, tiny_file, [tmp_path / "file.csv"], captured_at=DAY)
    assert (result.counts.rows, result.counts.records) == (5, 3)
    assert "rows left out beside another, different row of the same number in the same answer" in result.findings


@pytest.mark.parametrize("how", ["plain", "gz", "zip", "folder"])
def test_a_file_is_imported_however_it_is_packed_and_marked_as_imported(
    archive: Archive, settings: Settings, tiny_file: Source, tmp_path: Path, how: str
) -> None:
    path = packed(tmp_path / "in", how)
    result = import_files(
        archive, settings, tiny_file, [path], captured_at=DAY, url=ADDRESS + "file.csv", note="by hand"
    )
    assert (result.verdict, result.run.kind, result.counts.records) == (Verdict.COMPLETE, "import", 3)
    c = tables.captures.c
    assert rows(archive, c.origin, c.recorder, c.note, c.url, c.fetched_at, c.payload_length) == [
        ("imported", "test@example.org", "by hand", ADDRESS + "file.csv", "2026-08-20T12:00:00.000000Z", len(CSV))
    ]
    assert [quiet for (quiet,) in rows(archive, tables.events.c.quiet)] == [True] * 3
    assert rows(archive, tables.walked_windows.c.key) == []


def test_the_same_file_twice_is_one_capture_and_brings_no_event(
    archive: Archive, settings: Settings, tiny_file: Source, tmp_path: Path
) -> None:
    path = packed(tmp_path / "in", "plain")
    for _ in range(2):
        result = import_files(archive, settings, tiny_file, [path])
    assert (result.counts.records, result.counts.events) == (0, 0)
    assert len(rows(archive, tables.captures.c.id)) == 1
    assert rows(archive, tables.captures.c.note) == [("address not stated; time taken from the file",)]


def test_an_older_file_never_becomes_the_current_version(
    archive: Archive, settings: Settings, tiny_file: Source, tmp_path: Path
) -> None:
    for name, text, days in (("new", b"id,title\nA1,later\nA2,two\n", 0), ("old", b"id,title\nA1,late\nA2,two\n", -9)):
        path = tmp_path / f"{name}.csv"
        path.write_bytes(text)
        import_files(archive, settings, tiny_file, [path], captured_at=DAY + timedelta(days=days))
    assert title(archive, "A1") == "later"
    assert rows(archive, tables.notices.c.id, tables.notices.c.versions) == [("us-action:A1", 2), ("us-action:A2", 1)]


def test_a_source_that_is_being_crawled_is_not_imported_into(
    archive: Archive, settings: Settings, tiny_file: Source, tmp_path: Path
) -> None:
    path = packed(tmp_path / "in", "plain")
    with crawl_lock(archive, tiny_file), pytest.raises(CrawlRunning, match="tiny_file"):
        import_files(archive, settings, tiny_file, [path])
    assert rows(archive, tables.runs.c.kind) == []
    assert rows(archive, tables.captures.c.id) == []


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (CSV[:-3], "ends in the middle of row 3"),
        (b"<html><body>Maintenance</body></html>\n", "does not begin with the columns"),
        (b"", "does not begin with the columns"),
    ],
)
def test_a_file_that_is_cut_or_something_else_fails_with_a_sentence_and_leaves_no_notice(
    archive: Archive, settings: Settings, tiny_file: Source, tmp_path: Path, payload: bytes, said: str
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(payload)
    result = import_files(archive, settings, tiny_file, [path])
    assert (result.verdict, result.exit_code) == (Verdict.FAILED, 5)
    assert said in result.reasons[0]
    assert rows(archive, tables.notices.c.id) == []
    assert len(rows(archive, tables.captures.c.id)) == 1


def test_what_cannot_be_opened_is_named(
    archive: Archive, settings: Settings, tiny_file: Source, tmp_path: Path
) -> None:
    (tmp_path / "bad.gz").write_bytes(b"not gzip at all")
    with pytest.raises(UsageError, match=r"bad\.gz cannot be unpacked"):
        import_files(archive, settings, tiny_file, [tmp_path / "bad.gz"])
    with pytest.raises(UsageError, match=r"missing\.csv does not exist"):
        import_files(archive, settings, tiny_file, [tmp_path / "missing.csv"])
    assert rows(archive, tables.runs.c.verdict) == [("failed",)]


def zipped(name: str, payload: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), payload, zipfile.ZIP_DEFLATED)  # without the time of day, as above
    return out.getvalue()


def encrypted(packed: bytes) -> bytes:
    """The same with the flag that says so, in the member's head and in the directory."""
    bent, entry = bytearray(packed), packed.index(b"PK\x01\x02")
    bent[6] |= 1
    bent[entry + 8] |= 1
    return bytes(bent)


@pytest.mark.sqlite_suffices
@pytest.mark.parametrize(
    ("name", "payload", "said"),
    [
        *(("cut.zip", zipped("file.csv", CSV)[:end], "is a zip file that is cut off") for end in (4, 40, 80, -30, -1)),
        ("two.zip", zipped("inner.zip", zipped("file.csv", CSV)), r"holds a file that is packed once more, inner\.zip"),
        (
            "two.zip",
            zipped("in.csv.gz", gzipped(CSV)),
            r"holds a file that is packed once more, in\.csv\.gz",
        ),
        ("in.zip.gz", gzipped(zipped("file.csv", CSV)), r"holds a file that is packed once more, in\.zip"),
        ("gz.csv.gz", gzipped(gzipped(CSV)), r"holds a file that is packed once more, gz\.csv"),
        ("none.zip", zipped("folder/", b""), "is a zip file without a file in it"),
        ("shut.zip", encrypted(zipped("file.csv", CSV)), "is encrypted"),
        ("bent.zip", zipped("file.csv", CSV).replace(b"file.csv", b"FILE.csv", 1), "cannot be read"),
        ("cut.gz", gzipped(CSV)[:-4], "cannot be unpacked"),
    ],
    ids=lambda value: f"{len(value)} bytes" if isinstance(value, bytes) else None,  # the bytes hold the time
)
def test_a_packed_file_that_cannot_be_unpacked_is_refused_by_the_fact(
    archive: Archive, settings: Settings, tiny_file: Source, tmp_path: Path, name: str, payload: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(payload)
    with pytest.raises(UsageError, match=f"{name.replace('.', '[.]')} {said}"):
        import_files(archive, settings, tiny_file, [tmp_path / name])
    assert rows(archive, tables.captures.c.id) == []


def test_what_is_packed_is_unpacked_whatever_its_name_says(
    archive: Archive, settings: Settings, tiny_file: Source, tmp_path: Path
) -> None:
    for name, payload in (("gzip.csv", gzipped(CSV)), ("zip.csv", zipped("file.csv", CSV))):
        (tmp_path / name).write_bytes(payload)
        assert import_files(archive, settings, tiny_file, [tmp_path / name]).counts.rows == 3


def test_a_recording_can_be_imported_with_all_its_days(
    archive: Archive, settings: Settings, tiny_list: Source, tmp_path: Path
) -> None:
    for number, days in (("two", 1), ("one", 0)):
        recorder = Recorder(tmp_path / "all" / f"{number}.warc.gz", "tiny_list", DAY + timedelta(days=days))
        recorder.page("2026-08-01", 1, {"A1": number})
        recorder.close()
    result = import_files(archive, settings, tiny_list, [tmp_path / "all"])
    assert (result.verdict, result.counts.records) == (Verdict.COMPLETE, 2)
    assert title(archive, "A1") == "two"
    assert {origin for (origin,) in rows(archive, tables.captures.c.origin)} == {"rebuilt"}


def test_what_a_recorded_crawl_asked_beside_its_pages_is_filed_and_is_no_failure(
    archive: Archive, settings: Settings, tiny_list: Source, tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path / "all.warc.gz", "tiny_list")
    recorder.add(b"User-agent: *\n", ADDRESS + "robots.txt", media_type="text/plain")
    recorder.add(b'{"detail": "busy"}', ADDRESS + "list", {"day": "2026-08-01", "page": 1}, status=503)
    recorder.page("2026-08-01", 1, {"A1": "one"})
    recorder.add(b"", ADDRESS + "old", status=301)
    recorder.add(b'{"count": 1}', ADDRESS + "list/count", {"day": "2026-08-01"})
    result = import_files(archive, settings, tiny_list, [recorder.close()])
    assert (result.verdict, result.reasons, result.counts.rows) == (Verdict.COMPLETE, [], 1)
    assert list(result.findings) == [
        "1 without rows, filed and not read: redirect",
        "1 without rows, filed and not read: robots.txt",
        "1 without rows, filed and not read: status 503, asked again",
        "1 without rows, filed and not read: the source's own count",
    ]
    assert len(rows(archive, tables.captures.c.id)) == 5
    assert len(rows(archive, tables.windows.c.number)) == 1


def test_an_error_that_no_answer_followed_is_a_gap_of_an_import(
    archive: Archive, settings: Settings, tiny_list: Source, tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path / "all.warc.gz", "tiny_list")
    recorder.page("2026-08-01", 1, {"A1": "one"})
    recorder.add(b'{"detail": "busy"}', ADDRESS + "list", {"day": "2026-08-02", "page": 1}, status=503)
    result = import_files(archive, settings, tiny_list, [recorder.close()])
    assert (result.verdict, result.reasons) == (Verdict.FAILED, ["127.0.0.1 answered with status 503"])
    assert result.counts.rows == 1


def test_a_recording_of_counts_alone_brings_no_rows_and_says_so(
    archive: Archive, settings: Settings, tiny_list: Source, tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path / "counts.warc.gz", "tiny_list")
    recorder.add(b'{"count": 1}', ADDRESS + "list/count", {"day": "2026-08-01"})
    with pytest.raises(UsageError, match="no rows to import, only the source's own count"):
        import_files(archive, settings, tiny_list, [recorder.close()])
    assert rows(archive, tables.runs.c.verdict) == [("failed",)]


@pytest.mark.parametrize(
    "recording",
    ["usaspending_awards/4-changed-in-july-2017", "usaspending_transactions/2-end-of-fy2025"],
)
def test_a_recorded_crawl_with_counts_is_imported_complete(
    archive: Archive, settings: Settings, recording: str
) -> None:
    name, _, _ = recording.partition("/")
    path = Path(__file__).parents[1] / f"replays/{recording}.warc.gz"
    result = import_files(archive, settings, source(name), [path])
    assert (result.verdict, result.reasons) == (Verdict.COMPLETE, [])
    assert result.counts.rows > 400
    assert any("the source's own count" in found for found in result.findings)


def test_a_large_file_is_read_in_two_passes_and_spooled_with_the_same_result(
    archive: Archive, settings: Settings, tiny_file: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = b"".join(b"N%05d,title %d\n" % (number, number % 7) for number in range(2_500))
    (tmp_path / "file.csv").write_bytes(b"id,title\n" + lines)
    monkeypatch.setattr(held, "SMALL", 1_000)
    monkeypatch.setattr(sorted_spool.SortedSpool.__init__, "__defaults__", (10_000,))
    result = import_files(archive, settings, tiny_file, [tmp_path / "file.csv"], captured_at=DAY)
    assert (result.counts.rows, result.counts.records) == (2_500, 2_500)
    assert title(archive, "N00013") == "title 6"


def test_a_better_parser_reads_the_past_again_quietly(
    archive: Archive, settings: Settings, tiny_file: Source, tmp_path: Path
) -> None:
    import_files(archive, settings, tiny_file, [packed(tmp_path / "in", "plain")], captured_at=DAY)
    assert reparse(archive, tiny_file) is None
    folder = tmp_path / "tiny_file"
    folder.mkdir()
    for name in ("spider.py", "parser.py", "source.toml"):
        text = (tiny_file.folder / name).read_text()
        text = text.replace("Text(text=row.raw)", "Text(text=row.raw.title())").replace("version = 1", "version = 2")
        (folder / name).write_text(text)
    better = Source.model_validate({**tiny_file.model_dump(by_alias=True), "parser_version": 2, "folder": folder})
    result = reparse(archive, better)
    assert result is not None
    assert (result.verdict, title(archive, "A1")) == (Verdict.COMPLETE, "One")
    kinds = rows(archive, tables.events.c.kinds, tables.events.c.quiet)
    assert kinds == [('["new"]', True)] * 3 + [('["reparsed"]', True)] * 3
    assert reparse(archive, better) is None


def test_a_file_far_smaller_than_the_last_crawl_is_held_back(
    archive: Archive, settings: Settings, tiny_file: Source, tmp_path: Path
) -> None:
    def replay(name: str, count: int, days: int) -> Any:
        recorder = Recorder(tmp_path / f"{name}.warc.gz", "tiny_file", DAY + timedelta(days=days))
        lines = b"".join(b"A%d,title\n" % number for number in range(count))
        recorder.add(b"id,title\n" + lines, ADDRESS + "file.csv", media_type="text/csv")
        return crawl(archive, settings, tiny_file, kind="replay", recordings=recorder.close())

    assert replay("one", 10, 0).verdict is Verdict.COMPLETE
    small = replay("two", 4, 1)
    assert (small.verdict, small.exit_code, small.counts.events) == (Verdict.EMPTY_SUSPICIOUS, 6, 0)
    assert "only 4 rows where the last whole walk had 10" in small.reasons[0]
    assert rows(archive, tables.windows.c.state) == [("appended",), ("held",)]
    assert replay("three", 1, 2).reasons[0].startswith("only 1 rows where at least 2")


def test_time_of_a_file_is_its_time_of_change(
    archive: Archive, settings: Settings, tiny_file: Source, tmp_path: Path
) -> None:
    path = packed(tmp_path / "in", "plain")
    moment = datetime(2026, 5, 1, tzinfo=UTC).timestamp()
    os.utime(path, (moment, moment))
    import_files(archive, settings, tiny_file, [path])
    assert rows(archive, tables.captures.c.fetched_at) == [("2026-05-01T00:00:00.000000Z",)]


@pytest.mark.parametrize(
    "address", ["not a url", "javascript:alert(1)", "https://a.gov/x\r\nX: y", "https://[a", "http://", "ftp://a.gov/x"]
)
def test_what_is_no_address_of_the_web_is_refused(
    archive: Archive, settings: Settings, tiny_file: Source, tmp_path: Path, address: str
) -> None:
    with pytest.raises(UsageError, match="--url is"):
        import_files(archive, settings, tiny_file, [packed(tmp_path, "plain")], url=address)
    assert rows(archive, tables.captures.c.id) == []


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2099, 12, 31, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
    ],
)
def test_a_time_that_cannot_be_is_refused(
    archive: Archive, settings: Settings, tiny_file: Source, tmp_path: Path, moment: datetime
) -> None:
    with pytest.raises(UsageError, match="--captured-at is"):
        import_files(archive, settings, tiny_file, [packed(tmp_path, "plain")], captured_at=moment)
