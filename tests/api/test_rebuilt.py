"""What was rebuilt from somebody else's record is nowhere called as published: not on pages, in packs or data sets."""

import html
import io
import re
import zipfile
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.context import Context
from api.dataset import Form, manifest, write
from api.evidence import write_pack
from archive import queries
from archive.store import Archive
from indexer.requests import SearchRequest
from noticewatch import words
from noticewatch.models import Origin
from noticewatch.settings import Settings
from tests.api.test_pages import ORDER, TENDER
from tests.archive.proving import proved

pytestmark = pytest.mark.sqlite_suffices

NOTICE = TENDER.removeprefix("/notices/")
PUBLISHED = re.compile(r"(?<!kind )(?<!status )as (it was |they were )?published", re.IGNORECASE)
"""The words for a kind or status are the source's own, whoever recorded them."""


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with proved(tmp_path_factory.mktemp("rebuilt") / "data") as archive:
        yield archive


def pages(archive: Archive) -> dict[str, str]:
    file = io.BytesIO()
    with archive.reading() as connection:
        row = queries.notice(connection, NOTICE)
    assert row is not None
    write_pack(archive, Settings(home=archive.folder), row, None, file)
    with zipfile.ZipFile(file) as pack:
        return {name: html.unescape(pack.read(name).decode()) for name in pack.namelist() if name.endswith(".html")}


def test_a_pack_calls_rebuilt_rows_rebuilt(rebuilt: Archive) -> None:
    told = pages(rebuilt)
    assert [name for name, text in told.items() if PUBLISHED.search(text)] == []
    assert "The rows are the bytes as rebuilt by their recorder" in told["evidence/report.html"]


def test_of_rows_together_it_is_said_whose_bytes_they_are() -> None:
    assert words.wordings([Origin.LIVE]) == "as published"
    assert words.wordings([Origin.REBUILT, Origin.LIVE, Origin.REBUILT]) == (
        "as published, or as rebuilt by their recorder, as is said of each"
    )
    assert words.wordings([]) == ""


@pytest.mark.parametrize("address", [TENDER, ORDER, "/vendors/giant-oak", "/technologies/osint"])
def test_a_page_calls_what_is_rebuilt_rebuilt(client: TestClient, address: str) -> None:
    shown = html.unescape(client.get(address).text)
    assert "ebuilt" in shown
    assert not PUBLISHED.search(shown)


def test_a_data_set_says_how_much_of_it_is_rebuilt_and_by_whom(app: FastAPI) -> None:
    held: Context = app.state.context
    written = write(held, SearchRequest(lens="everything"), Form.CSV, io.BytesIO(), lambda *_: None)
    stated = manifest(held, written, "all.csv", 1, "0" * 64)
    assert stated["rebuilt"] == {"notices": written.notices, "recorders": ["another collector, commit 0000000"]}
    assert f"{written.notices} of them rebuilt from records of another collector, commit 0000000" in stated["citation"]
