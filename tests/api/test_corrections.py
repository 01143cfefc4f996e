"""The public log of corrections: its page, its JSON twin and its answer in the API."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from archive import takedowns
from archive.store import Archive
from tests.api.serving import served
from tests.archive.making import append, reading
from tests.databases import settings_at
from watchlist.dictionary import Dictionary

pytestmark = pytest.mark.both_databases

ONE, TWO = "us-action:N1", "us-action:N2"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    opened = Archive.open(settings_at(tmp_path / "home"))
    append(opened, [reading("N1", "one"), reading("N2", "two")])
    yield opened
    opened.close()


@pytest.fixture
def client(archive: Archive, tmp_path: Path, dictionary: Dictionary) -> Iterator[TestClient]:
    settings = settings_at(tmp_path / "home")
    with served(archive, settings, dictionary) as opened:
        yield opened


def test_corrections_are_listed_newest_first_with_reason_and_entries_of_the_log(
    archive: Archive, client: TestClient
) -> None:
    takedowns.take_down(archive, [ONE, f"{TWO}@1"], "A <private> person.")
    takedowns.restore(archive, [f"{TWO}@1"], "Agreed.")
    form = client.get("/api/v1/corrections").json()
    assert [(one["number"], one["kind"], one["concerns"]) for one in form["items"]] == [
        (2, "restore", [f"{TWO}@1"]), (1, "takedown", [ONE, f"{TWO}@1"]),
    ]  # fmt: skip
    assert (form["total"], form["next"]) == (2, None)
    first, last = form["items"][1]["first_seq"], form["items"][1]["last_seq"]
    told = client.get(f"/api/v1/events?after={first - 1}&limit={last - first + 1}").json()["items"]
    assert [(event["notice_id"], event["kinds"]) for event in told] == [(ONE, ["taken_down"]), (TWO, ["taken_down"])]
    assert form["items"][1]["made_at"] == told[0]["committed_at"]
    assert client.get("/corrections.json").json() == form
    assert client.get("/corrections", headers={"Accept": "application/json"}).json() == form


def test_the_page_says_in_words_what_was_corrected_and_leads_to_it(archive: Archive, client: TestClient) -> None:
    assert "No correction was made so far." in client.get("/corrections").text
    takedowns.take_down(archive, [ONE, f"{TWO}@1"], "A <private> person.")
    page = client.get("/corrections").text
    assert 'href="/notices/us-action:N1"' in page
    assert 'href="/notices/us-action:N2/versions/1"' in page
    assert "Taken down " in page
    assert "A &lt;private&gt; person." in page
    assert "1 correction, newest first." in page
    assert 'href="/corrections"' in client.get("/about").text


def test_corrections_come_in_pages(archive: Archive, client: TestClient) -> None:
    for step in (takedowns.take_down, takedowns.restore, takedowns.take_down):
        step(archive, [ONE], "Back and forth.")
    first = client.get("/api/v1/corrections?limit=2").json()
    second = client.get(first["next"]).json()
    assert [one["number"] for one in first["items"] + second["items"]] == [3, 2, 1]
    assert second["next"] is None
    assert 'href="?before=' not in client.get("/corrections?before=3").text
    assert client.get("/api/v1/corrections?before=0").status_code == 400
