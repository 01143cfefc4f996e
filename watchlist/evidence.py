"""Tags and their evidence: every tag can be quoted from a field of the notice as stored."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

import orjson

from noticewatch.models import Notice

By: TypeAlias = Literal["identifier", "alias", "product", "term", "inheritance"]
"""The five kinds of evidence."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for a tag: ``quote`` stands at ``start`` to ``end`` (characters) of the text of ``field``.

    ``field`` is a key of :func:`field_texts`; ``why`` says in words what the quote is and what it suffices for.
    ``notice`` is the id of the notice whose text is quoted where it is another one, from which the tag passes down;
    ``version`` the number of the version of this one, where the words stand in another than the current.
    """

    field: str
    quote: str
    start: int
    end: int
    by: By
    why: str
    notice: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Tag:
    """What a notice is about, with at least one Evidence. A ``seller`` stands only beside what it sells.

    The evidence that decided the tier comes first.
    """

    kind: Literal["vendor", "technology"]
    id: str
    label: str
    role: Literal["maker", "product", "seller", ""]
    tier: Literal["alert", "review"]
    evidence: tuple[Evidence, ...]

    @property
    def reason(self) -> str:
        """Why the tag has its tier, in words."""
        return self.evidence[0].why


def field_texts(notice: Notice) -> dict[str, str]:
    """Texts of a notice that the matcher reads, by the field names that evidence uses.

    ``title``, ``description``, ``parties.supplier``; a second one of its kind is ``title.1`` and so on; identifiers of
    a party are ``parties.supplier.uei``, ``.cage``, ``.duns``.
    """
    texts: dict[str, str] = {}
    for field, parts in (("title", notice.title), ("description", notice.description)):
        for index, part in enumerate(parts):
            texts[f"{field}.{index}" if index else field] = part.text
    counted: dict[str, int] = {}
    for party in notice.parties:
        index = counted[party.role] = counted.get(party.role, -1) + 1
        field = f"parties.{party.role}.{index}" if index else f"parties.{party.role}"
        texts[field] = party.name
        if party.uei:
            texts[f"{field}.uei"] = party.uei
        if party.cage:
            texts[f"{field}.cage"] = party.cage
        if party.duns:
            texts[f"{field}.duns"] = party.duns
    return texts


def languages(notice: Notice) -> dict[str, str]:
    """The languages (ISO 639-1) of the fields of :func:`field_texts` that are in another language than English."""
    found: dict[str, str] = {}
    for field, parts in (("title", notice.title), ("description", notice.description)):
        for index, part in enumerate(parts):
            if part.language != "en":
                name = f"{field}.{index}" if index else field
                found[name] = _LANGUAGES.get(part.language, part.language[:2])
    return found


_LANGUAGES = {"spa": "es", "fra": "fr", "fre": "fr", "deu": "de", "ger": "de"}
"""Languages of ISO 639-2 whose two letters are not its first two."""


def dump_evidence(evidence: Iterable[Evidence]) -> str:
    """JSON of evidence, for the table of tags."""
    return orjson.dumps([asdict(item) for item in evidence]).decode()


def load_evidence(text: str) -> tuple[Evidence, ...]:
    """Inverse of :func:`dump_evidence`."""
    rows: list[Mapping[str, Any]] = orjson.loads(text)
    return tuple(Evidence(**row) for row in rows)
