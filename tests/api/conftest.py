from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from archive.readers import drive
from archive.store import Archive
from indexer.search import Search
from indexer.sync import IndexReader, open_engine
from noticewatch.settings import Settings
from watchlist.dictionary import Dictionary


@pytest.fixture(scope="session")
def app(small_settings: Settings, small_archive: Archive, dictionary: Dictionary) -> Iterator[FastAPI]:
    engine = open_engine(small_settings, small_archive)
    drive(small_archive, [IndexReader(engine)])
    yield create_app(small_archive, Search(small_archive, engine, dictionary), small_settings, dictionary)
    engine.close()


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as opened:
        yield opened
