"""The dictionary: vendors, technologies and what each of their names may cause by itself. Data files, validated."""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from noticewatch.errors import NoticewatchError

DATA: Final = Path(__file__).parent / "data"

Policy: TypeAlias = Literal["strong", "needs_context", "legal_name_only", "never_alone"]
"""What a name may cause: docs in ``data/PROVENANCE.md``."""


class DictionaryError(NoticewatchError):
    """A data file of the watchlist cannot be used; the message names file, line and reason."""


def _parts(value: object) -> object:
    return tuple(part.strip() for part in value.split("|") if part.strip()) if isinstance(value, str) else value


Parts = Annotated[tuple[str, ...], BeforeValidator(_parts)]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Technology(_Row):
    """A class of surveillance technology; ``exclude_terms`` are contexts in which its terms mean another thing."""

    id: str
    name: str
    parent: str
    definition: str
    include_terms: Parts
    exclude_terms: Parts
    source: str


class Vendor(_Row):
    """A maker, integrator or reseller. ``identifiers``: ``UEI:…``, ``CAGE:…``, ``DUNS:…`` as found in records."""

    id: str
    canonical_name: str
    kind: Literal["vendor", "integrator", "reseller"]
    aliases: Parts
    former_names: Parts
    parent: str
    products: Parts
    technologies: Parts
    identifiers: Parts
    countries: Parts
    website_domain: str
    ambiguous: Literal["yes", "no"]
    ambiguous_note: str
    evidence: str

    @property
    def name(self) -> str:
        """The name shown to readers."""
        return self.canonical_name

    @property
    def sells_only(self) -> bool:
        """Whether it sells or integrates other makers' goods."""
        return self.kind != "vendor"


class NamePolicy(_Row):
    """What one name of a vendor, product or technology may cause by itself."""

    part: Literal["name", "product", "term"]
    owner: str
    name: str
    policy: Policy
    reason: str


@dataclass(frozen=True)
class Dictionary:
    """All data of the watchlist; ``version`` changes with any byte of them."""

    version: str
    vendors: Mapping[str, Vendor]
    technologies: Mapping[str, Technology]
    policies: tuple[NamePolicy, ...]

    def label(self, kind: str, identifier: str) -> str:
        """The name of a vendor or technology; the id itself where the dictionary no longer holds it."""
        found = self.vendors.get(identifier) if kind == "vendor" else self.technologies.get(identifier)
        return found.name if found else identifier


_R = TypeVar("_R", bound=_Row)


def load_dictionary(folder: Path | None = None) -> Dictionary:
    """Read and check the data files (those of the program by default). Raises DictionaryError."""
    folder = folder or DATA
    digest = hashlib.sha256()
    technologies = dict(_keyed(folder / "technologies.csv", _rows(folder / "technologies.csv", Technology, digest)))
    vendors = dict(_keyed(folder / "vendors.csv", _rows(folder / "vendors.csv", Vendor, digest)))
    policies = list(_rows(folder / "policies.csv", NamePolicy, digest))
    _check_technologies(folder, technologies, vendors)
    for line, row in policies:
        if row.owner not in (technologies if row.part == "term" else vendors):
            raise DictionaryError(
                f"{folder / 'policies.csv'}, line {line}: no {row.part} owner is called {row.owner!r}."
            )
    return Dictionary(digest.hexdigest()[:16], vendors, technologies, tuple(row for _, row in policies))


def _check_technologies(folder: Path, technologies: Mapping[str, Technology], vendors: Mapping[str, Vendor]) -> None:
    for technology in technologies.values():
        if technology.parent and technology.parent not in technologies:
            raise DictionaryError(
                f"{folder / 'technologies.csv'}: {technology.id} names the unknown parent {technology.parent!r}."
            )
    for vendor in vendors.values():
        unknown = [name for name in vendor.technologies if name not in technologies]
        if unknown:
            raise DictionaryError(f"{folder / 'vendors.csv'}: {vendor.id} names the unknown technology {unknown[0]!r}.")


def _rows(path: Path, model: type[_R], digest: Any) -> Iterator[tuple[int, _R]]:
    """Checked rows of a CSV file with their line numbers; the file's bytes go into the digest."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise DictionaryError(f"{path} cannot be read ({error.strerror}); restore the file.") from error
    except UnicodeDecodeError as error:
        raise DictionaryError(f"{path} is not UTF-8 (byte {error.start}); save it as UTF-8.") from error
    digest.update(data)
    reader = csv.DictReader(text.splitlines(keepends=True))
    for row in reader:
        if None in row or None in row.values():
            raise DictionaryError(f"{path}, line {reader.line_num}: the row does not have the columns of the header.")
        try:
            yield reader.line_num, model.model_validate(row)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise DictionaryError(f"{path}, line {reader.line_num}, column {where}: {first['msg']}.") from error


_K = TypeVar("_K", Technology, Vendor)


def _keyed(path: Path, rows: Iterable[tuple[int, _K]]) -> Iterator[tuple[str, _K]]:
    seen: set[str] = set()
    for line, row in rows:
        if row.id in seen:
            raise DictionaryError(f"{path}, line {line}: the id {row.id!r} stands twice.")
        seen.add(row.id)
        yield row.id, row
