"""What the search server can do to us: refuse, answer late or in part, forget everything, restart."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import pytest
from elasticsearch import Elasticsearch
from fastapi.testclient import TestClient

from api.app import create_app
from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from dev.elasticsearch_server import ElasticsearchServer, free_port
from indexer import dead_letters
from indexer import embedded as embedded_module
from indexer import engine as engine_module
from indexer import sync as sync_module
from indexer.elastic import engine as elastic_module
from indexer.elastic.client import elasticsearch_engine
from indexer.elastic.engine import ElasticsearchEngine
from indexer.embedded import EmbeddedEngine
from indexer.engine import SCHEMA, Position, SearchUnavailable
from indexer.engines import Substituted
from indexer.search import Search
from indexer.sync import IndexReader
from indexer.upkeep import index_status, rebuild, reconcile, replay
from noticewatch.settings import Settings
from tests.archive.making import append, reading, title
from tests.engines import clear, elastic, put, server_url, settings
from tests.indexer.growing import WORDS, answers, follow, grow
from tests.indexer.making import EPOCH, ask, documents, row, texts
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

pytestmark = pytest.mark.elasticsearch


@pytest.fixture
def engine() -> Iterator[ElasticsearchEngine]:
    made = elastic()
    yield made
    clear(made)


def raw() -> Elasticsearch:
    """A client of our own, to do to the server what operators and accidents do."""
    return Elasticsearch(server_url())


def test_the_same_archive_answers_the_same_from_both_engines_and_from_rebuilt_ones(
    archive: Archive, engine: ElasticsearchEngine, dictionary: Dictionary
) -> None:
    embedded = EmbeddedEngine(archive.folder / "index")
    grow(archive, engine, dictionary)
    follow(archive, embedded, dictionary)
    expected = answers(archive, embedded, dictionary)
    assert answers(archive, engine, dictionary) == expected
    rebuild(archive, engine)
    assert answers(archive, engine, dictionary) == expected
    assert index_status(archive, engine).behind == 0
    assert len(engine._all()) == 1
    embedded.close()


def test_a_server_that_is_away_stops_the_index_alone_and_it_goes_on_by_itself(
    archive: Archive, dictionary: Dictionary
) -> None:
    server = ElasticsearchServer()
    engine = elasticsearch_engine(Settings(search_index="away"), server.url)
    try:
        append(archive, [reading("A", "drone")])
        with pytest.raises(SearchUnavailable, match="cannot be reached; start it"):
            follow(archive, engine, dictionary)
        embedded = EmbeddedEngine(archive.folder / "index")
        drive(archive, [IndexReader(embedded)])
        assert ask(embedded, "drone") == {1}, "the tagger before it has gone on"
        server.start()
        follow(archive, engine, dictionary)
        assert ask(engine, "drone") == {1}
        append(archive, [reading("B", "drone")], day=1)
        server.stop(9)
        with pytest.raises(SearchUnavailable):
            follow(archive, engine, dictionary)
        server.start()
        follow(archive, engine, dictionary)
        assert ask(engine, "drone") == {1, 2}
        embedded.close()
    finally:
        server.remove()


def test_searches_say_that_the_server_is_away_and_when_to_try_again(archive: Archive, dictionary: Dictionary) -> None:
    engine = elasticsearch_engine(Settings(), f"http://127.0.0.1:{free_port()}")
    app = create_app(archive, Search(archive, engine, dictionary), Settings(home=archive.folder), dictionary)
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/api/v1/notices", params={"q": "drone"})
        page = client.get("/search", params={"q": "drone"}, headers={"accept": "text/html"})
    assert answer.status_code == page.status_code == 503
    assert answer.headers["retry-after"] == page.headers["retry-after"] == "10"
    assert answer.json()["type"].endswith("search-unavailable")
    assert "cannot be reached" in page.text


def test_a_reader_is_answered_from_the_other_index_where_it_was_so_set(
    archive: Archive, dictionary: Dictionary
) -> None:
    embedded = EmbeddedEngine(archive.folder / "index")
    append(archive, [reading("A", "drone")])
    follow(archive, embedded, dictionary)
    away = elasticsearch_engine(Settings(), f"http://127.0.0.1:{free_port()}")
    answer = Search(archive, Substituted(away, embedded), dictionary).search(WORDS)
    assert answer.hits == (1,)
    assert any("does not answer" in warning for warning in answer.warnings)
    embedded.close()


def test_an_index_that_was_removed_is_made_again_and_nothing_is_lost(
    archive: Archive, engine: ElasticsearchEngine, dictionary: Dictionary
) -> None:
    grow(archive, engine, dictionary)
    expected = answers(archive, engine, dictionary)
    with raw() as client:
        for name in engine._all():
            client.indices.delete(index=name)
    assert Search(archive, engine, dictionary).search(WORDS).warnings, "it says what is still being indexed"
    follow(archive, engine, dictionary)
    assert answers(archive, engine, dictionary) == expected


def test_an_index_that_lost_its_alias_is_never_written_under_the_alias_name(
    archive: Archive, engine: ElasticsearchEngine, dictionary: Dictionary
) -> None:
    grow(archive, engine, dictionary)
    with raw() as client:
        client.indices.delete_alias(index="_all", name=engine._prefix)
    append(archive, [reading("Z", "drone")], day=9)
    follow(archive, engine, dictionary)
    with raw() as client:
        assert not client.indices.exists(index=engine._prefix, allow_no_indices=False) or client.indices.exists_alias(
            name=engine._prefix
        )
    assert len(ask(engine, "drone")) == 1


def test_a_read_only_index_stops_the_cursor_until_it_can_be_written_again(
    archive: Archive, engine: ElasticsearchEngine, dictionary: Dictionary
) -> None:
    append(archive, [reading("A", "drone")])
    follow(archive, engine, dictionary)
    before = engine.position()
    append(archive, [reading("B", "drone")], day=1)
    with raw() as client:
        client.indices.put_settings(index=engine._prefix, settings={"index.blocks.write": True})
        with pytest.raises(SearchUnavailable, match="read-only"):
            follow(archive, engine, dictionary)
        assert engine.position() == before
        client.indices.put_settings(index=engine._prefix, settings={"index.blocks.write": None})
    follow(archive, engine, dictionary)
    assert ask(engine, "drone") == {1, 2}


def test_a_document_that_is_refused_is_kept_shown_and_sent_again(
    archive: Archive, engine: ElasticsearchEngine, dictionary: Dictionary
) -> None:
    long = "1" * 40_000  # longer than the server lets a code be
    number = {"type": "piid", "printed": long, "plain": long}
    append(archive, [reading("A", "drone"), reading("B", title("drone", numbers=[number])), reading("C", "drone")])
    follow(archive, engine, dictionary)
    assert len(ask(engine, "drone")) == 2, "the others are there"
    (letter,) = dead_letters.held(archive, engine)
    assert letter.key == "n2"
    assert "immense term" in letter.reason
    assert index_status(archive, engine).refused == 1
    assert replay(archive, engine) == 1, "it is refused still"
    append(archive, [reading("B", "drone")], day=1)
    follow(archive, engine, dictionary)
    assert dead_letters.held(archive, engine) == []
    assert ask(engine, "drone") == {1, 2, 3}


def test_an_older_writer_cannot_put_its_documents_over_newer_ones(engine: ElasticsearchEngine) -> None:
    put(engine, documents([row(1, texts(["camera"]))]), Position(EPOCH, 20))
    put(engine, documents([row(1, texts(["drone"]))]), Position(EPOCH, 10))
    assert ask(engine, "camera") == {1}
    assert ask(engine, "drone") == set()
    assert engine.position() == Position(EPOCH, 20)


@pytest.mark.parametrize("kind", ["embedded", "elasticsearch"])
def test_reconciling_finds_and_mends_lost_stale_and_foreign_documents(
    archive: Archive, dictionary: Dictionary, kind: str
) -> None:
    engine = EmbeddedEngine(archive.folder / "index") if kind == "embedded" else elastic()
    grow(archive, engine, dictionary)
    expected = answers(archive, engine, dictionary)
    assert reconcile(archive, engine) == []
    position = engine.position()
    assert position is not None
    put(engine, documents([row(2, texts(["stale"])), row(5_000, texts(["foreign"]))]), position, gone=["n1"])
    assert answers(archive, engine, dictionary) != expected
    found = reconcile(archive, engine)
    assert [(one.first, one.expected > 0) for one in found] == [(0, True), (5_000, False)]
    assert answers(archive, engine, dictionary) == expected
    assert reconcile(archive, engine) == []
    clear(engine)


def test_after_a_restore_the_index_of_the_other_log_answers_nothing(
    archive: Archive, engine: ElasticsearchEngine, dictionary: Dictionary
) -> None:
    put(engine, documents([row(1, texts(["camera"]))]), Position(EPOCH, 1))
    with pytest.raises(SearchUnavailable, match="another state of the archive"):
        Search(archive, engine, dictionary).search(WORDS)
    append(archive, [reading("A", "drone")])
    follow(archive, engine, dictionary)
    assert Search(archive, engine, dictionary).search(WORDS).total == 1


class _Stub(BaseHTTPRequestHandler):
    """A server that answers everything as the test says, in the form of the real one."""

    def _answer(self) -> None:
        status, body = self.server.answer  # type: ignore[attr-defined]  # set by `answering`
        data = orjson.dumps(body)
        self.send_response(status)
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Type", "application/vnd.elasticsearch+json;compatible-with=8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815 - names of http.server

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def stub() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Stub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


IN_PART = {
    "_index": f"noticewatch-{EPOCH}.{SCHEMA}.aa", "_version": 3, "_id": "position", "found": True, "timed_out": False,
    "took": 1, "_shards": {"total": 2, "successful": 1, "skipped": 0, "failed": 1},
    "hits": {"total": {"value": 5, "relation": "eq"}, "hits": []},
}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, IN_PART, "incomplete answer"),
        (200, IN_PART | {"timed_out": True, "_shards": {"total": 1, "failed": 0}}, "incomplete answer"),
        (429, {"error": {"root_cause": [{"reason": "rejected"}]}}, "more to do than it can take"),
        (503, {"error": {"root_cause": [{"reason": "all shards failed"}]}}, "answers with 503"),
        (401, {"error": {"root_cause": [{"reason": "no"}]}}, "does not accept the API key"),
    ],
)
def test_an_answer_that_is_not_whole_is_never_shown(
    stub: ThreadingHTTPServer, status: int, body: object, said: str
) -> None:
    stub.answer = (status, body)  # type: ignore[attr-defined]
    engine = elasticsearch_engine(Settings(), f"http://127.0.0.1:{stub.server_port}")
    with pytest.raises(SearchUnavailable, match=said):
        ask(engine, "drone")
    engine.close()


def test_a_host_that_hangs_is_left_for_another(engine: ElasticsearchEngine) -> None:
    put(engine, documents([row(1, texts(["drone"]))]), Position(EPOCH, 1))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hosts = f"http://127.0.0.1:{silent.getsockname()[1]},{server_url()}"
        both = elasticsearch_engine(Settings(search_index=engine._prefix), hosts)
        assert {frozenset(ask(both, "drone")) for _ in range(4)} == {frozenset({1})}
        both.close()


class Node:
    """A node of a cluster as clients see it: hands on what it is asked, until it hangs or is gone."""

    def __init__(self, port: int) -> None:
        self._behind, self._hangs = port, False
        self._open = list[socket.socket]()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def hang(self) -> None:
        """Take what comes and answer nothing."""
        self._hangs = True

    def go(self) -> None:
        """Be gone: connections break, and nobody listens."""
        for held in (self._server, *self._open):
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
            held.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                asked, _ = self._server.accept()
                behind = socket.create_connection(("127.0.0.1", self._behind))
                self._open += [asked, behind]
                for pair in ((asked, behind), (behind, asked)):
                    threading.Thread(target=self._hand_on, args=pair, daemon=True).start()

    def _hand_on(self, taken: socket.socket, given: socket.socket) -> None:
        with suppress(OSError):
            while data := taken.recv(65_536):
                if not self._hangs:
                    given.sendall(data)


def test_two_nodes_of_three_are_lost_and_searches_and_writes_go_on(engine: ElasticsearchEngine) -> None:
    port = int(server_url().rpartition(":")[2])
    gone, hanging = Node(port), Node(port)
    hosts = ",".join((gone.url, hanging.url, server_url()))
    three = elasticsearch_engine(Settings(search_index=engine._prefix), hosts)
    put(three, documents([row(1, texts(["drone"]))]), Position(EPOCH, 1))
    assert {frozenset(ask(three, "drone")) for _ in range(6)} == {frozenset({1})}
    gone.go()
    put(three, documents([row(2, texts(["drone"]))]), Position(EPOCH, 2))
    hanging.hang()
    assert {frozenset(ask(three, "drone")) for _ in range(6)} == {frozenset({1, 2})}
    assert three.position() == Position(EPOCH, 2)
    three.close()
    hanging.go()


@pytest.mark.parametrize("kind", ["embedded", "elasticsearch"])
def test_an_index_of_a_newer_program_is_neither_read_nor_written_over(
    archive: Archive, dictionary: Dictionary, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = EmbeddedEngine(archive.folder / "index") if kind == "embedded" else elastic()
    with monkeypatch.context() as newer:
        for module in (engine_module, embedded_module, elastic_module, sync_module):
            newer.setattr(module, "SCHEMA", SCHEMA + 1)
        grow(archive, engine, dictionary)
        engine.settle()
        held = engine.position()
    append(archive, [reading("Z", "drone")], day=9)
    for refused in (
        lambda: follow(archive, engine, dictionary),
        lambda: put(engine, documents([row(1, texts(["drone"]))]), Position(archive.epoch, 99)),
        lambda: Search(archive, engine, dictionary).search(WORDS),
        lambda: Search(archive, engine, dictionary).search(replace(WORDS, query="drone", sort="relevance")),
    ):
        with pytest.raises(SearchUnavailable, match="made by a newer noticewatch"):
            refused()
    assert engine.position() == held
    assert not index_status(archive, engine).usable
    rebuild(archive, engine)
    assert Search(archive, engine, dictionary).search(WORDS).total == 7
    clear(engine)


def test_secrets_in_an_address_are_never_shown() -> None:
    engine = elasticsearch_engine(Settings(), f"http://reader:s3cret@127.0.0.1:{free_port()}")
    with pytest.raises(SearchUnavailable) as said:
        engine.position()
    assert "s3cret" not in f"{said.value} {engine.label}"
    engine.close()


def test_readers_go_on_behind_one_that_waits(archive: Archive, dictionary: Dictionary) -> None:
    append(archive, [reading("A", "drone")])
    away = elasticsearch_engine(Settings(), f"http://127.0.0.1:{free_port()}")
    embedded = EmbeddedEngine(archive.folder / "index")
    readers = [Joiner(), Tagger(Matcher(dictionary)), IndexReader(away), IndexReader(embedded)]
    with pytest.raises(SearchUnavailable):
        drive(archive, readers)
    assert ask(embedded, "drone") == {1}
    embedded.close()


def test_the_settings_say_which_server_and_refuse_what_is_none() -> None:
    assert settings().search_url == server_url()
    for wrong in ("search.example", "http://search.example", "ftp://search.example:9200"):
        with pytest.raises(ValueError, match="write addresses with their ports"):
            Settings(search_url=wrong)
