"""What every route works with, and small answers that are remembered until the log grows."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any, TypeVar

from starlette.requests import Request  # what FastAPI calls so too; commands read this module and serve nothing

from alerts.tokens import Tokens
from archive import log
from archive.store import Archive
from crawlers.source import Source
from indexer.search import Search
from noticewatch.settings import Settings
from watchlist.current import Watchlist, dictionary_of
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher

_T = TypeVar("_T")
_MOST_REMEMBERED = 256


@dataclass(frozen=True)
class Context:
    """The archive, the search over it, the settings, the watchlist and the sources; and what is remembered."""

    archive: Archive
    search: Search
    settings: Settings
    watchlist: Dictionary | Watchlist
    sources: dict[str, Source]
    _remembered: dict[str, tuple[Any, Any, float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @property
    def dictionary(self) -> Dictionary:
        """The dictionary in force at the moment."""
        return dictionary_of(self.watchlist)

    def remember(self, name: str, at: object, make: Callable[[], _T], *, lasts: float = 0.0) -> _T:
        """The value made for ``name`` at ``at`` (a head of the log), made anew where that has moved.

        ``lasts``: seconds for which the value may be told although the log has moved, while a crawl appends to it.
        """
        with self._lock:
            held = self._remembered.get(name)
        if held is not None and (held[0] == at or time.monotonic() - held[2] < lasts):
            return held[1]  # type: ignore[no-any-return]  # one name always holds one type
        made = make()
        with self._lock:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.pop(next(iter(self._remembered)))
            self._remembered[name] = (at, made, time.monotonic())
        return made

    @property
    def matcher(self) -> Matcher:
        """The matcher in force at the moment."""
        return self._own_matcher if isinstance(self.watchlist, Dictionary) else self.watchlist.matcher

    @cached_property
    def _own_matcher(self) -> Matcher:
        return Matcher(self.dictionary)

    @cached_property
    def tokens(self) -> Tokens:
        """What makes private links. Raises DataFolderError where its key cannot be read or made."""
        return Tokens(self.archive.folder)

    def state(self) -> tuple[object, ...]:
        """What answers rest on: the last ``seq`` of the log, how far the index has come, and the dictionary in force.

        Raises SearchUnavailable.
        """
        return self.head(), self.search.engine.position(), self.dictionary.version

    def head(self) -> int:
        """The last ``seq`` of the log."""
        with self.archive.reading() as connection:
            return log.head(connection)


def context(request: Request) -> Context:
    """The application's context, as a FastAPI dependency."""
    held = request.app.state.context
    assert isinstance(held, Context)
    return held
