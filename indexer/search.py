"""Search: a request in, an answer out, the same for every engine."""

import base64
import hashlib
import hmac
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final

import orjson
from sqlalchemy import Connection

from archive.log import head
from archive.store import Archive
from archive.withheld import anything as anything_withheld
from indexer.ast import All, Code, Node, Not
from indexer.conditions import asked as asked_by
from indexer.conditions import base, check, filters, together
from indexer.engine import Boost, Buckets, Found, Order, Position, Searching, SearchUnavailable, reach
from indexer.facets import facet_values, purses_of
from indexer.meaning import Meaning, meaning
from indexer.names import Names
from indexer.query import parse, plain_parts
from indexer.relevance import ranked
from indexer.requests import (
    FACETS,
    FILTERS,
    MOST_HITS,
    RELEVANCE_ENDS_AT,
    SORTS,
    CursorError,
    FacetValue,
    FilterError,
    Lens,
    QueryError,
    Scope,
    SearchAnswer,
    SearchRequest,
    Sort,
)
from indexer.suggestions import FIELDS, MOST, MOST_NAMED, Suggestion, suggestions
from noticewatch.words import count_words
from watchlist.current import Watchlist, dictionary_of
from watchlist.dictionary import Dictionary, load_dictionary

__all__ = [
    "FACETS", "FILTERS", "SORTS", "CursorError", "FacetValue", "FilterError", "Lens", "QueryError", "Scope", "Search",
    "SearchAnswer", "SearchRequest", "Sort",
]  # fmt: skip

_MOST_REMEMBERED: Final = 256
_ORDERS: Final = {
    "dated": Order("by_dated", descending=True),
    "found": Order("by_found", descending=False),
    "amount": Order("by_amount", descending=True),
    "due": Order("by_due", descending=False),
    "planned": Order("by_planned", descending=False),
}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a cursor goes on: after which sort key, and as of which ``seq`` the first page was."""

    after: int
    as_of: int


class Search:
    """Answers search requests from an engine and the log."""

    def __init__(self, archive: Archive, engine: Searching, watchlist: Dictionary | Watchlist | None = None) -> None:
        self.archive = archive
        self.engine = engine
        self._watchlist = watchlist or load_dictionary()
        self._names = Names(dictionary_of(self._watchlist))
        self._remembered: dict[tuple[object, ...], Buckets] = {}
        self._lock = Lock()

    @property
    def names(self) -> Names:
        """Names of vendors, technologies and public bodies, by the dictionary in force at the moment."""
        dictionary = dictionary_of(self._watchlist)
        if self._names.dictionary is not dictionary:
            self._names = Names(dictionary)
        return self._names

    def search(self, request: SearchRequest, *, unwarned: bool = False) -> SearchAnswer:
        """The answer to a request. ``unwarned``: its warnings are shown to nobody, so that an index that is not built
        yet is refused: none found would be told as none.

        Raises QueryError for a query that is not of the language, FilterError for a filter, sort or limit that cannot
        be used, CursorError for a cursor that was not given out for this search, SearchUnavailable.
        """
        check(request)
        asked = asked_by(request, self.names)
        place = self._place(request)
        conditions = dict(filters(request, self.names))
        query = together(asked.node, base(request), *conditions.values())
        found = self._find(request, query, asked.boosts, place)
        as_of = place.as_of if place is not None else found.position.seq
        with self.archive.reading() as connection:
            coming = self._coming(connection, found.position, unwarned=unwarned)
            withheld = request.scope != "notice" and anything_withheld(connection)
        tombstones = self._tombstones(request, together(asked.node, *conditions.values())) if withheld else 0
        return SearchAnswer(
            scope=request.scope,
            hits=tuple(number for _, number in found.hits),
            total=found.total,
            as_of=as_of,
            next_cursor=self._next(request, found.hits, found.total, as_of),
            understood=asked.understood,
            warnings=(*_warnings(asked, request, found), *_taken_down(tombstones), *_still_coming(coming)),
            words=frozenset(asked.words),
            facets=self._facets(request, asked.node, conditions, found.position) if place is None else {},
            taken_down=tombstones,
        )

    def behind(self) -> tuple[str, ...]:
        """What an answer of :meth:`search` says of entries that are not indexed yet, for all else that rests on the
        index: to be asked before what is counted, since an index grows meanwhile. Nothing where it holds all.
        """
        try:
            position = self.engine.position()
        except SearchUnavailable as error:
            return (str(error),)
        with self.archive.reading() as connection:
            return _still_coming(self._coming(connection, position))

    def position(self) -> Position | None:
        """How far the index has come; None of an empty log. Raises SearchUnavailable also where it is not built yet."""
        position = self.engine.position()
        with self.archive.reading() as connection:
            self._coming(connection, position, unwarned=True)
        return position

    def _coming(self, connection: Connection, position: Position | None, *, unwarned: bool = False) -> int:
        """How many entries of the log an index does not hold. Raises SearchUnavailable where it holds none of them, as
        while it is built from nothing, and nobody is warned of that.
        """
        end, reached = head(connection), reach(position)
        if unwarned and end and not reached:
            raise SearchUnavailable(
                "The search index is not built yet, so there is nothing to count. A running server builds it by "
                "itself; ask again soon."
            )
        return end - reached

    def suggest(self, text: str, most: int = MOST) -> list[Suggestion]:
        """Names of vendors, technologies and public bodies of which a word begins as the text, of two letters at least,
        with how much there is of each.
        """
        return self._counted_names(self.names.beginning(text), most)

    def named(self, request: SearchRequest) -> list[Suggestion]:
        """Vendors, technologies and public bodies that have the words of a question of plain words in a name, those
        with most results first, but what its filters ask for and the vendor whose whole name it is; none for any other
        question. Raises QueryError.
        """
        text = " ".join(part.text for part in plain_parts(parse(request.query)))
        asked = [(name, value) for name in FIELDS for value in request.filters.get(name, ())]
        known = {(name, self.names.code(name, value)) for name, value in (*asked, ("vendor", request.query))}
        places = [place for place in self.names.holding(text) if place not in known]
        return self._counted_names(places, MOST_NAMED)

    def _counted_names(self, places: Collection[tuple[str, str]], most: int) -> list[Suggestion]:
        position = self.engine.position()
        everything = base(SearchRequest(lens="everything"))
        counted = self._counted(everything, FIELDS, position) if places and position is not None else {}
        return suggestions(places, self.names, counted, most)

    def counts(self, request: SearchRequest, field: str) -> dict[str, int]:
        """How many results have each value of one facet, all of its values. Paging and order of the request are of no
        account. Raises as :meth:`search`.
        """
        check(replace(request, facets=(field,)))
        position = self.position()
        if position is None:
            return {}
        conditions = dict(filters(request, self.names))
        query = together(asked_by(request, self.names).node, base(request), *conditions.values())
        return {bucket.value: bucket.count for bucket in self._counted(query, (field,), position)[field]}

    def words(self, query: str) -> frozenset[str]:
        """Stems of a query's words, and beginnings of words that end in an asterisk. Raises QueryError."""
        question = parse(query)
        return frozenset() if question is None else frozenset(meaning(question, self.names).words)

    def _find(self, request: SearchRequest, query: Node, boosts: Sequence[Boost], place: _Place | None) -> Found:
        after = place.after if place is not None else None
        if request.sort == "relevance":
            found = self._best(query, boosts, after or 0, request.limit)
        else:
            order = _ORDERS[request.sort]
            found = self.engine.find(query, replace(order, after=after), request.limit)
        if found.position.epoch not in {"", self.archive.epoch}:
            raise SearchUnavailable(
                "The index is of another state of the archive, before a restore; it is being built anew."
            )
        return found

    def _best(self, query: Node, boosts: Sequence[Boost], after: int, limit: int) -> Found:
        """A page by relevance: places in the order are its sort keys. Without words to match they come by date."""
        if boosts:
            best = self.engine.best(query, boosts, RELEVANCE_ENDS_AT)
            numbers, total, position, warning = ranked(best.hits), best.total, best.position, best.warning
        else:
            dated = self.engine.find(query, _ORDERS["dated"], RELEVANCE_ENDS_AT)
            numbers, total, position, warning = [n for _, n in dated.hits], dated.total, dated.position, dated.warning
        page = enumerate(numbers[after : after + limit], start=after + 1)
        return Found(tuple(page), total, position, warning)

    def _tombstones(self, request: SearchRequest, asked: Node) -> int:
        """How many single notices match that were taken down and that no contract is found by: of these only their
        numbers are left, and a search for contracts does not come to them.
        """
        alone = base(replace(request, scope="notice")), Code("flag", "taken_down"), Not(Code("scope", "procurement"))
        return self.engine.find(All((asked, *alone)), _ORDERS["found"], 1).total

    def matching(self, request: SearchRequest) -> Iterator[int]:
        """Numbers of all results in the order they were found, page by page, for exports."""
        cursor: str | None = None
        while True:
            page = SearchRequest(
                request.query, request.lens, request.scope, request.filters, request.date_from, request.date_to,
                request.amount_min, request.amount_max, "found", MOST_HITS, cursor, (),
            )  # fmt: skip
            answer = self.search(page, unwarned=True)
            yield from answer.hits
            cursor = answer.next_cursor
            if cursor is None:
                return

    def _facets(
        self, request: SearchRequest, asked: Node, conditions: dict[str, Node], position: Position
    ) -> dict[str, tuple[FacetValue, ...]]:
        """Counts and sums under all other filters: a facet with a filter of its own is counted without it."""
        shared = tuple(name for name in request.facets if name not in conditions)
        counted = dict(self._counted(together(asked, base(request), *conditions.values()), shared, position))
        for name in request.facets:
            if name in conditions:
                others = [node for other, node in conditions.items() if other != name]
                counted |= self._counted(together(asked, base(request), *others), (name,), position)
        return {name: facet_values(name, counted[name], self.names) for name in request.facets}

    def _counted(self, query: Node, fields: tuple[str, ...], position: Position) -> Buckets:
        """What the engine counts, once for each query and state of the index."""
        key = (query, fields, position.epoch, position.seq)
        with self._lock:
            held = self._remembered.get(key)
        if held is None:
            held = self.engine.facets(query, fields, purses_of(fields))
            with self._lock:
                while len(self._remembered) >= _MOST_REMEMBERED:
                    self._remembered.pop(next(iter(self._remembered)))
                self._remembered[key] = held
        return held

    def _next(self, request: SearchRequest, hits: tuple[tuple[int, int], ...], total: int, as_of: int) -> str | None:
        if len(hits) < request.limit:
            return None
        last = hits[-1][0]
        if request.sort == "relevance" and (last >= RELEVANCE_ENDS_AT or last >= total):
            return None
        body = orjson.dumps([last, as_of])
        return base64.urlsafe_b64encode(self._sign(request, body) + body).decode().rstrip("=")

    def _place(self, request: SearchRequest) -> _Place | None:
        if request.cursor is None:
            return None
        try:
            raw = base64.urlsafe_b64decode(request.cursor + "=" * (-len(request.cursor) % 4))
            signature, body = raw[:_SIGNATURE], raw[_SIGNATURE:]
            if not hmac.compare_digest(signature, self._sign(request, body)):
                raise ValueError  # noqa: TRY301 - one sentence for every way a cursor can be wrong
            after, as_of = orjson.loads(body)
        except ValueError as error:
            raise CursorError(
                "The page cursor does not belong to this search or was changed; start again without it."
            ) from error
        return _Place(int(after), int(as_of))

    def _sign(self, request: SearchRequest, body: bytes) -> bytes:
        """Ties a cursor to this log and this search, limit and facets aside."""
        same = orjson.dumps(
            [
                request.query, request.lens, request.scope, sorted(request.filters.items()), request.sort,
                str(request.date_from), str(request.date_to), str(request.amount_min), str(request.amount_max),
            ]
        )  # fmt: skip
        return hmac.digest(self.archive.epoch.encode(), same + b"\0" + body, hashlib.sha256)[:_SIGNATURE]


_SIGNATURE: Final = 9


def _taken_down(count: int) -> list[str]:
    """Says of tombstones where they are shown."""
    if not count:
        return []
    if count == 1:
        return ["A single notice that matches was taken down; scope=notice shows its tombstone."]
    return [f"{count:,} single notices that match were taken down; scope=notice shows their tombstones."]


def _still_coming(coming: int) -> tuple[str, ...]:
    """Says that the index has not come to the head of the log."""
    if coming <= 0:
        return ()
    entries = count_words(coming, "entry of the log is", "entries of the log are")
    return (f"{entries} still being indexed; what {'it tells' if coming == 1 else 'they tell'} may be missing here.",)


def _warnings(asked: Meaning, request: SearchRequest, found: Found) -> list[str]:
    warnings = [*asked.warnings, *([found.warning] if found.warning else [])]
    if request.sort == "relevance" and found.total > RELEVANCE_ENDS_AT:
        warnings.append(f"By relevance only the first {RELEVANCE_ENDS_AT:,} of {found.total:,} results are shown.")
    return warnings
