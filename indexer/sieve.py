"""A sieve before the index: which of many queries can match anything in a batch of documents at all. Pure.

Every document that a query finds holds one of the query's *anchors*, and one of a second set of them where the query
asks for two things: a query whose anchors do not meet in a document of the batch is not looked at. What is left is
weighed with sets of documents, as bits of one whole number: a set that the sieve gives always holds the set that the
query finds, and is that set where no number counts, and no order of words but that of phrases in short texts.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import and_, itemgetter, or_
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
_Anchors: TypeAlias = tuple[tuple[float, frozenset[Anchor]], ...]
_ANY_CODE: Final = 1.0
_BEGINNING: Final = 4.5
_LITTLE: Final = 30_000
"""Characters of text."""


def places_of(bits: int) -> Iterator[int]:
    """The places that bits stand for, in order."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def anchors(node: Node) -> tuple[frozenset[Anchor], ...]:
    """At most two sets of terms, of each of which every document that matches holds one: the rarest to be seen, the
    rarest first. None where there is none; an empty set where nothing can match.
    """
    return tuple(terms for _, terms in _anchors(node))


class Sieve:
    """The terms of a batch of documents. Documents are known by their places in it."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents
        self._all = (1 << len(documents)) - 1
        self._fields: dict[str, dict[str, int]] = {}
        self._beginnings: dict[str, dict[str, list[str]]] = {}
        self._any_of: dict[frozenset[Anchor], int] = {}

    def holds(self, fields: Iterable[str]) -> Iterable[Anchor]:
        """All terms of these fields that stand in the batch."""
        return ((field, term) for field in fields for term in self._terms(field))

    def places(self, field: str, term: str) -> int:
        """Documents that hold a term, as bits by place."""
        return self._terms(field).get(term, 0)

    def holders(self, terms: frozenset[Anchor]) -> int:
        """Documents that hold any of the terms, as bits by place."""
        held = self._any_of.get(terms)
        if held is None:
            held = self._any_of[terms] = reduce(or_, (self.places(*term) for term in terms), 0)
        return held

    def left(self, node: Node) -> tuple[int, bool]:  # noqa: PLR0911 - one a kind of node
        """Documents that the query may match, as bits by place, and whether it matches all of these; no other one."""
        match node:  # what is asked most stands first
            case Phrase(field, (token,)) | Code(field, token):
                return self._terms(field).get(token, 0), True
            case All(parts):
                return self._of_all(parts)
            case AnyOf(parts):
                return self._of_any(parts)
            case Not(part):
                bits, exact = self.left(part)
                return (self._all & ~bits, True) if exact else (self._all, False)
            case Everything():
                return self._all, True
            case Nothing():
                return 0, True
            case Between():
                return self._all, False
            case Phrase(field, tokens):
                return self._side_by_side(field, tokens, self._with_all(field, tokens))
            case Near(field, tokens, _):
                return self._with_all(field, tokens), False
            case Prefix(field, start):
                terms, begun = self._terms(field), self._begun(field).get(start[:BEGINNING], ())
                return reduce(or_, (terms[term] for term in begun if term.startswith(start)), 0), True

    def _with_all(self, field: str, tokens: Sequence[str]) -> int:
        terms = self._terms(field)
        return reduce(and_, (terms.get(token, 0) for token in tokens), self._all)

    def _side_by_side(self, field: str, tokens: Sequence[str], bits: int) -> tuple[int, bool]:
        """Which of some documents hold a phrase: little text is read quicker than an index is asked."""
        texts = {place: self._documents[place].streams[field] for place in places_of(bits)}
        if sum(map(len, texts.values())) > _LITTLE:
            return bits, False
        phrase = f" {' '.join(tokens)} "
        return sum(1 << place for place, text in texts.items() if phrase in f" {text} "), True

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


def _anchors(node: Node) -> _Anchors:  # noqa: PLR0911 - one a kind of node
    """Anchors, each set with how common it is taken to be."""
    match node:
        case Everything() | Between() | Not():
            return ()
        case Nothing():
            return ((0.0, frozenset()),)
        case Code(field, value):
            return ((_COMMON.get(field, _ANY_CODE), frozenset({(field, value)})),)
        case Phrase(field, tokens) | Near(field, tokens, _):
            words = sorted(dict.fromkeys(tokens), key=len, reverse=True)[:2]
            return tuple((2.0 + 3.0 / len(word), frozenset({(field, word)})) for word in words)
        case Prefix(field, start):
            return ((_BEGINNING, frozenset({(f"{field}*", start[:BEGINNING])})),)
        case All(parts):
            found = {terms: common for part in parts for common, terms in _anchors(part)}
            rarest = sorted(found.items(), key=itemgetter(1))[:2]
            return tuple((common, terms) for terms, common in rarest)
        case AnyOf(()):
            return _anchors(Nothing())
        case AnyOf(parts):
            return tuple(map(_any_of, zip(*map(_anchors, parts), strict=False)))


def _any_of(sets: Sequence[tuple[float, frozenset[Anchor]]]) -> tuple[float, frozenset[Anchor]]:
    terms = frozenset[Anchor]().union(*(anchors for _, anchors in sets))
    return max(common for common, _ in sets) + 0.1 * max(len(terms) - 1, 0), terms
