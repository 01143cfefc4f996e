"""A notice as stated: the content of a record and of a version, and its split into comparable paths."""

import hashlib
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any, Final, Literal, TypeAlias

import orjson

from noticewatch.models.parts import (
    HEADLINE_ORDER,
    Amount,
    Buyer,
    Classification,
    Competition,
    DateValue,
    Document,
    Hearing,
    Kind,
    Link,
    Lot,
    Number,
    Part,
    Party,
    Place,
    Status,
    Text,
)

SPLIT_BY: Final[Mapping[str, str]] = {
    "buyers": "role",
    "parties": "role",
    "amounts": "kind",
    "numbers": "type",
    "dates": "role",
    "classifications": "scheme",
}
"""List fields whose elements are compared apart by one of their members: ``dates.due``, ``amounts.obligated``."""

Content: TypeAlias = dict[str, Any]
"""Canonical JSON of a notice as Python values; absent fields are absent."""


class Notice(Part):
    """What a publisher states about one thing. Shapes and vocabularies: docs/model.md.

    ``title_from`` says where the title came from: USAspending and FPDS publish none.
    """

    kind: Kind
    kind_published: str | None = None
    reason: str | None = None
    status: Status = Status.UNKNOWN
    status_published: str | None = None
    title: tuple[Text, ...] = ()
    title_from: Literal["published", "made from description"] = "published"
    description: tuple[Text, ...] = ()
    buyers: tuple[Buyer, ...] = ()
    parties: tuple[Party, ...] = ()
    amounts: tuple[Amount, ...] = ()
    numbers: tuple[Number, ...] = ()
    dates: tuple[DateValue, ...] = ()
    classifications: tuple[Classification, ...] = ()
    competition: Competition | None = None
    places: tuple[Place, ...] = ()
    lots: tuple[Lot, ...] = ()
    hearings: tuple[Hearing, ...] = ()
    documents: tuple[Document, ...] = ()
    links: tuple[Link, ...] = ()

    def content(self) -> Content:
        """The notice as canonical JSON values: enums and money as text, nothing that is absent."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def headline_amount(self) -> Amount | None:
        """The amount that stands in the headline and sorts the notice, by HEADLINE_ORDER; None if none is stated."""
        for kind in HEADLINE_ORDER:
            for amount in self.amounts:
                if amount.kind is kind and amount.value is not None:
                    return amount
        return None

    def stated_amount(self) -> Amount | None:
        """The amount that is shown: the headline amount, else by the same order the first that states a range."""
        ranges = (a for kind in HEADLINE_ORDER for a in self.amounts if a.kind is kind and (a.minimum or a.maximum))
        return self.headline_amount() or next(ranges, None)

    def buyer(self, role: str = "contracting") -> Buyer | None:
        """The first buyer of a role, or None."""
        return next((buyer for buyer in self.buyers if buyer.role == role), None)

    def date(self, *roles: str) -> DateValue | None:
        """The first date of the first role that is present, or None."""
        for role in roles:
            for date in self.dates:
                if date.role == role:
                    return date
        return None


def notice_from(content: Mapping[str, Any]) -> Notice:
    """The notice that gave this content. Inverse of :meth:`Notice.content`."""
    return Notice.model_validate(content)


def notice_from_json(content: str) -> Notice:
    """The notice of a content that stands as JSON: as :func:`notice_from`, without the values between."""
    return Notice.model_validate_json(content)


def notice_in_part(content: str, fields: Iterable[str]) -> Notice:
    """The notice of a content that stands as JSON with some of its fields (``kind`` among them), where not all are
    needed: checking them costs most.
    """
    whole = orjson.loads(content)
    return notice_from({field: whole[field] for field in fields if field in whole})


def canonical_json(value: Any) -> bytes:
    """Canonical JSON: sorted keys, no white space, UTF-8."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def content_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON, in hex."""
    return hashlib.sha256(canonical_json(content)).hexdigest()


def to_paths(content: Mapping[str, Any]) -> dict[str, Any]:
    """Content split into paths that are compared, carried and merged by themselves: ``kind``, ``dates.due`` …

    Values are JSON values; a split list keeps its order within its path.
    """
    paths: dict[str, Any] = {}
    for field, value in content.items():
        member = SPLIT_BY.get(field)
        if member is None:
            paths[field] = value
            continue
        for item in value:
            paths.setdefault(f"{field}.{item[member]}", []).append(item)
    return paths


def from_paths(paths: Mapping[str, Any]) -> Content:
    """Content from paths: the inverse of :func:`to_paths` up to the order of list elements of different roles."""
    content: Content = {}
    for path in sorted(paths):
        field, _, _ = path.partition(".")
        if field in SPLIT_BY:
            content.setdefault(field, []).extend(paths[path])
        else:
            content[field] = paths[path]
    return content


def ordered(content: Content) -> Content:
    """Content in the order that its paths give it, so that equal contents have equal hashes: as
    ``from_paths(to_paths(content))``, but in place.
    """
    for field, member in SPLIT_BY.items():
        items = content.get(field)
        if items and len(items) > 1:
            items.sort(key=itemgetter(member))
    return content


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Paths whose values differ between two contents, with old and new value (None = absent), in path order."""
    differ = [field for field in old.keys() | new.keys() if old.get(field) != new.get(field)]
    before, after = (to_paths({field: held[field] for field in differ if field in held}) for held in (old, new))
    return [
        (path, before.get(path), after.get(path))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]


def carries(carried: Iterable[str], path: str) -> bool:
    """Whether an answer that can carry ``carried`` can carry ``path``: by the path itself or by its whole field."""
    chosen = carried if isinstance(carried, (set, frozenset)) else frozenset(carried)
    return path in chosen or path.partition(".")[0] in chosen
