"""The index of a batch against a loop over its documents, and the sieve before it, which loses nothing."""

from functools import cache

from hypothesis import given, settings

from indexer.ast import Everything, Node
from indexer.memory import MemoryIndex
from indexer.sieve import anchors
from tests.indexer import naive
from tests.indexer.test_parity import BY_KEY, CASES, QUERIES

BATCH = BY_KEY[:200]


@cache
def _index() -> MemoryIndex:
    return MemoryIndex(BATCH)


@settings(max_examples=CASES, deadline=None)
@given(QUERIES)
def test_any_query_finds_in_a_batch_what_it_finds_in_the_index(query: Node) -> None:
    assert _index().matching(query) == [place for place, one in enumerate(BATCH) if naive.matches(query, one)]


@settings(max_examples=CASES, deadline=None)
@given(QUERIES)
def test_what_the_sieve_lets_through_holds_all_that_match(query: Node) -> None:
    found = sum(1 << place for place, one in enumerate(BATCH) if naive.matches(query, one))
    left, exact = _index().sieve.left(query)
    assert left == found if exact else found & ~left == 0


@settings(max_examples=CASES, deadline=None)
@given(QUERIES)
def test_every_document_that_matches_holds_an_anchor(query: Node) -> None:
    terms = anchors(query)
    if terms is None:
        return
    sieve = _index().sieve
    held = {place for field, term in terms for place in range(len(BATCH)) if sieve.places(field, term) >> place & 1}
    assert {place for place, one in enumerate(BATCH) if naive.matches(query, one)} <= held


def test_an_empty_batch_holds_nothing() -> None:
    assert MemoryIndex([]).matching(Everything()) == []
