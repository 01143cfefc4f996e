"""A sieve before the index: which of many queries can match anything in a batch of documents at all. Pure.

Every document that a query finds holds one of the query's *anchors*, so a query none of whose anchors stands in the
batch is not looked at. What is left is weighed with sets of documents, as bits of one whole number: a set that the
sieve gives always holds the set that the query finds, and is that set where no order of words and no number counts.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import and_, or_
from typing import Final, TypeAlias

from indexer.ast import All, AnyOf, Between, Code, Everything, Near, Node, Not, Nothing, Phrase, Prefix
from indexer.documents import Document

Anchor: TypeAlias = tuple[str, str]
"""A field of the index and a term in it; a field that ends in ``*`` holds the beginnings of its terms."""

BEGINNING: Final = 3
"""Letters of a beginning: no query may ask for a shorter one."""

_COMMON: Final = {
    "scope": 9.0, "source": 8.0, "jurisdiction": 8.0, "status": 8.0, "listing": 8.0, "kind": 7.0, "flag": 7.0,
    "year": 7.0, "band": 6.0, "month": 6.0, "currency": 8.0, "tier": 5.0, "buyer": 5.0,
}  # fmt: skip
"""How common values of code fields are, from 0; of others they are rare."""
_ANY_CODE: Final = 1.0
_BEGINNING: Final = 4.5


def anchors(node: Node) -> frozenset[Anchor] | None:
    """Terms of which every document that matches holds one: the rarest such set to be seen. None where there is none;
    an empty set where nothing can match.
    """
    found = _anchors(node)
    return None if found is None else found[1]


class Sieve:
    """The terms of a batch of documents. Documents are known by their places in it."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents
        self._all = (1 << len(documents)) - 1
        self._fields: dict[str, dict[str, int]] = {}
        self._beginnings: dict[str, dict[str, list[str]]] = {}

    def holds(self, fields: Iterable[str]) -> Iterable[Anchor]:
        """All terms of these fields that stand in the batch."""
        return ((field, term) for field in fields for term in self._terms(field))

    def places(self, field: str, term: str) -> int:
        """Documents that hold a term, as bits by place."""
        return self._terms(field).get(term, 0)

    def left(self, node: Node) -> tuple[int, bool]:  # noqa: PLR0911 - one a kind of node
        """Documents that the query may match, as bits by place, and whether it matches all of these; no other one."""
        match node:
            case Everything():
                return self._all, True
            case Nothing():
                return 0, True
            case Between():
                return self._all, False
            case Not(part):
                bits, exact = self.left(part)
                return (self._all & ~bits, True) if exact else (self._all, False)
            case All(parts):
                return self._of_all(parts)
            case AnyOf(parts):
                return self._of_any(parts)
            case Code(field, value):
                return self._terms(field).get(value, 0), True
            case Phrase(field, tokens) | Near(field, tokens, _):
                terms = self._terms(field)
                return reduce(and_, (terms.get(token, 0) for token in tokens), self._all), len(tokens) == 1
            case Prefix(field, start):
                terms, begun = self._terms(field), self._begun(field).get(start[:BEGINNING], ())
                return reduce(or_, (terms[term] for term in begun if term.startswith(start)), 0), True

    def _of_all(self, parts: Sequence[Node]) -> tuple[int, bool]:
        left, all_exact = self._all, True
        for part in parts:
            bits, exact = self.left(part)
            left &= bits
            if not left:
                return 0, True
            all_exact = all_exact and exact
        return left, all_exact

    def _of_any(self, parts: Sequence[Node]) -> tuple[int, bool]:
        left, all_exact = 0, True
        for part in parts:
            bits, exact = self.left(part)
            left |= bits
            all_exact = all_exact and exact
        return left, all_exact

    def _terms(self, field: str) -> dict[str, int]:
        held = self._fields.get(field)
        if held is None:
            held = self._fields[field] = self._read(field)
        return held

    def _read(self, field: str) -> dict[str, int]:
        found: dict[str, int] = {}
        if field.endswith("*"):
            terms = self._terms(field[:-1])
            return {
                start: reduce(or_, (terms[term] for term in some)) for start, some in self._begun(field[:-1]).items()
            }
        for place, document in enumerate(self._documents):
            for term in set(_terms(document, field)):
                found[term] = found.get(term, 0) | 1 << place
        return found

    def _begun(self, field: str) -> dict[str, list[str]]:
        """Terms of a field by their beginnings."""
        held = self._beginnings.get(field)
        if held is None:
            held = self._beginnings[field] = {}
            for term in self._terms(field):
                held.setdefault(term[:BEGINNING], []).append(term)
        return held


def _terms(document: Document, field: str) -> Iterable[str]:
    if field == "scope":
        return document.scopes
    return document.streams[field].split(" ") if field in document.streams else document.codes.get(field, ())


def _anchors(node: Node) -> tuple[float, frozenset[Anchor]] | None:  # noqa: PLR0911 - one a kind of node
    """Anchors and how common they are taken to be."""
    match node:
        case Everything() | Between() | Not():
            return None
        case Nothing():
            return 0.0, frozenset()
        case Code(field, value):
            return _COMMON.get(field, _ANY_CODE), frozenset({(field, value)})
        case Phrase(field, tokens) | Near(field, tokens, _):
            longest = max(tokens, key=len)
            return 2.0 + 3.0 / len(longest), frozenset({(field, longest)})
        case Prefix(field, start):
            return _BEGINNING, frozenset({(f"{field}*", start[:BEGINNING])})
        case All(parts):
            return min((found for part in parts if (found := _anchors(part)) is not None), key=_common, default=None)
        case AnyOf(parts):
            return _of_any([_anchors(part) for part in parts])


def _of_any(parts: Sequence[tuple[float, frozenset[Anchor]] | None]) -> tuple[float, frozenset[Anchor]] | None:
    held = [part for part in parts if part is not None]
    if len(held) < len(parts):
        return None
    terms = frozenset[Anchor]().union(*(anchors for _, anchors in held))
    return max((weight for weight, _ in held), default=0.0) + 0.1 * max(len(terms) - 1, 0), terms


def _common(found: tuple[float, frozenset[Anchor]]) -> float:
    return found[0]
