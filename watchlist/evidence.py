"""Tags and their evidence: every tag can be quoted from a field of the notice as stored."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import orjson

from noticewatch.models import Notice


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for a tag: ``quote`` stands at ``start`` to ``end`` (characters) of the text of ``field``.

    ``field`` is a key of :func:`field_texts`; ``why`` says in words what the quote is.
    """

    field: str
    quote: str
    start: int
    end: int
    by: Literal["identifier", "alias", "product", "term"]
    why: str


@dataclass(frozen=True, slots=True)
class Tag:
    """What a notice is about, with at least one Evidence. A ``seller`` stands only beside what it sells."""

    kind: Literal["vendor", "technology"]
    id: str
    label: str
    role: Literal["maker", "product", "seller", ""]
    tier: Literal["alert", "review"]
    evidence: tuple[Evidence, ...]


def field_texts(notice: Notice) -> dict[str, str]:
    """Texts of a notice that the matcher reads, by the field names that evidence uses.

    ``title``, ``description``, ``parties.supplier``; a second one of its kind is ``title.1`` and so on; identifiers of
    a party are ``parties.supplier.uei``, ``.cage``, ``.duns``.
    """
    texts: dict[str, str] = {}
    for field, parts in (("title", notice.title), ("description", notice.description)):
        for index, part in enumerate(parts):
            texts[_nth(field, index)] = part.text
    counted: dict[str, int] = {}
    for party in notice.parties:
        index = counted[party.role] = counted.get(party.role, -1) + 1
        field = _nth(f"parties.{party.role}", index)
        texts[field] = party.name
        for scheme in ("uei", "cage", "duns"):
            value = getattr(party, scheme)
            if value:
                texts[f"{field}.{scheme}"] = value
    return texts


def _nth(field: str, index: int) -> str:
    return f"{field}.{index}" if index else field


def dump_evidence(evidence: Iterable[Evidence]) -> str:
    """JSON of evidence, for the table of tags."""
    return orjson.dumps([asdict(item) for item in evidence]).decode()


def load_evidence(text: str) -> tuple[Evidence, ...]:
    """Inverse of :func:`dump_evidence`."""
    rows: list[Mapping[str, Any]] = orjson.loads(text)
    return tuple(Evidence(**row) for row in rows)
