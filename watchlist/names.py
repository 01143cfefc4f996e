"""What the automaton looks for: every name, term and veto of the dictionary in all its spellings."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from noticewatch.text import folded
from watchlist.dictionary import Dictionary, Policy, TermBook, Vendor
from watchlist.records import Family
from watchlist.spelling import apart, spellings, term_spellings, without_legal_form

ENGLISH: Final = "en"
_WORD: Final = re.compile(r"\w+")
_LONGEST_BETWEEN: Final = 20
"""Letters of a longest word between those of a family."""
_WORTH: Final[dict[str, Policy]] = {"alert": "strong", "review": "needs_context", "none": "never_alone"}


@dataclass(frozen=True, slots=True)
class Name:
    """A name of the dictionary: ``veto`` is a context in which the owner's terms mean another thing; ``context`` one
    in which the owner's watched line is meant; the owner of a ``grey`` or a ``clause`` is its place
    among those.

    ``language`` is that of a term or veto; names of vendors and products have none. ``technologies`` are a product's.
    ``parted``: a family's words, between which others may stand.
    """

    part: Literal["name", "product", "term", "veto", "context", "grey", "clause"]
    owner: str
    name: str
    policy: Policy
    language: str = ""
    technologies: tuple[str, ...] = ()
    parted: bool = False

    @property
    def takes_away(self) -> bool:
        """Whether it says that the owner's other line is bought, which also a clause can say."""
        return self.part == "context" and self.policy == "never_alone"


@dataclass(frozen=True, slots=True)
class Anchor:
    """The first words of a family whose next words may stand apart; ``rest`` finds them behind it.

    ``begins``: how the first of the next words may be written, so that the rest need not be looked for everywhere;
    it ends at most ``reach`` characters behind the first words.
    """

    name: Name
    rest: re.Pattern[str]
    begins: frozenset[str]
    reach: int


def searched(dictionary: Dictionary) -> Iterator[tuple[str, Name]]:
    """Every spelling that is searched as it stands, and the name it stands for."""
    for vendor in dictionary.vendors.values():
        for alias in vendor.names:
            yield from _spelt(Name("name", vendor.id, alias.name, alias.policy))
        makers = _makers(vendor)
        for product in vendor.products:
            name = Name("product", vendor.id, product.name, product.policy, "", product.technologies)
            yield from _spelt(name)
            for maker in makers if product.policy != "strong" else ():
                if maker not in folded(product.name):
                    yield from _spelt(replace(name, name=f"{maker} {product.name}", policy="strong"))
        for context in vendor.contexts:
            yield from _as_term(Name("context", vendor.id, context.word, _WORTH[context.tier]))
    for index, grey in enumerate(dictionary.greys):
        for word in grey.words:
            yield from _as_term(Name("grey", str(index), word, "strong"))
    for index, clause in enumerate(dictionary.clauses):
        for word in clause.words:
            yield from _as_term(Name("clause", str(index), word, "strong"))
    for book in dictionary.books:
        yield from _of_book(book)


def _makers(vendor: Vendor) -> set[str]:
    """What may stand before a product's ordinary name: the first word of the maker's name, or a name without its legal
    form.
    """
    named = (alias.name for alias in vendor.names if alias.policy != "never_alone")
    return {folded(vendor.name.split()[0]), *(without_legal_form(folded(name)) for name in named)}


def _of_book(book: TermBook) -> Iterator[tuple[str, Name]]:
    for terms in book.terms:
        for term in terms.terms:
            name = Name("term", terms.technology, term, terms.policy, book.language)
            yield from ((spelling, name) for form in {term, apart(term)} for spelling in term_spellings(form))
    for veto in book.vetoes:
        for term in veto.terms:
            yield from _as_term(Name("veto", veto.technology, term, "strong", book.language))
    for family in book.families:
        if not family.apart:
            yield from _pairs(family, book.language)


def _pairs(family: Family, language: str) -> Iterator[tuple[str, Name]]:
    for firsts, thens in _orders(family):
        for first in firsts:
            for then in thens:
                yield from _as_term(Name("term", family.technology, f"{first} {then}", family.policy, language))


def _orders(family: Family) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Its words in the orders in which they may stand."""
    written = (family.first, family.then)
    return [written, written[::-1]] if family.any_order else [written]


def anchors(dictionary: Dictionary) -> Iterator[tuple[str, Anchor]]:
    """Spellings of the first words of families whose next words may stand apart, each with what finds the rest."""
    for book in dictionary.books:
        for family in book.families:
            if family.apart:
                for firsts, thens in _orders(family):
                    ends = {spelling for then in thens for spelling in term_spellings(then)}
                    rest, begins = _rest(ends, family.apart), _begins(ends)
                    reach = 2 + family.apart * (_LONGEST_BETWEEN + 3) + 3 + max(map(len, begins))
                    for first in firsts:
                        name = Name("term", family.technology, first, family.policy, book.language, parted=True)
                        anchor = Anchor(name, rest, begins, reach)
                        yield from ((spelling, anchor) for spelling in term_spellings(first))


def _begins(ends: Iterable[str]) -> frozenset[str]:
    """The first words of ``ends``, in the plural too."""
    words = {_WORD.findall(end)[0] for end in ends}
    return frozenset(words | {f"{word}s" for word in words})


def _rest(ends: Iterable[str], between: int) -> re.Pattern[str]:
    """Finds one of ``ends`` after at most ``between`` other words, none of them too long."""
    words = "|".join(map(re.escape, sorted(ends, key=len, reverse=True)))
    word = rf"(?:(?:\w\.){{2,4}}|\w{{1,{_LONGEST_BETWEEN}}})"
    others = rf"(?:[^\w.;]{{1,3}}{word}){{0,{between}}}?"
    return re.compile(rf"s?{others}[^\w.;]{{1,3}}(?:{words})s?(?!\w)")


def _as_term(name: Name) -> Iterator[tuple[str, Name]]:
    """Spellings of a name that is looked for as terms are."""
    return ((spelling, name) for spelling in term_spellings(name.name))


def _spelt(name: Name) -> Iterator[tuple[str, Name]]:
    """Spellings of a name, and what each is worth: a product written apart (``BodyWorn``) may be plain words."""
    own = spellings(name.name)
    yield from ((spelling, name) for spelling in own)
    if name.part == "product":
        yield from ((", ".join(words), name) for spelling in own if len(words := spelling.split(" ")) == 2)
    parted = apart(name.name)
    if parted != name.name:
        weaker = replace(name, policy="needs_context")
        yield from ((spelling, weaker) for spelling in spellings(parted) - own)
