"""What readers are told of a notice that its source no longer lists: since when, and by how many complete crawls."""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.related import Relations
from archive import queries
from archive.joins import Joiner
from archive.store import Archive
from crawlers.engine import crawl
from crawlers.source import Expectations, source
from crawlers.sources.sam_gov_bulk.spider import ADDRESS
from noticewatch.models import Verdict
from noticewatch.settings import Settings
from service.commands.archive import _stated, notice_lines
from tests.api.serving import served
from tests.crawlers.conftest import Recorder
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

SAM = source("sam_gov_bulk").model_copy(update={"expectations": Expectations()})
PULLED, ENDED, STAYS = "sam:aaaa0001", "sam:aaaa0002", "sam:aaaa0003"
NAMES = {PULLED: "Licence plate readers", ENDED: "Cell site simulators", STAYS: "Drone detection"}
ARCHIVED_ON = {PULLED: "2026-12-31", ENDED: "2026-05-01", STAYS: ""}
COLUMNS = (
    "NoticeId", "Title", "Sol#", "Department/Ind.Agency", "CGAC", "PostedDate", "Type", "ArchiveDate", "Active", "Link",
)  # fmt: skip


def file_of(notices: Sequence[str]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writeheader()
    for notice in notices:
        number = notice.removeprefix("sam:")
        writer.writerow(
            {
                "NoticeId": number, "Title": NAMES[notice], "Sol#": f"70B03C26R{number}", "CGAC": "070",
                "Department/Ind.Agency": "HOMELAND SECURITY, DEPARTMENT OF", "PostedDate": "2026-04-15 15:46:25.3-04",
                "Type": "Solicitation", "ArchiveDate": ARCHIVED_ON[notice], "Active": "Yes",
                "Link": f"https://sam.gov/workspace/contract/opp/{number}/view",
            }
        )  # fmt: skip
    return text.getvalue().encode("cp1252")


def take(archive: Archive, settings: Settings, folder: Path, day: int, notices: Sequence[str]) -> None:
    """Replay the file of a day in May."""
    recorder = Recorder(folder / f"{day}.warc.gz", SAM.name, datetime(2026, 5, day, 12, tzinfo=UTC))
    recorder.add(file_of(notices), ADDRESS, media_type="text/csv")
    result = crawl(archive, settings, SAM, kind="replay", recordings=recorder.close())
    assert result.verdict is Verdict.COMPLETE


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory, dictionary: Dictionary) -> Iterator[tuple[Archive, TestClient]]:
    folder = tmp_path_factory.mktemp("gone")
    settings = Settings(home=folder / "home")
    with closing(Archive.open(settings)) as archive:
        take(archive, settings, folder, 2, [PULLED, ENDED, STAYS])
        readers = [Joiner(), Tagger(Matcher(dictionary))]
        with served(archive, settings, dictionary, readers):
            pass  # the index has read the notices before they are gone
        for day in (3, 4, 5, 6):
            take(archive, settings, folder, day, [STAYS])
        with served(archive, settings, dictionary, readers) as client:
            yield archive, client


@pytest.fixture
def client(held: tuple[Archive, TestClient]) -> TestClient:
    return held[1]


def test_the_first_line_of_the_page_says_since_when_and_by_how_many_crawls(client: TestClient) -> None:
    page = client.get(f"/notices/{PULLED}").text
    assert "no longer listed by the source since 3 May 2026 (4 complete crawls)</p>" in page
    page = client.get(f"/notices/{ENDED}").text
    assert "in the source&#39;s own archive since 3 May 2026 (4 complete crawls)</p>" in page
    assert "listed by the source when it was last seen</p>" in client.get(f"/notices/{STAYS}").text


def test_no_page_says_deleted(client: TestClient) -> None:
    for notice in (PULLED, ENDED):
        assert "deleted" not in client.get(f"/notices/{notice}").text.lower()


def test_the_json_form_says_the_same(client: TestClient) -> None:
    form = client.get(f"/api/v1/notices/{PULLED}").json()
    assert form["listing"] == "unlisted"
    assert form["gone"] == {"since": "2026-05-03T12:00:00Z", "complete_crawls": 4}
    assert client.get(f"/api/v1/notices/{STAYS}").json()["gone"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("is:unlisted", [PULLED]), ("listing:unlisted", [PULLED]), ("listing:archived_by_source", [ENDED]),
        ("listing:listed", [STAYS]),
    ],
)  # fmt: skip
def test_a_search_finds_by_listing_what_was_indexed_before_it_went(
    client: TestClient, query: str, found: list[str]
) -> None:
    answer = client.get("/api/v1/notices", params={"q": query, "lens": "everything", "scope": "notice"}).json()
    assert [item["id"] for item in answer["items"]] == found


def test_the_command_show_says_it(held: tuple[Archive, TestClient]) -> None:
    archive, _ = held
    with archive.reading() as connection:
        row = queries.notice(connection, PULLED)
        assert row is not None
        lines = notice_lines(_stated(connection, row, None, Relations((), {})))
    assert "Listing: no longer listed by the source since 3 May 2026 (4 complete crawls)" in lines
