"""A clock that is set back a day between two crawls, and forward again: times are what the clock said, and nothing else
rests on them.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select

from archive import tables
from archive.proof import heads
from archive.proof.verify import verify
from archive.store import Archive
from noticewatch.models import Verdict
from tests.archive.making import events
from tests.databases import settings_at
from tests.faults.crawling import Result, run
from tests.faults.server import Publisher
from tests.faults.stage import Stage, next_day, state_at
from tests.faults.state import State

SOURCE = "usaspending_transactions"
DAY = timedelta(days=1)


@dataclass
class Crawls:
    """Crawls of a source over one archive, each by a clock of its own."""

    stage: Stage
    server: Publisher
    home: Path

    def crawl(self, clock: timedelta) -> Result:
        """Crawl today's answers by a clock that is off by so much."""
        next_day(self.home)
        self.server.serve(self.stage.today)
        result = run(replace(self.stage.job(self.home, self.server.address), clock=clock))
        assert result.verdict is Verdict.COMPLETE, result.said
        return result

    def said(self) -> State:
        return state_at(self.home)


@pytest.fixture
def crawls(stage_of: Callable[[str], Stage], server: Publisher, tmp_path: Path) -> Crawls:
    """An archive that yesterday was crawled into by a right clock."""
    stage = stage_of(SOURCE)
    return Crawls(stage, server, stage.archive_of_yesterday(tmp_path / "home"))


@pytest.mark.parametrize("off", [[-DAY, timedelta(0)], [-DAY, -DAY, timedelta(0)], [-DAY, -2 * DAY, timedelta(0)]],
                         ids=["back and forth", "back for two crawls", "back, further back and forth"])  # fmt: skip
def test_each_change_is_told_once_and_the_last_word_is_the_current_one(crawls: Crawls, off: list[timedelta]) -> None:
    for clock in off:
        crawls.crawl(clock)
    whole, said = crawls.stage.undisturbed, crawls.said()
    assert said.loud == whole.loud
    assert {name: (listing, now) for name, (listing, _, now) in said.notices.items()} == {
        name: (listing, now) for name, (listing, _, now) in whole.notices.items()
    }
    assert (said.walked, said.scopes) == (whole.walked, whole.scopes)
    check(crawls.home)


def test_by_a_clock_that_is_behind_new_notices_are_told_at_once_and_amendments_when_it_is_right_again(
    crawls: Crawls,
) -> None:
    before, whole = crawls.said(), crawls.stage.undisturbed
    told = whole.loud - before.loud
    crawls.crawl(-DAY)
    assert crawls.said().loud - before.loud == {what: n for what, n in told.items() if "new" in what[1]}
    crawls.crawl(timedelta(0))
    assert crawls.said().loud - before.loud == told
    with closing(Archive.open(settings_at(crawls.home))) as archive:
        end = events(archive)[-1].seq
        crawls.crawl(timedelta(0))
        assert events(archive, end) == []


def check(home: Path) -> None:
    """The log is in one order, the proof holds, and no sighting ends before it begins."""
    with closing(Archive.open(settings_at(home))) as archive:
        assert [event.seq for event in events(archive)] == list(range(1, len(events(archive)) + 1))
        verify(archive, lambda *_: None, full=True, mirrored=heads.file_of(archive))
        r, s = tables.records.c, tables.sightings.c
        query = (
            select(r.source_number, r.first_seen, func.coalesce(s.seen_at, r.first_seen))
            .outerjoin(tables.sightings, s.record == r.number)
            .order_by(r.source_number, r.first_seen, r.number)
        )
        with archive.reading() as connection:
            signed = [(head.size, head.signed_at) for _, head in heads.numbered(connection)]
            sighted = connection.execute(query).all()
    assert [size for size, _ in signed] == sorted(size for size, _ in signed)
    assert [at for _, at in signed] != sorted(at for _, at in signed), "the clock was never behind"
    assert all(first <= last for _, first, last in sighted)
    overlapping = [one for one, other in pairwise(sighted) if one[0] == other[0] and one[2] > other[1]]
    assert overlapping == []
