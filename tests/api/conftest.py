from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from archive.readers import drive
from archive.store import Archive
from indexer.engine import SearchEngine
from indexer.engines import open_engine
from indexer.search import Search
from indexer.sync import IndexReader
from tests.api.alerting import desk
from tests.conftest import Small
from watchlist.dictionary import Dictionary


@pytest.fixture(scope="session")
def apps(smalls: Callable[[str], Small], dictionary: Dictionary) -> Iterator[Callable[[str], FastAPI]]:
    """The application over the small archive, by kind of database; made on first use."""

    @cache
    def made(kind: str) -> FastAPI:
        small = smalls(kind)
        engine = open_engine(small.settings, small.archive)
        engines.append(engine)
        drive(small.archive, [IndexReader(engine)])
        return create_app(small.archive, Search(small.archive, engine, dictionary), small.settings, dictionary)

    engines: list[SearchEngine] = []
    yield made
    for engine in engines:
        engine.close()


@pytest.fixture
def app(apps: Callable[[str], FastAPI], database: str) -> FastAPI:
    return apps(database)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as opened:
        yield opened


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[TestClient, Archive]]:
    """A server of alerts over an archive of its own; modules that need more of it have one of their own."""
    with desk(tmp_path / "data") as held:
        yield held
