"""An index of one batch of documents, in memory: the embedded engine's schema, documents and queries, no files."""

from collections.abc import Sequence
from typing import Final

from tantivy import Index, Query

from indexer.ast import Node
from indexer.documents import Document
from indexer.embedded import build_schema, plain_entry, with_tokenizer
from indexer.sieve import Sieve, places_of
from indexer.tantivy_queries import tantivy_query

_HEAP: Final = 50_000_000


class MemoryIndex:
    """Documents that are found by their places in the sequence they were given in."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.sieve = Sieve(documents)
        self._count = len(documents)
        self._schema = build_schema()
        index = with_tokenizer(Index(self._schema))
        writer = index.writer(_HEAP, 1)
        for place, document in enumerate(documents):
            entry = plain_entry(document)
            entry.add_integer("seq", place)
            writer.add_document(entry)
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()

    def matching(self, node: Node, among: int = -1) -> list[int]:
        """Places of the documents that match, in order; none where no document of ``among`` can, as bits by place."""
        bits, exact = self.sieve.left(node)
        if not self._count or not bits & among:
            return []
        if exact:
            return list(places_of(bits))
        query = Query.const_score_query(tantivy_query(node, self._schema), 1.0)
        hits = self._searcher.search(query, limit=self._count, count=False).hits
        if not hits:
            return []
        found = self._searcher.fast_field_values("seq", [address for _, address in hits])
        return sorted(int(place or 0) for place in found)
