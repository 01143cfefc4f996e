"""Replay: recorded answers in, the same log out, never the network."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from archive import queries, tables
from archive.captures import read_record
from archive.store import Archive
from crawlers.engine import crawl
from crawlers.source import Source
from noticewatch.errors import UsageError
from noticewatch.models import Verdict
from noticewatch.settings import Settings
from tests.crawlers.conftest import ADDRESS, DAY, Recorder
from tests.databases import settings_at

pytestmark = pytest.mark.both_databases

FIRST, SECOND, THIRD = "2026-08-01", "2026-08-02", "2026-08-03"


def rows(archive: Archive, *columns: Any) -> list[tuple[Any, ...]]:
    with archive.reading() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(*columns[0].table.primary_key))]


def log_of(archive: Archive) -> list[Any]:
    e, n = tables.events.c, tables.notices.c
    with archive.reading() as connection:
        found = connection.execute(select(n.id, e.kinds, e.changed, e.quiet).join(tables.notices, n.number == e.notice))
        return sorted(tuple(row) for row in found)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    recorder = Recorder(tmp_path / "one.warc.gz", "tiny_list")
    recorder.page(FIRST, 1, {"A1": "one", "A2": "two"})
    recorder.page(SECOND, 1, {"B1": "one", "B2": "two"}, more=True)
    recorder.page(SECOND, 2, {"B3": "three"})
    recorder.page(THIRD, 1, {})
    return recorder.close()


def test_a_replay_walks_the_windows_that_were_recorded(
    archive: Archive, settings: Settings, tiny_list: Source, recording: Path
) -> None:
    result = crawl(archive, settings, tiny_list, kind="replay", recordings=recording)
    assert result.verdict is Verdict.COMPLETE
    assert result.reasons == ["source's own count not recorded"]
    assert (result.counts.windows, result.counts.rows, result.counts.records) == (3, 5, 5)
    windows = rows(archive, tables.windows.c.key, tables.windows.c.state, tables.windows.c.walked)
    assert windows == [(FIRST, "appended", True), (SECOND, "appended", True), (THIRD, "appended", True)]


def test_a_replay_adopts_captures_with_their_own_time_origin_and_recorder(
    archive: Archive, settings: Settings, tiny_list: Source, recording: Path
) -> None:
    crawl(archive, settings, tiny_list, kind="replay", recordings=recording)
    with archive.reading() as connection:
        found = queries.find(connection, "A1")
        row = queries.notice(connection, found[0])
    assert row is not None
    assert (row.captured_at, row.origin.value, row.recorder) == (DAY, "rebuilt", "a test")
    assert {name for (name,) in rows(archive, tables.captures.c.warc_file)} == {
        path.relative_to(archive.warc_folder).as_posix() for path in archive.warc_folder.rglob("*.warc.gz")
    }


def test_the_same_replay_twice_brings_no_event(
    archive: Archive, settings: Settings, tiny_list: Source, recording: Path
) -> None:
    crawl(archive, settings, tiny_list, kind="replay", recordings=recording)
    before = log_of(archive)
    again = crawl(archive, settings, tiny_list, kind="replay", recordings=recording)
    assert (again.counts.records, again.counts.events) == (0, 0)
    assert log_of(archive) == before


def test_the_first_replay_is_quiet_and_a_later_one_says_what_is_new(
    archive: Archive, settings: Settings, tiny_list: Source, recording: Path, tmp_path: Path
) -> None:
    crawl(archive, settings, tiny_list, kind="replay", recordings=recording)
    later = Recorder(tmp_path / "two.warc.gz", "tiny_list", DAY + timedelta(days=1))
    later.page(FIRST, 1, {"A1": "one, mended", "A2": "two", "A3": "new"})
    crawl(archive, settings, tiny_list, kind="replay", recordings=later.close())
    loud = [(notice, kinds) for notice, kinds, _, quiet in log_of(archive) if not quiet]
    assert loud == [("us-action:A1", '["amended"]'), ("us-action:A3", '["new"]')]


def test_a_request_without_a_recorded_answer_is_named_and_fails_its_window(
    archive: Archive, settings: Settings, tiny_list: Source, tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path / "one.warc.gz", "tiny_list")
    recorder.page(FIRST, 1, {"A1": "one"})
    recorder.page(SECOND, 1, {"B1": "one"}, more=True)
    path = recorder.close()
    days = {"date_from": date(2026, 8, 1), "date_to": date(2026, 8, 3)}
    result = crawl(archive, settings, tiny_list, kind="replay", recordings=path, **days)
    assert result.verdict is Verdict.FAILED
    assert any(f"no recorded answer to POST {ADDRESS}list with body" in reason for reason in result.reasons)
    windows = rows(archive, tables.windows.c.key, tables.windows.c.verdict, tables.windows.c.walked)
    assert windows == [(FIRST, "complete", True), (SECOND, "partial", False), (THIRD, "failed", False)]
    states = rows(archive, tables.requests.c.purpose, tables.requests.c.state)
    assert sorted(states) == [
        ("count", "not_recorded"), ("page", "answered"), ("page", "answered"),
        ("page", "not_recorded"), ("page", "not_recorded"),
    ]  # fmt: skip


def test_requests_are_found_whatever_the_order_of_their_json_members(
    archive: Archive, settings: Settings, tiny_list: Source, tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path / "one.warc.gz", "tiny_list")
    recorder.add(b'{"results":[],"page_metadata":{"hasNext":false}}', ADDRESS + "list", {"page": 1, "day": FIRST})
    result = crawl(archive, settings, tiny_list, kind="replay", recordings=recorder.close())
    assert result.verdict is Verdict.COMPLETE


def test_crawls_of_several_days_in_one_folder_are_refused_with_their_files(
    archive: Archive, settings: Settings, tiny_list: Source, tmp_path: Path
) -> None:
    for number, days in (("one", 0), ("two", 1)):
        recorder = Recorder(tmp_path / "all" / f"{number}.warc.gz", "tiny_list", DAY + timedelta(days=days))
        recorder.page(FIRST, 1, {"A1": number})
        recorder.close()
    with pytest.raises(UsageError, match=r"one.warc.gz \(2026-08-20\), two.warc.gz \(2026-08-21\)"):
        crawl(archive, settings, tiny_list, kind="replay", recordings=tmp_path / "all")
    assert rows(archive, tables.runs.c.number) == []


def test_of_two_answers_of_one_day_a_replay_takes_the_later_and_the_starter_archive_both(
    settings: Settings, tiny_list: Source, tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path / "one.warc.gz", "tiny_list")
    recorder.page(FIRST, 1, {"A1": "early", "A9": "only early"}, at=DAY - timedelta(hours=1))
    recorder.page(FIRST, 1, {"A1": "late"})
    path = recorder.close()
    for kind, versions in (("replay", [("us-action:A1", 1)]), ("starter", [("us-action:A1", 2), ("us-action:A9", 1)])):
        archive = Archive.open(settings_at(tmp_path / kind))
        crawl(archive, settings, tiny_list, kind=kind, recordings=path)  # type: ignore[arg-type]  # from a list
        assert sorted(rows(archive, tables.notices.c.id, tables.notices.c.versions)) == versions
        archive.close()


def test_the_starter_archive_is_quiet_and_opens_nothing(
    archive: Archive, settings: Settings, tiny_list: Source, recording: Path
) -> None:
    crawl(archive, settings, tiny_list, kind="starter", recordings=recording)
    assert all(quiet for *_, quiet in log_of(archive))
    assert rows(archive, tables.scopes.c.scope) == []


@pytest.mark.parametrize(
    ("payload", "verdict", "said"),
    [
        (b"<!doctype html><p>Sorry</p>", Verdict.FAILED, "an HTML page where JSON was due"),
        (b'{"results": [{"id": "A1", "title": "o', Verdict.FAILED, "cut or broken JSON"),
        (b"", Verdict.FAILED, "nothing where JSON was due"),
        (b'{"results": []}', Verdict.FAILED, "does not say whether there is more"),
    ],
)
def test_what_is_not_the_json_that_was_due_fails_with_a_sentence_and_appends_nothing(
    archive: Archive, settings: Settings, tiny_list: Source, tmp_path: Path, payload: bytes, verdict: Verdict, said: str
) -> None:
    recorder = Recorder(tmp_path / "one.warc.gz", "tiny_list")
    recorder.add(payload, ADDRESS + "list", {"day": FIRST, "page": 1})
    result = crawl(archive, settings, tiny_list, kind="replay", recordings=recorder.close())
    assert (result.verdict, result.exit_code, result.counts.events) == (verdict, 5, 0)
    assert said in result.reasons[0]


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ({"status": 403}, Verdict.BLOCKED),
        ({"status": 500}, Verdict.FAILED),
        ({"media_type": "text/html"}, Verdict.BLOCKED),
    ],
)
def test_recorded_failures_are_replayed_as_failures(
    archive: Archive, settings: Settings, tiny_list: Source, tmp_path: Path, facts: dict[str, Any], verdict: Verdict
) -> None:
    recorder = Recorder(tmp_path / "one.warc.gz", "tiny_list")
    recorder.add(b"<html>Please solve this captcha</html>", ADDRESS + "list", {"day": FIRST, "page": 1}, **facts)
    assert crawl(archive, settings, tiny_list, kind="replay", recordings=recorder.close()).verdict is verdict


def test_gaps_of_the_recorder_decide_whether_a_window_was_walked(
    archive: Archive, settings: Settings, tiny_list: Source, tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path / "one.warc.gz", "tiny_list")
    recorder.page(FIRST, 1, {"A1": "one"}, gaps=("walk ended before the last page",))
    recorder.page(SECOND, 1, {"B1": "one"}, gaps=("drift: 6 exact doubles in this part",))
    result = crawl(archive, settings, tiny_list, kind="replay", recordings=recorder.close())
    assert result.verdict is Verdict.PARTIAL
    assert rows(archive, tables.windows.c.key, tables.windows.c.walked) == [(FIRST, False), (SECOND, True)]
    assert set(result.reasons) == {"walk ended before the last page", "drift: 6 exact doubles in this part"}


def test_a_row_that_cannot_be_read_makes_its_window_partial_and_the_others_count(
    archive: Archive, settings: Settings, tiny_list: Source, tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path / "one.warc.gz", "tiny_list")
    recorder.page(FIRST, 1, {"A1": "one", "A2": "unreadable"})
    result = crawl(archive, settings, tiny_list, kind="replay", recordings=recorder.close())
    assert (result.verdict, result.counts.records) == (Verdict.PARTIAL, 1)
    assert "1 row could not be read" in result.reasons[0]


def test_fields_that_nobody_reads_are_reported(
    archive: Archive, settings: Settings, tiny_list: Source, tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path / "one.warc.gz", "tiny_list")
    payload = b'{"results":[{"id":"A1","title":"one","colour":"red"}],"page_metadata":{"hasNext":false}}'
    recorder.add(payload, ADDRESS + "list", {"day": FIRST, "page": 1})
    result = crawl(archive, settings, tiny_list, kind="replay", recordings=recorder.close())
    assert result.findings == ["columns nobody reads: colour"]


def test_a_recording_of_another_source_is_refused(
    archive: Archive, settings: Settings, tiny_list: Source, tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path / "one.warc.gz", "tiny_file")
    recorder.page(FIRST, 1, {"A1": "one"})
    with pytest.raises(UsageError, match="no recorded answer of tiny_list"):
        crawl(archive, settings, tiny_list, kind="replay", recordings=recorder.close())


def test_the_archived_bytes_of_a_row_can_be_read_back(
    archive: Archive, settings: Settings, tiny_list: Source, recording: Path
) -> None:
    crawl(archive, settings, tiny_list, kind="replay", recordings=recording)
    recording.unlink()
    with archive.reading() as connection:
        row = queries.notice(connection, "us-action:A2")
    assert row is not None
    assert read_record(archive, row.capture_id, 1) == b'{"id":"A2","title":"two"}'
