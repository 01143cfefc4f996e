"""What is told while the log holds something and nothing of it can be found yet: an index is being built."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from alerts.previewing import preview
from alerts.searches import Terms
from api.app import create_app
from api.dataset import Form, write
from archive.readers import drive
from archive.store import Archive
from indexer.embedded import EmbeddedEngine
from indexer.engine import SearchUnavailable
from indexer.requests import SearchRequest
from indexer.search import Search
from indexer.sync import IndexReader
from noticewatch.identifiers import now
from noticewatch.settings import Settings
from watchlist.dictionary import Dictionary

COUNTING = (
    "/buyers", "/buyers/us-ny-nyc-acs", "/renewals", "/renewals.json", "/feeds/renewals.ics",
    "/api/v1/notices.csv", "/api/v1/notices.jsonl", "/feeds/search.atom?q=camera", "/feeds/search.json?q=camera",
)  # fmt: skip


@pytest.fixture
def unbuilt(
    small_archive: Archive, small_settings: Settings, dictionary: Dictionary, tmp_path: Path
) -> Iterator[tuple[TestClient, EmbeddedEngine]]:
    engine = EmbeddedEngine(tmp_path / "index")
    app = create_app(small_archive, Search(small_archive, engine, dictionary), small_settings, dictionary)
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        yield client, engine
    engine.close()


@pytest.mark.sqlite_suffices
def test_nobody_is_told_that_there_is_nothing_while_nothing_can_be_found_yet(
    unbuilt: tuple[TestClient, EmbeddedEngine], small_archive: Archive, dictionary: Dictionary
) -> None:
    client, engine = unbuilt
    refused = {path: client.get(path) for path in COUNTING}
    assert {path: answer.status_code for path, answer in refused.items()} == dict.fromkeys(COUNTING, 503)
    assert all("not built yet" in answer.text for answer in refused.values())
    assert client.get("/").status_code == 200
    with pytest.raises(SearchUnavailable, match="not built yet"):
        preview(Search(small_archive, engine, dictionary), Terms(query="camera"), now())
    file = io.BytesIO()
    with pytest.raises(SearchUnavailable, match="not built yet"):
        write(client.app.state.context, SearchRequest(), Form.CSV, file, lambda *_: None)  # type: ignore[attr-defined]
    assert file.getvalue() == b""
    drive(small_archive, [IndexReader(engine)])
    assert {client.get(path).status_code for path in COUNTING} == {200}
