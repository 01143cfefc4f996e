"""Documents whose files change are matched with what stood in them before."""

import pytest

from alerts.matching import AlertReader
from alerts.models import Reason
from archive.documents.listing import DocumentLister
from archive.documents.texts import read_waiting
from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from tests.alerts.making import found, matcher, save
from tests.archive.documents.shelving import URL, answer, listing, opened
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
