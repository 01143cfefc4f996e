"""The documents as pages: all of them, their links, and nothing that a page may not hold."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.manual import chapter, contents, names

NAMES = names()
LINK = re.compile(r'href="(/[^"]*)"')


def test_every_document_is_listed_once_and_those_for_readers_come_first(client: TestClient) -> None:
    items = client.get("/docs.json").json()["items"]
    assert sorted(item["name"] for item in items) == NAMES
    assert items[0]["name"] == "search"
    groups = {one.name: title for title, some in contents() for one, _ in some}
    assert groups["matching"] == "To rely on it"
    page = client.get("/docs").text
    assert all(f'href="/docs/{name}"' in page for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_document_is_a_page_whose_links_lead_somewhere(client: TestClient, name: str) -> None:
    page = client.get(f"/docs/{name}")
    assert page.status_code == 200
    body = page.text.partition("<main")[2].partition("</main>")[0]
    assert body.count("<h1") == 1 and "style=" not in body and "<img" not in body and "&lt;br&gt;" not in body
    for link in set(LINK.findall(body)):
        address, _, anchor = link.partition("#")
        answer = client.get(address)
        assert answer.status_code == 200, link
        assert not anchor or f'id="{anchor}"' in answer.text, link
    assert not re.findall(r'href="(?!/|#|https?://|mailto:)[^"]*"', body), "no link to a file"


def test_a_document_in_json_is_as_it_is_written(client: TestClient) -> None:
    answer = client.get("/docs/search.json").json()
    assert answer["title"] == "Search"
    assert answer["markdown"] == (Path(__file__).parents[2] / "docs" / "search.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["nothing", "../README", "..%2FREADME", "%2Fetc%2Fpasswd", "search/"])
def test_no_other_file_is_shown(client: TestClient, name: str) -> None:
    answer = client.get(f"/docs/{name}")
    assert answer.status_code == 404 and "noticewatch" in answer.text and "Two commands" not in answer.text


def test_markup_in_a_document_is_text_and_links_outside_are_plain(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "# A\n\n<!-- written\nby x -->\nFirst [b](b.md#x) `c`. Then <script>alert(1)</script> "
        "[out](../out.py), [js](javascript:alert(1)), "
        "[here](http://127.0.0.1:8484/search?q=x) ![picture](p.png)\n\n| a | b |\n|---|--:|\n| 1<br>2 | 3 |\n",
        encoding="utf-8",
    )
    (tmp_path / "b.md").write_text("# B\n\n## X\n", encoding="utf-8")
    made = chapter("a", tmp_path)
    assert '<a href="/docs/b#x">b</a>' in made.html and '<a href="/search?q=x">here</a>' in made.html
    assert "<script" not in made.html and 'href="javascript' not in made.html and "out.py" not in made.html
    assert (
        "1<br>2" in made.html
        and '<td class="num">3</td>' in made.html
        and "picture" in made.html
        and "written" not in made.html
    )
    assert '<h2 id="x">' in chapter("b", tmp_path).html


def test_a_server_without_its_documents_says_so(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert contents(Path("/nowhere")) == []
    monkeypatch.setattr("api.routes.documentation.contents", lambda: [])
    assert "This server was installed without its documents." in client.get("/docs").text
