"""Documents whose files change are matched with what stood in them before."""

import pytest

from alerts.matching import AlertReader
from alerts.models import Reason
from archive.documents.listing import DocumentLister
from archive.documents.texts import read_waiting
from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from tests.alerts.making import found, save
from tests.archive.documents.shelving import URL, answer, listing, opened
from tests.dictionary import matcher
from watchlist.tagger import Tagger

pytestmark = pytest.mark.both_databases


def follow(archive: Archive) -> None:
    drive(archive, [Joiner(), Tagger(matcher()), DocumentLister(), AlertReader(matcher())])


@pytest.mark.parametrize(
    ("before", "after", "crossing"),
    [("a drone", "a drone and a boat", "still"), ("a boat", "a drone", "entered"), ("a drone", "a boat", "left")],
)
def test_a_file_in_the_place_of_another_is_matched_on_both(
    archive: Archive, before: str, after: str, crossing: str
) -> None:
    opened(archive)
    listing(archive, URL)
    answer(archive, before.encode(), day=1)
    read_waiting(archive)
    follow(archive)
    search = save(archive, "drone", reasons=(Reason.AMENDED,))
    answer(archive, after.encode(), day=2)
    read_waiting(archive)
    follow(archive)
    told = found(archive)
    assert told
    assert {(number, stands) for number, _, stands, _ in told} == {(search.number, crossing)}


def test_a_text_that_becomes_known_is_news_only_to_what_did_not_find_the_notice_before(archive: Archive) -> None:
    opened(archive)
    follow(archive)
    by_title, by_text = save(archive, "title:notice"), save(archive, "drone")
    neither = save(archive, "drone", reasons=(Reason.GONE,))
    listing(archive, URL)
    follow(archive)
    assert found(archive) == [(by_title.number, "N1", "entered", "new")]
    answer(archive, b"a drone", day=1)
    read_waiting(archive)
    follow(archive)
    assert found(archive)[1:] == [(by_text.number, "N1", "entered", "new")]
    assert neither.number not in {search for search, *_ in found(archive)}


def test_a_text_of_a_notice_that_was_there_before_is_a_change_and_not_new(archive: Archive) -> None:
    opened(archive)
    listing(archive, day=0)
    follow(archive)
    new, changed = save(archive, "drone"), save(archive, "drone", reasons=(Reason.AMENDED,))
    listing(archive, URL, day=1)
    answer(archive, b"a drone", day=2)
    read_waiting(archive)
    follow(archive)
    assert {(search, why) for search, _, _, why in found(archive)} == {(changed.number, "amended")}
    assert new.number != changed.number
