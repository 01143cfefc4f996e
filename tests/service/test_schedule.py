"""When sources are due, from the ledger of runs."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.rows import RunRow
from crawlers.source import load_sources
from noticewatch.errors import SettingsError
from noticewatch.models import Verdict
from noticewatch.settings import Settings, SourceSettings
from service.schedule import next_crawl, plan, refuse_unknown_sources

NOON = datetime(2026, 8, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def ran(
    hours_ago: float, verdict: Verdict | None = Verdict.COMPLETE, *, source="one", kind="crawl", number=1
) -> RunRow:
    started = NOON - timedelta(hours=hours_ago)
    return RunRow(number, str(number), source, kind, started, None, verdict, (), (), None)


def test_a_source_that_never_ran_is_due_now():
    assert next_crawl(DAY, None, NOON) == NOON


def test_the_next_crawl_is_one_interval_after_the_start_of_the_last():
    assert next_crawl(DAY, ran(5), NOON) == NOON + timedelta(hours=19)


def test_an_overdue_source_is_due_once_and_now():
    assert next_crawl(DAY, ran(24 * 9), NOON) == NOON


def test_a_failed_crawl_is_tried_again_after_an_hour_and_at_once_when_a_scheduler_starts():
    assert next_crawl(DAY, ran(0.5, Verdict.FAILED), NOON) == NOON + timedelta(minutes=30)
    assert next_crawl(DAY, ran(0.5, Verdict.FAILED), NOON, starting=True) == NOON


def test_a_source_that_could_not_start_is_not_tried_again_until_a_scheduler_starts():
    last = ran(1, Verdict.NOT_STARTED)
    assert next_crawl(DAY, last, NOON) == NOON + timedelta(hours=23)
    assert next_crawl(DAY, last, NOON, starting=True) == NOON


@given(
    hours=st.floats(0, 1_000), every=st.timedeltas(timedelta(minutes=1), timedelta(days=60)),
    verdict=st.sampled_from([*Verdict, None]), starting=st.booleans(),
)  # fmt: skip
def test_a_crawl_is_never_due_in_the_past_nor_later_than_one_interval(hours, every, verdict, starting):
    due = next_crawl(every, ran(hours, verdict), NOON, starting=starting)
    assert NOON <= due <= NOON + every


def test_replays_imports_and_the_starter_archive_do_not_count_as_crawls():
    name = next(iter(load_sources()), None)
    if name is None:
        pytest.skip("no source is there yet")
    runs = [
        ran(1, source=name, kind=kind, number=number) for number, kind in enumerate(("starter", "replay", "import"))
    ]
    due = {item.source: item.at for item in plan(load_sources(), Settings(), runs, NOON)}
    assert due[name] == NOON


def test_a_source_that_is_switched_off_is_never_due():
    sources = load_sources()
    settings = Settings(sources={name: SourceSettings(enabled=False) for name in sources})
    assert all(item.at is None for item in plan(sources, settings, [], NOON))


def test_a_schedule_that_is_no_interval_is_refused_by_name():
    sources = load_sources()
    for name in sources:
        settings = Settings(sources={name: SourceSettings(schedule="daily")})
        with pytest.raises(SettingsError, match=rf"sources\.{name}\.schedule: 'daily' is no interval"):
            plan(sources, settings, [], NOON)


def test_settings_of_a_source_that_there_is_not_are_refused_by_name():
    with pytest.raises(SettingsError, match=r"sources\.nowhere is of no source"):
        refuse_unknown_sources(Settings(sources={"nowhere": SourceSettings()}), load_sources())
