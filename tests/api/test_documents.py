"""Documents on a notice's page and in the API: what came, what could be read, where words stand, the files."""

import hashlib
import html
import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from fastapi.testclient import TestClient

from archive.documents import texts
from archive.documents.listing import DocumentLister
from archive.joins import Joiner
from archive.store import Archive
from noticewatch.settings import Settings
from tests.api.serving import served
from tests.archive.documents import making
from tests.archive.documents.shelving import answer, listing, opened
from tests.archive.making import append, open_archive, reading
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

BASE = "https://www.govinfo.gov/"
READ, SCAN, REFUSED, GONE, NEVER = (
    BASE + name for name in ("sow.pdf", "scan.pdf", "refused.pdf", "old.txt", "never.pdf")
)  # fmt: skip
MANY = BASE + "many.zip"
ELSEWHERE = "javascript:alert(1)"
SOW = making.pdf(["Statement of work"], ["POC: Pat Example, pat@agency.example", "License plate <b>readers</b>"])
NOTICE = "/notices/us-action:N1"
API = "/api/v1/notices/us-action:N1"


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with closing(open_archive(tmp_path_factory.mktemp("documents") / "data")) as archive:
        opened(archive)
        listing(archive, GONE)
        answer(archive, b"Pulled text", url=GONE, day=0.5)
        listing(archive, READ, SCAN, REFUSED, NEVER, ELSEWHERE, day=1)
        answer(archive, making.pdf(["Older"]), url=READ, day=1)
        answer(archive, SOW, url=READ, day=2)
        answer(archive, making.scanned_pdf(3), url=SCAN, day=2)
        answer(archive, None, url=REFUSED, day=2, problem="www.govinfo.gov refuses with status 403")
        listing(archive, MANY, number="N3", day=2)
        answer(archive, making.zipped({f"{number}.txt": b"" for number in range(12)}), url=MANY, day=2)
        texts.read_waiting(archive)
        append(archive, [reading("N9", "No documents")], day=3)
        yield archive


@pytest.fixture(scope="module")
def client(held: Archive, dictionary: Dictionary) -> Iterator[TestClient]:
    settings = Settings(home=held.folder)
    readers = [Joiner(), Tagger(Matcher(dictionary)), DocumentLister()]
    with served(held, settings, dictionary, readers) as opened_client:
        yield opened_client


def section(page: str) -> str:
    found = re.search(r'<section aria-labelledby="documents">.*?</section>', page, re.S)
    assert found, "the page has no documents"
    return html.unescape(re.sub(r"\s+", " ", found[0]))


def test_the_page_says_of_each_document_what_came_of_it(client: TestClient) -> None:
    shown = section(client.get(NOTICE).text)
    assert "Received 3 August 2026, 00:00 UTC: " in shown
    assert "a PDF, 2 pages. 2 files have stood under this address so far." in shown
    assert "No text: 3 pages of images." in shown
    assert "Asked for 3 August 2026, 00:00 UTC: www.govinfo.gov refuses with status 403." in shown
    assert "Not collected so far; those of the watchlist are." in shown
    assert "Not collected: its address is none of the hosts that sources name for documents." in shown
    assert "No longer listed since version 2." in shown
    assert hashlib.sha256(SOW).hexdigest() in shown
    assert 'href="javascript:' not in shown


def test_of_many_findings_the_page_shows_the_first_and_says_how_many_more(client: TestClient) -> None:
    shown = section(client.get("/notices/us-action:N3").text)
    assert "9.txt: It is empty: 0 bytes. And 2 more findings; the JSON form lists all." in shown
    (item,) = client.get("/api/v1/notices/us-action:N3/documents").json()["items"]
    assert len(item["findings"]) == 12


def test_the_page_of_a_version_shows_the_documents_that_it_lists(client: TestClient) -> None:
    shown = section(client.get(f"{NOTICE}/versions/1").text)
    assert "old.txt" in shown
    assert "sow.pdf" not in shown


def test_words_in_documents_are_shown_with_their_page_and_are_never_markup(client: TestClient) -> None:
    page = client.get(NOTICE, params={"q": "licence plate"}).text
    shown = section(page)
    assert "sow.pdf, page 2" in shown
    assert "<mark>License</mark> <mark>plate</mark>" in page
    assert "<b>readers" not in page
    assert "pat@agency.example" not in page
    assert "█" in page


@pytest.mark.parametrize(
    ("query", "said"),
    [("nowhere", "No page of these documents holds these words."), ('"open', "A quotation mark is not closed")],
)
def test_words_that_are_not_there_or_cannot_be_read_are_said(client: TestClient, query: str, said: str) -> None:
    assert said in section(client.get(NOTICE, params={"q": query}).text)


def test_a_notice_without_documents_has_no_section_of_them(client: TestClient) -> None:
    assert 'id="documents"' not in client.get("/notices/us-action:N9").text
    assert client.get("/api/v1/notices/us-action:N9/documents").json()["items"] == []


def test_results_cite_the_page_of_the_document(client: TestClient) -> None:
    wanted = {"q": "document:plate", "lens": "everything"}
    (item,) = client.get("/api/v1/notices", params=wanted).json()["items"]
    (hit,) = item["highlights"]
    assert (hit["field"], hit["document"], hit["place"]) == ("documents", READ, "sow.pdf, page 2")
    assert "document sow.pdf, page 2" in client.get("/search", params=wanted).text


def test_the_api_lists_documents_with_their_files_and_findings(client: TestClient) -> None:
    items = {item["url"]: item for item in client.get(f"{API}/documents").json()["items"]}
    assert list(items) == [READ, SCAN, REFUSED, NEVER, ELSEWHERE, GONE]
    assert items[READ]["file"]["sha256"] == hashlib.sha256(SOW).hexdigest()
    assert (items[READ]["format"], items[READ]["pages"], items[READ]["findings"]) == ("pdf", 2, [])
    assert [found["kind"] for found in items[SCAN]["findings"]] == ["no_text"]
    assert items[REFUSED]["problem"] == "www.govinfo.gov refuses with status 403"
    assert items[NEVER]["asked_at"] is None
    assert (items[GONE]["listed_since_version"], items[GONE]["unlisted_since_version"]) == (1, 2)


def test_pages_of_a_document_are_given_with_contact_data_masked(client: TestClient) -> None:
    (read,) = (item for item in client.get(f"{API}/documents").json()["items"] if item["url"] == READ)
    answered = client.get(read["pages_url"], params={"limit": 1}).json()
    assert [(page["place"], page["text"]) for page in answered["items"]] == [("sow.pdf, page 1", "Statement of work")]
    following = client.get(answered["next"]).json()
    assert following["items"][0]["text"].startswith("POC: ███████████, ██████████████████")
    assert client.get(following["next"]).json()["items"] == []


def test_the_files_before_the_present_one_are_still_given(client: TestClient) -> None:
    (read,) = (item for item in client.get(f"{API}/documents").json()["items"] if item["url"] == READ)
    files = client.get(read["files_url"]).json()["items"]
    assert [file["received_at"][:10] for file in files] == ["2026-08-02", "2026-08-03"]
    payloads = [client.get(file["payload_url"]).content for file in files]
    assert payloads == [making.pdf(["Older"]), SOW]
    assert "files before it" in section(client.get(NOTICE).text)


def test_a_document_of_another_notice_is_not_given(client: TestClient) -> None:
    (read,) = (item for item in client.get(f"{API}/documents").json()["items"] if item["url"] == READ)
    answered = client.get(f"/api/v1/notices/us-action:N9/documents/{read['number']}/pages")
    assert answered.status_code == 404


def test_the_archived_file_is_given_to_everybody_so_that_nothing_in_it_can_act(client: TestClient) -> None:
    (read,) = (item for item in client.get(f"{API}/documents").json()["items"] if item["url"] == READ)
    answered = client.get(read["file"]["payload_url"])
    assert answered.content == SOW
    assert answered.headers["content-type"] == "application/octet-stream"
    assert answered.headers["content-disposition"].startswith("attachment")


def test_events_of_documents_are_told_in_words(client: TestClient) -> None:
    events = client.get("/api/v1/events").json()["items"]
    kinds = [kind for event in events if event["notice_id"] == "us-action:N1" for kind in event["kinds"]]
    assert {"document_added", "document_removed", "document_changed", "document_text"} <= set(kinds)
    feed = client.get("/feeds/search.atom", params={"lens": "everything"}).text
    assert "text of a document became known" in feed or "another file under the address of a document" in feed
