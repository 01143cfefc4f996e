"""Names of vendors, technologies and public bodies by what a reader is typing or has asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from indexer.engine import Bucket
from indexer.names import Names

FIELDS: Final = ("vendor", "technology", "buyer")
MOST: Final = 20
MOST_NAMED: Final = 5
"""Names told beside the results of a question."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A name that can be searched for. ``query``: the question that finds it; ``count``: contracts and notices."""

    field: str
    id: str
    label: str
    query: str
    count: int


def suggestions(
    places: Iterable[tuple[str, str]], names: Names, counted: Mapping[str, Sequence[Bucket]], most: int
) -> list[Suggestion]:
    """What these fields and codes are called, those with most results first. Pure."""
    counts = {(field, bucket.value): bucket.count for field, buckets in counted.items() for bucket in buckets}
    found = [
        Suggestion(field, code, names.label(field, code), f"{field}:{code}", counts.get((field, code), 0))
        for field, code in places
    ]
    return sorted(found, key=lambda one: (-one.count, one.label))[:most]
