"""Which words of a query stand where in a notice: in its fields, and on pages of its documents. Takes a connection."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from sqlalchemy import Connection

from alerts.models import Word
from archive.documents.queries import DocumentRow
from indexer.document_hits import page_hits
from indexer.highlights import Marking
from noticewatch.models import Notice
from watchlist.evidence import field_texts

MOST_PAGES: Final = 3
"""Pages of documents of a notice that are quoted."""


def words_in(
    connection: Connection, notice: Notice, documents: Sequence[DocumentRow], words: Collection[str]
) -> Iterator[Word]:
    """Passages with words of a query, those of fields first. ``words``: stems, or beginnings of words that end in an
    asterisk.
    """
    if not words:
        return
    marking = Marking(words)
    for field, text in field_texts(notice).items():
        if (parts := marking.passage(text)) is not None:
            yield Word(field, "", parts)
    for hit in page_hits(connection, documents, marking, MOST_PAGES) if documents else ():
        yield Word("document", hit.place, hit.parts)
