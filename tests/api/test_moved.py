"""Notices that turn out to be one, or two, as readers see it: addresses, search, feeds, packs and the proof."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.evidence import write_pack
from archive import chain_corrections, contract_corrections, queries
from archive.documents.listing import DocumentLister
from archive.evidence import verify as pack
from archive.joins import Joiner
from archive.log import head
from archive.proof.verify import verify
from archive.readers import drive
from archive.store import Archive
from crawlers.engine import crawl
from crawlers.source import Expectations, source
from crawlers.sources.sam_gov_bulk.spider import ADDRESS
from indexer.engine import SearchEngine
from indexer.engines import open_engine
from indexer.search import Search
from indexer.sync import IndexReader
from indexer.upkeep import reconcile
from noticewatch.models import Verdict
from noticewatch.settings import Settings
from tests.crawlers.conftest import Recorder
from tests.databases import settings_at
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

pytestmark = pytest.mark.both_databases

SAM = source("sam_gov_bulk").model_copy(update={"expectations": Expectations()})
FIRST, LAST = "sam:aaaa0001", "sam:cccc0003"
ROWS = {
    "aaaa0001": ("Licence plate readers", "2026-04-15 15:46:25.3-04"),
    "bbbb0002": ("Licence plate readers, portable kit and spares", "2026-04-17 15:46:25.3-04"),
    "cccc0003": ("Portable kit and spares by Cellebrite", "2026-04-20 15:46:25.3-04"),
}
COLUMNS = ("NoticeId", "Title", "Sol#", "Department/Ind.Agency", "CGAC", "PostedDate", "Type", "Active", "Link")


def file_of(numbers: Mapping[str, str]) -> bytes:
    """The bulk file with these postings, each under its solicitation number."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writeheader()
    for number, solicitation in numbers.items():
        name, posted = ROWS[number]
        writer.writerow(
            {
                "NoticeId": number, "Title": name, "Sol#": solicitation, "CGAC": "070", "PostedDate": posted,
                "Department/Ind.Agency": "HOMELAND SECURITY, DEPARTMENT OF", "Type": "Solicitation", "Active": "Yes",
                "Link": f"https://sam.gov/workspace/contract/opp/{number}/view",
            }
        )  # fmt: skip
    return text.getvalue().encode("cp1252")


@dataclass
class House:
    """An archive with its readers, and a browser."""

    archive: Archive
    settings: Settings
    folder: Path
    engine: SearchEngine
    dictionary: Dictionary
    client: TestClient
    day: int = 1

    def take(self, *numbers: str, **others: str) -> None:
        """Replay the file of the next day in May."""
        self.day += 1
        recorder = Recorder(self.folder / f"{self.day}.warc.gz", SAM.name, datetime(2026, 5, self.day, 12, tzinfo=UTC))
        given = dict.fromkeys(numbers, "70B03C26R00000007") | others
        recorder.add(file_of(given), ADDRESS, media_type="text/csv")
        result = crawl(self.archive, self.settings, SAM, kind="replay", recordings=recorder.close())
        assert result.verdict is Verdict.COMPLETE
        self.read()

    def read(self) -> None:
        drive(
            self.archive,
            [Joiner(), Tagger(Matcher(self.dictionary)), DocumentLister(), IndexReader(self.engine)],
        )

    def json(self, address: str, **parameters: Any) -> Any:
        return self.client.get(address, params=parameters).json()

    def found(self, query: str) -> list[str]:
        answer = self.json("/api/v1/notices", q=query, lens="everything", scope="notice")
        return [item["id"] for item in answer["items"]]

    def feed(self) -> list[str]:
        return [item["id"] for item in self.json("/feeds/search.json", lens="everything")["items"]]

    def pack(self, notice: str, version: int | None = None) -> list[str]:
        """What the verifier of packs finds wrong; an exception where it does not hold."""
        path = self.folder / "pack.zip"
        with self.archive.reading() as connection:
            row = queries.notice(connection, notice)
        assert row is not None
        with path.open("wb+") as file:
            write_pack(self.archive, self.settings, row, version, file)
        return pack.check(path)


@pytest.fixture
def house(tmp_path: Path, dictionary: Dictionary) -> Iterator[House]:
    settings = settings_at(tmp_path / "home")
    archive = Archive.open(settings)
    engine = open_engine(settings, archive)
    app = create_app(archive, Search(archive, engine, dictionary), settings, dictionary)
    with TestClient(app, follow_redirects=False) as client:
        yield House(archive, settings, tmp_path, engine, dictionary, client)
    engine.close()
    archive.close()


@pytest.fixture
def joined(house: House) -> House:
    """Two notices, the second told loudly, that a third posting between them shows to be one."""
    house.take("aaaa0001")
    house.take("aaaa0001", "cccc0003")
    return house


def test_an_id_leads_for_good_to_the_notice_that_has_its_records(joined: House) -> None:
    joined.take("aaaa0001", "bbbb0002", "cccc0003")
    page = joined.client.get(f"/notices/{LAST}")
    assert (page.status_code, page.headers["location"]) == (308, f"/notices/{FIRST}")
    assert page.headers["cache-control"] == "no-cache"
    answer = joined.client.get(f"/api/v1/notices/{LAST}")
    assert (answer.status_code, answer.headers["location"]) == (308, f"/api/v1/notices/{FIRST}")
    assert joined.client.get(f"/notices/{LAST}.json").status_code == 308
    for rest in ("versions", "captures", "related", "diff", "documents"):
        assert joined.json(f"/api/v1/notices/{LAST}/{rest}")["notice_id"] == FIRST, rest
    for number in ("cccc0003", "CCCC-0003", "bbbb0002"):
        assert joined.client.get(f"/notices/{number}").headers["location"] == f"/notices/{FIRST}"
    assert len(joined.json(f"/api/v1/notices/{FIRST}/versions")["items"]) == 3


def test_a_version_and_its_address_stay_whatever_is_regrouped(joined: House) -> None:
    addresses = [f"/api/v1/notices/{one}/versions/1" for one in (FIRST, LAST)]
    before = [joined.json(address) for address in addresses]
    page = joined.client.get(f"/notices/{LAST}/versions/1").status_code
    joined.take("aaaa0001", "bbbb0002", "cccc0003")
    assert [joined.json(address) for address in addresses] == before
    assert (page, joined.client.get(f"/notices/{LAST}/versions/1").status_code) == (200, 200)
    addresses += [f"/api/v1/notices/{FIRST}/versions/{number}" for number in (2, 3)]
    before = [joined.json(address) for address in addresses]
    joined.take("aaaa0001", "bbbb0002", cccc0003="70B03C26R00000008")
    after = [joined.json(address) for address in addresses]
    assert after[:2] == before[:2]
    assert after[3] == before[3]
    assert after[2] | {"changed": []} == before[2] | {"changed": []}
    assert after[2]["changed"], "what left the history says what was told of it"
    held = {one["version"] for one in joined.json(f"/api/v1/notices/{FIRST}/versions")["items"]}
    pages = {number: joined.client.get(f"/notices/{FIRST}/versions/{number}").text for number in (1, 2, 3)}
    assert {number for number, page in pages.items() if "history no more" in page} == set(pages) - held != set()
    missing = joined.client.get(f"/api/v1/notices/{LAST}/versions/9")
    assert missing.status_code == 404


def test_a_missing_version_of_an_id_that_leads_elsewhere_says_where(joined: House) -> None:
    joined.take("aaaa0001", "bbbb0002", "cccc0003")
    for address in (f"/api/v1/notices/{LAST}/versions/3", f"/api/v1/notices/{LAST}/diff?from=1&to=3"):
        answer = joined.client.get(address)
        assert (answer.status_code, f"It leads to {FIRST} now." in answer.json()["detail"]) == (404, True)


def test_search_follows_and_what_moved_is_found_once(joined: House) -> None:
    assert sorted(joined.found("portable")) == [LAST]
    joined.take("aaaa0001", "bbbb0002", "cccc0003")
    assert joined.found("portable") == [FIRST]
    assert joined.found("cccc0003") == [FIRST]
    assert reconcile(joined.archive, joined.engine) == []
    vendor = joined.json("/api/v1/notices", q="vendor:cellebrite", lens="everything", scope="notice")["items"]
    assert [item["id"] for item in vendor] == [FIRST]
    joined.take("aaaa0001", "bbbb0002", cccc0003="70B03C26R00000008")
    assert (joined.found("title:cellebrite"), joined.found("portable licence")) == ([LAST], [FIRST])
    assert reconcile(joined.archive, joined.engine) == []


def test_a_feed_tells_nothing_twice(joined: House) -> None:
    told = joined.feed()
    assert told[0].endswith(f"/notices/{LAST}/versions/1")
    joined.take("aaaa0001", "bbbb0002", "cccc0003")
    assert set(joined.feed()) <= set(told)
    assert joined.feed()[0] == told[0]


def test_the_proof_and_the_packs_hold_after_a_regrouping_and_after_its_undoing(joined: House) -> None:
    joined.take("aaaa0001", "bbbb0002", "cccc0003")
    verify(joined.archive, lambda *_: None, full=True)
    assert joined.pack(FIRST)
    assert joined.pack(LAST, 1)
    chain_corrections.split(joined.archive, FIRST, ["cccc0003"], "Another purchase.", {})
    joined.read()
    verify(joined.archive, lambda *_: None, full=True)
    assert joined.pack(FIRST)
    assert joined.pack(FIRST, 3)
    assert joined.pack(LAST)
    assert joined.client.get(f"/notices/{LAST}").status_code == 200
    assert joined.found("title:cellebrite") == [LAST]
    chain_corrections.join(joined.archive, [FIRST, LAST], "One after all.", {})
    joined.read()
    verify(joined.archive, lambda *_: None, full=True)
    assert joined.client.get(f"/notices/{LAST}").headers["location"] == f"/notices/{FIRST}"


def test_corrections_stand_in_the_public_log_with_their_addresses(joined: House) -> None:
    chain_corrections.join(joined.archive, [FIRST, LAST], "One purchase, posted twice.", {})
    joined.read()
    page = joined.client.get("/corrections").text
    assert "One purchase, posted twice." in page
    assert f'href="/notices/{LAST}"' in page
    assert joined.client.get(f"/notices/{LAST}").status_code == 308
    since = 0
    with joined.archive.reading() as connection:
        since = head(connection)
    joined.take("aaaa0001", "cccc0003")
    with joined.archive.reading() as connection:
        assert [event for event in queries.events(connection, since, 10) if not event.quiet] == []


def test_contracts_that_were_joined_are_shown_as_one_and_listed(joined: House) -> None:
    contract_corrections.join(joined.archive, [FIRST, LAST], "One purchase.")
    joined.read()
    assert {one["id"] for one in joined.json(f"/api/v1/notices/{FIRST}")["procurement"]["notices"]} == {FIRST, LAST}
    answer = joined.json("/api/v1/notices", q="portable", lens="everything")
    assert answer["total"] == 1
    assert reconcile(joined.archive, joined.engine) == []
    assert "One purchase." in joined.client.get("/corrections").text
