"""Which documents are collected: the setting and the watchlist, put together for the crawlers, which know neither."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select

from archive.store import Archive
from crawlers.documents.planning import plan
from crawlers.due import obstacle
from crawlers.source import Source
from noticewatch.identifiers import now
from noticewatch.settings import Settings
from watchlist.queries import watched


def wanted_of(settings: Settings, source: str) -> Select[Any] | None:
    """Selects the numbers of the notices of a source whose documents are collected; None for all."""
    return None if settings.documents_of(source) == "all" else watched()


def due_sources(archive: Archive, settings: Settings, sources: Mapping[str, Source]) -> list[str]:
    """Sources that may be asked for documents and have any due."""
    found = []
    for name, source in sources.items():
        own = source.for_documents()
        if own is None or settings.documents_of(name) == "none" or not settings.contact or obstacle(own, settings):
            continue
        with archive.reading() as connection:
            if plan(connection, own, wanted_of(settings, name), now(), most=1).notices:
                found.append(name)
    return found
