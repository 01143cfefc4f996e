"""Search: a request in, an answer out, the same for every engine."""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from threading import Lock
from typing import Final

import orjson

from archive.log import head
from archive.store import Archive
from indexer.ast import All, AnyOf, Between, Code, Everything, Node
from indexer.documents import day_number, minor_units
from indexer.engine import Boost, Buckets, Found, Order, Position, Searching, SearchUnavailable
from indexer.facets import facet_values, purses_of
from indexer.meaning import Meaning, meaning
from indexer.names import Names
from indexer.query import parse
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
from indexer.suggestions import FIELDS, MOST, Suggestion, suggestions
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
}
_WATCHED: Final = AnyOf((Code("tier", "alert"), Code("tier", "review")))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a cursor goes on: after which sort key, and as of which ``seq`` the first page was."""

    after: int
    as_of: int


class Search:
    """Answers search requests from an engine and the log."""

    def __init__(self, archive: Archive, engine: Searching, dictionary: Dictionary | None = None) -> None:
        self.archive = archive
        self.engine = engine
        self.names = Names(dictionary or load_dictionary())
        self._remembered: dict[tuple[object, ...], Buckets] = {}
        self._lock = Lock()

    def search(self, request: SearchRequest) -> SearchAnswer:
        """The answer to a request.

        Raises QueryError for a query that is not of the language, FilterError for a filter, sort or limit that cannot
        be used, CursorError for a cursor that was not given out for this search.
        """
        _check(request)
        asked = self._meaning(request)
        place = self._place(request)
        conditions = dict(self._filters(request))
        query = _all(asked.node, _base(request), *conditions.values())
        found = self._find(request, query, asked.boosts, place)
        as_of = place.as_of if place is not None else found.position.seq
        return SearchAnswer(
            scope=request.scope,
            hits=tuple(number for _, number in found.hits),
            total=found.total,
            as_of=as_of,
            next_cursor=self._next(request, found.hits, found.total, as_of),
            understood=asked.understood,
            warnings=(*_warnings(asked, request, found), *self._behind(found.position.seq)),
            words=frozenset(asked.words),
            facets=self._facets(request, asked.node, conditions, found.position) if place is None else {},
        )

    def suggest(self, text: str, most: int = MOST) -> list[Suggestion]:
        """Names of vendors, technologies and public bodies that begin as the text, with how much there is of each."""
        position = self.engine.position()
        everything = _base(SearchRequest(lens="everything"))
        counted = {} if position is None else self._counted(everything, FIELDS, position)
        return suggestions(text, self.names, counted, most)

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

    def _behind(self, indexed: int) -> Iterator[str]:
        """A sentence while the index has not come to the head of the log."""
        with self.archive.reading() as connection:
            coming = head(connection) - indexed
        if coming > 0:
            yield f"{coming:,} entries of the log are still being indexed; they are not in this answer yet."

    def matching(self, request: SearchRequest) -> Iterator[int]:
        """Numbers of all results in the order they were found, page by page, for exports."""
        cursor: str | None = None
        while True:
            page = SearchRequest(
                request.query, request.lens, request.scope, request.filters, request.date_from, request.date_to,
                request.amount_min, request.amount_max, "found", MOST_HITS, cursor, (),
            )  # fmt: skip
            answer = self.search(page)
            yield from answer.hits
            cursor = answer.next_cursor
            if cursor is None:
                return

    def _meaning(self, request: SearchRequest) -> Meaning:
        question = parse(request.query)
        return Meaning(Everything(), "") if question is None else meaning(question, self.names)

    def _filters(self, request: SearchRequest) -> Iterator[tuple[str, Node]]:
        for name, values in request.filters.items():
            if values:
                yield name, AnyOf(tuple(Code(name, self._code(name, value)) for value in values))
        if request.date_from is not None or request.date_to is not None:
            yield "dated", Between("dated", _day(request.date_from), _day(request.date_to))
        if request.amount_min is not None or request.amount_max is not None:
            low = None if request.amount_min is None else minor_units(request.amount_min)
            high = None if request.amount_max is None else minor_units(request.amount_max)
            yield "amount", All((Between("amount", low, high), Code("currency", "USD")))

    def _code(self, name: str, value: str) -> str:
        code = self.names.code(name, value)
        if code is None:
            raise FilterError(f"There is no {name} {value!r}; {self.names.way_out(name)}.")
        return code

    def _facets(
        self, request: SearchRequest, asked: Node, conditions: dict[str, Node], position: Position
    ) -> dict[str, tuple[FacetValue, ...]]:
        """Counts and sums under all other filters: a facet with a filter of its own is counted without it."""
        shared = tuple(name for name in request.facets if name not in conditions)
        counted = dict(self._counted(_all(asked, _base(request), *conditions.values()), shared, position))
        for name in request.facets:
            if name in conditions:
                others = [node for other, node in conditions.items() if other != name]
                counted |= self._counted(_all(asked, _base(request), *others), (name,), position)
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


def _base(request: SearchRequest) -> Node:
    scope = Code("scope", request.scope)
    return All((scope, _WATCHED)) if request.lens == "watchlist" else scope


def _all(*nodes: Node) -> Node:
    return All(tuple(node for node in nodes if node != Everything()))


def _day(day: date | None) -> int | None:
    return None if day is None else day_number(day)


def _check(request: SearchRequest) -> None:
    if request.sort not in SORTS:
        raise FilterError(f"There is no sort {request.sort!r}; use one of {', '.join(SORTS)}.")
    if not 1 <= request.limit <= MOST_HITS:
        raise FilterError(f"The limit is {request.limit}; use 1 to {MOST_HITS}.")
    for kind, given, known in (("filter", request.filters, FILTERS), ("facet", request.facets, FACETS)):
        for name in given:
            if name not in known:
                raise FilterError(f"There is no {kind} {name!r}; use one of {', '.join(known)}.")
    if request.lens not in {"watchlist", "everything"} or request.scope not in {"procurement", "notice"}:
        raise FilterError("The lens is watchlist or everything; the scope is procurement or notice.")


def _warnings(asked: Meaning, request: SearchRequest, found: Found) -> list[str]:
    warnings = [*asked.warnings, *([found.warning] if found.warning else [])]
    if request.sort == "relevance" and found.total > RELEVANCE_ENDS_AT:
        warnings.append(f"By relevance only the first {RELEVANCE_ENDS_AT:,} of {found.total:,} results are shown.")
    return warnings
