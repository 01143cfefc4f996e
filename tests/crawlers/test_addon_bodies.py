"""Bodies: streamed, unpacked, whole and within limits, or not used and said so."""

import gzip
import os
import random
import socket
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest
from backports import zstd

from tests.crawlers.apart import Crawled, crawl_apart
from tests.crawlers.wires import GOOD, Asked, Told, Wires, chunked, http, wires
from tests.waiting import PATIENCE

RANDOM = random.Random(1)
LONG = b"id,title\n" + b"".join(f"N{number},{RANDOM.randbytes(12_000).hex()}\n".encode() for number in range(250))


@pytest.fixture
def server() -> Iterator[Wires]:
    with wires() as told:
        yield told


def answering(server: Wires, home: Path, answers: dict[str, Told], **facts: object) -> Crawled:
    """A crawl of these answers, one address each, behind one that is good."""
    told = {"good": http(200, GOOD), **answers}
    server.answers = lambda asked: told[asked.target[1:]]
    return crawl_apart(home, [f"{server.address}/{name}" for name in told], **facts)  # type: ignore[arg-type]  # facts


def packed(body: bytes, encoding: str) -> bytes:
    return http(200, body, ("Content-Encoding", encoding))


def test_bodies_are_archived_unpacked_in_every_encoding(server: Wires, tmp_path: Path) -> None:
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    half = len(GOOD) // 2
    answers: dict[str, Told] = {
        "gzip": packed(gzip.compress(GOOD), "gzip"),
        "members": packed(gzip.compress(GOOD[:half]) + gzip.compress(GOOD[half:]) + bytes(20), "x-gzip"),
        "deflate": packed(zlib.compress(GOOD), "deflate"),
        "raw": packed(raw.compress(GOOD) + raw.flush(), "deflate"),
        "br": packed(brotli.compress(GOOD), "br"),
        "zstd": packed(zstd.compress(GOOD[:half]) + zstd.compress(GOOD[half:]), "zstd"),
        "twice": packed(brotli.compress(gzip.compress(GOOD)), "gzip, br"),
        "identity": packed(GOOD, "identity"),
        "chunked": chunked(GOOD[:3], GOOD[3:]),
        "until-closed": b"HTTP/1.0 200 OK\r\nContent-Type: text/csv\r\n\r\n" + GOOD,
        "empty": packed(b"", "gzip"),
    }
    crawled = answering(server, tmp_path, answers)
    assert {name: crawled.payload(name) for name in answers} == dict.fromkeys(answers, GOOD) | {"empty": b""}
    assert {problem for problem in crawled.problems.values() if problem} == set()
    assert "br" in server.asked[1].headers["accept-encoding"]


def test_bodies_that_are_not_whole_are_not_used_and_said_so(server: Wires, tmp_path: Path) -> None:
    whole = gzip.compress(LONG[:5000])
    answers: dict[str, Told] = {
        "cut": http(200, GOOD, length=len(GOOD) + 10),
        "no-end": chunked(GOOD, end=False),
        "behind": http(200, GOOD + b"A2,two\n", length=len(GOOD)),
        "broken": packed(b"\x1f\x8b\x08\x00" + bytes(4) + b"\x00\x03" + b"\xff" * 50, "gzip"),
        "plain": packed(GOOD, "gzip"),
        "cut-gzip": packed(whole[:-30], "gzip"),
        "cut-br": packed(brotli.compress(LONG[:5000])[:-3], "br"),
        "cut-zstd": packed(zstd.compress(LONG[:5000])[:-3], "zstd"),
        "unknown": packed(GOOD, "rot13"),
        "no-http": b"220 mail.example ESMTP\r\n",
        "headers": http(200, GOOD, ("X-Long", "a" * 100_000)),
        "many": http(200, GOOD, *[(f"X-{number}", "a") for number in range(5000)]),
    }
    crawled = answering(server, tmp_path, answers)
    said = {name: (crawled.problem(f"/{name}") or "").replace(f"{server.address}/", "") for name in answers}
    assert said == {
        "cut": "the answer of cut broke off",
        "no-end": "the answer of no-end broke off",
        "behind": "the answer of 127.0.0.1 goes on behind the length that it states",
        "broken": said["broken"],
        "plain": said["plain"],
        "cut-gzip": "the answer of cut-gzip cannot be unpacked (it is cut off)",
        "cut-br": "the answer of cut-br cannot be unpacked (it is cut off)",
        "cut-zstd": "the answer of cut-zstd cannot be unpacked (it is cut off)",
        "unknown": "the answer of unknown cannot be unpacked (the encoding 'rot13' is not known)",
        "no-http": "the answer of 127.0.0.1 does not follow HTTP",
        "headers": "the answer of 127.0.0.1 has headers beyond all measure",
        "many": "the answer of 127.0.0.1 has headers beyond all measure",
    }
    assert "cannot be unpacked" in said["broken"]
    assert "cannot be unpacked" in said["plain"]
    assert crawled.verdict == "partial"
    assert {capture.url.rpartition("/")[2] for capture in crawled.captures} == {"robots.txt", "good"}


def test_answers_beyond_the_limit_end_with_a_sentence_packed_or_not(server: Wires, tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(40 << 20))
    answers: dict[str, Told] = {
        "stated": http(200, b"", length=20 << 20),
        "unstated": chunked(*[bytes(1 << 20)] * 17),
        "bomb": packed(bomb, "gzip"),
        "br-bomb": packed(brotli.compress(bytes(40 << 20), quality=3), "br"),
        "zstd-bomb": packed(zstd.compress(bytes(40 << 20)), "zstd"),
        "bomb-in-bomb": packed(gzip.compress(bomb), "gzip, gzip"),
    }
    crawled = answering(server, tmp_path, answers)
    for name in answers:
        said = crawled.problem(f"/{name}") or ""
        assert ("unpacks to more than 16 MB" if "bomb" in name else "is larger than 16 MB") in said, name


def test_an_answer_that_does_not_come_or_only_drips_is_given_up(server: Wires, tmp_path: Path) -> None:
    ended = threading.Event()

    def silent(connection: socket.socket) -> None:
        ended.wait(PATIENCE)

    def stopping(connection: socket.socket) -> None:
        connection.sendall(http(200, GOOD, length=1000))
        ended.wait(PATIENCE)

    def dripping(connection: socket.socket, head: bytes = http(200, b"", length=100_000)) -> None:
        connection.sendall(head)
        while not ended.wait(0.05):
            connection.sendall(b"a")

    def head_dripping(connection: socket.socket) -> None:
        dripping(connection, b"HTTP/1.1 200 OK\r\nX-A: ")

    answers: dict[str, Told] = {
        "silent": silent, "stopping": stopping, "dripping": dripping, "head-dripping": head_dripping,
    }  # fmt: skip
    try:
        crawled = answering(server, tmp_path, answers, timeout=2, concurrency=8)
    finally:
        ended.set()
    assert crawled.problem("/silent") == "127.0.0.1 did not answer within 2 seconds"
    assert crawled.problem("/head-dripping") == "127.0.0.1 did not answer within 2 seconds"
    assert "stopped coming; nothing for 2 seconds" in (crawled.problem("/stopping") or "")
    assert "only drips" in (crawled.problem("/dripping") or "")


def test_a_long_answer_is_spooled_without_a_name_and_archived_whole(server: Wires, tmp_path: Path) -> None:
    half, seen, go_on = len(LONG) // 2, threading.Event(), threading.Event()
    assert len(LONG) > 5 << 20

    def slowly(connection: socket.socket) -> None:
        connection.sendall(http(200, LONG[:half], length=len(LONG)))
        seen.set()
        go_on.wait(PATIENCE)
        connection.sendall(LONG[half:])

    names: set[str] = set()

    def look() -> None:
        seen.wait(PATIENCE)
        names.update(path.suffix for path in (tmp_path / "data").rglob("*") if path.is_file())
        go_on.set()

    looking = threading.Thread(target=look)
    looking.start()
    crawled = answering(server, tmp_path, {"long": slowly})
    looking.join()
    assert crawled.verdict == "complete"
    assert crawled.payload("/long") == LONG
    assert names <= {".sqlite", ".sqlite-wal", ".sqlite-shm", ".lock", ".gz", ".pem", ".jsonl"}
    assert not [path for path in (tmp_path / "data" / "warc").iterdir() if not path.name.endswith((".gz", "adopted"))]


def test_a_full_disk_fails_the_crawl_and_leaves_nothing_half_done(server: Wires, tmp_path: Path) -> None:
    body = os.urandom(12 << 20)
    crawled = answering(server, tmp_path, {"long": http(200, body)}, most_file=8 << 20)
    assert crawled.verdict == "error"
    assert crawled.reasons[0].startswith("DataFolderError: ")
    assert "cannot be written" in crawled.reasons[0]
    assert "free space and go on" in crawled.reasons[0]
    assert "/long" not in [capture.url for capture in crawled.captures]


def test_redirects_errors_and_repeats_are_each_archived(server: Wires, tmp_path: Path) -> None:
    tries = iter([http(503, b"busy"), http(500, b"broken"), http(200, GOOD)])

    def answers(asked: Asked) -> Told:
        if asked.target == "/moved":
            return http(301, b"gone on", ("Location", "/here"))
        return http(404, b"none") if asked.target == "/none" else next(tries)

    server.answers = answers
    crawled = crawl_apart(tmp_path, [f"{server.address}/{name}" for name in ("moved", "none")])
    kept = [(capture.url.rpartition("/")[2], capture.status) for capture in crawled.captures]
    assert kept == [
        ("robots.txt", 404), ("moved", 301), ("here", 503), ("here", 500), ("here", 200), ("none", 404),
    ]  # fmt: skip
    assert crawled.payload("/moved") == b"gone on"
