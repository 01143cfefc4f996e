"""The Elasticsearch engine.

An index is named ``PREFIX-EPOCH.SCHEMA.SUFFIX``; the alias PREFIX names the one in use and is moved atomically. Every
document carries the log's ``seq`` as its external version, so that a writer that lost its lock cannot put an older one
over a newer. The version of a sentinel document is the ``seq`` that the index has come to.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from elasticsearch import Elasticsearch, NotFoundError
from elasticsearch.helpers import streaming_bulk

from indexer.aggregations import MOST_BUCKETS, aggregations, buckets
from indexer.ast import Node
from indexer.documents import Document
from indexer.elastic import schema
from indexer.elastic.errors import explained, refusal
from indexer.elastic.queries import elastic_query
from indexer.engine import (
    SCHEMA,
    Best,
    Boost,
    Buckets,
    Digest,
    Found,
    Order,
    Position,
    Rejected,
    Report,
    Scored,
    SearchUnavailable,
    refuse_newer,
    refuse_other,
)
from noticewatch.identifiers import new_id

SEARCH_WITHIN: Final = 5.0
"""Seconds until a search asks another host, or gives up."""
_WRITE_WITHIN: Final = 10.0
"""Seconds that a write of a piece of bounded size may take: a host that hangs is left as soon as that."""
_LARGE_WITHIN: Final = 60.0
"""Seconds for a document that is larger than such a piece."""
_CHUNK, _CHUNK_BYTES = 500, 8 << 20
_RETRIES, _FIRST_REST, _LONGEST_REST = 4, 0.5, 8.0
_STALE, _REFUSED = 409, {400: "", 413: "it is larger than the server takes; "}
_WRITTEN: Final = ".write"
"""Every index has an alias of its own to be written by: a server that has lost it refuses, and makes none by itself."""


class ElasticsearchEngine:
    """An index on one server or several of one cluster. Safe for threads."""

    def __init__(self, client: Elasticsearch, prefix: str, server: str, *, name: str | None = None) -> None:
        """``server``: the address as it may be shown; ``name``: write and read this index, not the current one."""
        self._client, self._prefix, self._fixed = client, prefix, name
        self._searching = client.options(request_timeout=SEARCH_WITHIN)
        self._writing = client.options(request_timeout=_WRITE_WITHIN)
        self._large = client.options(request_timeout=_LARGE_WITHIN)
        self.server = server

    @property
    def label(self) -> str:
        """The engine's name for people."""
        return f"Elasticsearch at {self.server}"

    def position(self) -> Position | None:
        """How far the index has come, as searches see it; None where there is none yet. Raises SearchUnavailable."""
        with explained(self.server):
            name = self._name()
            if name is None:
                return None
            epoch, version = self._parts(name)
            try:
                held = self._searching.get(index=name, id=schema.SENTINEL, realtime=False)
            except NotFoundError:
                return Position(epoch, 0, version)
            return Position(epoch, int(held["_version"]), version)

    def write(
        self, documents: Sequence[Document], gone: Sequence[str], position: Position, report: Report,
        *, more: bool = False,  # noqa: ARG002 - all is kept and visible with its own write
    ) -> None:  # fmt: skip
        """Replace and remove documents, then move the position and make both visible.

        ``report`` is told of documents that the server refuses for what they are. Raises SearchUnavailable where it
        refuses for what it is: the position stands then where it stood.
        """
        with explained(self.server):
            name = self._to_write(position)
            pieces = [document for document in documents if _size(document) <= _CHUNK_BYTES]
            alone = [document for document in documents if _size(document) > _CHUNK_BYTES]
            refusals = [*self._send(self._writing, _actions(name + _WRITTEN, pieces, gone, position.seq))]
            refusals += self._send(self._large, _actions(name + _WRITTEN, alone, (), position.seq))
            report(refusals)
            mark = _action(name + _WRITTEN, schema.SENTINEL, position.seq) | {"key": schema.SENTINEL}
            for refused in self._send(self._writing, [mark]):
                raise SearchUnavailable(f"The search server {self.server} cannot hold the index ({refused.reason}).")
            self._writing.indices.refresh(index=name)

    def reached(self) -> Position | None:
        """How far the index has come: all that is written is visible."""
        return self.position()

    def digests(self) -> Mapping[int, Digest]:
        """The digest of what the index holds, by bucket."""
        with explained(self.server):
            asked = {"buckets": {"terms": {"field": "bucket", "size": MOST_BUCKETS},
                                 "aggregations": {"hashes": {"sum": {"field": "hash"}}}}}  # fmt: skip
            try:
                answer = self._search(query={"match_all": {}}, size=0, aggregations=asked)
            except NotFoundError:  # there is no index yet
                return {}
        found = answer["aggregations"]["buckets"]["buckets"]
        return {int(b["key"]): Digest(int(b["doc_count"]), int(b["hashes"]["value"])) for b in found}

    def replace_bucket(self, number: int, documents: Sequence[Document], position: Position, report: Report) -> None:
        """Let a bucket hold these documents and no others, and move the position."""
        kept = {document.key for document in documents}
        with explained(self.server):
            gone = [key for key in self._keys(number) if key not in kept]
        self.write(documents, gone, position, report)

    def find(self, query: Node, order: Order, limit: int) -> Found:
        """A page of the documents that match; nothing where there is no index yet. Raises SearchUnavailable."""
        with explained(self.server):
            position = self._seen()  # before the search: what is found is at least as new
            if position is None:
                return Found((), 0, Position("", 0))
            answer = self._search(
                query=elastic_query(query),
                sort=[{order.field: "desc" if order.descending else "asc"}],
                search_after=None if order.after is None else [order.after],
                size=limit,
                docvalue_fields=["entry"],
            )
            hits = tuple((int(hit["sort"][0]), int(hit["fields"]["entry"][0])) for hit in answer["hits"]["hits"])
            return Found(hits, int(answer["hits"]["total"]["value"]), position)

    def best(self, query: Node, boosts: Sequence[Boost], most: int) -> Best:
        """The documents that match and are best by ``boosts``; the set is that of ``query`` alone."""
        with explained(self.server):
            position = self._seen()
            if position is None:
                return Best((), 0, Position("", 0))
            better = [{"bool": {"must": [elastic_query(node)], "boost": weight}} for node, weight in boosts]
            answer = self._search(
                query={"bool": {"filter": [elastic_query(query)], "should": better}}, size=most,
                docvalue_fields=["entry", "dated"],
            )  # fmt: skip
        hits = tuple(
            Scored(float(hit["_score"] or 0), *(int(hit["fields"].get(name, [0])[0]) for name in ("entry", "dated")))
            for hit in answer["hits"]["hits"]
        )
        return Best(hits, int(answer["hits"]["total"]["value"]), position)

    def facets(self, query: Node, fields: Sequence[str], purses: Mapping[str, str]) -> Buckets:
        """All values of code fields among the documents that match, with exact counts and sums."""
        with explained(self.server):
            if not fields:
                return {}
            asked = aggregations(fields, purses, "aggregations")
            if self._seen() is None:
                return dict.fromkeys(fields, ())
            answer = self._search(query=elastic_query(query), size=0, aggregations=asked)
        return buckets(answer["aggregations"], fields)

    def beside(self, epoch: str) -> "ElasticsearchEngine":
        """An engine over a new index beside the current one, which :meth:`replace_current` puts in its place."""
        return ElasticsearchEngine(self._client, self._prefix, self.server, name=self._new_name(epoch))

    def replace_current(self) -> None:
        """Make this engine's index the current one, atomically, and remove the others."""
        assert self._fixed is not None
        with explained(self.server):
            others = [name for name in self._all() if name != self._fixed]
            actions: list[dict[str, Any]] = [{"add": {"index": self._fixed, "alias": self._prefix}}]
            actions += [{"remove_index": {"index": name}} for name in others]
            self._writing.indices.update_aliases(actions=actions)

    def discard(self) -> None:
        """Remove an index beside the current one that is not to be used."""
        assert self._fixed is not None
        with explained(self.server):
            self._writing.options(ignore_status=404).indices.delete(index=self._fixed)

    def settle(self) -> None:
        """Nothing is left to be done when the log's head is reached."""

    def close(self) -> None:
        """Let go of the connections."""
        if self._fixed is None:
            self._client.close()

    def _search(self, **asked: Any) -> Mapping[str, Any]:
        """One search that is complete or fails: a short answer is never shown as a whole one."""
        answer = self._searching.search(
            index=self._fixed or self._prefix, source=False, track_total_hits=True, allow_partial_search_results=False,
            request_cache=False, **asked,
        )  # fmt: skip
        if answer["timed_out"] or answer["_shards"]["failed"] or not answer["_shards"]["total"]:
            raise SearchUnavailable(f"The search server {self.server} gave an incomplete answer; it is not used.")
        found: Mapping[str, Any] = answer.body
        return found

    def _keys(self, bucket: int) -> Iterator[str]:
        """Keys of all documents of a bucket."""
        after: list[str] | None = None
        while True:
            answer = self._search(
                query={"term": {"bucket": bucket}}, sort=[{"key": "asc"}], search_after=after, size=_CHUNK
            )
            hits = answer["hits"]["hits"]
            if not hits:
                return
            yield from (hit["_id"] for hit in hits)
            after = hits[-1]["sort"]

    def _seen(self) -> Position | None:
        """How far searches see; None where there is no index, or nothing in it yet."""
        try:
            held = self._searching.get(index=self._fixed or self._prefix, id=schema.SENTINEL, realtime=False)
        except NotFoundError:
            return None
        epoch, version = self._parts(held["_index"])
        position = Position(epoch, int(held["_version"]), version)
        refuse_other(position, self.label)
        return position

    def _name(self) -> str | None:
        """The index in use; None where there is none."""
        if self._fixed is not None:
            return self._fixed if self._searching.indices.exists(index=self._fixed) else None
        try:
            found = self._searching.indices.get_alias(name=self._prefix)
        except NotFoundError:
            return None
        return max(found.body, default=None)

    def _all(self) -> list[str]:
        found = self._searching.indices.get(index=f"{self._prefix}-*.*.*", features="aliases")
        return sorted(found.body)

    def _to_write(self, position: Position) -> str:
        """The index to write: a new one where there is none, or none of the position's epoch and this schema."""
        name = self._name()
        if name is not None and self._parts(name) == (position.epoch, SCHEMA):
            return name
        if self._fixed is not None:
            self._create(self._fixed)
            return self._fixed
        if name is not None:
            refuse_newer(Position(position.epoch, 0, self._parts(name)[1]), self.label)
        name = self._new_name(position.epoch)
        self._create(name)
        ElasticsearchEngine(self._client, self._prefix, self.server, name=name).replace_current()
        return name

    def _create(self, name: str) -> None:
        self._writing.indices.create(index=name, aliases={name + _WRITTEN: {}}, **schema.body())

    def _new_name(self, epoch: str) -> str:
        return f"{self._prefix}-{epoch}.{SCHEMA}.{new_id()[-12:]}"

    def _parts(self, name: str) -> tuple[str, int]:
        epoch, version, _ = name.removeprefix(f"{self._prefix}-").rsplit(".", 2)
        return epoch, int(version)

    def _send(self, client: Elasticsearch, actions: Iterable[dict[str, Any]]) -> Iterator[Rejected]:
        """Send actions in bounded pieces; what the server has no room for is sent again, more and more slowly."""
        sent = streaming_bulk(
            client, actions, chunk_size=_CHUNK, max_chunk_bytes=_CHUNK_BYTES, raise_on_error=False,
            raise_on_exception=False, max_retries=_RETRIES, initial_backoff=_FIRST_REST, max_backoff=_LONGEST_REST,
            yield_ok=False, require_alias=True,
        )  # fmt: skip
        for _, result in sent:
            ((kind, item),) = result.items()
            status, reason = int(item["status"]), _reason(item)
            if status == _STALE or (kind == "delete" and status == 404 and "error" not in item):
                continue  # a newer one stands there, or there is nothing to remove
            if status not in _REFUSED:
                raise SearchUnavailable(refusal(self.server, status, reason))
            yield Rejected(str(item["_id"]), _REFUSED[status] + reason)


def _size(document: Document) -> int:
    return sum(map(len, document.streams.values()))


def _actions(name: str, documents: Iterable[Document], gone: Iterable[str], seq: int) -> Iterator[dict[str, Any]]:
    for key in gone:
        yield _action(name, key, seq) | {"_op_type": "delete"}
    for document in documents:
        yield _action(name, document.key, seq) | schema.source(document)


def _action(name: str, key: str, seq: int) -> dict[str, Any]:
    return {"_op_type": "index", "_index": name, "_id": key, "_version": seq, "_version_type": "external_gte"}


def _reason(item: Mapping[str, Any]) -> str:
    error = item.get("error")
    if not isinstance(error, Mapping):
        return str(error or "no reason given")
    cause = error.get("caused_by")
    more = f": {cause['reason']}" if isinstance(cause, Mapping) and cause.get("reason") else ""
    return f"{error.get('reason', error.get('type'))}{more}"
