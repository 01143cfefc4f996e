"""Which windows a crawl walks: nothing between two crawls is forgotten, nothing whole is walked in vain."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update

from archive import crawl_state, ledger, tables, windows
from archive.store import Archive
from crawlers import planning
from crawlers.loading import load_spider
from crawlers.source import Source, source
from noticewatch.models import Verdict

pytestmark = pytest.mark.both_databases

USASPENDING = source("usaspending_transactions")


def keys(chosen: planning.Chosen) -> list[str]:
    return [window.key for window in chosen.windows]


def past_crawl(
    archive: Archive,
    found: Source,
    days: list[str],
    walked: set[str],
    *,
    ago: int = 0,
    dates: tuple[str, str] | None = None,
    verdict: Verdict = Verdict.PARTIAL,
    judged: Verdict = Verdict.COMPLETE,
) -> None:
    """A crawl as the ledger holds it, so many days ago."""
    run = ledger.start_run(archive, found.name, "crawl", *(dates or ()))
    with archive.writing() as connection:
        started = datetime.now(UTC) - timedelta(days=ago)
        connection.execute(
            update(tables.runs).where(tables.runs.c.number == run.number).values(
                started_at=f"{started:%Y-%m-%dT%H:%M:%S.%fZ}"
            )
        )  # fmt: skip
        for day in days:
            number = ledger.plan_window(connection, run, "all", day, day, day)
            if day in walked:
                ledger.finish_window(connection, number, state="appended", verdict=judged)
                connection.execute(update(tables.windows).where(tables.windows.c.number == number).values(walked=True))
        windows.note_walked(connection, found.name, run.number, [("all", day) for day in walked])
    ledger.finish_run(archive, run, verdict)


def test_the_first_crawl_walks_the_regular_windows(archive: Archive, tiny_list: Source) -> None:
    chosen = planning.windows(archive, load_spider(tiny_list)(tiny_list), tiny_list, None, None, None)
    assert keys(chosen) == ["2026-08-01", "2026-08-02", "2026-08-03"]


def test_what_an_earlier_crawl_left_unwalked_is_walked_again_oldest_first(archive: Archive, tiny_list: Source) -> None:
    past_crawl(archive, tiny_list, ["2026-07-01", "2026-07-02"], {"2026-07-01"})
    chosen = planning.windows(archive, load_spider(tiny_list)(tiny_list), tiny_list, None, None, None)
    assert keys(chosen) == ["2026-07-02", "2026-08-01", "2026-08-02", "2026-08-03"]


def test_a_window_that_drifts_is_asked_for_three_times(archive: Archive, tiny_list: Source) -> None:
    for left in (1, 1, 0):
        past_crawl(archive, tiny_list, ["2026-07-01"], {"2026-07-01"}, judged=Verdict.PARTIAL)
        with archive.reading() as connection:
            assert len(crawl_state.holes(connection, tiny_list.name)) == left
    past_crawl(archive, tiny_list, ["2026-07-02"], set())
    past_crawl(archive, tiny_list, ["2026-07-02"], {"2026-07-02"})
    with archive.reading() as connection:
        assert crawl_state.holes(connection, tiny_list.name) == []


def test_windows_of_a_back_fill_are_not_taken_up_by_the_regular_crawl(archive: Archive, tiny_list: Source) -> None:
    past_crawl(archive, tiny_list, ["2020-01-01"], set(), dates=("2020-01-01", "2020-01-01"))
    chosen = planning.windows(archive, load_spider(tiny_list)(tiny_list), tiny_list, None, None, None)
    assert "2020-01-01" not in keys(chosen)


def test_days_between_the_last_crawl_and_the_regular_windows_are_caught_up(archive: Archive) -> None:
    gap, today = USASPENDING.overlap + 40, datetime.now(UTC).astimezone(USASPENDING.zone).date()
    past_crawl(archive, USASPENDING, ["2026-01-01"], {"2026-01-01"}, ago=gap)
    spider = load_spider(USASPENDING)(USASPENDING)
    chosen = planning.windows(archive, spider, USASPENDING, None, None, None)
    days = {window.begins for window in chosen.windows}
    wanted = {str(today - timedelta(days=ago)) for ago in range(gap + USASPENDING.overlap)}
    assert wanted <= days
    assert len({(window.scope, window.key) for window in chosen.windows}) == len(chosen.windows)


def test_an_interrupted_crawl_of_days_goes_on_where_it_was(archive: Archive, tiny_list: Source) -> None:
    first, last = date(2026, 8, 1), date(2026, 8, 3)
    dates = (str(first), str(last))
    spider = load_spider(tiny_list)(tiny_list)
    days = ["2026-08-01", "2026-08-02", "2026-08-03"]
    past_crawl(archive, tiny_list, days, {"2026-08-01"}, dates=dates, verdict=Verdict.FAILED)
    past_crawl(archive, tiny_list, days[1:], {"2026-08-02"}, dates=dates, verdict=Verdict.CANCELLED)
    chosen = planning.windows(archive, spider, tiny_list, None, first, last)
    assert keys(chosen) == ["2026-08-03"]
    assert chosen.notes == ["2 of 3 windows were walked before it was interrupted, and not again"]
    past_crawl(archive, tiny_list, ["2026-08-03"], {"2026-08-03"}, dates=dates, verdict=Verdict.COMPLETE)
    assert keys(planning.windows(archive, spider, tiny_list, None, first, last)) == days


def test_a_window_that_was_split_or_held_is_no_hole(archive: Archive, tiny_list: Source) -> None:
    past_crawl(archive, tiny_list, ["2026-07-01", "2026-07-02", "2026-07-03"], set())
    w = tables.windows
    with archive.writing() as connection:
        connection.execute(update(w).where(w.c.key == "2026-07-01").values(parts=2))
        connection.execute(update(w).where(w.c.key == "2026-07-02").values(state="held"))
        assert [hole.key for hole in crawl_state.holes(connection, tiny_list.name)] == ["2026-07-03"]


def test_a_file_without_days_has_nothing_to_catch_up(archive: Archive, tiny_file: Source) -> None:
    past_crawl(archive, tiny_file, ["active"], set(), ago=40)
    chosen = planning.windows(archive, load_spider(tiny_file)(tiny_file), tiny_file, None, None, None)
    assert len(chosen.windows) == 1
