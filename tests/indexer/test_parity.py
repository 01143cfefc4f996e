"""Both engines against a loop over the documents: the same sets, orders, pages, counts and sums.

SEARCH_CASES scales the number of random queries.
"""

import os
import random
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.aggregations import SUMMED
from indexer.ast import All, AnyOf, Between, Code, Everything, Near, Node, Not, Nothing, Phrase, Prefix
from indexer.documents import Document, day_number
from indexer.engine import Order, Position, SearchEngine
from indexer.facets import purses_of
from indexer.requests import FACETS
from indexer.tokens import tokens
from tests.engines import clear, engine_in, put
from tests.indexer import naive
from tests.indexer.making import EPOCH, documents, row, texts
from watchlist.evidence import Tag

pytestmark = pytest.mark.both_engines

CASES = int(os.environ.get("SEARCH_CASES", "150"))
NOTICES = 400
WORDS = ("camera", "plate", "plates", "reader", "readers", "licence", "license", "drone", "x1", "née")
KINDS = ("award", "order", "solicitation", "modification", "subaward")
VENDORS, TECHNOLOGIES = ("motorola", "rekor", "cellebrite"), ("lpr", "drones")
_FOUND = Order("by_found", descending=False)
ORDERS = ("by_dated", "by_found", "by_amount", "by_due")
FIRST = date(2019, 1, 1)


def _corpus() -> list[Document]:
    chance = random.Random(20261128)

    def words(most: int) -> str:
        return " ".join(chance.choice(WORDS) for _ in range(chance.randint(1, most)))

    def day() -> str:
        return (FIRST + timedelta(days=chance.randrange(2_500))).isoformat()

    rows, tags = [], {}
    for number in range(1, NOTICES + 1):
        amounts = [
            {"kind": chance.choice(("obligated", "awarded", "ceiling")), "basis": chance.choice(("change", "state")),
             "value": f"{chance.randint(-10**5, 10**9) / 100:.2f}",
             "currency": chance.choices(("USD", "EUR"), (9, 1))[0]}
            for _ in range(chance.choice((0, 1, 1, 2)))
        ]  # fmt: skip
        if chance.random() < 0.1:
            between = {"minimum": str(chance.randint(1, 10**5)), "maximum": str(chance.randint(10**5, 10**7))}
            amounts.append({"kind": "estimate", "basis": "plan", "currency": "USD", **between})
        dates = [{"role": role, "value": day()} for role in ("posted", "due", "signed") if chance.random() < 0.6]
        content = texts(
            [words(6)], [words(8) for _ in range(chance.randint(0, 2))], amounts=amounts, dates=dates,
            parties=[{"role": "supplier", "name": words(2)}],
        )  # fmt: skip
        content["kind"] = chance.choice(KINDS)
        rows.append(row(number, content, procurement=chance.randint(1, number)))
        tags[number] = [Tag("vendor", one, "maker", "", "alert", ()) for one in VENDORS if chance.random() < 0.3]
        tags[number] += [Tag("technology", one, "", "", "review", ()) for one in TECHNOLOGIES if chance.random() < 0.3]
    return documents(rows, tags)


CORPUS = _corpus()
BY_KEY = list({document.key: document for document in CORPUS}.values())


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, engine_kind: str) -> Iterator[SearchEngine]:
    made = engine_in(engine_kind, tmp_path_factory.mktemp("index"))
    put(made, BY_KEY, Position(EPOCH, NOTICES))
    yield made
    clear(made)


_STREAM = st.sampled_from([f"{name}_{kind}" for name in ("all", "title", "body") for kind in ("exact", "stemmed")])
_TOKEN = st.sampled_from([*WORDS, "licens", "camera", "nee", "absent"])
_DAY = st.integers(0, 2_500).map(lambda days: day_number(FIRST + timedelta(days=days)))
_LEAVES = st.one_of(
    st.builds(Phrase, _STREAM, st.lists(_TOKEN, min_size=1, max_size=3).map(tuple)),
    st.builds(Prefix, _STREAM, st.sampled_from(["cam", "pla", "read", "lic", "x1"])),
    st.builds(Near, _STREAM, st.lists(_TOKEN, min_size=2, max_size=3).map(lambda t: tuple(sorted(t))),
              st.integers(0, 4)),
    st.builds(Code, st.just("kind"), st.sampled_from(KINDS)),
    st.builds(Code, st.just("vendor"), st.sampled_from([*VENDORS, "nobody"])),
    st.builds(Code, st.just("currency"), st.sampled_from(["USD", "EUR", "mixed"])),
    st.builds(Between, st.sampled_from(["dated", "due", "signed"]), st.none() | _DAY, st.none() | _DAY),
    st.builds(Between, st.sampled_from(["least", "most"]), st.none() | st.integers(-10**7, 10**8),
              st.none() | st.integers(0, 10**9)),
    st.sampled_from([Everything(), Nothing()]),
)  # fmt: skip


def _larger(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(parts, min_size=0, max_size=3).map(tuple)
    return st.one_of(st.builds(All, several), st.builds(AnyOf, several), st.builds(Not, parts))


QUERIES = st.recursive(_LEAVES, _larger, max_leaves=8)
_SCOPES = st.sampled_from(["notice", "procurement"])


@settings(max_examples=CASES)
@given(QUERIES, _SCOPES, st.sampled_from(ORDERS), st.booleans(), st.integers(9, 400))
def test_any_query_finds_the_same_in_the_same_order_on_the_same_pages(
    engine: SearchEngine, query: Node, scope: str, field: str, descending: bool, limit: int
) -> None:
    asked = All((Code("scope", scope), query))
    expected = naive.found(BY_KEY, asked)
    pages, after = list[int](), None
    while True:
        page = engine.find(asked, Order(field, descending=descending, after=after), limit)
        assert page.total == len(expected)
        pages += [number for _, number in page.hits]
        if len(page.hits) < limit:
            break
        after = page.hits[-1][0]
    assert pages == naive.in_order(expected, field, descending=descending)


@settings(max_examples=CASES // 3)
@given(QUERIES, _SCOPES)
def test_any_query_has_the_same_counts_and_sums(engine: SearchEngine, query: Node, scope: str) -> None:
    asked = All((Code("scope", scope), query))
    expected = naive.found(BY_KEY, asked)
    purses = purses_of(FACETS)
    answered = engine.facets(asked, FACETS, purses)
    for facet in FACETS:
        assert {one.value: one.count for one in answered[facet]} == naive.counted(expected, facet), facet
        for amount in SUMMED:
            sums = {
                (one.value, purse): held[amount]
                for one in answered[facet]
                for purse, held in one.sums.items()
                if held[amount]
            }
            assert sums == naive.summed(expected, facet, purses[facet], amount), (facet, amount)
    [facet, *_] = FACETS
    alone = engine.facets(asked, [facet], {})[facet]
    assert {one.value: (one.count, one.sums) for one in alone} == {
        one.value: (one.count, {}) for one in answered[facet]
    }


@settings(max_examples=CASES // 3)
@given(QUERIES, st.lists(st.builds(Phrase, _STREAM, st.tuples(_TOKEN)), min_size=1, max_size=3))
def test_what_is_best_is_of_the_set_that_was_asked_for(engine: SearchEngine, query: Node, better: list[Node]) -> None:
    asked = All((Code("scope", "notice"), query))
    best = engine.best(asked, [(node, 2.0) for node in better], 1_000)
    expected = {document.number for document in naive.found(BY_KEY, asked)}
    assert best.total == len(expected)
    assert {one.number for one in best.hits} == expected
    scores = {one.number: one.score for one in best.hits}
    matching = naive.found(BY_KEY, All((asked, AnyOf(tuple(better)))))
    assert {number for number, score in scores.items() if score > 0} == {document.number for document in matching}


_ANY_TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00")
    | st.sampled_from("\u2003\u3000\x0b\x1f\u200b\u2011\u00ad\u0130\u0345\ufb01\U0001d400 -/'"),
    min_size=1, max_size=400,
)  # fmt: skip


@pytest.fixture(scope="module")
def any_engine(tmp_path_factory: pytest.TempPathFactory, engine_kind: str) -> Iterator[SearchEngine]:
    made = engine_in(engine_kind, tmp_path_factory.mktemp("any"))
    yield made
    clear(made)


@settings(max_examples=max(CASES // 15, 4))
@given(st.lists(_ANY_TEXT, min_size=20, max_size=20))
def test_any_text_has_the_same_tokens_in_the_engine_as_by_ours(
    any_engine: SearchEngine, given_texts: list[str]
) -> None:
    held = documents([row(number, texts([text])) for number, text in enumerate(given_texts, start=1)])
    put(any_engine, list({document.key: document for document in held}.values()), Position(EPOCH, NOTICES))
    for number, text in enumerate(given_texts, start=1):
        own = tuple(tokens(text))
        alone = Between("entry", number, number)
        for asked in {own[:8], *((token,) for token in own[:20])} - {()}:
            page = any_engine.find(All((Code("scope", "notice"), alone, Phrase("title_exact", asked))), _FOUND, 2)
            assert page.total == 1, asked
