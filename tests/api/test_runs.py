"""A run says what it asked, how each window was judged, and what brought nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from archive import ledger
from archive.store import Archive
from crawlers.engine import crawl
from crawlers.source import Expectations, Source, read_source
from noticewatch.models import Verdict
from tests.api.serving import served
from tests.crawlers.conftest import HERE, Recorder
from tests.databases import settings_at
from watchlist.dictionary import Dictionary

pytestmark = pytest.mark.both_databases


@pytest.fixture
def stormy(tmp_path: Path, dictionary: Dictionary) -> Iterator[TestClient]:
    """An archive whose last run held one window back, found another whole and missed a page of a third."""
    settings = settings_at(tmp_path / "home")
    archive = Archive.open(settings)
    found: Source = read_source(HERE / "tiny_list").model_copy(
        update={"expectations": Expectations(greatest_change=0.2)}
    )
    for number, words in enumerate(("tower", "shifted")):
        recorder = Recorder(tmp_path / f"{number}.warc.gz", "tiny_list")
        recorder.page("2026-08-01", 1, {f"A{row:02}": f"{words} {row}" for row in range(30)})
        recorder.page("2026-08-02", 1, {"B1": "radio"})
        recorder.page("2026-08-03", 1, {"C1": "radio"}, more=bool(number))
        crawl(archive, settings, found, kind="replay", recordings=recorder.close())
    with served(archive, settings, dictionary) as opened:
        yield opened
    archive.close()


def test_a_run_lists_its_windows_with_verdicts_and_reasons_the_worst_first(stormy: TestClient) -> None:
    latest = stormy.get("/api/v1/runs").json()["items"][0]
    form = stormy.get(f"/api/v1/runs/{latest['id']}").json()
    assert form["verdict"] == "failed"
    assert form["windows_by_verdict"] == {"failed": 1, "partial": 1, "complete": 1}
    held, partial, whole = form["windows"]
    assert (held["key"], held["held_back"], held["rows"]) == ("2026-08-01", True, 30)
    assert held["reasons"][0].startswith("change storm: 30 of 30 rows")
    assert "no recorded answer" in partial["problems"][-1]["problem"]
    assert (whole["key"], whole["verdict"], whole["walked_to_the_end"]) == ("2026-08-02", "complete", True)


def test_the_page_of_a_run_says_how_to_release_what_is_held_back(stormy: TestClient) -> None:
    latest = stormy.get("/api/v1/runs").json()["items"][0]
    assert f'href="/runs/{latest["id"]}"' in stormy.get("/sources").text
    page = stormy.get(f"/runs/{latest['id']}").text
    assert "noticewatch crawl tiny_list --accept" in page
    assert "held back" in page
    assert stormy.get(f"/runs/{latest['id']}.json").json() == stormy.get(f"/api/v1/runs/{latest['id']}").json()


def test_windows_of_a_run_come_in_pages(stormy: TestClient) -> None:
    latest = stormy.get("/api/v1/runs").json()["items"][0]
    first = stormy.get(f"/api/v1/runs/{latest['id']}?limit=2").json()
    second = stormy.get(first["next"]).json()
    assert [window["key"] for window in first["windows"] + second["windows"]] == [
        "2026-08-01", "2026-08-03", "2026-08-02"
    ]  # fmt: skip
    assert second["next"] is None


@pytest.mark.parametrize("address", ["/runs/none", "/runs/none.json", "/api/v1/runs/none"])
def test_a_run_that_is_not_held_is_not_found(stormy: TestClient, address: str) -> None:
    answer = stormy.get(address)
    assert answer.status_code == 404
    assert "No run" in answer.text


def test_readers_are_told_until_the_starter_archive_is_loaded_to_its_end(
    tmp_path: Path, dictionary: Dictionary
) -> None:
    settings = settings_at(tmp_path / "home")
    archive = Archive.open(settings)

    def told() -> list[bool]:
        """Whether pages and answers say so, asked of a server that has counted nothing yet."""
        said = "The starter archive has not been loaded to its end yet"
        with served(archive, settings, dictionary) as client:
            return [said in client.get(address).text for address in ("/", "/search?q=x", "/sources", "/api/v1/notices")]

    run = ledger.start_run(archive, "dhs_apfs", "starter")
    assert told() == [True] * 4
    ledger.finish_run(archive, run, Verdict.CANCELLED)
    assert told() == [True] * 4
    again = ledger.start_run(archive, "dhs_apfs", "starter")
    ledger.finish_run(archive, again, Verdict.PARTIAL)
    assert told() == [False] * 4
    archive.close()
