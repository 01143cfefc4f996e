"""A search asked and answered: the JSON of the API, and the values of the search page."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

from api.context import Context
from api.coverage import coverage_view
from archive import queries
from archive.rows import NoticeRow
from indexer.items import Item
from indexer.requests import MOST_HITS, FacetValue, SearchAnswer, SearchRequest
from indexer.results import item, items
from watchlist import queries as watchlist


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
        "items": [item_form(each) for each in answered.items],
        "total": answer.total,
        "as_of": answer.as_of,
        "next_cursor": answer.next_cursor,
        "query": {"understood": answer.understood, "warnings": list(answer.warnings)},
        "facets": {name: [_facet(value) for value in values] for name, values in answer.facets.items()},
        "coverage": coverage_view(held).form(),
    }


def item_form(of: Item) -> dict[str, Any]:
    """An item in JSON."""
    return of.model_dump(mode="json")


def every_notice(held: Context, request: SearchRequest) -> Iterator[tuple[Item, NoticeRow]]:
    """All single notices that match, with their rows, in the order they were found, page by page."""
    wanted = replace(request, scope="notice", sort="found", limit=MOST_HITS, facets=(), cursor=None)
    while True:
        answer = held.search.search(wanted, unwarned=True)
        with held.archive.reading() as connection:
            rows = queries.notices(connection, answer.hits)
            tags = watchlist.tags_of(connection, rows)
        yield from ((item([row], tags, single=True), row) for row in rows.values())
        if answer.next_cursor is None:
            return
        wanted = replace(wanted, cursor=answer.next_cursor)


def _facet(value: FacetValue) -> dict[str, Any]:
    sums = [
        {"kind": one.kind, "currency": one.currency, "value": str(one.value), "shared": str(one.shared)}
        for one in value.sums
    ]
    return {"value": value.value, "label": value.label, "count": value.count, "sums": sums}


@dataclass(frozen=True, slots=True)
class Numbers(Collection[int]):
    """Numbers of notices as bits: many sets of them are remembered, and none takes more than a bit a notice held."""

    bits: bytes

    @classmethod
    def of(cls, numbers: Iterable[int]) -> Self:
        """The set of these numbers, in any order."""
        bits = bytearray()
        for number in numbers:
            at, bit = divmod(number, 8)
            if at >= len(bits):
                bits.extend(bytes(at + 1 - len(bits)))
            bits[at] |= 1 << bit
        return cls(bytes(bits))

    def __contains__(self, number: object) -> bool:
        if not isinstance(number, int) or not 0 <= number < 8 * len(self.bits):
            return False
        return bool(self.bits[number // 8] >> number % 8 & 1)

    def __iter__(self) -> Iterator[int]:
        for at, byte in enumerate(self.bits):
            if byte:
                yield from (8 * at + bit for bit in range(8) if byte >> bit & 1)

    def __len__(self) -> int:
        return int.from_bytes(self.bits).bit_count()


def matching(held: Context, request: SearchRequest) -> Numbers:
    """Numbers of all single notices that match; walked once for each question and state of the index.
    Raises SearchUnavailable also where the index is not built yet.
    """
    wanted = replace(request, scope="notice", sort="found", limit=MOST_HITS, facets=(), cursor=None)
    first = held.search.search(wanted, unwarned=True)
    return held.remember(f"matching:{wanted}", first.as_of, lambda: Numbers.of(_walk(held, wanted, first)))


def _walk(held: Context, wanted: SearchRequest, answer: SearchAnswer) -> Iterator[int]:
    yield from answer.hits
    while answer.next_cursor is not None:
        answer = held.search.search(replace(wanted, cursor=answer.next_cursor))
        yield from answer.hits
