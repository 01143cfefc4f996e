"""The operator is told what fails: once, by every target, and once more when it is over."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from sqlalchemy import update

from alerts import forming
from alerts.channels.registry import channels
from alerts.tables import alert_groups, alert_targets, deliveries, outbox
from archive import tables
from archive.rows import RunRow
from archive.store import Archive
from archive.tables import events
from archive.times import stamp
from crawlers.due import Due
from noticewatch.errors import SettingsError
from noticewatch.identifiers import now
from noticewatch.models import Verdict
from noticewatch.settings import Settings
from service.alarming import Alarming, targets
from service.alarms import FEWEST_EVENTS, alarms, is_unusual, silent_sources
from service.doctor.alarmed import alarmed
from tests.alerts.making import crawl, follow, opened, save
from tests.archive.making import open_archive, reading

NOON = datetime(2026, 8, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    made = open_archive(tmp_path / "data")
    yield made
    made.close()


def ran(days_ago: float, verdict: Verdict | None, *reasons: str, number: int = 1, kind: str = "crawl") -> RunRow:
    return RunRow(number, str(number), "one", kind, NOON - days_ago * DAY, None, verdict, reasons, (), None)  # type: ignore[arg-type]  # a kind


def silent(*runs: RunRow, at: datetime | None = NOON) -> list[str]:
    return [one.said for one in silent_sources([Due("one", DAY, at)], runs, NOON)]


def test_a_source_is_told_when_no_crawl_was_complete_for_three_intervals() -> None:
    assert silent(ran(2, Verdict.COMPLETE), ran(1, Verdict.FAILED, "no")) == []
    assert silent(ran(4, Verdict.COMPLETE), ran(1, Verdict.FAILED, "no")) == [
        "No crawl of one was complete since 2026-08-17 12:00 UTC."
    ]
    assert len(silent(ran(4, Verdict.FAILED), ran(1, Verdict.FAILED))) == 1


def test_drift_alone_is_complete_and_anything_else_is_not() -> None:
    assert silent(ran(1, Verdict.PARTIAL, "drift: 2 exact doubles"), ran(9, Verdict.COMPLETE)) == []
    assert silent(ran(1, Verdict.PARTIAL, "drift: 2", "page 3 is missing"), ran(9, Verdict.COMPLETE)) != []


def test_nothing_is_told_of_a_source_that_is_new_or_not_crawled() -> None:
    assert silent(ran(9, Verdict.NOT_STARTED, "no contact: set X")) == []
    assert silent(ran(9, Verdict.COMPLETE), ran(1, Verdict.NOT_STARTED, "no contact: set X")) != []
    assert silent() == silent(ran(9, Verdict.COMPLETE, kind="starter")) == []
    assert silent(ran(9, Verdict.COMPLETE), at=None) == []


def test_a_pause_is_unusual_when_it_is_three_times_the_longest_and_three_days() -> None:
    daily = [NOON - days * DAY for days in (12, 11, 10, 9)]
    assert is_unusual(daily, NOON)
    assert not is_unusual([NOON - days * DAY for days in (30, 9)], NOON)
    assert not is_unusual([NOON - DAY * hours / 24 for hours in (40, 39, 38)], NOON)
    assert not is_unusual([], NOON)


def file_alarms(archive: Archive, folder: Path, *names: str) -> Alarming:
    settings = Settings(home=archive.folder, alarm_to=",".join(f"file:{folder / name}" for name in names))
    return Alarming(archive, settings, {}, targets(settings), channels(settings))


def said(file: Path) -> list[str]:
    return [orjson.loads(line)["data"]["note"] for line in file.read_bytes().splitlines()] if file.exists() else []


def within(archive: Archive, statement: object) -> None:
    with archive.writing() as connection:
        connection.execute(statement)  # type: ignore[call-overload]  # a statement


@pytest.mark.both_databases
def test_an_outbox_that_ages_is_told_once_to_each_target_and_then_that_it_is_over(
    archive: Archive, tmp_path: Path
) -> None:
    telling = file_alarms(archive, tmp_path, "one", "two")
    opened(archive)
    save(archive, "drone")
    crawl(archive, reading("A", "drone"))
    follow(archive)
    telling.step()
    assert said(tmp_path / "one") == []
    within(archive, update(outbox).values(due_at=stamp(now() - DAY)))
    for _ in range(3):
        telling.step()
    assert len(said(tmp_path / "one")) == len(said(tmp_path / "two")) == 1
    assert said(tmp_path / "one")[0].startswith("1 message of alerts should have been tried since")
    assert [one.state for one in alarmed(archive, Settings(home=archive.folder))] == ["bad"]
    within(archive, update(outbox).values(due_at=stamp(now())))
    for _ in range(3):
        telling.step()
    assert said(tmp_path / "two") == [said(tmp_path / "two")[0], f"Over: {said(tmp_path / 'two')[0]}"]
    assert [one.state for one in alarmed(archive, Settings(home=archive.folder))] == ["good"]


@pytest.mark.both_databases
def test_an_alarm_that_does_not_get_through_is_tried_again_under_its_id(archive: Archive, tmp_path: Path) -> None:
    telling = file_alarms(archive, tmp_path, "bad", "good")
    (tmp_path / "bad").mkdir()
    opened(archive)
    save(archive, "drone")
    crawl(archive, reading("A", "drone"))
    follow(archive)
    within(archive, update(outbox).values(due_at=stamp(now() - DAY)))
    telling.step()
    telling.step()
    assert len(said(tmp_path / "good")) == 1
    (tmp_path / "bad").rmdir()
    with archive.writing() as connection:
        m = tables.meta.c
        standing = tables.meta.select().where(m.name.like("alarm %"))
        ((name, value),) = connection.execute(standing).all()
        moved = orjson.dumps(orjson.loads(value) | {"next": stamp(now())}).decode()
        connection.execute(update(tables.meta).where(m.name == name).values(value=moved))
    telling.step()
    assert len(said(tmp_path / "good")) == len(said(tmp_path / "bad")) == 1
    with archive.reading() as connection:
        held = connection.execute(standing).all()
    assert [(row.name, orjson.loads(row.value)["over"]) for row in held] == [(name, False)]


@pytest.mark.both_databases
def test_what_nobody_matches_is_told(archive: Archive) -> None:
    opened(archive)
    save(archive, "drone")
    crawl(archive, reading("A", "drone"))
    settings = Settings(home=archive.folder)
    assert alarms(archive, settings, {}) == []
    within(archive, update(events).values(committed_at=stamp(now() - DAY)))
    assert [one.key for one in alarms(archive, settings, {})] == ["matching"]
    follow(archive)
    assert "matching" not in {one.key for one in alarms(archive, settings, {})}


@pytest.mark.both_databases
def test_a_log_in_which_nothing_is_found_any_more_is_told(archive: Archive) -> None:
    opened(archive)
    save(archive, "drone")
    for day in (1, 2, 3):
        crawl(archive, *(reading(str(number), "drone") for number in range(day)), day=day)
        follow(archive)
        fresh = update(alert_groups).where(alert_groups.c.made_at > stamp(now() - DAY))
        within(archive, fresh.values(made_at=stamp(now() - (20 - day) * DAY)))
    crawl(archive, *(reading(f"paper {number}", "paper") for number in range(FEWEST_EVENTS - 1)), day=4)
    follow(archive)
    within(archive, update(outbox).values(due_at=stamp(now())))
    settings = Settings(home=archive.folder)
    assert alarms(archive, settings, {}) == []
    crawl(archive, *(reading(f"paper {number}", "paper") for number in range(FEWEST_EVENTS)), day=5)
    follow(archive)
    assert [one.key for one in alarms(archive, settings, {})] == ["found"]


@pytest.mark.both_databases
def test_a_relay_that_takes_nothing_is_told_and_one_bad_webhook_is_not(archive: Archive) -> None:
    opened(archive)
    save(archive, "drone")
    crawl(archive, reading("A", "drone"))
    follow(archive)
    with archive.writing() as connection:
        forming.form(connection, now())
    later = {"attempts": 3, "next_attempt_at": stamp(now() + DAY), "made_at": stamp(now() - DAY)}
    within(archive, update(deliveries).values(later))
    settings = Settings(home=archive.folder)
    assert [one.key for one in alarms(archive, settings, {})] == ["mail"]
    within(archive, update(alert_targets).values(channel="webhook"))
    assert alarms(archive, settings, {}) == []


def test_the_doctor_does_not_say_that_somebody_would_be_told_where_nobody_can_be(archive: Archive) -> None:
    for written, state in (("nonsense", "bad"), ("file:/tmp/told.jsonl", "good")):
        settings = Settings(home=archive.folder, alarm_to=written)
        assert [one.state for one in alarmed(archive, settings)] == [state]


@pytest.mark.parametrize("written", ["nonsense", "https://example.org/hook", "desk@example.org"])
def test_a_target_to_which_no_alarm_can_be_sent_is_refused_by_name(written: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="NOTICEWATCH_ALARM_TO"):
        targets(Settings(home=tmp_path, alarm_to=written))
