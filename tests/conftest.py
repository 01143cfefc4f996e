"""Archives that several rooms test against: a small one of real rows, and the whole starter archive."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from crawlers.engine import crawl
from crawlers.source import source
from noticewatch.settings import Settings
from tests.archive.making import open_archive
from tests.databases import kept, settings_at
from tests.dictionary import dictionary as own_dictionary
from tests.small_archive import fill
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

pytest_plugins = (
    "tests.plugins.databases", "tests.plugins.engines", "tests.plugins.require", "tests.plugins.faults",
    "tests.plugins.browser", "tests.plugins.scratch", "tests.plugins.groups", "tests.plugins.statements",
)  # fmt: skip

hypothesis_settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("untimed")  # a machine that is busy with something else fails no test

STARTER = Path(__file__).parents[1] / "starter"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A new archive of the test's own."""
    opened = open_archive(tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def dictionary() -> Dictionary:
    return own_dictionary()


@dataclass(frozen=True)
class Small:
    """The small archive in one kind of database. Read it only: other tests share it."""

    settings: Settings
    archive: Archive


@pytest.fixture(scope="session")
def smalls(tmp_path_factory: pytest.TempPathFactory, dictionary: Dictionary) -> Iterator[Callable[[str], Small]]:
    """Real rows of both sources, joined and tagged, by kind of database; made on first use."""

    @cache
    def made(kind: str) -> Small:
        with kept():
            settings = settings_at(tmp_path_factory.mktemp(f"small-{kind}"), public_url="https://notices.example")
        archive = Archive.open(settings)
        opened.append(archive)
        fill(archive)
        drive(archive, [Joiner(), Tagger(Matcher(dictionary))])
        return Small(settings, archive)

    opened: list[Archive] = []
    yield made
    for archive in opened:
        archive.close()


@pytest.fixture
def small_settings(smalls: Callable[[str], Small], database: str) -> Settings:
    return smalls(database).settings


@pytest.fixture
def small_archive(smalls: Callable[[str], Small], database: str) -> Archive:
    return smalls(database).archive


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
