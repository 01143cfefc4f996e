"""What a search asks for as one compiled query: words, filters, days, amounts, lens and scope. Pure."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from indexer.ast import All, AnyOf, Between, Code, Everything, Node
from indexer.documents import day_number
from indexer.meaning import Meaning, headline_within, meaning
from indexer.names import Names
from indexer.query import parse
from indexer.requests import FACETS, FILTERS, MOST_HITS, SORTS, FilterError, SearchRequest

WATCHED: Final = ("alert", "review")
"""Tiers that the lens of the watchlist lets through."""


def asked(request: SearchRequest, names: Names) -> Meaning:
    """What its words mean. Raises QueryError."""
    question = parse(request.query)
    return Meaning(Everything(), "") if question is None else meaning(question, names)


def filters(request: SearchRequest, names: Names) -> Iterator[tuple[str, Node]]:
    """Its filters by name. Raises FilterError."""
    for name, values in request.filters.items():
        if values:
            yield name, AnyOf(tuple(Code(name, _code(name, value, names)) for value in values))
    if request.date_from is not None or request.date_to is not None:
        yield "dated", Between("dated", _day(request.date_from), _day(request.date_to))
    if request.amount_min is not None or request.amount_max is not None:
        yield "amount", headline_within(request.amount_min, request.amount_max)


def base(request: SearchRequest, tiers: tuple[str, ...] = WATCHED) -> Node:
    """Its scope, and its lens: the tiers of which one must be there where only the watchlist is looked at."""
    scope = Code("scope", request.scope)
    return All((scope, AnyOf(tuple(Code("tier", tier) for tier in tiers)))) if request.lens == "watchlist" else scope


def together(*nodes: Node) -> Node:
    """What matches all of the nodes."""
    return All(tuple(node for node in nodes if node != Everything()))


def check(request: SearchRequest) -> None:
    """Raise FilterError for a filter, facet, sort, limit, lens or scope that there is not, or bounds that cross."""
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
    if request.date_from and request.date_to and request.date_from > request.date_to:
        raise FilterError(f"The first day, {request.date_from}, is after the last, {request.date_to}; turn them round.")
    least, most = request.amount_min, request.amount_max
    if least is not None and most is not None and least > most:
        raise FilterError(f"The least amount, {least:f}, is above the greatest, {most:f}; turn them round.")


def _code(name: str, value: str, names: Names) -> str:
    code = names.code(name, value)
    if code is None:
        raise FilterError(f"There is no {name} {value[:80]!r}; {names.way_out(name)}.")
    return code


def _day(day: date | None) -> int | None:
    return None if day is None else day_number(day)
