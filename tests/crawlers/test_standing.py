"""What the ledger says beside how runs ended: windows that wait for a person, and calls that are left."""

from datetime import UTC, datetime, timedelta

from archive import crawl_state, ledger
from archive.hosts import Asker
from archive.store import Archive
from crawlers.due import Standing
from crawlers.source import Quota, Source
from crawlers.standing import standings
from noticewatch.models import Verdict
from noticewatch.settings import Settings, SourceSettings

NOON = datetime(2026, 8, 21, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 8, 22, tzinfo=UTC)


def standing(archive: Archive, source: Source, **setting: int) -> Standing:
    settings = Settings(sources={source.name: SourceSettings(**setting)} if setting else {})
    return standings(archive, {source.name: source}, settings, NOON)[source.name]


def test_windows_count_as_held_until_they_are_released(archive: Archive, tiny_list: Source) -> None:
    assert standing(archive, tiny_list) == Standing()
    run = ledger.start_run(archive, "tiny_list", "crawl")
    for key in ("2026-08-01", "2026-08-02"):
        window = ledger.plan_window(archive, run, "all", key, key, key)
        ledger.finish_window(archive, window, state="held", verdict=Verdict.FAILED)
    assert standing(archive, tiny_list).held == 2
    with archive.writing() as connection:
        for window in crawl_state.held_windows(connection, "tiny_list"):
            crawl_state.release(connection, "tiny_list", window, run.number)
    assert standing(archive, tiny_list) == Standing()


def test_calls_are_counted_by_day_and_come_back_at_midnight(archive: Archive, tiny_list: Source) -> None:
    limited = tiny_list.model_copy(update={"quota": Quota(calls=3)})
    with archive.writing() as connection:
        crawl_state.use_quota(connection, "tiny_list", "2026-08-20", calls=3)
        crawl_state.use_quota(connection, "tiny_list", "2026-08-21", calls=2)
    assert standing(archive, limited) == Standing(calls=3, calls_left=1)
    with archive.writing() as connection:
        crawl_state.use_quota(connection, "tiny_list", "2026-08-21", calls=1)
    assert standing(archive, limited) == Standing(spent_until=MIDNIGHT, calls=3, calls_left=0)
    assert standing(archive, limited, calls_a_day=1000) == Standing(calls=1000, calls_left=997)


def test_a_source_that_says_when_it_answers_again_is_believed(archive: Archive, tiny_list: Source) -> None:
    until = NOON + timedelta(hours=3)
    with archive.writing() as connection:
        crawl_state.use_quota(connection, "tiny_list", "2026-08-21", until=until)
    assert standing(archive, tiny_list).spent_until == until


def test_a_source_waits_while_its_host_wants_to_be_left_alone(archive: Archive, tiny_list: Source) -> None:
    Asker(archive, "another", "us", lambda connection: NOON).rest(tiny_list.hosts[0], timedelta(hours=3))
    assert standing(archive, tiny_list) == Standing(rests_until=NOON + timedelta(hours=3))
