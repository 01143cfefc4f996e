"""The index of a batch against a loop over its documents, and the sieve before it, which loses nothing."""

from functools import cache

import pytest
from hypothesis import given, settings

from indexer.ast import All, AnyOf, Code, Everything, Near, Node, Not, Phrase
from indexer.memory import MemoryIndex
from indexer.sieve import Anchor, anchors
from tests.indexer import naive
from tests.indexer.test_parity import BY_KEY, CASES, QUERIES

BATCH = BY_KEY[:200]


@cache
def _index() -> MemoryIndex:
    return MemoryIndex(BATCH)


@settings(max_examples=CASES)
@given(QUERIES)
def test_any_query_finds_in_a_batch_what_it_finds_in_the_index(query: Node) -> None:
    assert _index().matching(query) == [place for place, one in enumerate(BATCH) if naive.matches(query, one)]


@settings(max_examples=CASES)
@given(QUERIES)
def test_what_the_sieve_lets_through_holds_all_that_match(query: Node) -> None:
    found = sum(1 << place for place, one in enumerate(BATCH) if naive.matches(query, one))
    left, exact = _index().sieve.left(query)
    assert left == found if exact else found & ~left == 0


@settings(max_examples=CASES)
@given(QUERIES)
def test_every_document_that_matches_holds_an_anchor_of_each_set(query: Node) -> None:
    matching = {place for place, one in enumerate(BATCH) if naive.matches(query, one)}
    sieve = _index().sieve
    for terms in anchors(query):
        held = {place for field, term in terms for place in range(len(BATCH)) if sieve.places(field, term) >> place & 1}
        assert matching <= held
        assert sieve.holders(terms) == sum(1 << place for place in held)


@pytest.mark.parametrize(
    ("query", "sets"),
    [
        (Phrase("all_exact", ("license", "plate")), [{("all_exact", "license")}, {("all_exact", "plate")}]),
        (All((Code("buyer", "b"), Code("technology", "t"), Phrase("all_stemmed", ("word",)))),
         [{("technology", "t")}, {("all_stemmed", "word")}]),
        (AnyOf((Near("all_exact", ("one", "two"), 3), Code("number", "7"))), [{("all_exact", "one"), ("number", "7")}]),
        (All((Code("scope", "notice"), Not(Code("vendor", "v")))), [{("scope", "notice")}]),
        (Not(Code("vendor", "v")), []),
        (AnyOf(()), [set()]),
    ],
)  # fmt: skip
def test_anchors_are_the_two_rarest_things_that_are_asked_for(query: Node, sets: list[set[Anchor]]) -> None:
    assert list(anchors(query)) == sets


def test_an_empty_batch_holds_nothing() -> None:
    assert MemoryIndex([]).matching(Everything()) == []
