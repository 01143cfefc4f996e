"""Puts the rooms together: the archive with its dictionary, its search and the readers of its log."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property

from alerts.matching import AlertReader
from archive.deadlines import DeadlineReader
from archive.documents.listing import DocumentLister
from archive.joins import Joiner
from archive.readers import LogReader, cursor
from archive.store import Archive
from crawlers.due import refuse_unknown_sources
from crawlers.source import load_sources
from indexer.engine import SearchEngine, Searching, reach
from indexer.engines import open_engines, searching
from indexer.search import Search
from indexer.sync import IndexReader
from noticewatch.settings import Settings
from service.output import Bar, progress
from watchlist.current import Watchlist
from watchlist.dictionary import Dictionary
from watchlist.radar.counting import PhraseCounter
from watchlist.retag import Retagger
from watchlist.tagger import Tagger


@dataclass(frozen=True)
class House:
    """All rooms over one data folder, open. ``engines``: the indexes that follow the log, the first is asked first."""

    settings: Settings
    archive: Archive
    watchlist: Watchlist
    engines: Sequence[SearchEngine]

    @property
    def dictionary(self) -> Dictionary:
        """The dictionary in force at the moment."""
        return self.watchlist.dictionary

    @cached_property
    def engine(self) -> Searching:
        """What answers searches."""
        return searching(self.engines)

    def reached(self) -> int:
        """The last ``seq`` that the index has been given by this process or holds, searchable already or not."""
        return reach(self.engines[0].reached())

    def worked_through(self, last: int) -> int:
        """How many of the first ``last`` events are worked through: to join, to tag and to index each is a third."""
        with self.archive.reading() as connection:
            passed = [cursor(connection, reader) for reader in (Joiner.name, Tagger.name)]
        return sum(min(seq, last) for seq in (*passed, self.reached())) // 3

    def search(self) -> Search:
        """The search over the archive."""
        return Search(self.archive, self.engine, self.watchlist)

    def readers(self) -> Sequence[LogReader]:
        """The readers of the log in the order in which they are driven."""
        return (*self.log_readers(), *map(IndexReader, self.engines))

    def log_readers(self) -> Sequence[LogReader]:
        """The readers whose work stands in the database itself."""
        return (Joiner(), Tagger(self.watchlist), DocumentLister(), DeadlineReader(), AlertReader(self.watchlist))

    def resting_readers(self) -> Sequence[LogReader]:
        """The readers that work while the others are at rest: nothing that is served waits for them."""
        return (Retagger(self.watchlist), PhraseCounter())


@contextmanager
def open_archive(settings: Settings) -> Iterator[Archive]:
    """The archive, closed at the end. Raises DataFolderError, SchemaTooNew."""
    with ExitStack() as stack:
        archive = Archive.open(settings, _Bar(stack).show)
        stack.close()  # a bar is for the opening alone
        stack.callback(archive.close)
        yield archive


class _Bar:
    """A bar that is begun when there is something to show."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._bar: Bar | None = None

    def show(self, text: str, done: int | None, total: int | None) -> None:
        """Say how far it is."""
        self._bar = self._bar or self._stack.enter_context(progress())
        self._bar.show(text, done, total)


@contextmanager
def open_house(settings: Settings) -> Iterator[House]:
    """All rooms, closed at the end. Raises DataFolderError, SchemaTooNew, SettingsError."""
    refuse_unknown_sources(settings, load_sources())
    with open_archive(settings) as archive:
        engines = open_engines(settings, archive)
        try:
            watchlist = Watchlist(settings.watchlist)
            watchlist.put_in_force()
            yield House(settings, archive, watchlist, engines)
        finally:
            for engine in engines:
                engine.close()


def searchable(engine: Searching) -> int:
    """The last ``seq`` that the index holds; 0 where there is none yet that this program can search."""
    return reach(engine.position())
