"""What must show: the recorded days of USAspending and the revisions of RFP-002132, followed by ten saved searches.

``make test ARGS="-n 0 -s tests/alerts/test_shown.py"`` prints every message. The capture times of the revisions are
made for this test, a day each: the recording holds all seven in one answer.
"""

import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from alerts.message import rendered
from alerts.models import Rhythm
from archive.warc import recorded
from crawlers.engine import crawl
from crawlers.parsing import read
from crawlers.source import source
from crawlers.sources.sam_gov_bulk import parser
from noticewatch.models import Capture, EventKind, Reading
from noticewatch.settings import Settings
from tests.alerts.showing import Demo, Shown
from tests.archive.making import append
from tests.sources.states import DAYS, rebuild
from watchlist.retag import Retagger

STARTER = Path(__file__).parents[2] / "starter" / "sam_gov_bulk"
NEW, LATE, AMENDED = (73, 112, 50, 64, 146), (58, 40, 1, 0, 47), (0, 2, 1, 7, 7)
SOURCE = source("usaspending_transactions")
pytestmark = [
    pytest.mark.skipif(not STARTER.is_dir(), reason="the starter archive is not there"),
    pytest.mark.xdist_group("alerts_shown"),
]


def tender() -> tuple[Capture, list[Reading]]:
    """The seven recorded revisions in order, with the capture that holds them."""
    for held in recorded(STARTER):
        with held.open() as stream:
            rows = [
                row for row in read(parser, stream, held.capture)
                if any(number.printed == "RFP-002132" for number in row.notice.numbers)
            ]  # fmt: skip
        if rows:
            return held.capture, sorted(rows, key=lambda row: row.revision)
    raise AssertionError("the starter archive holds the tender")


def say(shown: Shown) -> None:
    said = [f"\n##### {shown.step}: {shown.events} events that are news, {shown.late} of them late"]
    said += [f"----- {message.rhythm}: {message.name}\n{rendered(message).text}" for _, message in shown.messages]
    sys.stdout.write("\n".join(said))


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[date, Path]:
    folder = tmp_path_factory.mktemp("shown states")
    return {day: rebuild(day, folder) for day in DAYS}


@pytest.fixture(scope="module")
def days(states: dict[date, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, list[Shown]]]:
    """The days of USAspending, one after the other, with what was told on each."""
    settings = Settings(home=tmp_path_factory.mktemp("shown"), contact="test@example.org")
    demo = Demo(settings)
    demo.save()
    shown = []
    for day in DAYS:
        crawl(demo.archive, settings, SOURCE, kind="replay", recordings=states[day])
        shown.append(demo.shown(f"USAspending, {day}"))
        say(shown[-1])
    yield demo, shown
    demo.archive.close()


def test_the_first_day_tells_nothing(days: tuple[Demo, list[Shown]]) -> None:
    first = days[1][0]
    assert (first.events, first.messages) == (0, ())


def test_every_change_of_the_other_days_is_news_and_drift_is_none(days: tuple[Demo, list[Shown]]) -> None:
    told = [(one.events, one.late) for one in days[1][1:]]
    assert told == [(new + amended, late) for new, late, amended in zip(NEW, LATE, AMENDED, strict=True)]


def test_each_thing_is_told_once_to_each_search(days: tuple[Demo, list[Shown]]) -> None:
    found = days[0].found()
    assert len(found) == len(set(found)) > 50
    told = [
        (message.name, find.event.seq)
        for shown in days[1]
        for _, message in shown.messages
        for group in message.groups
        for find in group.finds
    ]
    assert len(told) == len(set(told)) == len(found)


def test_drift_is_never_told_as_an_amendment_or_as_gone(days: tuple[Demo, list[Shown]]) -> None:
    kinds = {
        kind
        for shown in days[1]
        for _, message in shown.messages
        for group in message.groups
        for find in group.finds
        for kind in find.event.kinds
    }
    assert kinds == {EventKind.NEW, EventKind.AMENDED}


def test_what_came_late_is_told_in_digests_only_and_called_late(days: tuple[Demo, list[Shown]]) -> None:
    late = [
        message
        for shown in days[1]
        for _, message in shown.messages
        if any(find.event.late for group in message.groups for find in group.finds)
    ]
    assert late
    for message in late:
        assert message.rhythm in {Rhythm.DAILY, Rhythm.WEEKLY}
        assert "Late: it was first seen here long after its day." in " ".join(rendered(message).text.split())


def test_the_same_day_again_a_retag_and_a_restore_tell_nothing(
    days: tuple[Demo, list[Shown]], states: dict[date, Path]
) -> None:
    demo = days[0]
    before = demo.found()
    crawl(demo.archive, demo.settings, SOURCE, kind="replay", recordings=states[DAYS[-1]])
    assert demo.shown("the last day again").messages == ()
    while Retagger(demo.matcher).advance(demo.archive):
        pass
    assert demo.shown("a retag").messages == ()
    demo.restored()
    assert demo.shown("a restore").messages == ()
    assert demo.found() == before


def test_the_revisions_of_a_tender_are_told_one_by_one(tmp_path: Path) -> None:
    capture, rows = tender()
    demo = Demo(Settings(home=tmp_path / "data"))
    demo.save()
    append(demo.archive, [], windows={"w": []}, day=0, kind="crawl", source="sam_gov_bulk", register="sam")
    shown = []
    for day, row in enumerate(rows, start=1):
        at = capture.model_copy(update={"id": f"{capture.id}-{day}", "fetched_at": capture.fetched_at + timedelta(day)})
        append(demo.archive, [], windows={"w": [row]}, kind="crawl", given=at, source="sam_gov_bulk", register="sam",
               late_after=100_000)  # fmt: skip
        shown.append(demo.shown(f"RFP-002132, revision {day}"))
        say(shown[-1])
    own = [[message for name, message in one.messages if name == "RFP-002132"] for one in shown]
    assert [len(some) for some in own] == [1, 0, 1, 1, 1, 1, 1]  # the second is posted again as it was
    texts = [rendered(some[0]).text for some in own if some]
    assert "first seen" in texts[0]
    assert all("amended" in text for text in texts[1:])
    said = " ".join(texts[-1].split())
    assert "The archived bytes" in said
    moved = [name for one in shown for name, _ in one.messages if name == "Only deadlines that move"]
    assert len(moved) == sum(EventKind.DEADLINE_MOVED.value.replace("_", " ") in text for text in texts)
