"""What happened in a week: a line a contract, each with its source, and what is said where nothing did."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from api.news import chosen, name_of, week_named
from archive.joins import Joiner
from archive.store import Archive
from noticewatch.errors import UsageError
from noticewatch.models import Event, EventKind
from tests.api.serving import served
from tests.databases import settings_at
from tests.small_archive import crawl_tender
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

TENDER = "sam:f4ce3f0421184c4bb6ed5aa8d7dbc24d"
pytestmark = [pytest.mark.both_databases, pytest.mark.sqlite_suffices]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory, dictionary: Dictionary) -> Iterator[tuple[TestClient, str]]:
    """An archive in which a deadline has just moved, and the name of the week in which it was noted."""
    settings = settings_at(tmp_path_factory.mktemp("new"))
    with closing(Archive.open(settings)) as archive:
        crawl_tender(archive)
        with served(archive, settings, dictionary, [Joiner(), Tagger(Matcher(dictionary))]) as client:
            [event] = client.get("/api/v1/events?loud=true").json()["items"]
            yield client, name_of(datetime.fromisoformat(event["committed_at"]).astimezone(UTC).date())


def test_a_line_says_what_happened_and_leads_to_its_version_and_source(crawled: tuple[TestClient, str]) -> None:
    client, _ = crawled
    answer = client.get("/new.json").json()
    [line] = answer["items"]
    assert (answer["total"], line["notice"]["id"], line["version"]) == (1, TENDER, f"/notices/{TENDER}/versions/2")
    assert "deadline_moved" in line["kinds"]
    page = client.get("/new").text
    for said in ("eadline moved", f'href="/notices/{TENDER}/versions/2"', "source: SAM.gov", "Specialized OSINT Tools"):
        assert said in page, said
    assert "Most recently published" not in page


def test_a_week_has_an_address_of_its_own(crawled: tuple[TestClient, str]) -> None:
    client, week = crawled
    assert client.get(f"/new.json?week={week}").json()["total"] == 1
    page = client.get(f"/new?week={week}").text
    assert f'<link rel="canonical" href="http://127.0.0.1:8484/new?week={week}">' in page
    empty = client.get("/new?week=2020-W53").text
    assert "28 December 2020 to 3 January 2021 (UTC): no news." in empty
    assert "Nothing on the watchlist was new or changed in these days." in empty


def test_before_any_news_it_is_said_why_there_are_none_and_what_is_held(client: TestClient) -> None:
    page = client.get("/new").text
    assert "Nothing is news yet." in page and "Most recently published of what is held" in page
    answer = client.get("/new.json").json()
    assert (answer["total"], answer["items"], len(answer["most_recently_published"])) == (0, [], 5)


@pytest.mark.parametrize("query", ["week=2026-W54", "week=now", "week=0000-W01", "weak=2026-W01"])
def test_a_week_that_there_is_not_is_named(client: TestClient, query: str) -> None:
    for address in ("/new", "/new.json"):
        answer = client.get(f"{address}?{query}")
        assert answer.status_code == 400 and query.partition("=")[2 if "weak" not in query else 0] in answer.text


def test_a_week_runs_from_monday_to_sunday() -> None:
    week = week_named("2026-W48")
    assert (str(week.first), str(week.last), name_of(week.first), name_of(week.last)) == (
        "2026-11-23", "2026-11-29", "2026-W48", "2026-W48",
    )  # fmt: skip
    with pytest.raises(UsageError):
        week_named("9999-W60")


def event(seq: int, notice: int, *kinds: EventKind, late: bool = False) -> Event:
    return Event(
        seq=seq, notice_id=f"n:{notice}", notice_number=notice, version=1, kinds=kinds,
        committed_at=datetime(2026, 11, 28, tzinfo=UTC), capture_id=None, changed=(), quiet=False, late=late,
    )  # fmt: skip


def test_strong_matches_come_first_and_a_contract_is_told_once() -> None:
    new, amended, moved = EventKind.NEW, EventKind.AMENDED, EventKind.DEADLINE_MOVED
    events = [
        event(1, 1, new), event(2, 2, amended), event(3, 3, new), event(4, 2, moved), event(5, 4, new, late=True),
        event(6, 5, new),
    ]  # fmt: skip
    tiers = {1: {"review"}, 2: {"alert"}, 3: {"alert", "review"}, 4: {"alert"}}
    groups = chosen(events, tiers, {1: 10, 2: 20, 3: 30, 4: 40})
    assert [[one.seq for one in group] for group in groups] == [[3], [4, 2], [5], [6], [1]]
