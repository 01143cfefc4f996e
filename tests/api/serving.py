"""The pages and the API over an archive of a test's own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from fastapi.testclient import TestClient

from api.app import create_app
from archive.readers import LogReader, drive
from archive.store import Archive
from indexer.engines import open_engine
from indexer.search import Search
from indexer.sync import IndexReader
from noticewatch.settings import Settings
from watchlist.current import Watchlist
from watchlist.dictionary import Dictionary


@contextmanager
def served(
    archive: Archive, settings: Settings, dictionary: Dictionary | Watchlist, readers: Sequence[LogReader] = ()
) -> Iterator[TestClient]:
    """A client of the archive, whose log these readers and then the index have read. It follows no redirect, and an
    error of the program is an answer with status 500.
    """
    engine = open_engine(settings, archive)
    try:
        drive(archive, [*readers, IndexReader(engine)])
        app = create_app(archive, Search(archive, engine, dictionary), settings, dictionary)
        with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
            yield client
    finally:
        engine.close()
