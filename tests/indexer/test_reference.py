"""Both engines against a naive reading of the query language, on random documents and random queries."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.engine import SearchEngine
from indexer.tokens import stem
from tests.engines import clear
from tests.indexer.making import ask, filled, row, texts

pytestmark = pytest.mark.both_engines

WORDS = ("license", "licence", "plate", "plates", "reader", "scan", "scanner", "a1")
Fields = dict[str, list[list[str]]]
"""Of each field the tokens of each of its values."""


@dataclass(frozen=True)
class Query:
    """A query, and whether it matches a document by the rules of the language, written down naively."""

    text: str
    matches: Callable[[Fields], bool]


def _corpus() -> list[Fields]:
    chance = random.Random(20260801)

    def value() -> list[str]:
        return [chance.choice(WORDS) for _ in range(chance.randint(1, 6))]

    return [
        {
            "title": [value() for _ in range(chance.randint(0, 2))],
            "body": [value() for _ in range(chance.randint(0, 2))],
        }
        for _ in range(250)
    ]


CORPUS = _corpus()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, engine_kind: str) -> Iterator[SearchEngine]:
    rows = [
        row(number, texts([" ".join(v) for v in fields["title"]], ["-".join(v) for v in fields["body"]]))
        for number, fields in enumerate(CORPUS)
        if number
    ]
    folder: Path = tmp_path_factory.mktemp("index")
    made = filled(folder, rows, kind=engine_kind)
    yield made
    clear(made)


def _values(fields: Fields, field: str) -> list[list[str]]:
    return fields[field] if field else [value for values in fields.values() for value in values]


def _leaf(text: str, test: Callable[[list[str]], bool], field: str) -> Query:
    return Query(f"{field}:{text}" if field else text, lambda fields: any(map(test, _values(fields, field))))


def _word(word: str, field: str) -> Query:
    return _leaf(word, lambda value: stem(word) in [stem(token) for token in value], field)


def _phrase(words: list[str], field: str) -> Query:
    def test(value: list[str]) -> bool:
        return any(value[at : at + len(words)] == words for at in range(len(value)))

    return _leaf('"' + " ".join(words) + '"', test, field)


def _prefix(word: str, field: str) -> Query:
    return _leaf(f"{word[:3]}*", lambda value: any(token.startswith(word[:3]) for token in value), field)


def _near(words: list[str], most: int, field: str) -> Query:
    def test(value: list[str]) -> bool:
        places = [[at for at, token in enumerate(value) if token == word] for word in words]
        return any(
            len(set(chosen)) == len(words) and max(chosen) - min(chosen) + 1 - len(words) <= most
            for chosen in product(*places)
        )

    return _leaf('"' + " ".join(words) + f'"~{most}', test, field)


_FIELD = st.sampled_from(["", "title", "body"])
_LEAVES = st.one_of(
    st.builds(_word, st.sampled_from(WORDS), _FIELD),
    st.builds(_phrase, st.lists(st.sampled_from(WORDS), min_size=1, max_size=3), _FIELD),
    st.builds(_prefix, st.sampled_from(WORDS[:7]), _FIELD),
    st.builds(_near, st.lists(st.sampled_from(WORDS), min_size=2, max_size=3), st.integers(0, 3), _FIELD),
)


def _joined(join: str, left: Query, right: Query) -> Query:
    if join == " OR ":
        return Query(f"({left.text} OR {right.text})", lambda fields: left.matches(fields) or right.matches(fields))
    return Query(f"({left.text}{join}{right.text})", lambda fields: left.matches(fields) and right.matches(fields))


def _negated(sign: str, part: Query) -> Query:
    return Query(f"{sign}{part.text}", lambda fields: not part.matches(fields))


def _larger(parts: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
    return st.one_of(
        st.builds(_joined, st.sampled_from([" ", " AND ", " OR "]), parts, parts),
        st.builds(_negated, st.sampled_from(["NOT "]), parts),
        st.builds(lambda part: Query(f"-({part.text})", lambda fields: not part.matches(fields)), parts),
    )


@settings(max_examples=250)
@given(st.recursive(_LEAVES, _larger, max_leaves=6))
def test_a_query_finds_exactly_what_a_naive_reading_of_it_finds(engine: SearchEngine, query: Query) -> None:
    expected = {number for number, fields in enumerate(CORPUS) if number and query.matches(fields)}
    assert ask(engine, query.text) == expected, query.text
    assert ask(engine, query.text, "procurement") == expected, query.text
