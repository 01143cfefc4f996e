"""How often and when a publisher is asked."""

import asyncio
import itertools
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from archive import tables
from archive.hosts import Asker, resting
from archive.store import Archive
from crawlers.politeness import (
    AMPLE_CALLS,
    GREATEST_REST,
    GREATEST_WAIT,
    RETRIES,
    Advice,
    Turns,
    advice,
    pause_before,
    seconds_of,
)
from crawlers.source import Quota
from noticewatch.settings import Settings
from tests.crawlers.apart import Crawled, crawl_apart
from tests.crawlers.wires import GOOD, Asked, Told, Wires, http, wires
from tests.waiting import PATIENCE, until

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SLACK = 0.05
"""Seconds by which two clocks may differ: that of the database, and that by which a request is noted here."""


@pytest.fixture
def server() -> Iterator[Wires]:
    with wires() as told:
        told.answers = lambda asked: http(200, GOOD)
        yield told


def too_near(asked: Sequence[Asked], apart: Callable[[Asked, Asked], float]) -> list[str]:
    """Requests that came sooner behind the first of these than the distances of those between make up.

    A request is noted when it was read, which may be long after its turn where this machine is busy, and never before
    it. The second has its turn after the first was answered, and each of the others a distance after the one before it.
    """
    first, *others = asked
    due = itertools.accumulate(itertools.starmap(apart, itertools.pairwise(others)), initial=first.at)
    return [one.target for one, at in zip(others, due, strict=False) if one.at < at - SLACK]


def test_one_at_a_time_is_asked_in_the_order_of_the_plan(server: Wires, tmp_path: Path) -> None:
    names, following = [f"/{number}" for number in range(8)], [f"/f{number}" for number in range(6)]
    crawl_apart(
        tmp_path, [f"{server.address}{name}" for name in names],
        options={"following": [f"{server.address}{name}" for name in following]},
    )  # fmt: skip
    asked = server.targets()
    assert [name for name in asked if name in names] == names
    assert [name for name in asked if name in following] == following
    assert len(asked) == 1 + len(names) + len(following)


def test_two_requests_to_a_host_are_never_nearer_than_its_delay(server: Wires, tmp_path: Path) -> None:
    addresses = [f"{server.address}/{number}" for number in range(5)]
    crawl_apart(tmp_path, addresses, delay=0.2, concurrency=4)
    assert len(server.asked) == 6
    assert too_near(server.asked, lambda *_: 0.2) == []


def test_as_many_as_declared_are_asked_at_once_and_no_more(server: Wires, tmp_path: Path) -> None:
    lock, together, most = threading.Lock(), threading.Barrier(3), [0, 0]

    def answers(asked: Asked) -> Told:
        with lock:
            most[0] += 1
            most[1] = max(most)
        together.wait(PATIENCE)
        with lock:
            most[0] -= 1
        return http(200, GOOD)

    server.answers = answers
    crawled = crawl_apart(tmp_path, [f"{server.address}/{number}" for number in range(9)], concurrency=3)
    assert crawled.verdict in {"complete", "partial"}
    assert most == [0, 3]


def test_a_crawl_delay_holds_where_it_is_the_greater(server: Wires, tmp_path: Path) -> None:
    server.robots = lambda asked: http(200, b"User-agent: *\nCrawl-delay: 0.3\n", ("Content-Type", "text/plain"))
    crawl_apart(tmp_path, [f"{server.address}/{number}" for number in range(3)], delay=0.01)
    assert len(server.asked) == 4
    assert too_near(server.asked, lambda *_: 0.3) == []


@pytest.mark.parametrize(("status", "quota"), [(429, False), (503, False), (503, True)])
def test_retry_after_is_waited_for_and_then_asked_again(
    server: Wires, tmp_path: Path, status: int, quota: bool
) -> None:
    tries = iter([http(status, b"", ("Retry-After", "1")), http(200, GOOD)])
    server.answers = lambda asked: next(tries)
    facts = {"quota": Quota(calls=AMPLE_CALLS)} if quota else {}
    crawled = crawl_apart(tmp_path, [f"{server.address}/a"], **facts)
    assert crawled.verdict == "complete"
    _, first, again = server.asked
    assert again.at - first.at > 1 - SLACK


def test_what_is_too_long_to_wait_for_fails_and_says_until_when(server: Wires, tmp_path: Path) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    day = format_datetime(tomorrow, usegmt=True)
    told = {"/date": http(503, b"", ("Retry-After", day)), "/seconds": http(429, b"", ("Retry-After", "4000"))}
    server.answers = lambda asked: told[asked.target]
    crawls = [crawl_apart(tmp_path / name[1:], [f"{server.address}{name}", f"{server.address}/next"]) for name in told]
    assert server.targets() == ["/robots.txt", "/date", "/robots.txt", "/seconds"]
    assert f"answered with status 503; it asks to wait until {tomorrow:%Y-%m-%d}" in (crawls[0].problem("/date") or "")
    assert "refuses with status 429; it asks to wait until 20" in (crawls[1].problem("/seconds") or "")
    for crawled in crawls:
        assert "127.0.0.1 asks to wait until 20" in (crawled.problem("/next") or "")
        assert crawled.verdict == "blocked"


def test_a_crawl_that_is_told_to_stop_does_not_wait_for_its_turn(server: Wires, tmp_path: Path) -> None:
    def answers(asked: Asked) -> Told:
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGTERM)
        return http(503, b"", ("Retry-After", "110"))

    server.answers = answers
    crawled = crawl_apart(tmp_path, [f"{server.address}/{name}" for name in "ab"])
    ended = time.monotonic()
    assert (crawled.verdict, crawled.reasons) == ("cancelled", ["cancelled"])
    assert server.targets() == ["/robots.txt", "/a"]
    assert ended - server.asked[-1].at < 50


def test_429_is_not_answered_by_asking_again(server: Wires, tmp_path: Path) -> None:
    server.answers = lambda asked: http(429, b"")
    crawled = crawl_apart(tmp_path, [f"{server.address}/a"])
    assert server.targets() == ["/robots.txt", "/a"]
    assert (crawled.verdict, crawled.reasons) == ("blocked", ["127.0.0.1 refuses with status 429"])


@pytest.mark.parametrize("by", ["source.toml", "the operator"])
def test_a_source_that_counts_calls_is_not_asked_again_after_429(server: Wires, tmp_path: Path, by: str) -> None:
    server.answers = lambda asked: http(429, b"", ("Retry-After", "1"))
    facts = {"quota": Quota(calls=100)} if by == "source.toml" else {}
    settings = {"sources": {"tiny_asks": {"calls_a_day": 100}}} if by == "the operator" else {}
    crawl_apart(tmp_path, [f"{server.address}/a"], settings=settings, **facts)
    assert server.targets() == ["/robots.txt", "/a"]


def test_errors_and_broken_connections_are_asked_again_a_bounded_number_of_times(server: Wires, tmp_path: Path) -> None:
    told: dict[str, Told] = {
        "/500": http(500), "/404": http(404), "/reset": lambda connection: connection.close(),
        "/cut": http(200, GOOD, length=99),
    }  # fmt: skip
    server.answers = lambda asked: told[asked.target]
    crawled = crawl_apart(tmp_path, [f"{server.address}{name}" for name in told])
    assert [server.targets().count(name) for name in told] == [1 + RETRIES, 1, 1 + RETRIES, 1 + RETRIES]
    assert crawled.problem("/500") == "127.0.0.1 answered with status 500"
    assert crawled.problem("/reset") == "127.0.0.1 closed the connection without an answer"
    assert crawled.problem("/cut") == f"the answer of {server.address}/cut broke off"


def test_each_call_that_is_sent_is_counted_and_robots_txt_is_not(server: Wires, tmp_path: Path) -> None:
    server.answers = lambda asked: http(500)
    crawled = crawl_apart(tmp_path, [f"{server.address}/{name}" for name in "abc"], quota=Quota(calls=2))
    assert server.targets() == ["/robots.txt", "/a", "/b"]
    assert crawled.verdict == "blocked"


@pytest.mark.parametrize("told", [http(503), http(500), http(503, b"", ("Retry-After", "1")), None])
@pytest.mark.parametrize("calls", [10, AMPLE_CALLS - 1, AMPLE_CALLS])
def test_what_a_source_may_have_counted_is_asked_again_only_where_calls_are_ample(
    server: Wires, tmp_path: Path, calls: int, told: Told | None
) -> None:
    """SAM.gov counts a call that it refuses; with 10 a day those that are left are for windows not yet asked."""
    server.answers = lambda asked: (lambda connection: connection.close()) if told is None else told
    crawled = crawl_apart(tmp_path, [f"{server.address}/a"], quota=Quota(calls=calls))
    sent = 1 + RETRIES if calls >= AMPLE_CALLS else 1
    assert server.targets().count("/a") == sent
    assert used(crawled) == sent


def test_a_call_that_reached_nobody_is_asked_again_and_not_counted(tmp_path: Path) -> None:
    settings = {"sources": {"tiny_asks": {"through": "http://nowhere.invalid"}}}
    crawled = crawl_apart(tmp_path, ["http://127.0.0.1:9/a"], settings=settings, quota=Quota(calls=10))
    assert crawled.verdict == "failed"
    assert used(crawled) == 0


def used(crawled: Crawled) -> int:
    """Calls counted against a source, on whatever day."""
    with crawled.archive.reading() as connection:
        return int(connection.scalar(select(func.sum(tables.quotas.c.used))) or 0)


def test_pauses_before_asking_again_grow_with_the_source_s_own_distance() -> None:
    assert [pause_before(attempt, 2.0) for attempt in (1, 2, 3)] == [4.0, 8.0, 16.0]


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Wed, 25 Nov 2026 12:01:30 GMT", 90.0),
        ("Wed, 25 Nov 2026 11:00:00 GMT", 0.0),
        ("Wednesday, 25-Nov-26 12:00:30 GMT", 30.0),
        ("9" * 40, 366 * 86400.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 366 * 86400.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("٣", None),
    ],
)
def test_retry_after_is_read_in_both_its_forms(stated: str | None, seconds: float | None) -> None:
    assert seconds_of(stated, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "retry_after", "attempt", "calls", "advised"),
    [
        (200, None, 1, None, Advice()),
        (200, "10", 1, None, Advice()),
        (404, "10", 1, None, Advice()),
        (500, None, 1, None, Advice(pause=4.0)),
        (500, None, RETRIES + 1, None, Advice()),
        (503, "30", 1, None, Advice(pause=30.0)),
        (503, "1", 2, None, Advice(pause=8.0)),
        (503, "30", RETRIES + 1, None, Advice(until=NOW + timedelta(seconds=30))),
        (503, str(int(GREATEST_WAIT) + 1), 1, None, Advice(until=NOW + timedelta(seconds=GREATEST_WAIT + 1))),
        (429, None, 1, None, Advice()),
        (429, "30", 1, None, Advice(pause=30.0)),
        (429, "30", 1, 1_000, Advice(until=NOW + timedelta(seconds=30))),
        (429, None, 1, 1_000, Advice()),
        (503, "30", 1, AMPLE_CALLS, Advice(pause=30.0)),
        (503, "30", 1, 10, Advice(until=NOW + timedelta(seconds=30))),
        (500, None, 1, 10, Advice()),
    ],
)
def test_when_an_answer_is_asked_for_again(
    status: int, retry_after: str | None, attempt: int, calls: int | None, advised: Advice
) -> None:
    assert advice(status, retry_after, attempt, 2.0, NOW, calls=calls) == advised


async def _order(turns: Turns) -> list[int]:
    came: list[int] = []

    async def one(number: int) -> None:
        async with turns.turn("publisher.example"):
            came.append(number)

    await asyncio.gather(*(one(number) for number in range(20)))
    return came


def test_turns_are_given_in_the_order_in_which_they_are_asked_for(archive: Archive) -> None:
    assert asyncio.run(_order(Turns(Asker(archive, "a_source", "us"), 0.001, 20))) == list(range(20))


@pytest.fixture
def crawled_together(server: Wires, tmp_path: Path) -> Callable[..., list[Crawled]]:
    """Crawls of two sources at once, each in a process of its own, upon one archive."""

    answer = server.robots

    def begun() -> int:
        with closing(sqlite3.connect(tmp_path / "data" / "noticewatch.sqlite")) as connection:
            return int(connection.execute("SELECT count(*) FROM windows").fetchone()[0])

    def when_both_have_begun(asked: Asked) -> Told:
        """Else a process that takes long to start finds the other at its end."""
        until(lambda: begun() == 2)
        return answer(asked)

    server.robots = when_both_have_begun

    def run(first: dict[str, Any], second: dict[str, Any], pages: int) -> list[Crawled]:
        Archive.open(Settings(home=tmp_path / "data")).close()  # so that both find it

        def crawl_one(name: str, facts: dict[str, Any]) -> Crawled:
            addresses = [f"{server.address}/{name}/{number}" for number in range(pages)]
            return crawl_apart(tmp_path / name, addresses, data=tmp_path / "data", name=name, **facts)

        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(crawl_one, ("one", "two"), (first, second)))

    return run


def test_crawls_of_two_sources_ask_their_common_host_no_nearer_than_its_distance(
    server: Wires, crawled_together: Callable[..., list[Crawled]]
) -> None:
    pages = 8  # one may be seconds later than the other
    crawls = crawled_together({"delay": 0.4}, {"delay": 0.3}, pages)
    assert {one.verdict for one in crawls} <= {"complete", "partial"}, crawls
    assert len(server.asked) == 2 * (pages + 1)
    names = [asked.target.split("/")[1] for asked in server.asked if "robots" not in asked.target]
    assert names != sorted(names), "they take turns, none waits for the other's end"
    for first in range(len(server.asked)):
        near = too_near(server.asked[first:], lambda *two: max(0.4 if "/one/" in one.target else 0.3 for one in two))
        assert near == [], server.asked[first].target


def test_crawls_of_two_sources_have_no_more_under_way_at_their_host_than_one_may(
    server: Wires, crawled_together: Callable[..., list[Crawled]]
) -> None:
    lock, most = threading.Lock(), [0, 0]

    def answers(asked: Asked) -> Told:
        with lock:
            most[0] += 1
            most[1] = max(most)
        told.wait(0.05)
        with lock:
            most[0] -= 1
        return http(200, GOOD)

    told = threading.Event()
    server.answers = answers
    crawls = crawled_together({"delay": 0.0}, {"delay": 0.0}, 6)
    assert {one.verdict for one in crawls} <= {"complete", "partial"}, crawls
    assert most == [0, 1]


def test_a_crawl_delay_that_one_crawl_was_told_holds_for_the_other(
    server: Wires, crawled_together: Callable[..., list[Crawled]]
) -> None:
    server.robots = lambda asked: http(200, b"User-agent: *\nCrawl-delay: 0.3\n", ("Content-Type", "text/plain"))
    crawled_together({"delay": 0.0}, {"delay": 0.0}, 3)
    pages = [asked for asked in server.asked if "robots" not in asked.target]
    assert len(pages) == 6
    assert [too_near(pages[first:], lambda *_: 0.3) for first in range(6)] == [[]] * 6


def test_a_host_that_asks_one_source_to_wait_is_not_asked_by_another(server: Wires, tmp_path: Path) -> None:
    server.answers = lambda asked: http(429, b"", ("Retry-After", "4000"))
    first = crawl_apart(
        tmp_path / "one", [f"{server.address}/one/a", f"{server.address}/one/b"], data=tmp_path / "data"
    )
    second = crawl_apart(tmp_path / "two", [f"{server.address}/two/a"], data=tmp_path / "data", name="two")
    assert server.targets() == ["/robots.txt", "/one/a"]
    assert (first.verdict, second.verdict) == ("blocked", "blocked")
    assert (first.problem("/one/b") or "").startswith("127.0.0.1 asks to wait until 20")
    assert second.reasons[0].startswith("127.0.0.1 asks to wait until 20")


def test_a_wait_without_measure_is_kept_for_a_week_at_most(server: Wires, tmp_path: Path) -> None:
    server.answers = lambda asked: http(503, b"", ("Retry-After", str(300 * 86_400)))
    crawled = crawl_apart(tmp_path, [f"{server.address}/a"])
    with crawled.archive.reading() as connection:
        [until] = resting(connection).values()
    assert timedelta(days=6) < until - datetime.now(UTC) <= timedelta(seconds=GREATEST_REST)
