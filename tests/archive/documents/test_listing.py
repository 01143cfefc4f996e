"""Which documents notices list, and since which version."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from archive import queries
from archive.documents.listing import DocumentLister, Listed, listed
from archive.documents.queries import of_notice
from archive.readers import drive, set_cursor
from archive.store import Archive
from crawlers.documents.planning import plan
from crawlers.source import source
from noticewatch.models import Reading
from tests.archive.documents.shelving import answer, listing, rows
from tests.archive.grouping import SAM, SPARES, sam
from tests.archive.making import DAY_0, append

A, B = "https://files.example/a.pdf", "https://files.example/b.pdf"


def test_documents_are_kept_with_the_version_that_lists_them(archive: Archive) -> None:
    listing(archive, A)
    listing(archive, A, B, day=1)
    assert rows(archive) == [(A, None, 0, 1, None), (B, None, 1, 2, None)]


def test_a_document_that_is_no_longer_listed_stays_with_the_version_that_left_it_out(archive: Archive) -> None:
    listing(archive, A, B)
    listing(archive, B, day=1)
    assert rows(archive) == [(A, None, 0, 1, 2), (B, None, 0, 1, None)]


def test_a_document_that_is_listed_again_is_listed_since_then(archive: Archive) -> None:
    listing(archive, A)
    listing(archive, day=1)
    listing(archive, A, day=2)
    assert rows(archive) == [(A, None, 0, 3, None)]


def test_following_the_log_from_its_beginning_changes_nothing(archive: Archive) -> None:
    listing(archive, A, B)
    listing(archive, B, day=1)
    before = rows(archive)
    with archive.writing() as connection:
        set_cursor(connection, DocumentLister.name, 0)
    drive(archive, [DocumentLister()])
    assert rows(archive) == before


@given(st.lists(st.lists(st.sampled_from("abc"), unique=True), min_size=1, max_size=6))
def test_what_the_last_version_lists_is_listed_and_nothing_else(history: list[list[str]]) -> None:
    found = listed([(number, [{"url": url} for url in urls]) for number, urls in enumerate(history, start=1)])
    assert [url for url, one in found.items() if one.removed is None] == [url for url in found if url in history[-1]]
    assert found.keys() == {url for urls in history for url in urls}
    for url, one in found.items():
        assert url in history[one.added - 1]
        assert one.added == 1 or url not in history[one.added - 2]
        assert one == Listed(
            url, None, history[(one.removed or len(history) + 1) - 2].index(url), one.added, one.removed
        )


def test_a_document_keeps_its_answers_under_the_notice_that_a_regrouping_gives_it_to(archive: Archive) -> None:
    def posting(number: str, posted: int, **more: Any) -> Reading:
        held = sam(number, posted, **more)
        return replace(held, carried=held.carried | {"documents"})

    file = "https://sam.gov/files/sow.pdf"
    append(archive, [posting("aa", 1), posting("cc", 9, name=SPARES, documents=[{"url": file}], status="open")], **SAM)
    drive(archive, [DocumentLister()])
    answer(archive, b"a file", url=file)
    append(archive, [posting("bb", 5, name="Radio sets, portable units")], day=2, **SAM)
    drive(archive, [DocumentLister()])
    with archive.reading() as connection:
        row = queries.notice(connection, "sam:aa")
        assert row is not None
        [listed_now] = of_notice(connection, row.number)
    assert listed_now.removed is None
    assert listed_now.file is not None
    assert listed_now.file.sha256 == hashlib.sha256(b"a file").hexdigest()
    asking = source("sam_gov_opportunities").for_documents()
    assert asking is not None
    with archive.reading() as connection:
        due = plan(connection, asking, None, DAY_0 + timedelta(days=30))
    assert list(due.notices) == ["sam:aa"], "nothing is asked for on behalf of an id that leads elsewhere"
