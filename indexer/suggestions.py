"""Names of vendors, technologies and public bodies that begin as what a reader is typing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from indexer.engine import Bucket
from indexer.names import Names

FIELDS: Final = ("vendor", "technology", "buyer")
MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A name that can be searched for. ``query``: the question that finds it; ``count``: contracts and notices."""

    field: str
    id: str
    label: str
    query: str
    count: int


def suggestions(text: str, names: Names, counted: Mapping[str, Sequence[Bucket]], most: int) -> list[Suggestion]:
    """Names of which a word begins so, those with most results first; none for fewer than two letters. Pure."""
    counts = {(field, bucket.value): bucket.count for field, buckets in counted.items() for bucket in buckets}
    found = [
        Suggestion(field, code, names.label(field, code), f"{field}:{code}", counts.get((field, code), 0))
        for field, code in names.beginning(text)
    ]
    return sorted(found, key=lambda one: (-one.count, one.label))[:most]
