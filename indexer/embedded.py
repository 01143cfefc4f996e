"""The embedded engine: tantivy in the data folder, one process writing, any number reading.

An index is a folder ``index/<name>/``; its name carries the log's epoch and the schema version. The file
``index/current`` names the one in use and is replaced atomically. A sentinel document holds the log's ``seq`` that
the index has come to, so cursor and content cannot part.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, Final

from tantivy import Document as TantivyDocument
from tantivy import (
    Index,
    IndexWriter,
    Occur,
    Query,
    Schema,
    SchemaBuilder,
    Searcher,
    SearchResult,
    TextAnalyzerBuilder,
    Tokenizer,
)
from tantivy import Order as Direction

from indexer import index_folders
from indexer.aggregations import MOST_BUCKETS, aggregations, buckets
from indexer.ast import All, Between, Node
from indexer.documents import CODES, NUMBERS, SCOPES, SORT_KEYS, STREAMS, Document
from indexer.engine import (
    SCHEMA,
    Best,
    Boost,
    Buckets,
    Digest,
    Found,
    IndexBusy,
    Order,
    Position,
    Report,
    Scored,
    refuse_newer,
    refuse_other,
)
from indexer.tantivy_queries import tantivy_query
from indexer.totals import Totals

_WHITESPACE: Final = "noticewatch_whitespace"
_HEAP, _HEAP_BUILDING = 50_000_000, 150_000_000
_COMMITTED: Final = 100_000
"""Documents of a commit where more are coming, as while an index is built: each commit leaves a segment behind, and to
merge these costs as much as to write them. Beside the current index, where nobody reads before it is whole, the
position is written with the last commit alone: a segment out of which nothing was taken is searched faster.
"""
_REACHES: Final = (1 << 38, 1 << 44, None)
"""How far behind the last page the next one is looked for (64 days, 4,096 days, anywhere): all that is behind it would
be gone through else, which costs more than the first page.
"""
_SENTINEL: Final = "position"


def build_schema() -> Schema:
    """Fields of the index. Nothing is stored: hits are numbers, texts come from the record."""
    builder = SchemaBuilder()
    for name in ("key", "scope", "outside"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in STREAMS:
        for stream in ("exact", "stemmed"):
            builder.add_text_field(f"{name}_{stream}", tokenizer_name=_WHITESPACE)
    for name in CODES:
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for name in ("seq", *NUMBERS):
        builder.add_integer_field(name, indexed=True, fast=True)
    return builder.build()


class EmbeddedEngine:
    """A tantivy index under ``folder`` (HOME/index). Safe for threads; readers never take the writer's lock."""

    def __init__(self, folder: Path, *, name: str | None = None) -> None:
        """``name``: write and read this index instead of the current one (for a rebuild beside it)."""
        self._folder = folder
        self._fixed = name
        self._pointer = index_folders.Pointer(folder)
        self._schema = build_schema()
        self._lock = RLock()
        self._open: tuple[str, Index] | None = None
        self._seen: tuple[int, int] | None = None
        self._writer: IndexWriter | None = None
        self._totals = Totals()
        self._uncommitted = 0
        self._pending: Position | None = None

    @property
    def label(self) -> str:
        """The engine's name for people."""
        return "embedded"

    def position(self) -> Position | None:
        """How far the index has come, as searches see it; None where there is none yet, or nothing in it."""
        searcher = self._searcher()
        return None if searcher is None else self._position(searcher)

    def reached(self) -> Position | None:
        """How far the index has come with what is not committed yet."""
        with self._lock:
            return self.position() if self._pending is None else self._pending

    def write(
        self, documents: Sequence[Document], gone: Sequence[str], position: Position, report: Report,
        *, more: bool = False,
    ) -> None:  # fmt: skip
        """Replace and remove documents and move the position, in one commit, with what is written next if there is
        ``more``; it refuses none.

        Raises IndexBusy where another process writes, DataFolderError where the folder cannot be written.
        """
        report(())
        queries = [Query.term_query(self._schema, "key", key) for key in gone]
        self._commit_all(documents, queries, position, more=more)

    def digests(self) -> Mapping[int, Digest]:
        """The digest of what the index holds, by bucket."""
        searcher = self._searcher()
        if searcher is None:
            return {}
        asked = {"buckets": {"terms": {"field": "bucket", "size": MOST_BUCKETS},
                             "aggs": {"hashes": {"sum": {"field": "hash"}}}}}  # fmt: skip
        found = searcher.aggregate(Query.all_query(), asked)["buckets"]["buckets"]
        return {int(b["key"]): Digest(int(b["doc_count"]), int(b["hashes"]["value"])) for b in found}

    def replace_bucket(self, number: int, documents: Sequence[Document], position: Position, report: Report) -> None:
        """Let a bucket hold these documents and no others, and move the position."""
        report(())
        self._commit_all(documents, [Query.term_query(self._schema, "bucket", number)], position)

    def settle(self) -> None:
        """Commit what is not yet, let background merges end and give the writer's lock back; called when the log's
        head is reached. Raises DataFolderError as :meth:`write`; what was not committed is then to be written again.
        """
        with self._lock, self._anew_after_failure():
            if self._pending is not None:
                self._end_commit(self._pending)
            if self._writer is not None:
                writer, self._writer = self._writer, None
                writer.wait_merging_threads()

    def find(self, query: Node, order: Order, limit: int) -> Found:
        """A page of the documents that match; nothing where there is no index yet."""
        seen = self._to_search()
        if seen is None:
            return Found((), 0, Position("", 0))
        searcher, position = seen
        if order.after is None:
            result = self._page(searcher, query, order, limit)
            total = self._totals.keep(query, position, result.count)  # type: ignore[attr-defined]  # missing in its stubs
        else:
            total = self._totals.of(query, position, lambda: self._count(searcher, query))
            for reach in _REACHES:
                result = self._page(searcher, All((query, _beyond(order, reach))), order, limit)
                if len(result.hits) == limit:
                    break
        addresses = [address for _, address in result.hits]
        keys = searcher.fast_field_values(order.field, addresses)
        entries = searcher.fast_field_values("entry", addresses)
        return Found(tuple((int(k or 0), int(e or 0)) for k, e in zip(keys, entries, strict=True)), total, position)

    def _page(self, searcher: Searcher, query: Node, order: Order, limit: int) -> SearchResult:
        return searcher.search(
            tantivy_query(query, self._schema),
            limit=limit,
            count=order.after is None,
            order_by_field=order.field,
            order=Direction.Desc if order.descending else Direction.Asc,
        )

    def _count(self, searcher: Searcher, query: Node) -> int:
        unscored = Query.const_score_query(tantivy_query(query, self._schema), 0.0)
        return int(searcher.search(unscored, limit=1, count=True).count)  # type: ignore[attr-defined]  # as above

    def best(self, query: Node, boosts: Sequence[Boost], most: int) -> Best:
        """The documents that match and are best by ``boosts``; the set is that of ``query`` alone."""
        seen = self._to_search()
        if seen is None:
            return Best((), 0, Position("", 0))
        searcher, position = seen
        clauses = [(Occur.Must, Query.const_score_query(tantivy_query(query, self._schema), 0.0))]
        clauses += [
            (Occur.Should, Query.boost_query(tantivy_query(node, self._schema), weight)) for node, weight in boosts
        ]
        result = searcher.search(Query.boolean_query(clauses), limit=most, count=True)
        addresses = [address for _, address in result.hits]
        scores = [score for score, _ in result.hits]
        entries, dated = (searcher.fast_field_values(name, addresses) for name in ("entry", "dated"))
        hits = tuple(Scored(s, int(e or 0), int(d or 0)) for s, e, d in zip(scores, entries, dated, strict=True))
        return Best(hits, result.count, position)  # type: ignore[attr-defined]  # missing in its stubs

    def facets(self, query: Node, fields: Sequence[str], purses: Mapping[str, str]) -> Buckets:
        """All values of code fields among the documents that match, with exact counts and sums."""
        seen = self._to_search()
        if seen is None or not fields:
            return dict.fromkeys(fields, ())
        searcher, _ = seen
        answer = searcher.aggregate(tantivy_query(query, self._schema), aggregations(fields, purses, "aggs"))
        return buckets(answer, fields)

    def beside(self, epoch: str) -> "EmbeddedEngine":
        """An engine over a new index beside the current one, which :meth:`replace_current` puts in its place."""
        return EmbeddedEngine(self._folder, name=index_folders.index_name(epoch, SCHEMA))

    def discard(self) -> None:
        """Remove an index beside the current one that is not to be used."""
        assert self._fixed is not None
        with self._lock:
            self._pending = None  # what was not committed need not be
            self.close()
        shutil.rmtree(self._folder / self._fixed, ignore_errors=True)

    def replace_current(self) -> None:
        """Make this engine's index the current one, atomically, and remove the others."""
        assert self._fixed is not None
        self.settle()
        with index_folders.explained(self._folder):
            index_folders.point(self._folder, self._fixed)
            for other in self._folder.iterdir():
                if other.is_dir() and other.name != self._fixed:
                    shutil.rmtree(other, ignore_errors=True)

    def close(self) -> None:
        """Let go of files and locks."""
        with self._lock:
            self.settle()
            self._open = None

    def _commit_all(
        self, documents: Sequence[Document], gone: Sequence[Query], position: Position, *, more: bool = False
    ) -> None:
        with self._lock, self._anew_after_failure():
            self._commit(documents, gone, position, more=more)

    @contextmanager
    def _anew_after_failure(self) -> Iterator[None]:
        """Explain what fails, and let go of the writer: one that failed once takes nothing any more, and may end its
        next commit without a word and without what it was given. What it had not committed goes too.
        """
        with index_folders.explained(self._folder):
            try:
                yield
            except BaseException:
                self._writer, self._pending, self._uncommitted = None, None, 0
                raise

    def _commit(self, documents: Sequence[Document], gone: Sequence[Query], position: Position, *, more: bool) -> None:
        writer = self._writing(position, _HEAP_BUILDING if more else _HEAP)
        try:
            for query in gone:
                writer.delete_documents_by_query(query)
            for document in documents:
                writer.delete_documents_by_term("key", document.key)
                writer.add_document(entry(document))
            self._uncommitted += len(documents)
            self._pending = position
            if not more or (self._fixed is None and self._uncommitted >= _COMMITTED):
                self._end_commit(position)
            elif self._uncommitted >= _COMMITTED:
                writer.commit()
                self._uncommitted = 0
        finally:
            del writer  # a traceback that somebody keeps must not keep the writer and its lock

    def _end_commit(self, position: Position) -> None:
        assert self._writer is not None
        self._writer.delete_documents_by_term("key", _SENTINEL)
        keys = dict.fromkeys(SORT_KEYS, 0)  # which all have: a field that some lack is read more slowly
        self._writer.add_document(TantivyDocument(key=_SENTINEL, seq=position.seq, outside=list(SCOPES), **keys))
        self._writer.commit()
        self._pending, self._uncommitted = None, 0

    def _to_search(self) -> tuple[Searcher, Position] | None:
        """What is searched, and how far it has come; None where there is no index yet, or nothing in it."""
        searcher = self._searcher()
        position = None if searcher is None else self._position(searcher)
        if searcher is None or position is None:
            return None
        refuse_other(position, self.label)
        return searcher, position

    def _position(self, searcher: Searcher) -> Position | None:
        """How far an index has come; None for one that was begun and never written."""
        hits = searcher.search(Query.term_query(self._schema, "key", _SENTINEL), limit=1, count=False).hits
        values = searcher.fast_field_values("seq", [address for _, address in hits])
        assert self._open is not None
        epoch, schema = index_folders.parts(self._open[0])
        return Position(epoch, int(values[0] or 0), schema) if values else None

    def _searcher(self) -> Searcher | None:
        with self._lock:
            index = self._reading()
            return None if index is None else index.searcher()

    def _reading(self) -> Index | None:
        name = self._fixed or self._pointer.name()
        if name is None:
            return None
        folder = self._folder / name
        stamp = index_folders.stamp(folder)
        if stamp is None:
            return None
        with index_folders.readable(folder):
            if self._open is None or self._open[0] != name:
                self._open = name, _open_index(folder)
                self._seen = None
            if stamp != self._seen:
                self._open[1].reload()
                self._seen = stamp
        return self._open[1]

    def _writing(self, position: Position, heap: int) -> IndexWriter:
        """The writer, on a new index where there is none, or none of the position's epoch and this schema."""
        if self._writer is not None:
            return self._writer
        self._folder.mkdir(parents=True, exist_ok=True)
        name = self._fixed or index_folders.current(self._folder)
        if name is not None and self._fixed is None:
            refuse_newer(Position(position.epoch, 0, index_folders.parts(name)[1]), self.label)
        if name is None or index_folders.parts(name) != (position.epoch, SCHEMA):
            name = self._fixed or index_folders.index_name(position.epoch, SCHEMA)
            _create(self._folder / name)
            if self._fixed is None:
                index_folders.point(self._folder, name)
        elif not (self._folder / name / "meta.json").exists():
            _create(self._folder / name)
        with index_folders.readable(self._folder / name):
            self._open = name, _open_index(self._folder / name)
        self._seen = None
        try:
            self._writer = self._open[1].writer(heap, 1)
        except ValueError as error:
            raise IndexBusy(f"Another process is writing the search index in {self._folder / name}.") from error
        return self._writer


def _create(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    Index(build_schema(), path=str(folder))


def _open_index(folder: Path) -> Index:
    """The only way to open an index: tokenizers are not kept in it."""
    return with_tokenizer(Index.open(str(folder)))


def with_tokenizer(index: Index) -> Index:
    """The index, ready to be written and read: it knows the tokenizer, and shows what is committed when it is told."""
    index.register_tokenizer(_WHITESPACE, TextAnalyzerBuilder(Tokenizer.whitespace()).build())
    index.config_reader("manual")
    return index


def _beyond(order: Order, reach: int | None) -> Between:
    """What comes behind the last page, no farther than ``reach``."""
    assert order.after is not None
    if order.descending:
        return Between(order.field, None if reach is None else order.after - reach, order.after - 1)
    return Between(order.field, order.after + 1, None if reach is None else order.after + reach)


def entry(document: Document) -> TantivyDocument:
    """A document as the index takes it, with what compares the index with the log."""
    return plain_entry(document, {"bucket": document.bucket, "hash": document.hash})


def plain_entry(document: Document, more: Mapping[str, int] | None = None) -> TantivyDocument:
    """What of a document can be found, and more numbers."""
    outside = [scope for scope in SCOPES if scope not in document.scopes]
    values: dict[str, Any] = {"key": document.key, "scope": list(document.scopes), "entry": document.number}
    values |= {"outside": outside} if outside else {}
    values |= more or {}
    values |= {name: stream for name, stream in document.streams.items() if stream}
    values |= {name: list(codes) for name, codes in document.codes.items() if codes}
    values |= document.numbers
    return TantivyDocument(**values)
