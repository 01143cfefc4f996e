"""What the records of the dictionary must hold together: known ids, no name twice, no pattern that could run away."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar

from noticewatch.text import normalise
from watchlist.reading import DataFile, Placed
from watchlist.records import (
    VENDOR_FILES,
    Clause,
    Common,
    Family,
    Grey,
    Learned,
    Origin,
    Spelling,
    Technology,
    Terms,
    Vendor,
    Veto,
)
from watchlist.safety import why_unsafe
from watchlist.spelling import spellings

_L = TypeVar("_L", bound=Learned)
_Technologies = Mapping[str, Technology]
_Origins = Mapping[str, Origin]


_KINDS: Final = {file: kind for kind, file in VENDOR_FILES.items()}
_NAME_LENGTH: Final = 4
"""Letters of the shortest clause word that stands alone."""


def check_origins(file: DataFile) -> dict[str, Origin]:
    """Origins by id, each once. Raises DictionaryError."""
    found: dict[str, Origin] = {}
    for placed in file.records("origin", Origin):
        if placed.record.id in found:
            raise placed.wrong(f"the origin {placed.record.id!r} stands twice", placed.record.id)
        found[placed.record.id] = placed.record
    return found


def check_technologies(file: DataFile) -> dict[str, Technology]:
    """Technologies by id; each parent stands before its children, so that none is its own. Raises DictionaryError."""
    found: dict[str, Technology] = {}
    for placed in file.records("technology", Technology):
        record = placed.record
        if record.id in found:
            raise placed.wrong(f"the technology {record.id!r} stands twice", record.id)
        if record.parent and record.parent not in found:
            raise placed.wrong(f"no technology above it is called {record.parent!r}", f'"{record.parent}"')
        found[record.id] = record
    return found


def check_vendors(files: Iterable[DataFile], technologies: _Technologies, origins: _Origins) -> dict[str, Vendor]:
    """Vendors by id. No name or identifier stands for two of them. Raises DictionaryError."""
    found: dict[str, Vendor] = {}
    names: dict[str, str] = {}
    spelt: dict[str, str] = {}
    identifiers: dict[str, str] = {}
    everybody = [placed for file in files for placed in file.records("vendor", Vendor)]
    for placed in everybody:
        vendor = placed.record
        if vendor.id in found:
            raise placed.wrong(f"the vendor {vendor.id!r} stands twice", vendor.id)
        found[vendor.id] = vendor
        if vendor.kind != (kind := _KINDS[placed.file.path.name]):
            raise placed.wrong(f"{vendor.id} is of the kind {vendor.kind!r}; this file holds {kind!r} only", "kind =")
        aliases = (*vendor.names, *vendor.products)
        for name in (*vendor.technologies, *vendor.stands_for, *(t for alias in aliases for t in alias.technologies)):
            if name not in technologies:
                raise placed.wrong(f"{vendor.id} names the unknown technology {name!r}", f'"{name}"')
        for learned in _parts(vendor):
            _check_origins(placed, learned, origins)
        for context in vendor.contexts:
            _check_says(placed, context.word)
        for alias in vendor.names:
            _check_says(placed, alias.name)
            _check_once(placed, names, vendor.id, normalise(alias.name).text, alias.name)
            _check_spelt(placed, spelt, vendor.id, alias.name)
        own: dict[str, str] = {}
        for product in vendor.products:
            _check_says(placed, product.name)
            _check_once(placed, own, vendor.id, normalise(product.name).text, product.name)
        for identifier in vendor.identifiers:
            _check_once(placed, identifiers, vendor.id, identifier.id, identifier.id)
    for placed in everybody:
        _check_parents(placed, found)
    return found


def _check_parents(placed: Placed[Vendor], vendors: Mapping[str, Vendor]) -> None:
    """Parents that there are, for a time that does not end before it begins, none of them below its own child."""
    for parent in placed.record.parents:
        if parent.vendor and parent.vendor not in vendors:
            raise placed.wrong(f"no vendor is called {parent.vendor!r}", f'"{parent.vendor}"')
        known = min(len(parent.since), len(parent.until))
        if parent.since[:known] > parent.until[:known]:
            raise placed.wrong(f"a parent since {parent.since} until {parent.until}", f'since = "{parent.since}"')
    if placed.record.id in _above(placed.record, vendors):
        raise placed.wrong(f"{placed.record.id} would be its own parent, perhaps by way of others", "parents")


def _above(vendor: Vendor, vendors: Mapping[str, Vendor]) -> set[str]:
    """All vendors that it belongs or belonged to, directly or not."""
    found: set[str] = set()
    ahead = [parent.vendor for parent in vendor.parents]
    while ahead:
        owner = vendors.get(ahead.pop())
        if owner is not None and owner.id not in found:
            found.add(owner.id)
            ahead += [parent.vendor for parent in owner.parents]
    return found


def check_terms(
    file: DataFile, technologies: _Technologies, origins: _Origins
) -> tuple[tuple[Terms, ...], tuple[Family, ...], tuple[Veto, ...]]:
    """Terms, families and vetoes of a language; no term of a technology stands twice. Raises DictionaryError."""
    terms = list(_learned(file, "terms", Terms, technologies, origins))
    seen: dict[str, set[str]] = {}
    for placed in terms:
        own = seen.setdefault(placed.record.technology, set())
        for term in placed.record.terms:
            _check_says(placed, term)
            plain = normalise(term).text
            if plain in own:
                raise placed.wrong(f"the term {term!r} of {placed.record.technology} stands twice", f'"{term}"')
            own.add(plain)
    families = list(_learned(file, "family", Family, technologies, origins))
    for family in families:
        for word in (*family.record.first, *family.record.then):
            _check_says(family, word)
    vetoes = list(_learned(file, "veto", Veto, technologies, origins))
    for veto in vetoes:
        for word in veto.record.terms:
            _check_says(veto, word)
    return (
        tuple(placed.record for placed in terms),
        tuple(placed.record for placed in families),
        tuple(placed.record for placed in vetoes),
    )


def check_spellings(file: DataFile, origins: _Origins) -> tuple[Spelling, ...]:
    """Spellings; each word once, and each other spelling of one word. Raises DictionaryError."""
    seen: dict[str, str] = {}
    others: dict[str, str] = {}
    found = []
    for placed in file.records("spelling", Spelling):
        _check_origins(placed, placed.record, origins)
        _check_once(placed, seen, placed.record.word, normalise(placed.record.word).text, placed.record.word)
        for other in placed.record.also:
            _check_says(placed, other)
            _check_once(placed, others, placed.record.word, normalise(other).text, other)
        found.append(placed.record)
    return tuple(found)


def check_clauses(file: DataFile, origins: _Origins) -> tuple[Clause, ...]:
    """Clauses, with patterns that cannot run away. Raises DictionaryError."""
    found = []
    for placed in file.records("clause", Clause):
        _check_origins(placed, placed.record, origins)
        if placed.record.pattern and (reason := why_unsafe(placed.record.pattern)):
            raise placed.wrong(f"the pattern holds {reason}", "pattern")
        for word in placed.record.words:
            _check_says(placed, word)
            if not _is_rare(word):
                raise placed.wrong(f"{word!r} alone stands in many texts; write more words, or a name", f'"{word}"')
        found.append(placed.record)
    return tuple(found)


def check_greys(file: DataFile, technologies: _Technologies, origins: _Origins) -> tuple[Grey, ...]:
    """Grey cases, of known technologies. Raises DictionaryError."""
    found = []
    for placed in file.records("grey", Grey):
        _check_origins(placed, placed.record, origins)
        for name in placed.record.technologies:
            if name not in technologies:
                raise placed.wrong(f"no technology is called {name!r}", f'"{name}"')
        for word in placed.record.words:
            _check_says(placed, word)
        found.append(placed.record)
    return tuple(found)


def check_common(file: DataFile, origins: _Origins) -> tuple[Common, ...]:
    """Common words, each once of its kind. Raises DictionaryError."""
    seen: dict[str, dict[str, str]] = {}
    found = []
    for placed in file.records("common", Common):
        _check_origins(placed, placed.record, origins)
        for word in placed.record.words:
            _check_once(placed, seen.setdefault(placed.record.of, {}), placed.record.of, word, word)
        found.append(placed.record)
    return tuple(found)


_T = TypeVar("_T", Terms, Family, Veto)


def _learned(
    file: DataFile, kind: str, model: type[_T], technologies: _Technologies, origins: _Origins
) -> Iterator[Placed[_T]]:
    for placed in file.records(kind, model):
        if placed.record.technology not in technologies:
            name = placed.record.technology
            raise placed.wrong(f"no technology is called {name!r}", f'"{name}"')
        _check_origins(placed, placed.record, origins)
        yield placed


def _parts(vendor: Vendor) -> Iterator[Learned]:
    yield vendor
    yield from vendor.names
    yield from vendor.products
    yield from vendor.contexts
    yield from vendor.identifiers


def _check_origins(placed: Placed[_L], learned: Learned, origins: _Origins) -> None:
    for origin in learned.learned_from:
        if origin not in origins:
            raise placed.wrong(f"learned_from names {origin!r}, which origins.toml does not hold", f'"{origin}"')


def _check_spelt(placed: Placed[Vendor], spelt: dict[str, str], owner: str, written: str) -> None:
    """No two vendors share a name that is written apart, joined or with a hyphen."""
    for spelling in sorted(spellings(written)):
        if (other := spelt.setdefault(spelling, owner)) != owner:
            raise placed.wrong(f"{written!r} is also read as {spelling!r}, a name of {other}", f'"{written}"')


def _check_says(placed: Placed[_L], written: str) -> None:
    """A name or term has two letters or digits: less stands in every text, or in none."""
    if sum(map(str.isalnum, normalise(written).text)) < 2:
        raise placed.wrong(f"{written!r} has not even two letters or digits", f'"{written}"')


def _is_rare(words: str) -> bool:
    """Whether words suffice to cut a clause: several, or one that is written like an abbreviation or a number."""
    if sum(any(map(str.isalnum, word)) for word in normalise(words).text.split()) > 1:
        return True
    marks = sum(sign.isupper() or sign.isdigit() for sign in words)
    return marks >= 2 and len(normalise(words).text) >= _NAME_LENGTH


def _check_once(placed: Placed[_L], seen: dict[str, str], owner: str, key: str, written: str) -> None:
    if key in seen:
        raise placed.wrong(f"{written!r} stands twice, here and at {seen[key]}", f'"{written}"')
    seen[key] = owner
