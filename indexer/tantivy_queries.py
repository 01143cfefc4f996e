"""Compiled queries as tantivy's. tantivy's own query parser is never used: it loses negations without a word."""

import re
from collections.abc import Iterator
from itertools import combinations, permutations
from typing import Final

from tantivy import FieldType, Occur, Query, Schema

from indexer.ast import All, AnyOf, Between, Code, Everything, Near, Node, Not, Nothing, Phrase, Prefix

_OPEN_LOW: Final = -(1 << 63)
_OPEN_HIGH: Final = (1 << 63) - 1


def tantivy_query(node: Node, schema: Schema) -> Query:  # noqa: PLR0911 - one a kind of node
    """The tantivy query that matches what ``node`` means."""
    match node:
        case Everything() | All(()):
            return Query.all_query()
        case Nothing() | AnyOf(()):
            return Query.empty_query()
        case Code(field, value):
            return Query.term_query(schema, field, value)
        case Phrase(field, (token,)):
            return Query.term_query(schema, field, token)
        case Phrase(field, tokens):
            return Query.phrase_query(schema, field, list(tokens))
        case Prefix(field, start):
            return Query.regex_query(schema, field, f"{re.escape(start)}.*")
        case Near(field, tokens, most):
            phrases = [Query.phrase_query(schema, field, list(places)) for places in placements(tokens, most)]
            return _any(phrases)
        case Between(field, low, high):
            return Query.range_query(
                schema,
                field,
                FieldType.Integer,
                _OPEN_LOW if low is None else low,
                _OPEN_HIGH if high is None else high,
            )
        case AnyOf(parts):
            return _any([tantivy_query(part, schema) for part in parts])
        case Not(part):
            return Query.boolean_query([(Occur.Must, Query.all_query()), (Occur.MustNot, tantivy_query(part, schema))])
        case All(parts):
            return _all(parts, schema)


def placements(tokens: tuple[str, ...], most: int) -> Iterator[tuple[tuple[int, str], ...]]:
    """Every way the tokens can stand at distinct places, in any order, with at most ``most`` others between."""
    others = len(tokens) - 1
    for order in dict.fromkeys(permutations(tokens)):
        for gaps in combinations(range(1, most + others + 1), others):
            yield tuple(zip((0, *gaps), order, strict=True))


def _any(queries: list[Query]) -> Query:
    return Query.boolean_query([(Occur.Should, query) for query in queries])


def _all(parts: tuple[Node, ...], schema: Schema) -> Query:
    clauses = [_clause(part, schema) for part in parts if not isinstance(part, Code) or part.field != "scope"]
    scopes = [part for part in parts if isinstance(part, Code) and part.field == "scope"]
    if any(occur == Occur.Must for occur, _ in clauses):
        # what is outside is passed over faster than what is inside, most of all, is met
        clauses += [(Occur.MustNot, Query.term_query(schema, "outside", scope.value)) for scope in scopes]
    else:
        clauses += [_clause(scope, schema) for scope in scopes] or [(Occur.Must, Query.all_query())]
    return Query.boolean_query(clauses)


def _clause(part: Node, schema: Schema) -> tuple[Occur, Query]:
    if isinstance(part, Not):
        return Occur.MustNot, tantivy_query(part.part, schema)
    return Occur.Must, tantivy_query(part, schema)
