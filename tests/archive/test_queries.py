"""The read side."""

import pytest
from sqlalchemy import update

from archive import captures, ledger, log, queries
from archive.store import Archive
from archive.tables import windows
from archive.warc import Placed
from noticewatch.models import EventKind, Verdict
from tests.archive.making import SOURCE, append, capture, events, head, never_reread, reading, sighting, title

pytestmark = pytest.mark.both_databases


def test_notices_come_in_the_order_asked_for(archive: Archive) -> None:
    append(archive, [reading(name, name) for name in "abc"])
    with archive.reading() as connection:
        assert [row.id for row in queries.notices(connection, [3, 99, 1]).values()] == ["us-action:c", "us-action:a"]


@pytest.mark.parametrize("spelling", ["70-CMSD-23-FR-0000145", "70CMSD23FR0000145", " 70cmsd23fr0000145 "])
def test_a_number_leads_to_its_notice_in_any_spelling(archive: Archive, spelling: str) -> None:
    numbers = [{"type": "piid", "printed": "70CMSD23FR0000145", "plain": "70CMSD23FR0000145", "issuer": "7012"}]
    append(archive, [reading("7012:70CMSD23FR0000145:0", title("T", numbers=numbers))])
    with archive.reading() as connection:
        assert queries.find(connection, spelling) == ["us-action:7012:70CMSD23FR0000145:0"]


def test_nothing_is_found_by_nothing(archive: Archive) -> None:
    append(archive, [reading("a", "a")])
    with archive.reading() as connection:
        for text in ("", "-", "nope", "us-action:nope"):
            assert queries.find(connection, text) == []
        assert queries.notice(connection, "us-action:nope") is None
        assert queries.capture(connection, "nope") is None


def test_a_notice_says_where_it_comes_from(archive: Archive) -> None:
    append(archive, [reading("a", "a")], day=2)
    with archive.reading() as connection:
        row = queries.notice(connection, "us-action:a")
        assert row is not None
        held = queries.capture(connection, row.capture_id)
    assert held is not None
    assert (held.capture.recorder, held.capture.fetched_at) == (row.recorder, row.captured_at)
    assert row.procurement_id == "us-action:a"
    assert row.first_seen == row.captured_at


def test_a_capture_lists_its_rows(archive: Archive) -> None:
    one = reading("a", "a", index=1)
    append(archive, [one, reading("b", "b", index=2)], day=0)
    append(archive, [sighting(one, index=7)], day=1)
    with archive.reading() as connection:
        first = queries.capture_rows(connection, 1)
        last = queries.capture_rows(connection, 2)
    assert [(row.row, row.notice_id) for row in first] == [(1, "us-action:a"), (2, "us-action:b")]
    assert [(row.row, row.start, row.notice_id) for row in last] == [(7, 70, "us-action:a")]


def test_events_page_by_seq_and_may_be_loud_only(archive: Archive) -> None:
    append(archive, [], windows={"w": [reading(name, "old") for name in "abc"]}, kind="replay")
    append(archive, [], windows={"w": [reading(name, "new") for name in "ab"]}, day=1, kind="replay")
    with archive.reading() as connection:
        assert [event.seq for event in queries.events(connection, 1, 3)] == [2, 3, 4]
        assert [event.seq for event in queries.events(connection, 0, 9, loud_only=True)] == [4, 5]
        assert [event.seq for event in queries.latest_events(connection, 1)] == [5]
        assert [event.seq for event in queries.events_of(connection, 1)] == [1, 4]


def test_known_hashes_are_those_of_the_latest_wording(archive: Archive) -> None:
    append(archive, [reading("a", "old")], day=0)
    newer = reading("a", "new")
    append(archive, [newer], day=1)
    with archive.reading() as connection:
        assert log.known_hashes(connection, SOURCE, ["a", "b"]) == {"a": (newer.sha256, 1)}


def test_counts_add_up(archive: Archive) -> None:
    append(archive, [reading("a", "old"), reading("b", "old")], day=0)
    append(archive, [reading("a", "new")], day=1)
    with archive.reading() as connection:
        held = queries.counts(connection)
        status = queries.sources_status(connection)[SOURCE]
    assert (held.notices, held.versions, held.captures, held.events) == (2, 3, 2, 3)
    assert held.by_source == {SOURCE: 2}
    assert (status.notices, status.records, status.captures, status.runs) == (2, 3, 2, 2)


def test_more_than_a_thousand_readings_of_a_window_close_it_once(archive: Archive) -> None:
    done = append(archive, [reading(str(number), "T") for number in range(2_300)], kind="crawl")
    assert (done.records, done.last_seq) == (2_300, 2_300)
    with archive.reading() as connection:
        assert [row.windows for row in queries.coverage(connection)] == [1]


def test_derived_events_are_quiet_and_follow_the_current_version(archive: Archive) -> None:
    append(archive, [reading("a", "a")])
    with archive.writing() as connection:
        log.append_derived(connection, [log.Derived(1, EventKind.RETAGGED, [("tags", ["x"], ["y"])])])
    event = events(archive)[-1]
    assert (event.seq, event.version, event.quiet, event.kinds) == (head(archive), 1, True, (EventKind.RETAGGED,))


def test_a_capture_filed_twice_keeps_its_place(archive: Archive) -> None:
    run = ledger.start_run(archive, SOURCE, "import")
    with archive.writing() as connection:
        number = captures.add(connection, run.number, capture(0), Placed("a", 1, 2))
        assert captures.add(connection, run.number, capture(0), Placed("b", 3, 4)) == number
        held = queries.capture(connection, capture(0).id)
    assert held is not None
    assert (held.warc_file, held.warc_offset) == ("a", 1)


def test_appending_nothing_gives_the_head(archive: Archive) -> None:
    append(archive, [reading("a", "a")])
    run = ledger.start_run(archive, SOURCE, "import")
    done = log.append(
        archive, run, [], register="us-action", parser_version=1, late_after=lambda _: 30, reread=never_reread
    )
    assert (done.records, done.last_seq) == (0, 1)


def test_windows_are_covered_by_the_months_of_their_days_whatever_else_they_are_called(archive: Archive) -> None:
    run = ledger.start_run(archive, SOURCE, "import")
    spans = [
        ("2025-12-30", "2026-02-01"), ("9999-12-31", None), ("2026-02-02", "2026-13-01"), ("part 7", None),
        (None, None),
    ]  # fmt: skip
    with archive.writing() as connection:
        numbers = [ledger.plan_window(connection, run, "7012", str(at), *span) for at, span in enumerate(spans)]
        done = update(windows).where(windows.c.number.in_(numbers)).values(state="appended", verdict="complete")
        connection.execute(done)
    ledger.finish_run(archive, run, Verdict.COMPLETE)
    with archive.reading() as connection:
        [held] = queries.coverage(connection)
    assert (held.first, held.last, held.windows) == ("2025-12-30", "9999-12-31", len(spans))
    assert sorted(held.months) == ["", "2025-12", "2026-01", "2026-02", "9999-12"]
