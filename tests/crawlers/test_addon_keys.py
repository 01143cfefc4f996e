"""Keys: sent to the source's own hosts, and written nowhere."""

import gzip
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawlers.masking import Mask, MaskedStream
from crawlers.source import Key
from tests.crawlers.apart import Crawled, crawl_apart
from tests.crawlers.wires import GOOD, Asked, Told, Wires, http, redirect, wires

KEY = "s3cr3t/key+with=signs&<more>"
SPELLINGS = [KEY, "s3cr3t%2Fkey%2Bwith%3Dsigns%26%3Cmore%3E", "s3cr3t/key+with=signs&amp;&lt;more&gt;"]


@pytest.fixture
def server() -> Iterator[Wires]:
    with wires() as told:
        yield told


def keyed(home: Path, addresses: list[str], **facts: object) -> Crawled:
    wanted = Key(header="X-Api-Key", obtain="https://publisher.example/keys")
    settings = {"sources": {"tiny_asks": {"key": KEY}}}
    return crawl_apart(home, addresses, settings=settings, key=wanted, **facts)  # type: ignore[arg-type]  # facts


def everything_written(home: Path) -> bytes:
    """All bytes below a folder, packed files unpacked, and the rows of databases."""
    found = b""
    for path in home.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            found += path.name.encode() + raw + (gzip.decompress(raw) if path.suffix == ".gz" else b"")
        if path.suffix == ".sqlite":
            found += "\n".join(sqlite3.connect(path).iterdump()).encode()
    return found


def test_a_key_goes_to_the_source_and_nowhere_else(server: Wires, tmp_path: Path) -> None:
    told: dict[str, Told] = {
        "/good": http(200, GOOD),
        "/away": redirect(f"http://localhost:{server.port}/good"),
        "/refused": http(403, b"the key " + KEY.encode() + b" has expired"),
        "/reset": lambda connection: connection.close(),
        "/cut": http(200, KEY.encode(), length=999),
    }
    server.answers = lambda asked: told[asked.target]
    crawled = keyed(
        tmp_path, [f"{server.address}{name}" for name in told], hosts=("127.0.0.1",), redirect_hosts=("localhost",)
    )
    shown = {
        (asked.headers["host"].partition(":")[0], asked.target): asked.headers.get("x-api-key")
        for asked in server.asked
    }
    assert shown[("127.0.0.1", "/good")] == shown[("127.0.0.1", "/refused")] == KEY
    assert shown[("localhost", "/good")] is None
    assert shown[("127.0.0.1", "/robots.txt")] is None
    assert KEY.encode() not in everything_written(tmp_path)
    assert crawled.said == ""
    assert KEY not in str(crawled.reasons)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_answer_that_shows_the_key_is_masked_in_the_same_length_and_says_so(
    server: Wires, tmp_path: Path, spelling: str
) -> None:
    body = b"id,title\nA1," + spelling.encode() + b"\n"
    server.answers = lambda asked: (
        http(200, body, ("X-Echo", f"key={spelling}")) if asked.target == "/a" else http(200, GOOD)
    )
    crawled = keyed(tmp_path, [f"{server.address}/{name}" for name in "ab"])
    assert crawled.payload("/a") == body.replace(spelling.encode(), b"x" * len(spelling))
    notes = {capture.url[-2:]: capture.note for capture in crawled.captures}
    assert notes["/a"] == "the answer showed the key it was asked with; it is masked in the same length"
    assert notes["/b"] is None
    assert spelling.encode() not in everything_written(tmp_path)


def test_a_redirect_that_shows_the_key_is_not_followed(server: Wires, tmp_path: Path) -> None:
    def answers(asked: Asked) -> Told:
        return redirect(f"/b?key={SPELLINGS[1]}") if asked.target == "/a" else http(200, GOOD)

    server.answers = answers
    crawled = keyed(tmp_path, [f"{server.address}/a"])
    assert crawled.reasons == ["127.0.0.1 redirects to an address that shows the key it was asked with"]
    assert server.targets() == ["/robots.txt", "/a"]
    assert SPELLINGS[1].encode() not in everything_written(tmp_path)


def test_a_key_that_no_header_can_carry_is_refused_before_it_is_sent(server: Wires, tmp_path: Path) -> None:
    wanted = Key(header="X-Api-Key", obtain="https://publisher.example/keys")
    settings = {"sources": {"tiny_asks": {"key": "line\nbreak"}}}
    crawled = crawl_apart(tmp_path, [f"{server.address}/a"], settings=settings, key=wanted)
    assert crawled.reasons == ["The key of tiny_asks holds characters that no header can carry; set it anew."]
    assert server.targets() == ["/robots.txt"]


def test_a_secret_is_found_wherever_a_stream_is_cut() -> None:
    body = b"before " + KEY.encode() + b" between " + KEY.encode() + b" after"
    expected = body.replace(KEY.encode(), b"x" * len(KEY))
    for size in range(1, len(body) + 1):
        masked = MaskedStream(Mask([KEY]))
        pieces = [masked.feed(body[start : start + size]) for start in range(0, len(body), size)]
        assert b"".join(pieces) + masked.finish() == expected
        assert masked.found


@pytest.mark.parametrize("secrets", [[], ["abc"]])
def test_without_a_secret_nothing_is_changed(secrets: list[str]) -> None:
    masked = MaskedStream(Mask(secrets))
    assert masked.feed(b"abc abc") + masked.finish() == b"abc abc"
    assert not masked.found
