"""When sources are due, from the ledger of runs."""

import os
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.rows import RunRow
from crawlers.due import Planner, Standing, next_crawl, obstacle, plan, refuse_unknown_sources, spread
from crawlers.source import Key, Source, load_sources
from noticewatch.errors import SettingsError
from noticewatch.models import Verdict
from noticewatch.settings import Settings, SourceSettings

NOON = datetime(2026, 8, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def ran(
    hours_ago: float, verdict: Verdict | None = Verdict.COMPLETE, *, source="one", kind="crawl", number=1
) -> RunRow:
    started = NOON - timedelta(hours=hours_ago)
    return RunRow(number, str(number), source, kind, started, None, verdict, (), (), None)


def made(name="one", **facts) -> Source:
    """A source of one's own."""
    stated = {
        "name": name, "title": name, "register": "r", "publisher": "p", "jurisdiction": "us", "home": "h", "terms": "t",
        "schedule": "24h", "hosts": ["h"], "parser_version": 1, "folder": ".",
    }  # fmt: skip
    return Source.model_validate(stated | facts)


def test_a_source_that_never_ran_is_due_now():
    assert next_crawl(DAY, None, NOON) == NOON


def test_the_next_crawl_is_one_interval_after_the_start_of_the_last():
    assert next_crawl(DAY, ran(5), NOON) == NOON + timedelta(hours=19)


def test_an_overdue_source_is_due_once_and_now():
    assert next_crawl(DAY, ran(24 * 9), NOON) == NOON


def test_a_failed_crawl_is_tried_again_after_an_hour_and_at_once_when_a_scheduler_starts():
    assert next_crawl(DAY, ran(0.5, Verdict.FAILED), NOON) == NOON + timedelta(minutes=30)
    assert next_crawl(DAY, ran(0.5, Verdict.FAILED), NOON, starting=True) == NOON


def test_a_crawl_that_failed_because_a_window_is_held_waits_its_whole_interval():
    assert next_crawl(DAY, ran(0.5, Verdict.FAILED), NOON, held=True) == NOON + timedelta(hours=23.5)
    assert next_crawl(DAY, ran(0.5, Verdict.FAILED), NOON, held=True, starting=True) == NOON + timedelta(hours=23.5)


def test_a_source_that_could_not_start_is_not_tried_again_until_a_scheduler_starts():
    last = ran(1, Verdict.NOT_STARTED)
    assert next_crawl(DAY, last, NOON) == NOON + timedelta(hours=23)
    assert next_crawl(DAY, last, NOON, starting=True) == NOON


@given(
    hours=st.floats(0, 1_000), every=st.timedeltas(timedelta(minutes=1), timedelta(days=60)),
    verdict=st.sampled_from([*Verdict, None]), starting=st.booleans(), held=st.booleans(),
)  # fmt: skip
def test_a_crawl_is_never_due_in_the_past_nor_later_than_one_interval(hours, every, verdict, starting, held):
    due = next_crawl(every, ran(hours, verdict), NOON, starting=starting, held=held)
    assert NOON <= due <= NOON + every


@given(every=st.timedeltas(timedelta(minutes=1), timedelta(days=60)), run=st.integers(1, 10_000))
def test_crawls_are_spread_a_little_and_always_alike(every, run):
    later = spread("one", run, every)
    assert timedelta(0) <= later <= min(timedelta(minutes=5), every / 20)
    assert later == spread("one", run, every)


def test_several_sources_that_ran_at_once_are_not_all_due_at_once():
    assert len({spread(name, 1, DAY) for name in "abcdefgh"}) > 4


def test_replays_imports_and_the_starter_archive_do_not_count_as_crawls():
    runs = [ran(1, kind=kind, number=number) for number, kind in enumerate(("starter", "replay", "import"))]
    assert [item.at for item in plan({"one": made()}, Settings(), runs, NOON)] == [NOON]


def test_a_source_that_is_switched_off_is_never_due():
    sources = load_sources()
    settings = Settings(sources={name: SourceSettings(enabled=False) for name in sources})
    due = plan(sources, settings, [], NOON)
    assert {(item.at, item.why) for item in due} == {(None, "switched off in the settings")}


def test_a_source_that_only_reads_recordings_is_never_due_and_says_why():
    noted = made(live=False, live_note="The feed has ended.")
    [first] = plan({"one": noted}, Settings(), [], NOON)
    [second] = plan({"one": made(live=False)}, Settings(), [], NOON)
    assert (first.at, first.why) == (None, "not crawled: The feed has ended.")
    assert (second.at, second.why) == (None, "not crawled: it reads recordings and imports only")


def test_a_source_without_the_key_it_needs_is_not_started_and_says_where_to_get_one():
    key = Key(header="X-Api-Key", obtain="https://keys.example")
    source = made(key=key.model_dump())
    assert obstacle(source, Settings()).startswith("no key: get one at https://keys.example")
    assert "[sources.one]" in obstacle(source, Settings())
    assert obstacle(source, Settings(sources={"one": SourceSettings(key="k")})) == ""
    assert obstacle(made(key={**key.model_dump(), "required": False}), Settings()) == ""


def test_a_source_whose_calls_are_used_up_waits_until_it_answers_again():
    until = NOON + 12 * HOUR
    [due] = plan({"one": made()}, Settings(), [], NOON, standing={"one": Standing(spent_until=until)})
    assert (due.at, due.why) == (until, "its calls for the day are used up")


def test_a_source_whose_host_wants_to_be_left_alone_waits_until_then():
    until = NOON + 12 * HOUR
    [due] = plan({"one": made()}, Settings(), [], NOON, standing={"one": Standing(rests_until=until)})
    assert (due.at, due.why) == (until, "its publisher asks to wait until then")
    [due] = plan({"one": made()}, Settings(), [], NOON, standing={"one": Standing(rests_until=NOON - HOUR)})
    assert (due.at, due.why) == (NOON, "")


def test_a_schedule_that_is_no_interval_is_refused_by_name():
    settings = Settings(sources={"one": SourceSettings(schedule="daily")})
    with pytest.raises(SettingsError, match=r"sources\.one\.schedule: 'daily' is no interval"):
        plan({"one": made()}, settings, [], NOON)


def test_settings_of_a_source_that_there_is_not_are_refused_by_name():
    with pytest.raises(SettingsError, match=r"sources\.nowhere is of no source"):
        refuse_unknown_sources(Settings(sources={"nowhere": SourceSettings()}), load_sources())


class Life:
    """A scheduler's life: true time goes on by steps, its clock may be wrong. Keeps at which true times it crawled."""

    def __init__(self, begin: datetime) -> None:
        self.true, self.wrong_by = begin, timedelta(0)
        self.crawled: list[datetime] = []
        self.runs: list[RunRow] = []
        self.restart()

    def restart(self) -> None:
        self.planner = Planner({"one": made()}, Settings(), spreads=False, steady=self._steady)

    def _steady(self) -> float:
        return self.true.timestamp()

    def go_on(self, span: timedelta) -> None:
        ends = self.true + span
        while self.true < ends:
            shown = self.true + self.wrong_by
            [due] = self.planner.plan(self.runs, shown)
            assert due.at is not None
            if due.at <= shown:
                number = len(self.runs) + 1
                self.runs.append(RunRow(number, "", "one", "crawl", shown, shown, Verdict.COMPLETE, (), (), None))
                self.crawled.append(self.true)
            self.true += HOUR / 2


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/London", "Australia/Lord_Howe", "Pacific/Apia"])
@pytest.mark.parametrize("month", [3, 4, 9, 10, 11])
def test_daylight_saving_neither_skips_nor_doubles_a_crawl(monkeypatch, zone, month):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        begin = datetime(2026, month, 1, 0, 30, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        life = Life(begin)
        life.go_on(timedelta(days=31))
        assert life.crawled == [begin + day * DAY for day in range(31)]
    finally:
        monkeypatch.undo()
        time.tzset()


@given(hours=st.integers(-24 * 400, 24 * 400), at=st.integers(1, 71))
def test_a_clock_that_is_set_neither_skips_nor_doubles_a_crawl(hours, at):
    life = Life(NOON)
    life.go_on(at * HOUR)
    life.wrong_by += hours * HOUR
    life.go_on(4 * DAY)
    assert life.crawled == [NOON + day * DAY for day in range(len(life.crawled))]
    assert life.true - life.crawled[-1] <= DAY


@given(hours=st.integers(-24 * 400, 24 * 400), at=st.integers(1, 71))
def test_a_start_with_a_wrong_clock_costs_one_crawl_at_most(hours, at):
    life = Life(NOON)
    life.go_on(at * HOUR)
    life.wrong_by += hours * HOUR
    life.restart()
    life.go_on(4 * DAY)
    gaps = [later - earlier for earlier, later in zip(life.crawled, life.crawled[1:], strict=False)]
    assert max(gaps) <= 2 * DAY
    assert sum(gap != DAY for gap in gaps) <= 1


def test_the_day_of_a_source_is_that_of_its_zone():
    moment = datetime(2026, 11, 1, 4, 30, tzinfo=UTC)
    assert moment.astimezone(made(timezone="America/New_York").zone).date() == date(2026, 11, 1)
    assert moment.astimezone(made(timezone="America/Los_Angeles").zone).date() == date(2026, 10, 31)


def test_time_zone_of_the_machine_is_as_it_was():
    assert os.environ.get("TZ") != "Pacific/Apia"
