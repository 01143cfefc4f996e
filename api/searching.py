"""A search asked and answered: the JSON of the API, and the values of the search page."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from api.context import Context
from api.coverage import coverage_view
from indexer.items import Item
from indexer.requests import MOST_HITS, FacetValue, SearchAnswer, SearchRequest
from indexer.results import items


@dataclass(frozen=True, slots=True)
class Answered:
    """A request, what the index answered, and the items read from the archive."""

    request: SearchRequest
    answer: SearchAnswer
    items: list[Item]


def run_search(held: Context, request: SearchRequest) -> Answered:
    """Ask the search and read its items. Raises QueryError, CursorError."""
    answer = held.search.search(request)
    return Answered(request, answer, items(held.archive, answer))


def answer_form(held: Context, answered: Answered) -> dict[str, Any]:
    """The answer of ``/api/v1/notices``."""
    answer = answered.answer
    return {
        "items": [item_form(item) for item in answered.items],
        "total": answer.total,
        "as_of": answer.as_of,
        "next_cursor": answer.next_cursor,
        "query": {"understood": answer.understood, "warnings": list(answer.warnings)},
        "facets": {name: [_facet(value) for value in values] for name, values in answer.facets.items()},
        "coverage": coverage_view(held).form(),
    }


def item_form(item: Item) -> dict[str, Any]:
    """An item in JSON."""
    return item.model_dump(mode="json")


def every_notice(held: Context, request: SearchRequest, most: int | None = None) -> Iterator[Item]:
    """All single notices that match, in the order they were found, page by page. ``most`` ends it earlier."""
    cursor, given = None, 0
    wanted = replace(request, scope="notice", sort="found", limit=MOST_HITS, facets=())
    while most is None or given < most:
        answered = run_search(held, replace(wanted, cursor=cursor))
        yield from answered.items
        given += len(answered.items)
        cursor = answered.answer.next_cursor
        if cursor is None:
            return


def _facet(value: FacetValue) -> dict[str, Any]:
    return {"value": value.value, "label": value.label, "count": value.count}


def matching(held: Context, request: SearchRequest) -> frozenset[int]:
    """Numbers of all single notices that match; walked once for each question and state of the index."""
    wanted = replace(request, scope="notice", sort="found", limit=MOST_HITS, facets=(), cursor=None)
    first = held.search.search(wanted)
    return held.remember(f"matching:{wanted}", first.as_of, lambda: frozenset(_walk(held, wanted, first)))


def _walk(held: Context, wanted: SearchRequest, answer: SearchAnswer) -> Iterator[int]:
    yield from answer.hits
    while answer.next_cursor is not None:
        answer = held.search.search(replace(wanted, cursor=answer.next_cursor))
        yield from answer.hits
