"""Pages of documents on which words of a search stand, with the passage, as they are cited."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from archive.documents.queries import DocumentRow, pages_with
from indexer.highlights import Marking, Parts

_TRIED: Final = 4
"""Pages that are looked at for one passage: a page may hold the beginning of a word and not the word."""

_MOST_WORDS: Final = 20
"""Beginnings of words that pages are looked for by, the longest ones; a question may hold hundreds."""

_WINDOW: Final = 15_000
_BEFORE: Final = 200


@dataclass(frozen=True, slots=True)
class PageHit:
    """A page with words of the search. ``place``: ``Statement of work, page 3``; ``document``: its number."""

    document: int
    url: str
    place: str
    parts: Parts


def page_hits(connection: Connection, documents: Sequence[DocumentRow], marking: Marking, most: int) -> list[PageHit]:
    """At most so many pages of these documents with words of a search, those with most of them first."""
    starts = sorted(set(marking.beginnings), key=lambda start: (-len(start), start))[:_MOST_WORDS]
    found = []
    for placed in pages_with(connection, documents, starts, most * _TRIED):
        parts = marking.passage(_window(placed.page.text, starts))
        if parts:
            found.append(PageHit(placed.document, placed.url, placed.words, parts))
        if len(found) == most:
            break
    return found


def _window(text: str, starts: Collection[str]) -> str:
    """The part of a long page from its first hit on."""
    if len(text) <= _WINDOW:
        return text
    lowered = text.lower()
    first = min((at for start in starts if (at := lowered.find(start)) >= 0), default=0)
    begin = max(0, first - _BEFORE)
    return text[begin : begin + _WINDOW]
