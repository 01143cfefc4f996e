"""What the records of the dictionary must hold together: known ids, no name twice, no pattern that could run away."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from noticewatch.text import normalise
from watchlist.reading import DataFile, Placed
from watchlist.records import Clause, Family, Grey, Learned, Origin, Spelling, Technology, Terms, Vendor, Veto
from watchlist.safety import why_unsafe
from watchlist.spelling import spellings

_L = TypeVar("_L", bound=Learned)
_Technologies = Mapping[str, Technology]
_Origins = Mapping[str, Origin]


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
        for name in (*vendor.technologies, *vendor.stands_for, *(t for p in vendor.products for t in p.technologies)):
            if name not in technologies:
                raise placed.wrong(f"{vendor.id} names the unknown technology {name!r}", f'"{name}"')
        for learned in _parts(vendor):
            _check_origins(placed, learned, origins)
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
        for parent in placed.record.parents:
            if parent.vendor and parent.vendor not in found:
                raise placed.wrong(f"no vendor is called {parent.vendor!r}", f'"{parent.vendor}"')
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
    return (
        tuple(placed.record for placed in terms),
        tuple(placed.record for placed in _learned(file, "family", Family, technologies, origins)),
        tuple(placed.record for placed in _learned(file, "veto", Veto, technologies, origins)),
    )


def check_spellings(file: DataFile, origins: _Origins) -> tuple[Spelling, ...]:
    """Spellings; each word once. Raises DictionaryError."""
    seen: dict[str, str] = {}
    found = []
    for placed in file.records("spelling", Spelling):
        _check_origins(placed, placed.record, origins)
        _check_once(placed, seen, placed.record.word, normalise(placed.record.word).text, placed.record.word)
        found.append(placed.record)
    return tuple(found)


def check_clauses(file: DataFile, origins: _Origins) -> tuple[Clause, ...]:
    """Clauses, with patterns that cannot run away. Raises DictionaryError."""
    found = []
    for placed in file.records("clause", Clause):
        _check_origins(placed, placed.record, origins)
        if placed.record.pattern and (reason := why_unsafe(placed.record.pattern)):
            raise placed.wrong(f"the pattern holds {reason}", "pattern")
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


def _check_once(placed: Placed[_L], seen: dict[str, str], owner: str, key: str, written: str) -> None:
    if key in seen:
        raise placed.wrong(f"{written!r} stands twice, here and at {seen[key]}", f'"{written}"')
    seen[key] = owner
