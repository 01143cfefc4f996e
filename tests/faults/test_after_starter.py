"""The first crawl after the starter archive tells nobody anything; a gap of three days afterwards is told, each once.

The starter holds a recorded state in the collector's ten fields; the crawls ask a server that answers with all fields.
All days are moved so that the last one is today: what a crawl may tell depends on when its windows began.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import orjson
import pytest

from archive.warc import WarcWriter
from crawlers.source import source
from crawlers.sources.usaspending_transactions.spider import UsaspendingTransactionsSpider
from dev.rebuild import ASKED, Recorder, every_day, read_rows, write_transactions
from noticewatch.models import Verdict
from tests.faults.crawling import Job, pinned, run
from tests.faults.server import Key, Publisher, Reply, answers_of, key_of
from tests.faults.stage import LOWERED, crawled, state_at
from tests.faults.state import State
from tests.sources.states import RECORDED

NAME = "usaspending_transactions"
SINCE, STARTER, FIRST, LAST = (date(2026, 8, day) for day in (1, 17, 18, 21))

Row = Mapping[str, str]

pytestmark = pytest.mark.xdist_group("after starter")


@cache
def moved() -> timedelta:
    """By how much the days are moved. Tests may run a day after they were collected."""
    return datetime.now(UTC).date() - LAST


@dataclass(frozen=True)
class Told:
    """What the archive said after the starter, the first crawl, the crawl after the gap, and that one once more."""

    starter: State
    first: State
    caught_up: State
    again: State


@pytest.fixture(scope="module")
def told(server: Publisher, tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("after-starter")
    home = folder / "home"
    result = run(Job(home, NAME, kind="starter", paths=[_recording(folder / "starter", STARTER)]))
    assert result.verdict in {Verdict.COMPLETE, Verdict.PARTIAL}
    states = [state_at(home)]
    for number, day in enumerate((FIRST, LAST, LAST)):
        own = pinned(NAME, folder / f"pinned-{number}", str(SINCE + moved()), str(day + moved()))
        server.serve(_answers(_recording(folder / f"asked-{number}", day), day))
        crawled(Job(home, NAME, own, server.address, facts=LOWERED), server)
        states.append(state_at(home))
    return Told(*states)


def test_the_first_crawl_with_more_fields_tells_nobody_anything(told: Told) -> None:
    assert not told.starter.loud
    assert not told.first.loud
    assert any("enriched" in kinds for _, kinds, _ in told.first.quiet)
    assert told.first.scopes


def test_a_gap_of_three_days_is_told_each_thing_once(told: Told) -> None:
    new, amended = _differences()
    assert len(new) > 50
    loud: dict[str, list[str]] = {"new": [], "amended": []}
    for (notice, kinds, _), times in told.caught_up.loud.items():
        for kind in {"new", "amended"}.intersection(orjson.loads(kinds)):
            loud[kind] += [notice.removeprefix("us-action:")] * times
    assert told.caught_up.loud.total() == len(new) + len(amended), told.caught_up.loud
    assert sorted(loud["new"]) == sorted(new)
    assert sorted(loud["amended"]) == sorted(amended)


def test_the_same_days_asked_again_tell_nothing_more(told: Told) -> None:
    assert told.again.loud == told.caught_up.loud
    assert told.again.notices == told.caught_up.notices


def _state(day: date) -> list[Row]:
    """The recorded state of a day from SINCE on, its days moved."""
    held = read_rows(RECORDED / f"CBP_ICE_FY2026_as-of-{day}.csv.gz")
    return [
        {**row, "Action Date": str(date.fromisoformat(row["Action Date"]) + moved())}
        for row in held
        if SINCE.isoformat() <= row["Action Date"] <= day.isoformat()
    ]


def _recording(folder: Path, day: date) -> Path:
    seen = day + moved()
    recorder = Recorder("a test", datetime(seen.year, seen.month, seen.day, tzinfo=UTC), f"Days moved. {ASKED}")
    with WarcWriter(folder, "", name="state.warc.gz") as writer:
        write_transactions(writer, _state(day), recorder, {}, every_day(SINCE + moved(), seen))
    return folder


def _answers(recording: Path, day: date) -> dict[Key, Reply]:
    """The answers of a recording with the fields that the source gives and the collector did not ask for."""
    answers = {key: Reply(payload=_fuller(reply.payload)).stamped() for key, reply in answers_of(recording).items()}
    spider = UsaspendingTransactionsSpider(source(NAME))
    nothing = orjson.dumps({"limit": 100, "page_metadata": {"page": 1, "hasNext": False}, "results": []})
    for window in spider.windows(SINCE + moved(), day + moved(), day + moved()):
        request = spider.page_request(window, 1)
        answers.setdefault(key_of(request.method, request.url, request.body), Reply(payload=nothing))
    return answers


def _fuller(payload: bytes) -> bytes:
    answer = orjson.loads(payload)
    for number, result in enumerate(answer["results"]):
        agency = "Department of Homeland Security"
        result |= {
            "internal_id": number, "Action Type": "C", "Award Type": "DELIVERY ORDER", "Awarding Agency": agency,
            "Awarding Sub Agency": "as named by the source", "Recipient UEI": "ABCDEFGHJKL1",
            "awarding_agency_id": 766, "agency_slug": "department-of-homeland-security",
        }  # fmt: skip
    return orjson.dumps(answer)


def _differences() -> tuple[list[str], list[str]]:
    """Keys never seen before the gap, and keys whose row is another behind it, from the collector's rows alone."""
    known = dict(_by_key(_state(STARTER))) | dict(_by_key(_state(FIRST)))
    now = dict(_by_key(_state(LAST)))
    return [key for key in now if key not in known], [key for key in now if key in known and now[key] != known[key]]


def _by_key(held: Sequence[Row]) -> Iterator[tuple[str, Row]]:
    for row in held:
        agency = row["Generated Award ID"].removeprefix(f"CONT_AWD_{row['Award ID']}_").partition("_")[0]
        yield f"{agency}:{row['Award ID']}:{row['Modification']}", row
