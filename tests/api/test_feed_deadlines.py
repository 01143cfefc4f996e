"""A feed tells of deadlines that are near what it is asked for, as entries of their own."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient

from api.feeds import ATOM
from archive import deadlines
from archive.readers import drive
from archive.store import Archive
from noticewatch.identifiers import now
from tests.alerts.making import crawl, follow, opened
from tests.api.alerting import BASE, desk, save
from tests.archive.making import open_archive, reading, title

pytestmark = pytest.mark.both_databases

QUERY = "q=drone&lens=everything"


@pytest.fixture
def near(tmp_path: Path) -> Iterator[tuple[TestClient, Archive]]:
    """A notice that was news, and whose deadline the log has said to be 14, 7 and 3 days ahead."""
    archive = open_archive(tmp_path / "data")
    at = now() + timedelta(days=20)
    ends = [{"role": "due", "value": f"{at:%Y-%m-%dT%H:%M:%S}+00:00", "precision": "time", "zone": "+00:00"}]
    opened(archive)
    crawl(archive, reading("A", title("drone", dates=ends)))
    follow(archive)
    drive(archive, [deadlines.DeadlineReader()])
    for days in (20, 13, 6, 2):
        deadlines.tell(archive, at - timedelta(days=days))
    with desk(archive.folder, archive) as (client, _):
        yield client, archive
    archive.close()


def entries(client: TestClient, more: str = "") -> list[tuple[str, str]]:
    items: list[dict[str, Any]] = client.get(f"/feeds/search.json?{QUERY}{more}").json()["items"]
    return [(item["id"].rpartition("/")[2], item["content_text"].partition(".")[0]) for item in items]


def test_deadlines_are_told_only_where_they_are_asked_for(near: tuple[TestClient, Archive]) -> None:
    client, _ = near
    news = ("1", "What happened: first seen")
    assert entries(client) == [news]
    assert entries(client, "&due_days=7") == [("1#due-7", "What happened: deadline near"), news]
    assert [at for at, _ in entries(client, "&due_days=3&due_days=14&due_days=1")] == ["1#due-3", "1#due-14", "1"]


def test_a_feed_with_deadlines_says_its_own_address_and_an_atom_feed_holds_the_same(
    near: tuple[TestClient, Archive],
) -> None:
    client, _ = near
    feed = client.get(f"/feeds/search.json?due_days=14&{QUERY}&due_days=3&due_days=3").json()
    assert feed["feed_url"] == f"{BASE}/feeds/search.json?{QUERY}&due_days=3&due_days=14"
    atom = ElementTree.fromstring(client.get(f"/feeds/search.atom?{QUERY}&due_days=14&due_days=3").content)
    assert [one.findtext(f"{{{ATOM}}}id") for one in atom.iter(f"{{{ATOM}}}entry")] == [
        item["id"] for item in feed["items"]
    ]


@pytest.mark.parametrize("wrong", ["5", "", "seven", "7.0"])
def test_other_numbers_of_days_are_refused(near: tuple[TestClient, Archive], wrong: str) -> None:
    client, _ = near
    answer = client.get(f"/feeds/search.json?{QUERY}&due_days={wrong}")
    assert answer.status_code == 400
    assert answer.json()["detail"] == f"Parameter due_days is {wrong!r}; it can be 1, 3, 7, 14."


def test_the_feeds_of_a_saved_search_tell_the_deadlines_that_it_tells(near: tuple[TestClient, Archive]) -> None:
    client, _ = near
    asking = save(client, reasons=["new", "due_soon"], due_days=[3, 7])
    assert asking["feeds"]["json"] == f"{BASE}/feeds/search.json?{QUERY}&due_days=3&due_days=7"
    assert save(client)["feeds"]["atom"] == f"{BASE}/feeds/search.atom?{QUERY}"
    page = client.get(f"/alerts/manage/{asking['token']}").text
    assert f"/feeds/search.atom?{QUERY}&due_days=3&due_days=7".replace("&", "&amp;") in page
