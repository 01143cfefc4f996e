"""On which engine a test runs: the embedded one in a folder, or an index of its own on a real Elasticsearch."""

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final
from uuid import uuid4

from elasticsearch import Elasticsearch
from filelock import FileLock

from dev.elasticsearch_server import URL, ElasticsearchServer
from indexer.documents import Document
from indexer.elastic.client import elasticsearch_engine
from indexer.elastic.engine import ElasticsearchEngine
from indexer.embedded import EmbeddedEngine
from indexer.engine import Position, Rejected, SearchEngine
from noticewatch.settings import Settings
from tests.waiting import PATIENCE

FOLDER: Final = "TEST_ELASTICSEARCH_FOLDER"
"""Where the processes of one run of the tests agree on one server."""

EMBEDDED: Final = "embedded"


def engine_in(kind: str, folder: Path) -> SearchEngine:
    """An engine of a kind with an empty index. ``folder``: for the embedded one."""
    return EmbeddedEngine(folder) if kind == EMBEDDED else elastic()


def elastic(**more: object) -> ElasticsearchEngine:
    """An engine over an index of its own on the server of the tests, which answers late where this machine is busy."""
    engine = elasticsearch_engine(settings(**more), server_url())
    engine._searching = engine._writing = engine._client.options(request_timeout=PATIENCE)
    return engine


def settings(**more: object) -> Settings:
    """Settings that name the server of the tests and an index that nobody else has."""
    return Settings(search_url=server_url(), search_index=f"t{uuid4().hex[:16]}", **more)  # type: ignore[arg-type]


def put(engine: SearchEngine, documents: Sequence[Document], position: Position, gone: Sequence[str] = ()) -> None:
    """Write documents of which none may be refused."""
    engine.write(documents, gone, position, none_refused)


def none_refused(refused: Sequence[Rejected]) -> None:
    """The report of a write that nothing of may be refused."""
    assert not refused, refused


def raw() -> Elasticsearch:
    """A client of our own, to do to the server what operators and accidents do."""
    return Elasticsearch(server_url(), request_timeout=PATIENCE)


def clear(engine: SearchEngine) -> None:
    """Let go of an engine, and remove what it has on the server."""
    engine.close()
    if isinstance(engine, ElasticsearchEngine):
        prefix = engine._prefix
        with raw() as client:
            found = client.indices.get(index=f"{prefix}-*", features="aliases").body
            for name in found:
                client.indices.delete(index=name)


@cache
def server_url() -> str:
    """The server that the tests use: the one named, else one of their own, started by whoever needs it first."""
    if named := os.environ.get(URL):
        return named
    folder = Path(os.environ[FOLDER])
    place = folder / "url"
    with FileLock(folder / "lock"):
        if not place.exists():
            server = ElasticsearchServer(briefly=True)
            server.start()
            (folder / "server").write_text(f"{server.pid}\n{server.folder}")
            place.write_text(server.url)
    return place.read_text()
