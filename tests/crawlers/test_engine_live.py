"""Live crawls against a publisher on loopback, each in a process of its own; processes that are ended or killed."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Column, func, select

from archive import tables
from archive.store import Archive
from crawlers.engine import CrawlRunning, crawl, crawl_lock
from crawlers.source import Source
from noticewatch.models import Verdict
from noticewatch.settings import Settings
from tests.crawlers.conftest import Recorder, page_of
from tests.crawlers.crawl_here import start
from tests.crawlers.server import Publisher, publisher
from tests.databases import settings_at
from tests.waiting import PATIENCE

pytestmark = pytest.mark.both_databases


@pytest.fixture
def server() -> Iterator[Publisher]:
    with publisher() as told:
        yield told


def two_pages(path: str, body: bytes) -> tuple[int, str, bytes]:
    asked = orjson.loads(body)
    if path == "/list/count":
        return 200, "application/json", b'{"count": 4}'
    titles = {f"{asked['day']}-{asked['page']}{letter}": "title" for letter in "ab"}
    return 200, "application/json", page_of(titles, more=asked["page"] < 2)


def run(settings: Settings, source: Source, address: str, *more: str) -> tuple[int, str]:
    return start(settings, source.folder, address, *more).ended()


def rows(archive: Archive, *columns: Any) -> list[tuple[Any, ...]]:
    query = select(*columns)
    if isinstance(columns[0], Column):  # else it is a sum over all rows
        query = query.order_by(*columns[0].table.primary_key)
    with archive.reading() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_a_live_crawl_captures_every_answer_and_says_who_asks(
    archive: Archive, settings: Settings, tiny_list: Source, server: Publisher
) -> None:
    server.answers = two_pages
    assert run(settings, tiny_list, server.address) == (0, "complete\n")
    assert len(server.asked) == len(rows(archive, tables.captures.c.id)) == 1 + 3 * 3
    assert server.asked[0][0] == "/robots.txt"
    assert {agent for *_, agent in server.asked} == {"noticewatch/0.1.0 (+test@example.org)"}
    assert rows(archive, tables.windows.c.expected, tables.windows.c.distinct_rows) == [(4, 4)] * 3
    assert [state for (state,) in rows(archive, tables.requests.c.state)] == ["answered"] * 9
    assert rows(archive, tables.scopes.c.scope) == [("all",)]


def test_a_live_crawl_can_be_replayed_from_its_own_recordings(
    archive: Archive, settings: Settings, tiny_list: Source, server: Publisher, tmp_path: Path
) -> None:
    server.answers = two_pages
    run(settings, tiny_list, server.address)
    asked = len(server.asked)
    other = settings_at(tmp_path / "other", contact="test@example.org")
    code, said = run(other, tiny_list, server.address, str(archive.warc_folder))
    assert (code, said, len(server.asked)) == (0, "complete\n", asked)


def test_the_first_live_crawl_is_quiet_and_the_next_tells_what_changed(
    archive: Archive, settings: Settings, tiny_list: Source, server: Publisher
) -> None:
    server.answers = two_pages
    run(settings, tiny_list, server.address)
    server.answers = lambda path, body: (
        (200, "application/json", two_pages(path, body)[2].replace(b'"title":"title"', b'"title":"other"'))
        if b"08-02" in body
        else two_pages(path, body)
    )
    run(settings, tiny_list, server.address)
    loud = [kinds for kinds, quiet in rows(archive, tables.events.c.kinds, tables.events.c.quiet) if not quiet]
    assert loud == ['["amended"]'] * 4


def test_what_robots_txt_forbids_is_not_asked(
    archive: Archive, settings: Settings, tiny_list: Source, server: Publisher
) -> None:
    server.answers, server.robots = two_pages, b"User-agent: *\nDisallow: /list\n"
    code, said = run(settings, tiny_list, server.address)
    assert code == 4
    assert "robots.txt" in said
    assert {path for path, *_ in server.asked} == {"/robots.txt"}


def test_a_refusal_ends_the_crawl_soon_and_is_called_blocked(
    archive: Archive, settings: Settings, tiny_list: Source, server: Publisher
) -> None:
    server.answers = lambda path, body: (403, "text/html", b"no")
    code, said = run(settings, tiny_list, server.address)
    assert (code, said) == (4, "blocked\n127.0.0.1 refuses with status 403 (3 windows)\n")
    assert len(rows(archive, tables.captures.c.id)) == 1 + 3


def test_an_error_on_a_later_page_makes_the_crawl_partial(
    archive: Archive, settings: Settings, tiny_list: Source, server: Publisher
) -> None:
    def answers(path: str, body: bytes) -> tuple[int, str, bytes]:
        failing = orjson.loads(body) == {"day": "2026-08-02", "page": 2}
        return (404, "application/json", b"{}") if failing else two_pages(path, body)

    server.answers = answers
    code, said = run(settings, tiny_list, server.address)
    assert (code, said.splitlines()[0]) == (3, "partial")
    assert "page 2 is missing: 127.0.0.1 answered with status 404" in said
    assert rows(archive, tables.scopes.c.scope) == []


def test_nobody_listening_is_failed_with_a_sentence(archive: Archive, settings: Settings, tiny_list: Source) -> None:
    code, said = run(settings, tiny_list, "http://127.0.0.1:9/")
    assert (code, said) == (5, "failed\n127.0.0.1 refuses connections (3 windows)\n")


def test_a_file_is_crawled_live(archive: Archive, settings: Settings, tiny_file: Source, server: Publisher) -> None:
    server.answers = lambda path, body: (200, "text/csv", b"id,title\nA1,one\nA2,two\n")
    assert run(settings, tiny_file, server.address) == (0, "complete\n")
    assert len(rows(archive, tables.notices.c.id)) == 2


def test_a_live_crawl_without_contact_is_not_started(archive: Archive, settings: Settings, tiny_list: Source) -> None:
    result = crawl(archive, settings_at(settings.home), tiny_list)
    assert (result.verdict, result.exit_code) == (Verdict.NOT_STARTED, 9)
    assert result.reasons[0].startswith("no contact")
    assert rows(archive, tables.runs.c.verdict) == [("not_started",)]


def test_two_crawls_of_one_source_do_not_run_at_once(archive: Archive, settings: Settings, tiny_list: Source) -> None:
    with crawl_lock(archive, tiny_list), pytest.raises(CrawlRunning, match="tiny_list"):
        crawl(archive, settings, tiny_list)


def test_sigterm_ends_a_crawl_as_cancelled_and_keeps_what_was_walked(
    archive: Archive, settings: Settings, tiny_list: Source, server: Publisher
) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def answers(path: str, body: bytes) -> tuple[int, str, bytes]:
        if b"08-02" in body:
            reached.set()
            go_on.wait(PATIENCE)
        return two_pages(path, body)

    server.answers = answers
    crawling = start(settings, tiny_list.folder, server.address)
    assert reached.wait(PATIENCE)
    crawling.process.terminate()
    go_on.set()
    code, said = crawling.ended()
    assert (code, said.splitlines()[0]) == (8, "cancelled")
    assert rows(archive, tables.runs.c.verdict) == [("cancelled",)]
    assert rows(archive, tables.scopes.c.scope) == []


def log_of(archive: Archive) -> list[Any]:
    n, v, e = tables.notices.c, tables.versions.c, tables.events.c
    with archive.reading() as connection:
        versions = connection.execute(
            select(n.id, v.version, v.content_sha256).join(tables.notices, n.number == v.notice)
        ).all()
        events = connection.execute(
            select(n.id, e.version, e.kinds, e.changed, e.quiet, e.late).join(tables.notices, n.number == e.notice)
        ).all()
    return [sorted(map(tuple, versions)), sorted(map(tuple, events))]


@pytest.mark.parametrize("at", [1, 3])
def test_a_replay_that_is_killed_and_run_again_gives_the_same_log(
    tmp_path: Path, tiny_list: Source, settings: Settings, at: int
) -> None:
    recorder = Recorder(tmp_path / "one.warc.gz", "tiny_list")
    for day in range(1, 29):
        recorder.page(f"2026-08-{day:02}", 1, {f"{day}-{number}": f"title {number}" for number in range(180)})
    path = recorder.close()
    whole = Archive.open(settings_at(tmp_path / "whole"))
    crawl(whole, settings, tiny_list, kind="replay", recordings=path)
    own = settings_at(tmp_path / "killed", contact="test@example.org")
    killed = Archive.open(own)
    crawling = start(own, tiny_list.folder, "http://127.0.0.1:9/", str(path))
    while crawling.process.is_alive() and rows(killed, func.count(tables.events.c.seq))[0][0] < at * 900:
        crawling.process.join(0.02)
    crawling.process.kill()
    crawling.ended()
    code, said = run(own, tiny_list, "http://127.0.0.1:9/", str(path))
    assert (code, said) == (0, "complete\n")
    assert log_of(killed) == log_of(whole)
    verdicts = rows(killed, tables.runs.c.verdict)
    assert verdicts[-1] == ("complete",)
    assert verdicts[0] in {("failed",), ("complete",)}
    whole.close()
    killed.close()
