"""What a crawl brings stands first in a feed and says what happened; the operator alone gets whole answers."""

import re
from collections.abc import Iterator
from contextlib import closing
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient

from archive.joins import Joiner
from archive.store import Archive
from tests.api.serving import served
from tests.databases import settings_at
from tests.small_archive import crawl_tender
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory, dictionary: Dictionary) -> Iterator[TestClient]:
    settings = settings_at(tmp_path_factory.mktemp("news"), admin_token="token of the operator")
    with closing(Archive.open(settings)) as archive:
        crawl_tender(archive)
        with served(archive, settings, dictionary, [Joiner(), Tagger(Matcher(dictionary))]) as client:
            yield client


def test_news_stand_first_and_say_what_happened(news: TestClient) -> None:
    feed = ElementTree.fromstring(news.get("/feeds/search.atom?q=osint&lens=everything").content)
    first, *others = feed.findall(f"{ATOM}entry")
    assert "deadline moved" in (first.findtext(f"{ATOM}summary") or "")
    assert (first.findtext(f"{ATOM}id") or "").endswith("/versions/2")
    assert others == []


def test_an_entry_says_what_a_message_says(news: TestClient) -> None:
    atom = ElementTree.fromstring(news.get("/feeds/search.atom?q=osint&lens=everything").content)
    (entry,) = atom.findall(f"{ATOM}entry")
    (item,) = news.get("/feeds/search.json?q=osint&lens=everything").json()["items"]
    for html in (entry.findtext(f"{ATOM}content") or "", item["content_html"]):
        assert "<b>Responses due</b> (+7 days)" in html
        assert "<del>Multiple</del><ins>single</ins>" in html
        assert "Specialized <mark>OSINT</mark> Tools IDIQ" in html
        assert "Open-source and publicly available information tools" in html
        assert "/versions/2" in html
        (record,) = set(re.findall(r'href="http://127.0.0.1:8484(/api/v1/captures/[^"]+/records/\d+)"', html))
        assert b"0a1b2c3d4e5f60718293a4b5c6d7e8f9" in news.get(record).content
    for text in (entry.findtext(f"{ATOM}summary") or "", item["content_text"]):
        assert "Changed: Responses due (+7 days)" in text
        assert "Words: “Specialized OSINT Tools IDIQ” (title)" in text


def test_news_that_do_not_match_are_in_no_feed(news: TestClient) -> None:
    entries = news.get("/feeds/search.json?q=cellebrite&lens=everything").json()["items"]
    assert [entry["content_text"].startswith("What happened") for entry in entries] == [False]


def test_the_log_tells_news_apart(news: TestClient) -> None:
    (event,) = news.get("/api/v1/events?loud=true").json()["items"]
    assert "deadline_moved" in event["kinds"]
    assert "dates.due" in {change["path"] for change in event["changed"]}


def test_the_front_page_speaks_of_news_once_there_are_any(news: TestClient) -> None:
    assert "Newest on the watchlist" in news.get("/").text


def test_only_the_operators_token_opens_a_whole_answer(news: TestClient) -> None:
    capture = news.get("/api/v1/notices/RFP-002132", follow_redirects=True).json()["capture"]["url"]
    whole = f"{capture}/payload"
    assert news.get(whole).status_code == 401
    assert news.get(whole).headers["www-authenticate"] == "Bearer"
    assert news.get(whole, headers={"authorization": "Bearer guess"}).status_code == 403
    answer = news.get(whole, headers={"authorization": "Bearer token of the operator"})
    assert answer.status_code == 200
    assert b"RFP-002132" in answer.content
    assert answer.headers["content-security-policy"].startswith("sandbox")
