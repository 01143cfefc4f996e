"""An archive of its own for each test of alerts; and one with news that many read: a tender that was amended, and rows
that surface late, one of them hostile.
"""

from dataclasses import replace

import pytest

from alerts.models import Find, Reason
from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from noticewatch.settings import Settings
from tests.alerts.telling import TENDER, find_of, finds_of
from tests.small_archive import crawl_tender, fill
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger


@pytest.fixture(scope="session")
def finds(tmp_path_factory: pytest.TempPathFactory, dictionary: Dictionary) -> list[Find]:
    """Every event of an archive as a find of a search for some of its words."""
    archive = Archive.open(Settings(home=tmp_path_factory.mktemp("alerts")))
    crawl_tender(archive)
    fill(archive)
    drive(archive, [Joiner(), Tagger(Matcher(dictionary))])
    found = finds_of(archive, ["osint", "cellebrite", "fivecast", "drone"])
    archive.close()
    return found


@pytest.fixture
def tender(finds: list[Find]) -> Find:
    """The amendment of the tender."""
    return replace(find_of(finds, TENDER, 2), reasons=(Reason.AMENDED,), crossing="still")
