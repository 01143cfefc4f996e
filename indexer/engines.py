"""Which engine answers: the embedded one, the search server, or the one while the other does not."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from archive.store import Archive
from indexer.ast import Node
from indexer.embedded import EmbeddedEngine
from indexer.engine import Best, Boost, Buckets, Found, Order, Position, SearchEngine, Searching, SearchUnavailable
from noticewatch.errors import UsageError
from noticewatch.settings import SEARCH_ADDRESSES, Settings, are_search_addresses

_T = TypeVar("_T")
EMBEDDED: Final = "embedded"
_SUBSTITUTED: Final = "The search server does not answer; this comes from the index beside it."
_REST: Final = 10.0
"""Seconds for which a server that did not answer is not asked by searches."""


def embedded(archive: Archive) -> EmbeddedEngine:
    """The engine in the data folder."""
    return EmbeddedEngine(archive.folder / "index")


def open_engine(settings: Settings, archive: Archive) -> Searching:
    """What the settings name for searches; the embedded engine by default."""
    return searching(open_engines(settings, archive))


def searching(engines: Sequence[SearchEngine]) -> Searching:
    """What answers searches: the first engine, and the second one while the first does not."""
    return engines[0] if len(engines) == 1 else Substituted(engines[0], engines[1])


def open_engines(settings: Settings, archive: Archive) -> Sequence[SearchEngine]:
    """The indexes that follow the log by the settings; the first is the one that searches ask."""
    if not settings.search_url:
        return (embedded(archive),)
    server = engine_at(settings, archive, settings.search_url)
    return (server, embedded(archive)) if settings.search_fallback else (server,)


def engine_at(settings: Settings, archive: Archive, place: str) -> SearchEngine:
    """The engine at a place: ``embedded``, or addresses of a search server. Raises UsageError for anything else."""
    if place == EMBEDDED:
        return embedded(archive)
    if not are_search_addresses(place):
        raise UsageError(f"{place[:80]!r} is no place for an index; write embedded, or {SEARCH_ADDRESSES}.")
    from indexer.elastic.client import elasticsearch_engine  # noqa: PLC0415 - the client is loaded only where it is needed

    return elasticsearch_engine(settings, place)


class Substituted:
    """A search server, and another index that answers while the server does not."""

    def __init__(self, server: Searching, substitute: Searching) -> None:
        self._server, self._substitute = server, substitute
        self._rests_until = 0.0

    @property
    def label(self) -> str:
        """The server's name."""
        return self._server.label

    def position(self) -> Position | None:
        """How far the index that answers has come."""
        return self._server.position() if self._asks() else self._substitute.position()

    def find(self, query: Node, order: Order, limit: int) -> Found:
        """A page from the server, or from the embedded index with a sentence that says so."""
        found = self._of_server(lambda: self._server.find(query, order, limit))
        return found or replace(self._substitute.find(query, order, limit), warning=_SUBSTITUTED)

    def best(self, query: Node, boosts: Sequence[Boost], most: int) -> Best:
        """As :meth:`find`, for the order by relevance."""
        best = self._of_server(lambda: self._server.best(query, boosts, most))
        return best or replace(self._substitute.best(query, boosts, most), warning=_SUBSTITUTED)

    def facets(self, query: Node, fields: Sequence[str], purses: Mapping[str, str]) -> Buckets:
        """Counts and sums of the server, or of the embedded index."""
        counted = self._of_server(lambda: self._server.facets(query, fields, purses))
        return self._substitute.facets(query, fields, purses) if counted is None else counted

    def close(self) -> None:
        """Let go of both."""
        self._server.close()
        self._substitute.close()

    def _of_server(self, ask: Callable[[], _T]) -> _T | None:
        """What the server answers; None while it rests, and where it does not answer, so that it rests then."""
        if not self._asks():
            return None
        try:
            return ask()
        except SearchUnavailable:
            self._rests_until = time.monotonic() + _REST
            return None

    def _asks(self) -> bool:
        return time.monotonic() >= self._rests_until
