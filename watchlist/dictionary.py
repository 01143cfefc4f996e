"""The dictionary: vendors, technologies, and what each of their names and terms may cause. Data files, validated.

The files are in ``watchlist/data``; ``docs/contributing/watchlist.md`` tells how they are written.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from watchlist.checking import (
    check_clauses,
    check_common,
    check_greys,
    check_origins,
    check_spellings,
    check_technologies,
    check_terms,
    check_vendors,
)
from watchlist.reading import DictionaryError, bytes_of, parsed
from watchlist.records import (
    VENDOR_FILES,
    Clause,
    Common,
    Family,
    Grey,
    Learned,
    Origin,
    Policy,
    Spelling,
    Technology,
    Terms,
    Vendor,
    Veto,
    singular,
)

__all__ = [
    "DATA",
    "ROOT",
    "Dictionary",
    "DictionaryError",
    "Policy",
    "Technology",
    "TermBook",
    "Vendor",
    "load_dictionary",
]

DATA: Final = Path(__file__).parent / "data"
ROOT: Final = "surveillance"
"""The technology above all others."""

RULES: Final = 3
"""To be raised with every change of the program that gives other tags by the same data: what is held is tagged again.
"""
_TERM_BLOCKS: Final = ("terms", "family", "veto")
_BLOCKS: Final = {
    "origins.toml": ("origin",),
    "technologies.toml": ("technology",),
    **dict.fromkeys(VENDOR_FILES.values(), ("vendor",)),
    "spellings.toml": ("spelling",),
    "clauses.toml": ("clause",),
    "greys.toml": ("grey",),
    "common.toml": ("common",),
}
"""The files beside those of terms, with the kinds of their blocks."""
_Contents: TypeAlias = tuple[tuple[Path, bytes], ...]
_L = TypeVar("_L", bound=Learned)


@dataclass(frozen=True)
class TermBook:
    """The terms, families and vetoes of one language (ISO 639-1); those of English are read in every text."""

    language: str
    terms: tuple[Terms, ...]
    families: tuple[Family, ...]
    vetoes: tuple[Veto, ...]


@dataclass(frozen=True, eq=False)
class Dictionary:
    """All data of the watchlist; ``version`` changes with any byte of them, and with the rules of the program. Each is
    equal to itself alone.
    """

    version: str
    vendors: Mapping[str, Vendor]
    technologies: Mapping[str, Technology]
    books: tuple[TermBook, ...]
    spellings: tuple[Spelling, ...]
    clauses: tuple[Clause, ...]
    greys: tuple[Grey, ...]
    common: tuple[Common, ...]
    origins: Mapping[str, Origin]

    def label(self, kind: str, identifier: str) -> str:
        """The name of a vendor or technology; the id itself where the dictionary no longer holds it."""
        found = self.vendors.get(identifier) if kind == "vendor" else self.technologies.get(identifier)
        return found.name if found else identifier

    def terms_of(self, technology: str) -> tuple[str, ...]:
        """All terms of a technology in all languages, those that alone are enough first; a family of terms as
        ``a or b … c or d``.
        """
        own = [terms for book in self.books for terms in book.terms if terms.technology == technology]
        own.sort(key=lambda terms: terms.policy != "strong")
        families = [one for book in self.books for one in book.families if one.technology == technology]
        said = [f"{' or '.join(family.first)} … {' or '.join(family.then)}" for family in families]
        return tuple(dict.fromkeys([*(term for terms in own for term in terms.terms), *said]))

    def other_meanings_of(self, technology: str) -> tuple[str, ...]:
        """Words near which the terms of a technology mean another thing."""
        vetoes = [veto for book in self.books for veto in book.vetoes if veto.technology == technology]
        return tuple(dict.fromkeys(term for veto in vetoes for term in veto.terms))

    @cached_property
    def words_of_procedure(self) -> frozenset[str]:
        """Words in a title that say how something is bought, and not what."""
        return frozenset(word for one in self.common if one.of == "procedure" for word in one.words)

    @cached_property
    def words_of_many_subjects(self) -> frozenset[str]:
        """Words that a headline shares with many a term without speaking of it, without the plural."""
        return frozenset(singular(word) for one in self.common if one.of == "subjects" for word in one.words)

    def without(self, origins: Collection[str]) -> "Dictionary":
        """The dictionary as it would be had labelled sources never been seen; sources that taught nothing may be named.

        What was learned from several sources stays until all of them are left out.
        """
        left_out = frozenset(origins)
        return replace(
            self,
            version=f"{self.version} without {', '.join(sorted(left_out))}",
            vendors={vendor.id: _reduced(vendor, left_out) for vendor in self.vendors.values()},
            books=tuple(
                TermBook(
                    book.language,
                    _kept(book.terms, left_out),
                    _kept(book.families, left_out),
                    _kept(book.vetoes, left_out),
                )
                for book in self.books
            ),
            spellings=_kept(self.spellings, left_out),
            clauses=_kept(self.clauses, left_out),
            greys=_kept(self.greys, left_out),
            common=_kept(self.common, left_out),
        )


def _reduced(vendor: Vendor, left_out: frozenset[str]) -> Vendor:
    parts = ("names", "products", "contexts", "identifiers")
    return vendor.model_copy(update={part: _kept(getattr(vendor, part), left_out) for part in parts})


def _kept(items: Iterable[_L], left_out: frozenset[str]) -> tuple[_L, ...]:
    return tuple(item for item in items if item.known_without(left_out))


def load_dictionary(folder: Path | None = None) -> Dictionary:
    """Read and check the data files (those of the program by default); files that say what they said when they were
    read before give the same dictionary. Raises DictionaryError.
    """
    folder = folder or DATA
    paths = [*(folder / name for name in _BLOCKS), *_term_paths(folder)]
    contents = tuple((path, bytes_of(path)) for path in paths)
    return _checked(_version(contents), contents)


@lru_cache(maxsize=2)  # as many as patterns are kept of
def _checked(version: str, contents: _Contents) -> Dictionary:
    files = {path.name: parsed(path, data, _BLOCKS.get(path.name, _TERM_BLOCKS)) for path, data in contents}
    origins = check_origins(files["origins.toml"])
    technologies = check_technologies(files["technologies.toml"])
    return Dictionary(
        version=version,
        vendors=check_vendors([files[name] for name in VENDOR_FILES.values()], technologies, origins),
        technologies=technologies,
        books=tuple(
            TermBook(name.split(".")[1], *check_terms(file, technologies, origins))
            for name, file in files.items()
            if name not in _BLOCKS
        ),
        spellings=check_spellings(files["spellings.toml"], origins),
        clauses=check_clauses(files["clauses.toml"], origins),
        greys=check_greys(files["greys.toml"], technologies, origins),
        common=check_common(files["common.toml"], origins),
        origins=origins,
    )


def _term_paths(folder: Path) -> list[Path]:
    paths = sorted(folder.glob("terms.*.toml"))
    if not any(path.name == "terms.en.toml" for path in paths):
        raise DictionaryError(f"{folder / 'terms.en.toml'} cannot be read (no such file); restore the file.")
    return paths


def _version(contents: _Contents) -> str:
    digest = hashlib.sha256(f"rules {RULES}\n".encode())
    for path, data in contents:
        digest.update(f"{path.name} {len(data)}\n".encode())
        digest.update(data)
    return digest.hexdigest()[:16]
