"""Servers that answer in part, too late or not at all, and nodes of a cluster that hang or are gone."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import pytest

from indexer.elastic import client
from indexer.elastic.client import elasticsearch_engine
from indexer.elastic.engine import ElasticsearchEngine
from indexer.engine import SCHEMA, Position, Rejected, SearchUnavailable
from noticewatch.settings import Settings
from tests.engines import clear, elastic, put, server_url
from tests.indexer.making import EPOCH, ask, documents, row, texts
from tests.waiting import PATIENCE

pytestmark = pytest.mark.elasticsearch
Answer = Callable[[str, bytes], tuple[int, object]]
BOTH = documents([row(1, texts(["drone"])), row(2, texts(["camera"]))])[:2]


@pytest.fixture
def engine() -> Iterator[ElasticsearchEngine]:
    made = elastic()
    yield made
    clear(made)


class _Stub(BaseHTTPRequestHandler):
    """A server that answers everything as the test says, in the form of the real one."""

    def _answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, body = self.server.answer(self.path, sent)  # type: ignore[attr-defined]  # set by the test
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
    stub.answer = lambda *_: (status, body)  # type: ignore[attr-defined]
    engine = elasticsearch_engine(Settings(), f"http://127.0.0.1:{stub.server_port}")
    with pytest.raises(SearchUnavailable, match=said):
        ask(engine, "drone")
    engine.close()


def test_a_document_that_is_too_large_for_the_server_is_refused_alone(stub: ThreadingHTTPServer) -> None:
    index = f"large-{EPOCH}.{SCHEMA}.aa"
    whole = {"_shards": {"total": 1, "successful": 1, "failed": 0}}
    bulks = list[str]()

    def answer(path: str, _sent: bytes) -> tuple[int, object]:
        if path.startswith("/_alias"):
            return 200, {index: {"aliases": {"large": {}}}}
        if path.startswith("/_bulk"):
            bulks.append(path)
            return (413, {}) if len(bulks) == 2 else (200, {"errors": False, "items": []})
        return 200, whole

    stub.answer = answer  # type: ignore[attr-defined]
    engine = elasticsearch_engine(Settings(search_index="large"), f"http://127.0.0.1:{stub.server_port}")
    refused = list[Rejected]()
    both = documents([row(1, texts(["drone"])), row(2, texts(["drone " * 500_000]))])
    engine.write(both[::-1], [], Position(EPOCH, 1), refused.extend)
    assert [one.key for one in refused] == ["n2"]
    assert refused[0].reason.startswith("it is larger than the server takes")
    engine.close()


def of_bulks(prefix: str, statuses: list[dict[str, int]], sent: list[list[str]]) -> Answer:
    """A server that answers the items of each bulk, by key, with the next of these statuses (else 201)."""
    index = f"{prefix}-{EPOCH}.{SCHEMA}.aa"

    def answer(path: str, body: bytes) -> tuple[int, object]:
        if path.startswith("/_alias"):
            return 200, {index: {"aliases": {prefix: {}}}}
        if not path.startswith("/_bulk"):
            return 200, {"_shards": {"total": 1, "successful": 1, "failed": 0}}
        lines = [orjson.loads(line) for line in body.splitlines() if line]
        keys = [line["index"]["_id"] for line in lines if "index" in line]
        said = statuses[len(sent)] if len(sent) < len(statuses) else {}
        sent.append(keys)
        items = [{"index": {"_id": key, "status": said.get(key, 201)}} for key in keys]
        for item in items:
            if item["index"]["status"] >= 300:
                item["index"]["error"] = {"type": "it", "reason": "for a reason"}
        return 200, {"errors": bool(said), "items": items}

    return answer


def test_what_finds_no_room_is_sent_again_alone(stub: ThreadingHTTPServer) -> None:
    sent = list[list[str]]()
    stub.answer = of_bulks("full", [{"n2": 429}, {"n2": 429}], sent)  # type: ignore[attr-defined]
    engine = elasticsearch_engine(Settings(search_index="full"), f"http://127.0.0.1:{stub.server_port}")
    put(engine, BOTH, Position(EPOCH, 1))
    assert sent == [["n1", "n2"], ["n2"], ["n2"], ["position"]], "its place is marked only when all are there"
    engine.close()


@pytest.mark.parametrize("status", [403, 500, 503])
def test_no_place_is_marked_while_the_server_cannot_take_a_document(stub: ThreadingHTTPServer, status: int) -> None:
    sent, refused = list[list[str]](), list[Rejected]()
    stub.answer = of_bulks("out", [{"n2": status}], sent)  # type: ignore[attr-defined]
    engine = elasticsearch_engine(Settings(search_index="out"), f"http://127.0.0.1:{stub.server_port}")
    with pytest.raises(SearchUnavailable, match="for a reason"):
        engine.write(BOTH, [], Position(EPOCH, 1), refused.extend)
    assert (sent, refused) == ([["n1", "n2"]], [])
    engine.close()


def test_one_document_of_a_bulk_is_refused_for_what_it_is(stub: ThreadingHTTPServer) -> None:
    sent, refused = list[list[str]](), list[Rejected]()
    stub.answer = of_bulks("one", [{"n2": 400}], sent)  # type: ignore[attr-defined]
    engine = elasticsearch_engine(Settings(search_index="one"), f"http://127.0.0.1:{stub.server_port}")
    engine.write(BOTH, [], Position(EPOCH, 1), refused.extend)
    assert (sent, refused) == ([["n1", "n2"], ["position"]], [Rejected("n2", "for a reason")])
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


def test_a_host_that_hangs_holds_up_neither_writes_nor_searches_twice(
    engine: ElasticsearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_LEFT_FOR", PATIENCE)  # the others may take long to answer where much else is done
    waited = list[float]()
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def accept() -> None:
            """Say nothing, and note for how long an answer was waited for."""
            with suppress(OSError):
                while True:
                    asked, _ = silent.accept()
                    began = time.monotonic()
                    with asked:
                        while asked.recv(65_536):
                            pass
                    waited.append(time.monotonic() - began)

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        hosts = f"http://127.0.0.1:{silent.getsockname()[1]},{server_url()}"
        both = elasticsearch_engine(Settings(search_index=engine._prefix), hosts)
        for number in range(1, 6):
            put(both, documents([row(number, texts(["drone"]))]), Position(EPOCH, number))
            assert ask(both, "drone") == set(range(1, number + 1))
        both.close()
        silent.shutdown(socket.SHUT_RDWR)
        accepting.join(PATIENCE)
    assert len(waited) == 1, "it is left alone once it did not answer"
    assert waited[0] < 20
