"""The sources page says of each source how it comes, what it does not cover, and why it is not crawled."""

import html
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from api.coverage import gaps, source_view
from archive.rows import RunRow, SourceStatus
from crawlers.due import Due, Standing
from crawlers.source import load_sources
from noticewatch.identifiers import now
from noticewatch.models import Verdict

pytestmark = pytest.mark.both_databases

SOURCES = load_sources()


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_says_how_it_comes_what_it_lacks_and_what_goes_wrong(client: TestClient, name: str) -> None:
    said = html.unescape(client.get("/sources").text)
    source = SOURCES[name]
    [row] = [row for row in client.get("/sources.json").json()["items"] if row["name"] == name]
    facts = [*source.not_covered, *source.traps, source.verified_how]
    assert [fact for fact in facts if fact not in said] == []
    assert (row["live"], row["not_covered"]) == (source.live, list(source.not_covered))
    assert source.live or source.live_note in said


def test_a_source_without_its_key_is_said_to_lack_it_in_plain_words(client: TestClient) -> None:
    rows = {row["name"]: row for row in client.get("/sources.json").json()["items"]}
    keyed = [name for name, source in SOURCES.items() if source.live and source.key and source.key.required]
    assert {rows[name]["next"] for name in keyed} <= {"not started: this server has no key for it"}
    assert "[sources." not in client.get("/sources").text


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (Standing(), []),
        (Standing(held=1), ["1 part of it changed so much that a person looks at it before it is taken in."]),
        (Standing(calls=10, calls_left=4), ["It answers 10 calls a day; 4 are left today."]),
    ],
)
def test_what_keeps_notices_back_is_said(standing: Standing, said: list[str]) -> None:
    source = next(iter(SOURCES.values()))
    view = source_view(source, None, [], Due(source.name, source.schedule, now()), standing, now())
    assert list(view.standing) == said


def test_a_run_that_brought_nothing_is_not_called_one_that_brought_notices() -> None:
    source = next(source for source in SOURCES.values() if source.live)
    moment = now()
    run = RunRow(1, "1", source.name, "crawl", moment, moment, Verdict.NOT_STARTED, ("no contact",), (), None)
    status = SourceStatus(source.name, 0, 0, 0, None, None, None, None, None, last_run=run, last_data=None, runs=1)
    view = source_view(source, status, [], Due(source.name, source.schedule, moment), Standing(), moment)
    assert (view.verdict, view.kind, view.reasons) == ("none yet", "", ())
    assert view.attempt.startswith("crawl of ")
    assert view.attempt.endswith("not started: no contact.")


def test_what_a_crawl_waits_for_is_said() -> None:
    source = next(source for source in SOURCES.values() if source.live)
    moment = now()
    waits = Due(source.name, source.schedule, moment + source.schedule, "its calls for the day are used up")
    view = source_view(source, None, [], waits, Standing(), moment)
    assert view.next.endswith("(its calls for the day are used up)")
    assert source_view(source, None, [], Due(source.name, source.schedule, moment), Standing(), moment).next.endswith(
        "due now"
    )


def test_that_no_county_or_city_is_covered_is_said_until_a_source_of_one_is_there(client: TestClient) -> None:
    source = next(iter(SOURCES.values()))
    view = source_view(source, None, [], Due(source.name, source.schedule, now()), Standing(), now())
    assert "No source of a state, county or city is collected" in gaps([view])[-1]
    assert not [said for said in gaps([view, replace(view, jurisdiction="US-NY")]) if "county" in said]
    for page in ("/search?q=zeppelin", "/sources", "/vendors/vigilant-solutions"):
        assert client.get(page).text.count("No source of a state, county or city is collected") == 1, page
