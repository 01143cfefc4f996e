"""Searches for benchmarks, made of what is held: narrow ones, as watchers of an agency, a vendor or a contract have
them, and broad ones, of words that stand in hundreds of notices.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from alerts.models import Reason, Terms
from alerts.searches import compiled
from indexer.names import Names
from indexer.tokens import tokens
from noticewatch.errors import UsageError
from noticewatch.models import Notice

_SEED = 20261128
_AGENCIES = ("ICE", "CBP", "DHS", "FBI", "DEA", "USSS", "TSA", "USCIS", "FEMA", "ATF")
_RARE = 5
"""Notices of the sample in which a word of a narrow phrase stands at most."""


def narrow(rows: Sequence[Notice], names: Names, count: int) -> list[Terms]:
    """Searches of which each asks for little: a technology or vendor of an agency, a seller, a number, a phrase."""
    chance, seen, texts = _material(rows)
    technologies, vendors = sorted(names.dictionary.technologies), sorted(names.dictionary.vendors)
    sellers = [party.name for row in rows for party in row.parties if len(party.name) > 5]
    numbers = [number.plain for row in rows for number in row.numbers if len(number.plain) > 7]

    def tagged() -> Terms:
        kind, some = chance.choice((("technology", technologies), ("vendor", vendors)))
        filters = {kind: (chance.choice(some),), "buyer": tuple(chance.sample(_AGENCIES, 2))}
        return Terms(filters=filters, reasons=_reasons(), amount_min=chance.randrange(1_000) * 100)

    def seller() -> Terms:
        query = f'supplier:"{chance.choice(sellers)}"'
        return Terms(query=query, lens="everything", filters=_of(0.5), reasons=_reasons())

    def number() -> Terms:
        held = chance.choice(numbers)
        return Terms(query=f"number:{held[:-2]}{chance.randrange(100):02}", lens="everything", reasons=_reasons())

    def phrase() -> Terms:
        one, two = _neighbours(chance, texts, lambda one, two: min(seen[one], seen[two]) <= _RARE)
        return Terms(query=f'"{one} {two}"', lens="everything", filters=_of(0.5), reasons=_reasons())

    def _of(share: float) -> dict[str, tuple[str, ...]]:
        return {"buyer": (chance.choice(_AGENCIES),)} if chance.random() < share else {}

    def _reasons() -> tuple[Reason, ...]:
        return tuple(reason for reason in Reason if reason is Reason.NEW or chance.random() < 0.5)

    def one_of_them() -> Terms:
        return chance.choices((tagged, seller, number, phrase), (25, 20, 25, 30))[0]()

    return _distinct(names, count, one_of_them)


def broad(rows: Sequence[Notice], names: Names, count: int) -> list[Terms]:
    """Searches for words and neighbouring words of any notice, with more than one new notice each."""
    chance, seen, texts = _material(rows)

    def one_of_them() -> Terms:
        words = chance.choice(texts)
        at = min(chance.sample(range(len(words) - 1), 4), key=lambda place: seen[words[place]])
        one, two = words[at], words[at + 1]
        other = min(chance.sample(words, 4), key=lambda word: seen[word])
        query = chance.choices(
            (f'"{one} {two}"', f"{one} {other}", f"{one} {two} {other}", f"{one} -{other}", f"({one} OR {other}) {two}",
             f'"{one} {two}"~4', f"{(one + other)[:6]}*", f"{one}", f"-{one}"),
            (40, 28, 14, 4, 6, 4, 2, 1.99, 0.01),
        )[0]  # fmt: skip
        filters = {"buyer": (chance.choice(_AGENCIES[:4]),)} if chance.random() < 0.2 else {}
        lens = "watchlist" if chance.random() < 0.5 else "everything"
        return Terms(query=query, lens=lens, filters=filters)

    return _distinct(names, count, one_of_them)


def _material(rows: Sequence[Notice]) -> tuple[random.Random, Counter[str], list[list[str]]]:
    """Chance that is the same each time, in how many notices words stand, and the words of notices."""
    texts = [tokens(" ".join(text.text for text in (*row.title, *row.description))) for row in rows]
    seen = Counter(word for words in texts for word in set(words))
    return random.Random(_SEED), seen, [words for words in texts if len(words) > 5]


def _neighbours(
    chance: random.Random, texts: Sequence[Sequence[str]], good: Callable[[str, str], bool]
) -> tuple[str, str]:
    while True:
        words = chance.choice(texts)
        at = chance.randrange(len(words) - 1)
        if good(words[at], words[at + 1]):
            return words[at], words[at + 1]


def _distinct(names: Names, count: int, make: Callable[[], Terms]) -> list[Terms]:
    """So many searches that can be run; no two are the same."""

    def tries() -> Iterator[Terms]:
        known = set[str]()
        while True:
            terms = make()
            written = terms.model_dump_json()
            if written not in known and _runs(terms, names):
                known.add(written)
                yield terms

    return list(islice(tries(), count))


def _runs(terms: Terms, names: Names) -> bool:
    try:
        compiled(terms, names)
    except UsageError:
        return False
    return True
