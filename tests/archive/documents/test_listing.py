"""Which documents notices list, and since which version."""

from hypothesis import given
from hypothesis import strategies as st

from archive.documents.listing import DocumentLister, Listed, listed
from archive.readers import drive, set_cursor
from archive.store import Archive
from tests.archive.documents.shelving import listing, rows

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
