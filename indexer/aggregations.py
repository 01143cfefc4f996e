"""Facets as both engines are asked for them and answer: values of code fields, counted and summed. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from indexer.engine import Bucket, Buckets

SUMMED: Final = ("amount_obligated", "amount_awarded")
"""Fields that are summed. No other kind of amount is: what a ceiling allows or an estimate hopes adds up to nothing."""

MOST_BUCKETS: Final = 65_000


def aggregations(fields: Sequence[str], purses: Mapping[str, str], nested: str) -> dict[str, Any]:
    """What is asked. ``purses``: for each field that is summed the code field by which its sums are parted; ``nested``:
    what the engine calls what is asked inside of something.
    """
    sums = {name: {"sum": {"field": name}} for name in SUMMED}
    asked: dict[str, Any] = {field: {"terms": {"field": field, "size": MOST_BUCKETS}} for field in fields}
    for field, purse in purses.items():
        asked[field][nested] = {"purse": {"terms": {"field": purse, "size": MOST_BUCKETS}, nested: sums}}
    return asked


def buckets(answer: Mapping[str, Any], fields: Sequence[str]) -> Buckets:
    """What is answered."""
    return {field: tuple(_bucket(one) for one in answer[field]["buckets"]) for field in fields}


def _bucket(one: Mapping[str, Any]) -> Bucket:
    sums = {
        str(purse["key"]): {name: int(purse[name]["value"] or 0) for name in SUMMED}
        for purse in one.get("purse", {"buckets": ()})["buckets"]
    }
    return Bucket(str(one["key"]), int(one["doc_count"]), sums)
