"""Search as a loop over documents in plain Python: slow, and obvious."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import product

from indexer.ast import All, AnyOf, Between, Code, Everything, Near, Node, Not, Nothing, Phrase, Prefix
from indexer.documents import Document


def matches(node: Node, document: Document) -> bool:
    """Whether a document is found by a compiled query."""
    match node:
        case Everything():
            return True
        case Nothing():
            return False
        case Code(field, value):
            return value in _codes(document, field)
        case Phrase(field, tokens):
            held = document.streams[field].split()
            return any(tuple(held[at : at + len(tokens)]) == tokens for at in range(len(held)))
        case Prefix(field, start):
            held = document.streams[field].split() if field in document.streams else _codes(document, field)
            return any(one.startswith(start) for one in held)
        case Near(field, tokens, most):
            return _near(document.streams[field].split(), tokens, most)
        case Between(field, low, high):
            value = document.numbers.get(field)
            return value is not None and (low is None or low <= value) and (high is None or value <= high)
        case Not(part):
            return not matches(part, document)
        case AnyOf(parts):
            return any(matches(part, document) for part in parts)
        case All(parts):
            return all(matches(part, document) for part in parts)


def found(documents: Iterable[Document], node: Node) -> list[Document]:
    """All documents that match."""
    return [document for document in documents if matches(node, document)]


def in_order(documents: Iterable[Document], field: str, *, descending: bool) -> list[int]:
    """Numbers of documents in the order of a sort key."""
    ordered = sorted(documents, key=lambda document: document.numbers[field], reverse=descending)
    return [document.number for document in ordered]


def counted(documents: Sequence[Document], field: str) -> dict[str, int]:
    """How many documents have each value of a code field."""
    return dict(Counter(value for document in documents for value in set(document.codes[field])))


def summed(documents: Sequence[Document], field: str, purse: str, amount: str) -> dict[tuple[str, str], int]:
    """The sum of an amount by value of a code field and purse, where it is not 0."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for document in documents:
        for value, held in product(set(document.codes[field]), document.codes[purse]):
            sums[value, held] += document.numbers.get(amount, 0)
    return {place: value for place, value in sums.items() if value}


def _codes(document: Document, field: str) -> Sequence[str]:
    return document.scopes if field == "scope" else document.codes[field]


def _near(held: list[str], tokens: tuple[str, ...], most: int) -> bool:
    places = [[at for at, token in enumerate(held) if token == wanted] for wanted in tokens]
    return any(
        len(set(chosen)) == len(tokens) and max(chosen) - min(chosen) + 1 - len(tokens) <= most
        for chosen in product(*places)
    )
