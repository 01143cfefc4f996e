"""Archives that several rooms test against: a small one of real rows, and the whole starter archive."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from noticewatch.settings import Settings
from tests.small_archive import fill
from watchlist.dictionary import Dictionary, load_dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

STARTER = Path(__file__).parents[1] / "starter"


@pytest.fixture(scope="session")
def dictionary() -> Dictionary:
    return load_dictionary()


@pytest.fixture(scope="session")
def small_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("small"), public_url="https://notices.example")


@pytest.fixture(scope="session")
def small_archive(small_settings: Settings, dictionary: Dictionary) -> Iterator[Archive]:
    """Real rows of both sources, joined and tagged. Read it only: other tests share it."""
    archive = Archive.open(small_settings)
    fill(archive)
    drive(archive, [Joiner(), Tagger(Matcher(dictionary))])
    yield archive
    archive.close()
