"""Makes leaves: a row of the table ``leaves`` for each run of leaves of one kind, and their hashes in the tree.

Every function takes the connection of a writing transaction that holds the lock of the log.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Literal, NamedTuple, TypeAlias

import orjson
from sqlalchemy import Connection

from archive import merkle
from archive.proof import forms, reading, tree
from archive.proof.forms import NO_LINEAGE, Lineage
from archive.proof.reading import Written
from archive.tables import leaves
from noticewatch.database import insert_many

LeafKind: TypeAlias = Literal["epoch", "key", "capture", "records", "event", "thinned", "correction"]


class Entry(NamedTuple):
    """Leaves of one kind in a row. capture: number of the capture that they speak of; seq: of the first event; body:
    what a leaf cannot be written from again, or is found by: its own bytes (kinds ``epoch``, ``key``, ``thinned``,
    ``correction``), its packed records, or the packed lineages of its events.
    """

    kind: LeafKind
    hashes: Sequence[bytes]
    capture: int | None = None
    seq: int | None = None
    body: bytes | None = None


def file(connection: Connection, entries: Sequence[Entry]) -> None:
    """Add leaves to the tree, in order."""
    if not entries:
        return
    held = end = tree.size(connection)
    rows = []
    for entry in entries:
        rows.append(
            {
                "number": end, "leaves": len(entry.hashes), "kind": entry.kind, "capture": entry.capture,
                "seq": entry.seq, "body": entry.body,
            }
        )  # fmt: skip
        end += len(entry.hashes)
    insert_many(connection, leaves, rows)
    tree.grow(connection, held, [hashed for entry in entries for hashed in entry.hashes])


def statement(kind: Literal["epoch", "key", "correction"], data: bytes) -> Entry:
    """A leaf that is kept with its own bytes."""
    return Entry(kind, [merkle.leaf_hash(data)], body=data)


def thinned(capture_number: int, data: bytes) -> Entry:
    """The leaf that says that a capture was thinned."""
    return Entry("thinned", [merkle.leaf_hash(data)], capture=capture_number, body=data)


def capture(number: int, row: Mapping[Any, Any]) -> Entry:
    """The leaf of a capture."""
    return Entry("capture", [merkle.leaf_hash(forms.capture_leaf(row))], capture=number)


def records(written: Iterable[Written]) -> list[Entry]:
    """A leaf for each capture of these records, in order of the captures' numbers, then of the records'."""
    ordered = sorted(written)
    entries = []
    for (number, capture_id), group in groupby(ordered, key=lambda one: one[:2]):
        placed = [one.placed for one in group]
        hashed = merkle.leaf_hash(forms.records_leaf(capture_id, placed))
        entries.append(Entry("records", [hashed], capture=number, body=forms.pack(placed)))
    return entries


def events(first_seq: int, data: Iterable[bytes], lineages: Sequence[Lineage] = ()) -> list[Entry]:
    """The leaves of events whose ``seq`` follow each other, with the lineages that they name."""
    hashes = [merkle.leaf_hash(one) for one in data]
    return [Entry("event", hashes, seq=first_seq, body=forms.pack_lineages(lineages))] if hashes else []


def held_events(connection: Connection, first: int, last: int) -> list[Entry]:
    """The leaves of events that the table holds, of which no lineage is known."""
    return events(first, [row.leaf(NO_LINEAGE) for row in reading.events_between(connection, first, last)])


def stated(body: bytes) -> dict[str, Any]:
    """What a leaf that is kept with its own bytes says."""
    said = orjson.loads(body)
    assert isinstance(said, dict)
    return said
