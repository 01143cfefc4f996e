"""Proofs for others: that a capture, a record, an event or a correction is in the tree of a signed head, and that trees
agree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from archive import merkle
from archive.correction_tables import corrections
from archive.proof import correction_leaves, forms, heads, reading, tree
from archive.proof.forms import Head, Placed
from archive.proof.tree import StoredTree, TreeDamaged
from archive.tables import captures, leaves, records, sightings
from noticewatch.errors import NotFound, UsageError

_MOST_ROWS: Final = 1 << 31


class NotSealed(NotFound):
    """What was asked for has its leaf, and no signed head covers that yet."""


@dataclass(frozen=True, slots=True)
class LeafProof:
    """A leaf, and the path from it to the root of the first signed head that covers it. index: its place."""

    kind: str
    index: int
    data: bytes
    path: Sequence[bytes]
    head: Head

    def form(self) -> dict[str, Any]:
        """As JSON members; hashes in hex, ``data`` as the text that is hashed."""
        leaf = {"data": self.data.decode(), "hash": merkle.leaf_hash(self.data).hex(), "index": self.index}
        return {"kind": self.kind, "leaf": leaf, "path": _hex(self.path), "head": self.head.form()}


@dataclass(frozen=True, slots=True)
class RecordProof:
    """A record of a capture, and the path from it to the root that the leaf of kind ``records`` names.

    index, size: its place among the records of that leaf, and their number.
    """

    data: bytes
    index: int
    size: int
    path: Sequence[bytes]
    records: LeafProof

    def form(self) -> dict[str, Any]:
        """As JSON members."""
        leaf = {"data": self.data.decode(), "hash": merkle.leaf_hash(self.data).hex(), "index": self.index}
        return {"leaf": leaf, "size": self.size, "path": _hex(self.path), "records": self.records.form()}


@dataclass(frozen=True, slots=True)
class Consistency:
    """That the tree of ``first`` leaves is the beginning of the tree of ``second``."""

    first: int
    second: int
    first_root: bytes
    second_root: bytes
    path: Sequence[bytes]

    def form(self) -> dict[str, Any]:
        """As JSON members; hashes in hex."""
        return {
            "from": {"size": self.first, "root": self.first_root.hex()},
            "to": {"size": self.second, "root": self.second_root.hex()},
            "path": _hex(self.path),
        }


def key_form(connection: Connection, fingerprint: str) -> dict[str, Any]:
    """A key that has signed, with its public part; ``leaf`` is the place of the leaf that names it."""
    return heads.keys(connection)[fingerprint]


def latest_head(connection: Connection) -> Head:
    """The head that was signed last. Raises NotSealed where there is none yet."""
    head = heads.latest(connection)
    if head is None:
        raise NotSealed("No head is signed yet; the first one is signed when a run is closed.")
    return head


def of_capture(connection: Connection, capture_id: str) -> list[LeafProof]:
    """Proofs of a capture's leaves: its own, then those of its records, as far as heads cover them.

    Raises NotFound, and NotSealed where no head covers the capture yet.
    """
    row = connection.execute(select(captures).where(captures.c.id == capture_id)).mappings().first()
    if row is None:
        raise NotFound(f"No capture {capture_id[:80]!r} is held; a notice's page lists the captures it was seen in.")
    query = select(leaves.c.number, leaves.c.kind, leaves.c.body).where(leaves.c.capture == row["number"])
    data = [
        (kind, number, _data(kind, row, body))
        for number, kind, body in connection.execute(query.order_by(leaves.c.number))
    ]
    proofs = [_proof(connection, *one) for one in data if heads.covering(connection, one[1]) is not None]
    if not proofs:
        raise NotSealed(f"No signed head covers capture {capture_id} yet; one is signed when its run is closed.")
    return proofs


def of_event(connection: Connection, seq: int) -> LeafProof:
    """Proof of an event. Raises NotFound, and NotSealed where no head covers it yet."""
    rows, entry = reading.events_between(connection, seq, seq), _entry_of_event(connection, seq)
    if not rows or entry is None:
        raise NotFound(f"No event {seq} is held; the log ends at its latest event.")
    offset, lineages = seq - entry.seq, forms.unpack_lineages(entry.body, entry.leaves)
    place = entry.number + offset
    if heads.covering(connection, place) is None:
        raise NotSealed(f"No signed head covers event {seq} yet; one is signed when its run is closed.")
    return _proof(connection, "event", place, rows[0].leaf(lineages[offset] if lineages is not None else None))


def of_correction(connection: Connection, number: int) -> LeafProof:
    """Proof of an entry of the log of corrections. Raises NotFound, and NotSealed where no head covers it yet."""
    row = connection.execute(select(corrections).where(corrections.c.number == number)).mappings().first()
    place = correction_leaves.places(connection).get(number)
    if row is None or place is None:
        raise NotFound(f"There is no correction {number}; /corrections lists all that were made.")
    if heads.covering(connection, place) is None:
        raise NotSealed(f"No signed head covers correction {number} yet; one is signed once no run is open.")
    return _proof(connection, "correction", place, forms.correction_leaf(row))


def of_record(connection: Connection, capture_id: str, row: int) -> RecordProof:
    """Proof of the record that was read from a row of a capture. Raises NotFound, NotSealed."""
    query = (
        select(leaves.c.number, leaves.c.body)
        .join(captures, captures.c.number == leaves.c.capture)
        .where(captures.c.id == capture_id, leaves.c.kind == "records")
        .order_by(leaves.c.number)
    )
    for number, body in connection.execute(query).all():
        placed = forms.unpack(bytes(body))
        index = next((place for place, one in enumerate(placed) if one.row == row), None)
        if index is not None:
            return _record_proof(connection, capture_id, number, placed, index)
    none = f"No record was read from row {row} of capture {capture_id[:80]}."
    raise NotFound(_seen_again(connection, capture_id, row) or none)


def _seen_again(connection: Connection, capture_id: str, row: int) -> str:
    """Where the record was read that a row of a capture merely says once more; empty where that is none."""
    if not 0 <= row < _MOST_ROWS:
        return ""
    again = captures.alias("again")
    query = (
        select(captures.c.id, records.c.row)
        .select_from(sightings)
        .join(again, again.c.number == sightings.c.capture)
        .join(records, records.c.number == sightings.c.record)
        .join(captures, captures.c.number == records.c.capture)
        .where(again.c.id == capture_id, sightings.c.row == row)
    )
    read = connection.execute(query).first()
    if read is None:
        return ""
    return f"Row {row} of capture {capture_id} says what row {read.row} of capture {read.id} said before; ask for that."


def inclusion(
    connection: Connection,
    *,
    capture: str | None = None,
    row: int | None = None,
    event: int | None = None,
    correction: int | None = None,
) -> tuple[list[LeafProof], RecordProof | None, dict[str, Any]]:
    """Proofs of a capture (with ``row``: of one record of it), an event or a correction, and all of it as JSON members.

    Raises UsageError where not one thing is named, NotFound, NotSealed.
    """
    named = sum(one is not None for one in (capture, event, correction))
    if named != 1 or (row is not None and capture is None):
        raise UsageError("Name one thing: a capture, a row of a capture, an event, or a correction.")
    record, asked = None, {"capture": capture, "row": row, "event": event, "correction": correction}
    if event is not None:
        proofs = [of_event(connection, event)]
    elif correction is not None:
        proofs = [of_correction(connection, correction)]
    elif row is not None:
        record = of_record(connection, capture or "", row)
        proofs = [record.records]
    else:
        proofs = of_capture(connection, capture or "")
    form: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    form |= {"record": record.form()} if record else {"proofs": [proof.form() for proof in proofs]}
    form["keys"] = [key_form(connection, key) for key in sorted({proof.head.key for proof in proofs})]
    return proofs, record, form


def consistency(connection: Connection, first: int, second: int) -> Consistency:
    """That one size of the tree is the beginning of another. Raises UsageError for sizes that it never had."""
    held = tree.size(connection)
    if not 0 <= first <= second <= held:
        raise UsageError(f"The tree has {held} leaves; name two sizes up to that, the smaller one first.")
    stored = StoredTree(connection)
    path = merkle.consistency(stored.node, first, second)
    return Consistency(first, second, stored.root_at(first), stored.root_at(second), path)


def _record_proof(
    connection: Connection, capture_id: str, number: int, placed: Sequence[Placed], index: int
) -> RecordProof:
    if heads.covering(connection, number) is None:
        raise NotSealed(f"No signed head covers row {placed[index].row} of capture {capture_id} yet.")
    path = merkle.inclusion(merkle.over(forms.record_hashes(placed)), index, len(placed))
    leaf = _proof(connection, "records", number, forms.records_leaf(capture_id, placed))
    return RecordProof(placed[index].line, index, len(placed), path, leaf)


def _proof(connection: Connection, kind: str, place: int, data: bytes) -> LeafProof:
    head, stored = heads.covering(connection, place), StoredTree(connection)
    assert head is not None
    if stored.node(0, place) != merkle.leaf_hash(data):
        raise TreeDamaged(f"Leaf {place} ({kind}) is not what the archive holds; run noticewatch verify --full.")
    return LeafProof(kind, place, data, merkle.inclusion(stored.node, place, head.size), head)


def _entry_of_event(connection: Connection, seq: int) -> Any:
    """The row of the table ``leaves`` that holds an event's leaf; None where none does."""
    row = connection.execute(select(leaves).where(leaves.c.seq <= seq).order_by(leaves.c.seq.desc()).limit(1)).first()
    return row if row and seq < row.seq + row.leaves else None


def _data(kind: str, row: Mapping[Any, Any], body: bytes | None) -> bytes:
    """The bytes of a leaf that speaks of a capture, from its row and what the table ``leaves`` keeps."""
    if kind == "capture":
        return forms.capture_leaf(row)
    return bytes(body or b"") if kind == "thinned" else _records_data(row["id"], body or b"")


def _records_data(capture_id: str, body: bytes) -> bytes:
    return forms.records_leaf(capture_id, forms.unpack(bytes(body)))


def _hex(hashes: Sequence[bytes]) -> list[str]:
    return [one.hex() for one in hashes]
