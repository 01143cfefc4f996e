"""Windows that changed too much are held back, nothing of them is appended, and a person may release them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from archive import crawl_state, queries, tables
from archive.store import Archive
from crawlers.engine import accept, crawl
from crawlers.source import Expectations, Source
from crawlers.verdict import RequestFacts, WindowFacts, judge
from noticewatch.errors import UsageError
from noticewatch.models import Verdict
from noticewatch.settings import Settings
from tests.crawlers.conftest import DAY, Recorder

pytestmark = pytest.mark.both_databases

FIRST, SECOND = "2026-08-01", "2026-08-02"


def rows(archive: Archive, *columns: Any) -> list[tuple[Any, ...]]:
    with archive.reading() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(*columns[0].table.primary_key))]


def loud(archive: Archive) -> list[str]:
    e, n = tables.events.c, tables.notices.c
    with archive.reading() as connection:
        query = select(n.id).join(tables.events, n.number == e.notice).where(~e.quiet).order_by(e.seq)
        return [notice for (notice,) in connection.execute(query)]


def recorded(folder: Path, day: int, pages: dict[str, dict[str, str]]) -> Path:
    recorder = Recorder(folder / f"{day}.warc.gz", "tiny_list", DAY + timedelta(days=day))
    for key, titles in pages.items():
        recorder.page(key, 1, titles)
    return recorder.close()


def titles(letter: str, count: int, words: str) -> dict[str, str]:
    return {f"{letter}{number:02}": f"{words} {number}" for number in range(count)}


@pytest.fixture
def wary(tiny_list: Source) -> Source:
    return tiny_list.model_copy(update={"expectations": Expectations(greatest_change=0.2)})


@pytest.fixture
def stormy(archive: Archive, settings: Settings, wary: Source, tmp_path: Path) -> Source:
    """Two days walked; then in one of them every row differs, as where a column has shifted."""
    before = {FIRST: titles("A", 30, "tower"), SECOND: titles("B", 30, "radio")}
    crawl(archive, settings, wary, kind="replay", recordings=recorded(tmp_path, 0, before))
    after = {FIRST: titles("A", 30, "shifted"), SECOND: titles("B", 30, "radio") | {"B99": "new"}}
    result = crawl(archive, settings, wary, kind="replay", recordings=recorded(tmp_path, 1, after))
    assert (result.verdict, result.exit_code) == (Verdict.FAILED, 5)
    assert result.reasons[0].startswith("change storm: 30 of 30 rows held before differ, where at most 20% may")
    return wary


def test_nothing_of_a_change_storm_is_appended_and_the_other_windows_are(archive: Archive, stormy: Source) -> None:
    assert loud(archive) == ["us-action:B99"]
    with archive.reading() as connection:
        assert [window.key for window in crawl_state.held_windows(connection, stormy.name)] == [FIRST]
        row = queries.notice(connection, "us-action:A00")
    assert row is not None
    assert row.notice.title[0].text == "tower 0"


def test_accepting_appends_what_was_captured_then_and_says_so(archive: Archive, stormy: Source) -> None:
    result = accept(archive, stormy)
    assert (result.verdict, result.counts.records) == (Verdict.COMPLETE, 30)
    assert "released by hand after it was held back" in result.reasons
    assert len(loud(archive)) == 1 + 30
    with archive.reading() as connection:
        row = queries.notice(connection, "us-action:A00")
    assert row is not None
    assert (row.notice.title[0].text, row.captured_at) == ("shifted 0", DAY + timedelta(days=1))
    with pytest.raises(UsageError, match="No window of tiny_list is held back"):
        accept(archive, stormy)


def test_a_later_healthy_crawl_leaves_nothing_to_release(
    archive: Archive, settings: Settings, stormy: Source, tmp_path: Path
) -> None:
    mended = {FIRST: titles("A", 30, "tower")}
    result = crawl(archive, settings, stormy, kind="replay", recordings=recorded(tmp_path, 2, mended))
    assert result.verdict is Verdict.COMPLETE
    assert loud(archive) == ["us-action:B99"]
    with pytest.raises(UsageError):
        accept(archive, stormy)


def test_rows_that_an_older_parser_has_read_raise_no_storm(
    archive: Archive, settings: Settings, wary: Source, tmp_path: Path
) -> None:
    crawl(archive, settings, wary, kind="replay", recordings=recorded(tmp_path, 0, {FIRST: titles("A", 30, "x")}))
    bettered = wary.model_copy(update={"parser_version": 2})
    after = recorded(tmp_path, 1, {FIRST: titles("A", 30, "y")})
    assert crawl(archive, settings, bettered, kind="replay", recordings=after).verdict is Verdict.COMPLETE


def test_fields_that_are_filled_no_more_hold_a_first_crawl_back(
    archive: Archive, settings: Settings, tiny_list: Source, tmp_path: Path
) -> None:
    wary = tiny_list.model_copy(update={"expectations": Expectations(filled={"title": 0.9, "dates.posted": 0.5})})
    path = recorded(tmp_path, 0, {FIRST: titles("A", 30, "x")})
    result = crawl(archive, settings, wary, kind="replay", recordings=path)
    assert result.verdict is Verdict.FAILED
    assert "dates.posted in 0% of 30 rows read, where 50% are expected" in result.reasons[0]
    assert rows(archive, tables.notices.c.id) == []


def test_small_windows_show_a_storm_together(
    archive: Archive, settings: Settings, wary: Source, tmp_path: Path
) -> None:
    before = {f"2026-08-{day:02}": titles(f"D{day}-", 4, "tower") for day in range(1, 9)}
    crawl(archive, settings, wary, kind="replay", recordings=recorded(tmp_path, 0, before))
    after = {day: {number: f"{words}, shifted" for number, words in rows.items()} for day, rows in before.items()}
    after["2026-08-08"] = before["2026-08-08"] | {"NEW": "new"}
    result = crawl(archive, settings, wary, kind="replay", recordings=recorded(tmp_path, 1, after))
    assert result.verdict is Verdict.FAILED
    assert result.reasons[0].startswith(
        "change storm: 28 of 32 rows held before of this and other small windows differ, where at most 20% may"
    )
    assert loud(archive) == ["us-action:NEW"]
    with archive.reading() as connection:
        assert len(crawl_state.held_windows(connection, wary.name)) == 7


def test_a_few_rows_make_no_storm() -> None:
    facts = WindowFacts([RequestFacts("page", 1, "answered")], rows=5, known=5, changed=5, greatest_change=0.1)
    assert judge(facts).verdict is Verdict.COMPLETE


def test_every_verdict_follows_from_the_ledger_alone(archive: Archive, stormy: Source) -> None:
    accept(archive, stormy)
    w = tables.windows.c
    judged = rows(archive, w.number, w.verdict, w.reasons)
    assert len(judged) == 5
    for number, verdict, reasons in judged:
        with archive.reading() as connection:
            stated = crawl_state.facts_of(connection, number)
            asked = crawl_state.requests_of(connection, number)
        facts = [RequestFacts(r.purpose, r.page, r.state, r.optional, r.blocked, r.problem) for r in asked]  # type: ignore[arg-type]  # states
        assert stated is not None
        again = judge(WindowFacts.from_json(stated, facts))
        assert (again.verdict, list(again.reasons)) == (verdict, orjson.loads(reasons))
