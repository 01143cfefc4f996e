"""Archives that several rooms test against: a small one of real rows, and the whole starter archive."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from crawlers.engine import crawl
from crawlers.source import source
from noticewatch.settings import Settings
from tests.small_archive import fill
from watchlist.dictionary import Dictionary, load_dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

pytest_plugins = ("tests.plugins.require", "tests.plugins.faults")

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


@pytest.fixture(scope="session")
def starter_archive(tmp_path_factory: pytest.TempPathFactory, dictionary: Dictionary) -> Iterator[Archive]:
    """The whole starter archive, loaded once a session by the way every crawl goes. Read it only.

    Tests that use it carry ``@pytest.mark.xdist_group("starter")``, so that one worker loads it and no other.
    """
    settings = Settings(home=tmp_path_factory.mktemp("starter"))
    archive = Archive.open(settings)
    for folder in sorted(folder for folder in STARTER.iterdir() if folder.is_dir()):
        crawl(archive, settings, source(folder.name), kind="starter", recordings=folder)
    drive(archive, [Joiner(), Tagger(Matcher(dictionary))])
    yield archive
    archive.close()
