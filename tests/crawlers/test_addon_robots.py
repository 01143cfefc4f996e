"""robots.txt by RFC 9309."""

import asyncio
import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawlers.failures import NoAnswer, RobotsUnreadable
from crawlers.robots import KEPT_FOR, MOST_PARSED, Robots, RobotsAnswer, rules
from tests.crawlers.apart import crawl_apart
from tests.crawlers.wires import GOOD, Asked, Told, Wires, http, redirect, wires
from tests.waiting import PATIENCE


@pytest.fixture
def server() -> Iterator[Wires]:
    with wires() as told:
        told.answers = lambda asked: http(200, GOOD)
        yield told


def text(body: bytes) -> bytes:
    return http(200, body, ("Content-Type", "text/plain"))


def test_none_of_many_first_requests_passes_while_the_file_is_on_its_way(server: Wires, tmp_path: Path) -> None:
    server.robots = lambda asked: text(b"User-agent: *\nDisallow: /closed\n")
    addresses = [f"{server.address}/closed/{number}" for number in range(16)]
    crawled = crawl_apart(tmp_path, addresses, concurrency=8)
    assert server.targets() == ["/robots.txt"]
    assert crawled.verdict == "blocked"
    assert crawled.problem("/closed/3") == f"the robots.txt of 127.0.0.1 does not allow {server.address}/closed/3"


def test_what_it_allows_is_asked_beside_what_it_forbids(server: Wires, tmp_path: Path) -> None:
    server.robots = lambda asked: text(
        b"User-agent: *\nDisallow: /\n\nUser-agent: Noticewatch\nDisallow: /a\nAllow: /a/b\nDisallow: /*.csv$\n"
    )
    names = ["a", "a/b", "open", "x.csv", "x.csv?y"]
    crawled = crawl_apart(tmp_path, [f"{server.address}/{name}" for name in names])
    assert server.targets() == ["/robots.txt", "/a/b", "/open", "/x.csv?y"]
    assert [name for name in names if crawled.problem(f"/{name}")] == ["a", "x.csv"]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_where_there_is_none_everything_is_allowed(server: Wires, tmp_path: Path, status: int) -> None:
    server.robots = lambda asked: http(status, b"User-agent: *\nDisallow: /\n")
    assert crawl_apart(tmp_path, [f"{server.address}/a"]).verdict == "complete"


@pytest.mark.parametrize("status", [500, 503, 599])
def test_where_it_cannot_be_read_nothing_is_asked(server: Wires, tmp_path: Path, status: int) -> None:
    server.robots = lambda asked: http(status, b"User-agent: *\nAllow: /\n")
    crawled = crawl_apart(tmp_path, [f"{server.address}/{name}" for name in "ab"])
    assert set(server.targets()) == {"/robots.txt"}
    assert len(server.asked) <= 3
    assert crawled.verdict == "failed"
    assert crawled.reasons == [f"the robots.txt of 127.0.0.1 cannot be read (status {status}), so nothing was asked"]


def test_where_it_does_not_come_nothing_is_asked(server: Wires, tmp_path: Path) -> None:
    ended = threading.Event()
    server.robots = lambda asked: lambda connection: ended.wait(PATIENCE)  # type: ignore[return-value]  # nothing is sent
    try:
        crawled = crawl_apart(tmp_path, [f"{server.address}/a"], timeout=0.3)
    finally:
        ended.set()
    assert set(server.targets()) == {"/robots.txt"}
    assert crawled.reasons == [
        "the robots.txt of 127.0.0.1 cannot be read (127.0.0.1 did not answer within 0.3 seconds), so nothing was asked"
    ]


def test_its_redirects_are_followed_to_other_hosts_too_but_not_for_ever(server: Wires, tmp_path: Path) -> None:
    closed = text(b"User-agent: *\nDisallow: /a\n")
    steps: dict[str, Told] = {"/1": redirect(f"http://localhost:{server.port}/2", 301), "/2": closed}
    server.robots = lambda asked: redirect("/1")
    server.answers = lambda asked: steps.get(asked.target, http(200, GOOD))
    crawled = crawl_apart(tmp_path / "1", [f"{server.address}/{name}" for name in "ab"], hosts=("127.0.0.1",))
    assert server.targets() == ["/robots.txt", "/1", "/2", "/b"]
    assert "does not allow" in (crawled.problem("/a") or "")
    numbers = itertools.count()
    server.robots = lambda asked: redirect("/next0")
    server.answers = lambda asked: redirect(f"/next{next(numbers) + 1}")
    crawled = crawl_apart(tmp_path / "2", [f"{server.address}/a"])
    assert "redirects more than 5 times), so nothing was asked" in crawled.reasons[0]


def test_it_is_archived_like_any_answer(server: Wires, tmp_path: Path) -> None:
    server.robots = lambda asked: text(b"User-agent: *\nAllow: /\n")
    crawled = crawl_apart(tmp_path, [f"{server.address}/a"])
    assert crawled.payload("/robots.txt") == b"User-agent: *\nAllow: /\n"


def test_the_host_of_a_redirect_has_rules_of_its_own(server: Wires, tmp_path: Path) -> None:
    def robots(asked: Asked) -> Told:
        return text(b"User-agent: *\nDisallow: /b\n") if asked.headers["host"].startswith("localhost") else http(404)

    server.robots = robots
    server.answers = lambda asked: redirect(f"http://localhost:{server.port}/b")
    crawled = crawl_apart(tmp_path, [f"{server.address}/a"])
    assert crawled.reasons[0].startswith("the robots.txt of localhost does not allow ")
    assert server.targets() == ["/robots.txt", "/a", "/robots.txt"]


def test_of_a_monstrous_one_the_first_500_kibibytes_count() -> None:
    filler = b"# " + b"a" * 97 + b"\n"
    lines = MOST_PARSED // len(filler)
    early = filler * (lines - 1) + b"User-agent: *\nDisallow: /early\n" + filler * 100 + b"Disallow: /late\n"
    held = rules("publisher.example", RobotsAnswer(200, early))
    assert not held.allow("https://publisher.example/early")
    assert held.allow("https://publisher.example/late")


@pytest.mark.parametrize(
    ("body", "delay"),
    [
        (b"User-agent: *\nCrawl-delay: 7\n", 7.0),
        (b"\xef\xbb\xbfUser-agent: noticewatch\nCrawl-delay: 0.5\n\nUser-agent: *\nCrawl-delay: 9\n", 0.5),
        (b"User-agent: other\nCrawl-delay: 7\n", None),
        (b"User-agent: *\nCrawl-delay: soon\n", None),
        (b"\0\xff\xfe<html>", None),
        (b"", None),
    ],
)
def test_the_delay_is_that_of_our_group(body: bytes, delay: float | None) -> None:
    assert rules("publisher.example", RobotsAnswer(200, body)).crawl_delay == delay


async def checked(asked: list[str], answers: Iterator[RobotsAnswer], times: int) -> list[str]:
    """What became of checks one after the other; ``asked``: the addresses that were fetched for them."""

    async def fetch(url: str) -> RobotsAnswer:
        asked.append(url)
        return next(answers)

    robots, became = Robots(fetch, lambda host, seconds: None), []
    for _ in range(times):
        try:
            await robots.check("https://publisher.example/a?b")
            became.append("allowed")
        except NoAnswer as error:
            became.append(type(error).__name__)
    return became


CLOSED = RobotsAnswer(200, b"User-agent: *\nDisallow: /a\n")


def test_it_is_asked_once_for_a_host_and_again_when_it_is_a_day_old(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    became = asyncio.run(checked(asked, iter([RobotsAnswer(404, b""), CLOSED]), 3))
    assert (became, asked) == (["allowed"] * 3, ["https://publisher.example/robots.txt"])
    monkeypatch.setattr("crawlers.robots.KEPT_FOR", 0.0)
    became = asyncio.run(checked(asked, iter([RobotsAnswer(404, b""), CLOSED]), 2))
    assert (became, len(asked)) == (["allowed", "RobotsForbid"], 3)
    assert KEPT_FOR <= 24 * 3600


def test_one_that_could_not_be_read_is_asked_for_again_a_little_later(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    became = asyncio.run(checked(asked, iter([RobotsAnswer(503, b""), CLOSED]), 2))
    assert (became, len(asked)) == (["RobotsUnreadable"] * 2, 1)
    monkeypatch.setattr("crawlers.robots.FAILURE_KEPT_FOR", 0.0)
    became = asyncio.run(checked(asked, iter([RobotsAnswer(503, b""), RobotsAnswer(404, b"")]), 2))
    assert (became, len(asked)) == (["RobotsUnreadable", "allowed"], 3)


@pytest.mark.parametrize("status", [304, 302, 500, 999])
def test_whatever_is_neither_text_nor_a_refusal_cannot_be_read(status: int) -> None:
    with pytest.raises(RobotsUnreadable, match=f"publisher.example cannot be read .status {status}"):
        rules("publisher.example", RobotsAnswer(status, b"User-agent: *\nAllow: /\n"))
