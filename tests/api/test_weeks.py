"""How a source was crawled in the last 26 weeks: as a strip, in words and in JSON."""

from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.weeks import WEEKS, strip
from archive import ledger
from archive.rows import CrawlEnd
from archive.store import Archive
from noticewatch.identifiers import now
from noticewatch.models import Verdict
from tests.api.serving import served
from tests.databases import settings_at
from watchlist.dictionary import Dictionary

TODAY = date(2026, 11, 29)


def ended(day: str, verdict: Verdict) -> CrawlEnd:
    return CrawlEnd(datetime.fromisoformat(f"{day}T12:00:00+00:00"), verdict)


ENDS = st.builds(ended, st.dates(date(2026, 1, 1), TODAY).map(str), st.sampled_from(Verdict))


def test_of_the_crawls_of_a_week_the_best_counts_and_a_week_begins_on_monday() -> None:
    made = strip(
        [
            ended("2026-11-22", Verdict.PARTIAL),
            ended("2026-11-23", Verdict.COMPLETE),
            ended("2026-11-24", Verdict.FAILED),
            ended("2026-11-10", Verdict.BLOCKED),
        ],
        TODAY,
    )
    assert [week.shape for week in made.weeks[-3:]] == ["bad", "partial", "complete"]
    assert [week.said for week in made.weeks[-2:]] == [
        "week of 16 November 2026: partial", "week of 23 November 2026: complete",
    ]  # fmt: skip
    assert made.said == (
        "a complete crawl ended in 1 of the last 26 weeks; at best a partial one in 1; "
        "neither in 1 in which crawls ended"
    )


@example([ended("2026-07-02", Verdict.COMPLETE)], date(2026, 7, 1))
@given(st.lists(ENDS), st.dates(date(2026, 7, 1), TODAY))
def test_a_strip_has_a_shape_for_each_of_its_weeks(ends: list[CrawlEnd], today: date) -> None:
    made = strip(ends, today)
    assert [week.monday.weekday() for week in made.weeks] == [0] * WEEKS
    assert made.weeks[-1].monday <= today < made.weeks[-1].monday + timedelta(days=7)
    assert [week.x for week in made.weeks] == sorted({week.x for week in made.weeks})
    after = made.weeks[-1].monday + timedelta(days=7)
    inside = [end for end in ends if made.weeks[0].monday <= end.ended_at.date() < after]
    assert made.crawled == any(inside)
    complete = {end.ended_at.date().isocalendar()[:2] for end in inside if end.verdict is Verdict.COMPLETE}
    assert sum(week.shape == "complete" for week in made.weeks) == len(complete)


@pytest.mark.both_databases
def test_the_page_and_its_twin_tell_the_weeks_of_crawls_alone(tmp_path: Path, dictionary: Dictionary) -> None:
    settings = settings_at(tmp_path / "home")
    with closing(Archive.open(settings)) as archive:
        for source, kind, verdict in (
            ("dhs_apfs", "crawl", Verdict.FAILED),
            ("federal_register", "starter", Verdict.COMPLETE),
            ("dhs_apfs", "crawl", Verdict.COMPLETE),
        ):
            run = ledger.start_run(archive, source, kind)
            ledger.finish_run(archive, run, verdict, regular=True, overlap=timedelta(0))
        with served(archive, settings, dictionary, []) as client:
            page, twin = client.get("/sources").text, client.get("/sources.json").json()
    monday = now().date() - timedelta(days=now().date().weekday())
    weeks = {row["name"]: row["weeks"] for row in twin["items"]}
    assert weeks["dhs_apfs"][-1]["verdict"] == "complete"
    assert weeks["dhs_apfs"][-1]["week"] in {str(monday), str(monday - timedelta(weeks=1))}
    assert {week["verdict"] for week in weeks["federal_register"]} == {None}
    assert page.count('class="weeks"') == 1
    assert "A complete crawl ended in 1 of the last 26 weeks." in page
