"""Compiled queries in the server's query language. It never sees a user's text, only tokens, codes and numbers."""

from typing import Any, Final

from indexer.ast import All, AnyOf, Between, Code, Everything, Near, Node, Not, Nothing, Phrase, Prefix
from indexer.elastic.schema import ANALYZER

_ALL: Final[dict[str, Any]] = {"match_all": {}}
_NONE: Final[dict[str, Any]] = {"match_none": {}}


def elastic_query(node: Node) -> dict[str, Any]:  # noqa: PLR0911 - one a kind of node
    """The query that matches what ``node`` means."""
    match node:
        case Everything() | All(()):
            return _ALL
        case Nothing() | AnyOf(()):
            return _NONE
        case Code(field, value):
            return {"term": {field: value}}
        case Phrase(field, (token,)):
            return {"term": {field: token}}
        case Phrase(field, tokens):
            return {"match_phrase": {field: " ".join(tokens)}}
        case Prefix(field, start):
            return {"prefix": {field: start}}
        case Near(field, tokens, most):
            return {"intervals": {field: _near(tokens, most)}}
        case Between(field, low, high):
            bounds = {"gte": low, "lte": high}
            return {"range": {field: {name: value for name, value in bounds.items() if value is not None}}}
        case AnyOf(parts):
            return {"bool": {"should": [elastic_query(part) for part in parts]}}
        case Not(part):
            return {"bool": {"must_not": [elastic_query(part)]}}
        case All(parts):
            wanted = [elastic_query(part) for part in parts if not isinstance(part, Not)]
            refused = [elastic_query(part.part) for part in parts if isinstance(part, Not)]
            return {"bool": {"filter": wanted, "must_not": refused}}


def _near(tokens: tuple[str, ...], most: int) -> dict[str, Any]:
    words = [{"match": {"query": token, "analyzer": ANALYZER}} for token in tokens]
    return {"all_of": {"ordered": False, "max_gaps": most, "intervals": words}}
