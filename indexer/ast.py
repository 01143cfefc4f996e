"""The compiled form of a query, the only one that engines see: tokens, codes and whole numbers.

Fields are names of the index (see ``documents``): text streams, code fields, and whole-number fields.
"""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Everything:
    """Every document."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No document."""


@dataclass(frozen=True, slots=True)
class Code:
    """Documents with this value in a code field."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Documents with these tokens side by side in a text stream; one token is a word."""

    field: str
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """Documents with a token of a text stream, or a value of a code field, that starts so."""

    field: str
    start: str


@dataclass(frozen=True, slots=True)
class Near:
    """Documents with two or three tokens at distinct places, any order, at most ``most`` other tokens between."""

    field: str
    tokens: tuple[str, ...]
    most: int


@dataclass(frozen=True, slots=True)
class Between:
    """Documents with a whole number within inclusive bounds; None leaves a side open."""

    field: str
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class All:
    """Documents that match every part."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Documents that match at least one part."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """Documents that do not match the part."""

    part: "Node"


Node: TypeAlias = Everything | Nothing | Code | Phrase | Prefix | Near | Between | All | AnyOf | Not
