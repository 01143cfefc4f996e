"""Whatever rests on the search index says so in the same words while the index has not come to the end of the log."""

import html
import io
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from alerts.previewing import preview
from alerts.searches import Terms
from api.app import create_app
from api.context import Context
from api.dataset import Form, manifest, write
from archive.store import Archive
from indexer.elastic.client import elasticsearch_engine
from indexer.embedded import EmbeddedEngine
from indexer.engine import Position, SearchUnavailable
from indexer.requests import SearchRequest
from indexer.search import Search
from noticewatch.identifiers import now
from noticewatch.settings import Settings
from tests.api.serving import served
from tests.engines import put
from watchlist.dictionary import Dictionary

pytestmark = pytest.mark.sqlite_suffices

PAGES = (
    "/", "/search", "/vendors", "/technologies", "/buyers", "/new", "/new?week=2026-W01", "/renewals", "/watchlist",
    "/vendors/giant-oak", "/technologies/osint", "/buyers/usg-dhs",
)  # fmt: skip
ANSWERS = (
    "/index.json", "/vendors.json", "/technologies.json", "/buyers.json", "/new.json", "/renewals.json",
    "/watchlist.json", "/api/v1/vendors", "/api/v1/technologies", "/api/v1/buyers", "/api/v1/renewals",
    "/api/v1/vendors/giant-oak", "/api/v1/technologies/osint", "/api/v1/buyers/usg-dhs", "/api/v1/watchlist",
)  # fmt: skip
FILES = (
    "/api/v1/notices.csv?lens=everything", "/api/v1/notices.jsonl?lens=everything", "/feeds/search.atom?q=camera",
    "/api/v1/feeds/search.json?q=camera", "/feeds/renewals.ics",
    "/api/v1/suggestions?q=oak",
)  # fmt: skip
SEARCHES = ("/search.json", "/api/v1/notices")
SAID = "2 entries of the log are still being indexed; what they tell may be missing here."


@pytest.fixture(scope="module")
def client(smalls: Any, dictionary: Dictionary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The small archive over an index of its own."""
    small = smalls("sqlite")
    settings = Settings(**small.settings.model_dump() | {"home": tmp_path_factory.mktemp("behind")})
    with served(small.archive, settings, dictionary) as opened:
        yield opened


@contextmanager
def behind(client: TestClient, by: int) -> Iterator[Context]:
    """The index marked as one that has still so many entries to take in."""
    held: Context = client.app.state.context  # type: ignore[attr-defined]  # FastAPI's own
    engine: Any = held.search.engine
    put(engine, [], Position(held.archive.epoch, held.head() - by))
    try:
        yield held
    finally:
        put(engine, [], Position(held.archive.epoch, held.head()))


def warnings(client: TestClient, address: str) -> list[str]:
    told = client.get(address).json()
    found: list[str] = (told["query"] if address in SEARCHES else told)["warnings"]
    return found


@pytest.mark.parametrize("address", PAGES)
def test_a_page_says_what_is_not_in_the_index_yet_and_nothing_where_all_is(client: TestClient, address: str) -> None:
    assert "being indexed" not in client.get(address).text
    with behind(client, 2):
        assert html.unescape(client.get(address).text).count(SAID) == 1
    with behind(client, 1):
        assert "1 entry of the log is still being indexed" in client.get(address).text
    assert "being indexed" not in client.get(address).text


@pytest.mark.parametrize("address", [*ANSWERS, *SEARCHES])
def test_an_answer_says_it_too(client: TestClient, address: str) -> None:
    assert warnings(client, address) == []
    with behind(client, 2):
        assert warnings(client, address) == [SAID]
    assert warnings(client, address) == []


@pytest.mark.parametrize("address", FILES)
def test_a_file_that_is_short_says_so_in_a_header_and_is_a_file_as_ever(client: TestClient, address: str) -> None:
    whole = client.get(address)
    assert "Noticewatch-Incomplete" not in whole.headers
    with behind(client, 2):
        short, asked = client.get(address), client.head(address)
    assert short.headers["Noticewatch-Incomplete"] == asked.headers["Noticewatch-Incomplete"] == SAID
    assert short.content == whole.content


def test_a_data_set_that_is_short_says_so_in_its_manifest(client: TestClient) -> None:
    request = SearchRequest(lens="everything")
    with behind(client, 2) as held:
        stated = manifest(held, write(held, request, Form.CSV, io.BytesIO(), lambda *_: None), "a.csv", 1, "0" * 64)
    assert stated["query"]["warnings"] == [SAID]
    assert (stated["as_of"], stated["until"]) == (held.head() - 2, held.head())


def test_a_search_of_an_index_that_is_not_built_is_refused_where_nobody_is_told_of_it(
    small_archive: Archive, dictionary: Dictionary, tmp_path: Path
) -> None:
    engine = EmbeddedEngine(tmp_path / "index")
    search = Search(small_archive, engine, dictionary)
    with pytest.raises(SearchUnavailable, match="not built yet"):
        search.search(SearchRequest(), unwarned=True)
    with pytest.raises(SearchUnavailable, match="not built yet"):
        next(search.matching(SearchRequest()))
    told = search.search(SearchRequest())
    assert (told.total, told.warnings) == (0, search.behind())
    engine.close()


def test_the_preview_of_an_alert_says_it_too(client: TestClient) -> None:
    with behind(client, 2) as held:
        assert preview(held.search, Terms(query="camera"), now()).warnings == (SAID,)
    assert preview(held.search, Terms(query="camera"), now()).warnings == ()


def test_what_is_counted_without_the_index_is_told_where_the_search_server_is_gone(
    small_archive: Archive, small_settings: Settings, dictionary: Dictionary
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        gone = f"http://127.0.0.1:{free.getsockname()[1]}"
    engine = elasticsearch_engine(Settings(search_url=gone), gone)
    app = create_app(small_archive, Search(small_archive, engine, dictionary), small_settings, dictionary)
    with TestClient(app, raise_server_exceptions=False) as opened:
        for address in ("/vendors", "/technologies", "/watchlist"):
            answer = opened.get(address)
            assert (answer.status_code, "cannot be reached" in answer.text) == (200, True), address
    engine.close()
