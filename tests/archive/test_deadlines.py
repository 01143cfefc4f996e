"""The log says that a deadline is near: once a number of days, of notices that are open, and only what lies ahead."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from archive import queries, tables
from archive.deadline_tables import deadlines
from archive.deadlines import DeadlineReader, due_at, moments, next_moment, tell
from archive.readers import drive, set_cursor
from archive.store import Archive
from noticewatch.identifiers import now
from noticewatch.models import EventKind, Reading
from tests.archive.making import append, open_archive, reading, title

pytestmark = pytest.mark.both_databases
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def archive(tmp_path: Path):
    opened = open_archive(tmp_path / "data")
    yield opened
    opened.close()


def due(number: str, at: datetime, text: str = "drone", **more: object) -> Reading:
    stated = {"role": "due", "value": f"{at:%Y-%m-%dT%H:%M:%S}+00:00", "precision": "time", "zone": "+00:00"}
    return reading(number, title(text, dates=[stated], **more))


def hold(archive: Archive, *readings: Reading, day: float = 0) -> None:
    append(archive, list(readings), day=day, kind="import")
    drive(archive, [DeadlineReader()])
    tell(archive)


def told(archive: Archive) -> list[tuple[str, int, int, bool]]:
    """What the log says of deadlines: notice, version, days, whether it is quiet."""
    with archive.reading() as connection:
        return [
            (one.notice_id.partition(":")[2], one.version, one.changed[0][2], one.quiet)
            for one in queries.events(connection, 0, 10_000)
            if one.kinds == (EventKind.DUE_SOON,)
        ]


def soon(days: float) -> datetime:
    return (now() + timedelta(days=days)).replace(microsecond=0)


def test_each_number_of_days_is_told_once(archive: Archive) -> None:
    at = soon(20)
    hold(archive, due("A", at))
    assert tell(archive, at - 15 * DAY) == 0
    for days in (14, 7, 3, 1):
        assert tell(archive, at - days * DAY + HOUR) == 1
        assert tell(archive, at - days * DAY + 2 * HOUR) == 0
    assert tell(archive, at + DAY) == 0
    assert told(archive) == [("A", 1, days, False) for days in (14, 7, 3, 1)]


def test_what_passed_before_the_notice_was_held_is_not_told(archive: Archive) -> None:
    at = soon(5)
    hold(archive, due("A", at), due("past", soon(-5)))
    assert told(archive) == []
    tell(archive, at - 2 * DAY)
    assert told(archive) == [("A", 1, 3, False)]


def test_what_passed_while_nothing_ran_is_told_as_long_as_the_deadline_lies_ahead(archive: Archive) -> None:
    at, sooner = soon(20), soon(15)
    hold(archive, due("A", at), due("B", sooner))
    tell(archive, at - 2 * DAY)
    assert told(archive) == [("A", 1, days, False) for days in (14, 7, 3)]


@pytest.mark.parametrize("status", ["closed", "awarded", "cancelled", "withdrawn", "archived"])
def test_nothing_is_told_of_what_is_over(archive: Archive, status: str) -> None:
    at = soon(20)
    hold(archive, due("A", at, status=status), due("B", at, status="open"))
    tell(archive, at - DAY * 13)
    assert [notice for notice, *_ in told(archive)] == ["B"]


def test_nothing_is_told_of_what_is_no_longer_listed(archive: Archive) -> None:
    at = soon(20)
    hold(archive, due("A", at))
    with archive.writing() as connection:
        connection.execute(update(tables.notices).values(listing="unlisted"))
    assert tell(archive, at - DAY * 13) == 0


def test_a_deadline_that_moved_is_told_anew_and_one_that_did_not_move_is_not(archive: Archive) -> None:
    at, later = soon(20), soon(40)
    hold(archive, due("A", at))
    tell(archive, at - 13 * DAY)
    hold(archive, due("A", at, "drone, in other words"), day=1)
    assert tell(archive, at - 12 * DAY) == 0
    hold(archive, due("A", later), day=2)
    tell(archive, later - 13 * DAY)
    assert told(archive) == [("A", 1, 14, False), ("A", 3, 14, False)]


def test_a_deadline_that_went_is_not_told(archive: Archive) -> None:
    at = soon(20)
    hold(archive, due("A", at))
    hold(archive, reading("A", "drone"), day=1)
    assert tell(archive, at - DAY) == 0


def test_reading_the_log_again_changes_nothing(archive: Archive) -> None:
    at = soon(20)
    hold(archive, due("A", at))
    tell(archive, at - 13 * DAY)
    with archive.writing() as connection:
        set_cursor(connection, "deadlines", 0)
    drive(archive, [DeadlineReader()])
    assert tell(archive, at - 13 * DAY) == 0


def test_schedulers_at_once_tell_each_thing_once(archive: Archive) -> None:
    at = soon(20)
    hold(archive, *(due(str(number), at) for number in range(50)))
    threads = [threading.Thread(target=tell, args=(archive, at - 13 * DAY)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told(archive)) == 50


def test_after_a_restore_what_may_have_been_told_is_not_told(archive: Archive) -> None:
    at = soon(20)
    hold(archive, due("A", at))
    with archive.writing() as connection:
        connection.execute(update(tables.meta).where(tables.meta.c.name == "epoch").values(value="another"))
    restored = Archive(archive.engine, archive.folder)
    assert tell(restored, at - 13 * DAY) == 0
    assert tell(restored, at - 6 * DAY) == 1
    assert [days for _, _, days, _ in told(archive)] == [7]


def test_a_clock_that_was_ahead_for_a_while_costs_nothing(archive: Archive) -> None:
    at = soon(20)
    hold(archive, due("A", at))
    assert tell(archive, at + 400 * DAY) == 0
    assert tell(archive, at - 13 * DAY) == 1


def test_a_clock_that_was_ahead_at_the_first_start_does_not_silence_the_log(archive: Archive) -> None:
    at = soon(20)
    append(archive, [due("A", at)])
    drive(archive, [DeadlineReader()])
    tell(archive, at + 400 * DAY)
    tell(archive)
    assert tell(archive, at - 13 * DAY) == 1


def test_only_what_lies_ahead_is_kept(archive: Archive) -> None:
    hold(archive, due("A", soon(20)), due("past", soon(-20)), reading("none", "drone"))
    with archive.reading() as connection:
        assert len(connection.execute(select(deadlines)).all()) == 1


@pytest.mark.sqlite_suffices
def test_a_deadline_is_read_as_the_source_prints_it() -> None:
    def of(value: str, precision: str = "day") -> datetime | None:
        return due_at({"dates": [{"role": "posted", "value": "2026-01-01"},
                                 {"role": "due", "value": value, "precision": precision}]})  # fmt: skip

    assert of("2026-05-01") == datetime(2026, 5, 1, tzinfo=UTC)
    assert of("2026-05-01T14:00:00-04:00", "time") == datetime(2026, 5, 1, 18, tzinfo=UTC)
    assert of("2026-05", "month") is None
    assert due_at({}) is None


@pytest.mark.sqlite_suffices
def test_moments_are_so_many_days_before() -> None:
    at = datetime(2026, 5, 15, 12, tzinfo=UTC)
    assert [days for _, days in moments(at)] == [14, 7, 3, 1]
    assert next_moment(at, at - 14 * DAY) == at - 7 * DAY
    assert next_moment(at, at - DAY) is None
