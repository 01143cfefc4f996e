"""Crawls of documents against a publisher on loopback: what is asked, what is kept, what is told."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from archive import tables
from archive.captures import open_payload
from archive.documents import answers, texts
from archive.documents.tables import document_answers
from archive.store import Archive
from archive.times import stamp
from crawlers.documents.appending import file_name
from crawlers.documents.planning import FIRST_RETRY, LAST_RETRY, History, is_due, plan
from noticewatch.identifiers import now
from tests.archive.documents import making
from tests.archive.documents.shelving import listing, opened, told
from tests.archive.making import open_archive
from tests.crawlers.documents.apart import crawl_apart, source
from tests.crawlers.wires import Asked, Told, Wires, http, wires

SOW = making.pdf(["Statement of work"], ["Licence plate readers"])
DAY = timedelta(days=1)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    held = open_archive(tmp_path / "home")
    yield held
    held.close()


@pytest.fixture
def publisher() -> Iterator[Wires]:
    with wires() as opened_wires:
        yield opened_wires


def gives(publisher: Wires, files: dict[str, bytes | Told]) -> None:
    def answer(asked: Asked) -> Told:
        held = files.get(asked.target, http(404))
        return held if callable(held) or held.startswith(b"HTTP/") else http(200, held, ("Content-Type", "x/y"))

    publisher.answers = answer


def at(publisher: Wires, *paths: str) -> list[str]:
    return [publisher.address + path for path in paths]


def asked_files(publisher: Wires) -> list[str]:
    return [target for target in publisher.targets() if target != "/robots.txt"]


def noted(archive: Archive, *columns: Any) -> list[tuple[Any, ...]]:
    with archive.reading() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(document_answers.c.number))]


def test_documents_are_captured_read_and_told(archive: Archive, publisher: Wires) -> None:
    opened(archive)
    listing(archive, *at(publisher, "/sow.pdf", "/prices"))
    named = ("Content-Disposition", 'attachment; filename="p.xlsx"')
    prices = http(200, making.workbook({"Prices": [["Reader", 120]]}), named)
    gives(publisher, {"/sow.pdf": SOW, "/prices": prices})
    crawled = crawl_apart(archive.folder)
    assert (crawled.verdict, crawled.reasons) == ("complete", [])
    assert publisher.targets()[0] == "/robots.txt"
    assert told(archive) == [("new", True), ("document_text", True), ("document_text", True)]
    assert noted(archive, document_answers.c.file_name) == [(None,), ("p.xlsx",)]
    with archive.reading() as connection:
        held = answers.current(connection)
        read = texts.of(connection, [one.sha256 for one in held])
        pages = [page.text for one in held for page in texts.pages(connection, read[one.sha256].number)]
        r = tables.requests.c
        requests = connection.execute(select(r.purpose, r.state).where(r.url.startswith(publisher.address))).all()
        capture = connection.execute(select(tables.captures).where(tables.captures.c.number == held[0].capture)).one()
    assert pages == ["Statement of work", "Licence plate readers", "Reader\t120"]
    assert [tuple(row) for row in requests] == [("document", "answered")] * 2
    with open_payload(archive, capture) as payload:
        assert payload.read() == SOW


def test_only_documents_of_watched_notices_are_asked_for(archive: Archive, publisher: Wires) -> None:
    listing(archive, *at(publisher, "/watched.pdf"))
    listing(archive, *at(publisher, "/other.pdf"), number="N2", day=0.5)
    gives(publisher, {})
    crawl_apart(archive.folder, watched=[1])
    assert asked_files(publisher) == ["/watched.pdf"]


def test_a_document_of_a_host_that_the_source_does_not_name_is_not_asked_for(
    archive: Archive, publisher: Wires
) -> None:
    listing(archive, "http://localhost:1/x.pdf", "not an address", *at(publisher, "/sow.pdf"))
    gives(publisher, {"/sow.pdf": SOW})
    assert crawl_apart(archive.folder).verdict == "complete"
    assert asked_files(publisher) == ["/sow.pdf"]


def test_a_document_that_came_is_not_asked_for_again_at_once(archive: Archive, publisher: Wires) -> None:
    listing(archive, *at(publisher, "/sow.pdf"))
    gives(publisher, {"/sow.pdf": SOW})
    crawl_apart(archive.folder)
    again = crawl_apart(archive.folder)
    assert (again.verdict, again.reasons) == ("complete", ["no document was due"])
    assert asked_files(publisher) == ["/sow.pdf"]


def test_a_document_is_asked_for_again_after_an_amendment_and_its_other_bytes_are_news(
    archive: Archive, publisher: Wires
) -> None:
    opened(archive)
    listing(archive, *at(publisher, "/sow.pdf"))
    gives(publisher, {"/sow.pdf": SOW})
    crawl_apart(archive.folder)
    with archive.writing() as connection:  # the recorded days of the notice are those of a past August
        connection.execute(update(document_answers).values(asked_at=stamp(datetime(2026, 8, 1, 12, tzinfo=UTC))))
    listing(archive, *at(publisher, "/sow.pdf"), day=1, description=[{"text": "Amended"}])
    gives(publisher, {"/sow.pdf": making.pdf(["Another statement"])})
    crawl_apart(archive.folder)
    assert told(archive)[2:] == [("amended", True), ("document_changed", True), ("document_text", True)]


@pytest.mark.parametrize(
    ("told_by", "verdict", "problem"),
    [
        (http(403), "blocked", "127.0.0.1 refuses with status 403"),
        (http(401), "blocked", "127.0.0.1 refuses with status 401"),
        (http(200, b"<html><input type='password'></html>", ("Content-Type", "text/html")), "blocked",
         "127.0.0.1 answered with a log-in page"),
        (http(302, b"", ("Location", "/login")), "blocked", "127.0.0.1 sends on to a log-in page"),
        (http(404), "complete", "127.0.0.1 has no such document (status 404)"),
        (http(410), "complete", "127.0.0.1 has no such document (status 410)"),
        (http(200, b"x", length=100), "failed", "broke off"),
    ],
    ids=["403", "401", "log-in", "to-log-in", "404", "410", "broken"],
)  # fmt: skip
def test_what_did_not_come_is_kept_in_words_and_the_notice_stays(
    archive: Archive, publisher: Wires, told_by: bytes, verdict: str, problem: str
) -> None:
    opened(archive)
    listing(archive, *at(publisher, "/sow.pdf"))
    gives(publisher, {"/sow.pdf": told_by})
    assert crawl_apart(archive.folder).verdict == verdict
    ((said, sha256),) = noted(archive, document_answers.c.problem, document_answers.c.sha256)
    assert problem in said
    assert sha256 is None
    assert told(archive) == [("new", True)]


def test_a_robots_txt_that_forbids_documents_is_obeyed(archive: Archive, publisher: Wires) -> None:
    listing(archive, *at(publisher, "/files/sow.pdf"))
    publisher.robots = lambda asked: http(200, b"User-agent: *\nDisallow: /files/\n", ("Content-Type", "text/plain"))
    gives(publisher, {"/files/sow.pdf": SOW})
    crawled = crawl_apart(archive.folder)
    assert crawled.verdict == "blocked"
    assert "robots.txt" in crawled.reasons[0]
    assert asked_files(publisher) == []


def test_a_document_larger_than_the_source_allows_is_given_up_while_it_comes(
    archive: Archive, publisher: Wires
) -> None:
    listing(archive, *at(publisher, "/large.pdf", "/sow.pdf"))
    gives(publisher, {"/large.pdf": bytes(3 << 20), "/sow.pdf": SOW})
    crawled = crawl_apart(archive.folder, max_megabytes=1)
    assert crawled.verdict == "partial"
    assert [bool(sha256) for (sha256,) in noted(archive, document_answers.c.sha256)] == [False, True]
    assert "larger than 1 MB" in noted(archive, document_answers.c.problem)[0][0]


def test_a_hostile_file_is_a_finding_and_the_crawl_goes_on(archive: Archive, publisher: Wires) -> None:
    listing(archive, *at(publisher, "/bomb.zip", "/sow.pdf"))
    gives(publisher, {"/bomb.zip": making.zip_of_zeros("x.txt", 600 << 20), "/sow.pdf": SOW})
    assert crawl_apart(archive.folder).verdict == "complete"
    with archive.reading() as connection:
        held = {one.url[-8:]: texts.of(connection, [one.sha256])[one.sha256] for one in answers.current(connection)}
    assert [finding.kind.value for finding in held["bomb.zip"].findings] == ["too_large"]
    assert held["/sow.pdf"].pages == 2


def test_files_whose_reading_was_cut_off_are_read_by_the_next_crawl(archive: Archive, publisher: Wires) -> None:
    listing(archive, *at(publisher, "/sow.pdf"))
    gives(publisher, {"/sow.pdf": SOW})
    crawl_apart(archive.folder)
    with archive.writing() as connection:  # as a crawl leaves it that is killed before it reads
        for table in ("text_pages", "texts"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    crawl_apart(archive.folder)
    assert asked_files(publisher) == ["/sow.pdf"]
    with archive.reading() as connection:
        assert texts.waiting(connection) == []


def test_documents_are_not_asked_for_where_the_setting_says_none(archive: Archive, publisher: Wires) -> None:
    listing(archive, *at(publisher, "/sow.pdf"))
    crawled = crawl_apart(archive.folder, settings={"documents": "none"})
    assert crawled.reasons == ["UsageError: Documents of tiny_list are not asked for: the setting documents is none."]
    assert publisher.targets() == []


def test_a_crawl_asks_for_so_many_and_says_how_many_wait(archive: Archive, publisher: Wires) -> None:
    listing(archive, *at(publisher, *(f"/{number}.pdf" for number in range(103))))
    gives(publisher, {f"/{number}.pdf": SOW for number in range(103)})
    crawled = crawl_apart(archive.folder)
    assert crawled.findings == ["3 documents wait for the next crawl"]
    assert len(asked_files(publisher)) == 100
    crawl_apart(archive.folder)
    assert sorted(asked_files(publisher)[100:]) == ["/100.pdf", "/101.pdf", "/102.pdf"]


def test_documents_are_asked_without_the_key_and_beside_the_calls_of_the_source() -> None:
    asked = source().for_documents()
    assert asked is not None
    assert asked.key is None
    assert asked.quota is None


def test_never_asked_documents_come_first_then_newest_notices(archive: Archive, publisher: Wires) -> None:
    listing(archive, *at(publisher, "/old.pdf"))
    gives(publisher, {})
    crawl_apart(archive.folder)
    listing(archive, *at(publisher, "/new.pdf"), number="N2", day=1)
    listing(archive, *at(publisher, "/newest.pdf"), number="N3", day=2)
    own = source().for_documents()
    assert own is not None
    with archive.reading() as connection:
        found = plan(connection, own, None, now() + 2 * DAY)
    assert list(found.notices) == ["us-action:N3", "us-action:N2", "us-action:N1"]


NOON = datetime(2026, 8, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("history", "listed", "is_open", "due"),
    [
        (History(), NOON - DAY, False, True),
        (History(NOON - DAY), NOON - 2 * DAY, True, False),
        (History(NOON - 7 * DAY), NOON - 9 * DAY, True, True),
        (History(NOON - 70 * DAY), NOON - 90 * DAY, False, False),
        (History(NOON - 2 * DAY), NOON - DAY, False, True),
        (History(None, NOON - DAY / 2, 1), NOON - 9 * DAY, True, False),
        (History(None, NOON - DAY, 1), NOON - 9 * DAY, True, True),
        (History(None, NOON - 3 * DAY, 3), NOON - 9 * DAY, True, False),
        (History(None, NOON - 4 * DAY, 3), NOON - 9 * DAY, True, True),
    ],
)
def test_when_a_document_is_due(history: History, listed: datetime, is_open: bool, due: bool) -> None:
    assert is_due(history, listed, NOON, is_open=is_open) is due


@given(st.integers(1, 10_000))
def test_what_never_comes_is_asked_for_at_least_every_month_and_at_most_daily(failures: int) -> None:
    def due(after: timedelta) -> bool:
        return is_due(History(None, NOON - after, failures), NOON - 99 * DAY, NOON, is_open=True)

    assert due(LAST_RETRY)
    assert not due(FIRST_RETRY - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (None, None),
        ("inline", None),
        ('attachment; filename="SOW final.pdf"', "SOW final.pdf"),
        ("attachment; filename*=UTF-8''T%C3%BCren.pdf", "Türen.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="a\r\n b.pdf"', "a b.pdf"),
        ("attachment; filename=" + "x" * 999, "x" * 255),
    ],
)
def test_a_file_name_is_taken_from_its_header_and_never_a_path(header: str | None, name: str | None) -> None:
    assert file_name(header) == name
