"""The exact bytes that are hashed and signed (docs/proof.md): canonical JSON, absent members left out. Pure."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Any, Final, NamedTuple, TypeAlias

import orjson

from archive import merkle
from noticewatch.models import canonical_json

ALGORITHM: Final = "Ed25519"
_PLACED: Final = Struct(">qqqq32s")
CAPTURE: Final = (
    "fetched_at", "id", "media_type", "method", "note", "origin", "payload_length", "payload_sha256", "recorder",
    "request_body", "source", "status", "url",
)  # fmt: skip
"""Members of the leaf of a capture that stand in its row, beside ``gaps``."""

Stated: TypeAlias = tuple[int, int, int, int, str]
"""A placed record as a plain tuple, where there are many."""


class Placed(NamedTuple):
    """A record as a leaf speaks of it. record: its number in the archive; start, end: byte range of its row in the
    payload of its capture; sha256: hex, of these bytes, declared noise cut.
    """

    record: int
    row: int
    start: int
    end: int
    sha256: str

    @property
    def line(self) -> bytes:
        """The record as a leaf of the tree of records that a leaf of kind ``records`` names the root of."""
        return b'{"end":%d,"row":%d,"sha256":"%s","start":%d}' % (
            self.end, self.row, self.sha256.encode(), self.start,
        )  # fmt: skip


def capture_leaf(row: Mapping[Any, Any]) -> bytes:
    """Leaf of a capture, from its row in the table ``captures``."""
    gaps = _read(row["gaps"])
    stated = {name: row[name] for name in CAPTURE if row[name] is not None}
    return canonical_json(stated | ({"gaps": gaps} if gaps else {}) | {"type": "capture"})


def records_leaf(capture_id: str, placed: Sequence[Stated]) -> bytes:
    """Leaf of records that one transaction read from one capture, in the order in which they are given."""
    return records_leaf_over(capture_id, record_hashes(placed))


def records_leaf_over(capture_id: str, hashes: Sequence[bytes]) -> bytes:
    """The same, from the hashes of the records' lines."""
    root = merkle.root(hashes).hex()
    return canonical_json({"capture": capture_id, "count": len(hashes), "root": root, "type": "records"})


def record_hashes(placed: Iterable[Stated]) -> list[bytes]:
    """Hashes of the leaves of a tree of records, of which each is what :attr:`Placed.line` says."""
    sha256 = hashlib.sha256
    return [
        sha256(f'\0{{"end":{end},"row":{row},"sha256":"{digest}","start":{start}}}'.encode()).digest()
        for _, row, start, end, digest in placed
    ]


Lineage: TypeAlias = tuple[int | None, str | None]
"""Where the version of an event comes from, which no table says once it has moved: the place in the capture of the row
that it was read from, and the hash of the content from which what changed leads to its own, where something changed.
"""
NO_LINEAGE: Final = None, None
"""Of an event that brought no version, or of which nobody knows any longer."""


def event_leaf(
    capture: str | None, committed_at: str, content_sha256: str | None, kinds: str, notice: str | None, seq: int,
    version: int, *, quiet: bool | None = None, late: bool | None = None, lineage: Lineage = NO_LINEAGE,
    changed: str | None = None,
) -> bytes:  # fmt: skip
    """Leaf of an event. notice, capture: their ids; kinds: as the table holds them, a JSON list; changed: so too, of an
    event that brought no version. Leaves of earlier programs say nothing of ``quiet`` and what stands behind it.
    """
    row, against = lineage
    stated = {  # in their order already
        "capture": capture, "committed_at": committed_at, "content_sha256": content_sha256,
        "kinds": orjson.Fragment(kinds), "late": late, "notice": notice, "quiet": quiet, "row": row, "seq": seq,
        "type": "event", "version": version,
    } if quiet is not None else {
        "capture": capture, "committed_at": committed_at, "content_sha256": content_sha256,
        "kinds": orjson.Fragment(kinds), "notice": notice, "seq": seq, "type": "event", "version": version,
    }  # fmt: skip
    if capture is None:
        del stated["capture"]
    if row is None:
        stated.pop("row", None)
    if against is changed is None:
        return orjson.dumps(stated)
    more = {"against": against} if changed is None else {"changed_sha256": hashlib.sha256(changed.encode()).hexdigest()}
    return canonical_json(stated | more)


def event_hashes(rows: Sequence[tuple[Any, ...]], lineages: Sequence[Lineage] | None) -> list[bytes]:
    """Hashes of the leaves of events, from what :func:`event_leaf` takes of each; rows may hold more behind it. No
    lineages: as earlier programs wrote them.
    """
    sha256 = hashlib.sha256
    if lineages is None:
        return [sha256(b"\0" + event_leaf(*row[:7])).digest() for row in rows]
    return [
        sha256(
            b"\0" + event_leaf(*row[:7], quiet=bool(row[7]), late=bool(row[8]), lineage=lineage, changed=row[9])
        ).digest()
        for row, lineage in zip(rows, lineages, strict=False)
    ]


def pack_lineages(lineages: Sequence[Lineage]) -> bytes:
    """Lineages of the events of an entry of the table ``leaves``, in order; no lineages where none is known."""
    against = {str(place): content for place, (_, content) in enumerate(lineages) if content is not None}
    return orjson.dumps({"against": against, "rows": [row for row, _ in lineages]})


def unpack_lineages(body: bytes | None, events: int) -> Sequence[Lineage] | None:
    """What :func:`pack_lineages` wrote, for so many events; None where an earlier program made their leaves."""
    if body is None:
        return None
    against = unpack_against(body)
    try:
        rows = orjson.loads(body)["rows"] or [None] * events
        return [(row, against.get(place)) for place, row in enumerate(rows)]
    except (ValueError, TypeError, KeyError):
        return [NO_LINEAGE] * events  # whose leaves are others


def unpack_against(body: bytes) -> dict[int, str]:
    """What :func:`pack_lineages` wrote of contents, by the place of the event in its entry; none of other bytes."""
    try:
        return {int(place): content for place, content in orjson.loads(body)["against"].items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def epoch_leaf(epoch: str, begun_at: str, previous: str | None) -> bytes:
    """Leaf by which an epoch of the log begins. ``previous``: the epoch before, after a restore."""
    stated = {"begun_at": begun_at, "epoch": epoch, "type": "epoch"}
    return canonical_json(stated | ({"previous": previous} if previous else {}))


def key_leaf(public_key: bytes, fingerprint: str, added_at: str) -> bytes:
    """Leaf that names a key; heads signed by it follow behind."""
    return canonical_json(
        {
            "added_at": added_at, "algorithm": ALGORITHM, "fingerprint": fingerprint, "public_key": public_key.hex(),
            "type": "key",
        }
    )  # fmt: skip


def thinned_bytes(stated: Mapping[str, Any]) -> bytes:
    """The bytes of a statement that a capture was thinned which are signed: all its members but the signature."""
    return canonical_json({name: value for name, value in stated.items() if name != "signature"})


def correction_leaf(row: Mapping[Any, Any]) -> bytes:
    """Leaf of an entry of the log of corrections, from its row in the table ``corrections``: of its reason and details
    only the hashes, since a leaf stays for ever, whatever a reason turns out to say.
    """
    hashed = {f"{name}_sha256": hashlib.sha256(row[name].encode()).hexdigest() for name in ("reason", "details")}
    stated = {name: row[name] for name in ("number", "kind", "made_at", "first_seq", "last_seq")}
    return canonical_json(stated | hashed | {"concerns": _read(row["concerns"]), "type": "correction"})


def _read(text: str) -> Any:
    """The JSON of a column; a text that was changed to be none, as it stands: its leaf says another thing."""
    try:
        return orjson.loads(text)
    except ValueError:
        return text


@dataclass(frozen=True, slots=True)
class Head:
    """A signed head. size: leaves of the tree; root, key (fingerprint) and signature in hex; signed_at: UTC as the
    tables hold it; run: id of the run that it closes, None where it closes none.
    """

    epoch: str
    size: int
    root: str
    signed_at: str
    key: str
    run: str | None
    signature: str

    @property
    def signed(self) -> bytes:
        """The bytes that are signed."""
        return signed_bytes(self.epoch, self.size, self.root, self.signed_at, self.key, self.run)

    def form(self) -> dict[str, Any]:
        """The head with its signature, as JSON members."""
        return {**orjson.loads(self.signed), "signature": self.signature}

    @property
    def line(self) -> bytes:
        """The head as a line of ``heads.jsonl``."""
        return canonical_json(self.form()) + b"\n"


def signed_bytes(epoch: str, size: int, root: str, signed_at: str, key: str, run: str | None) -> bytes:
    """The bytes of a head that are signed: all its members but the signature."""
    stated: dict[str, Any] = {
        "epoch": epoch, "key": key, "root": root, "signed_at": signed_at, "size": size, "type": "head",
    }  # fmt: skip
    return canonical_json(stated | ({"run": run} if run is not None else {}))


def head_from(line: bytes) -> Head:
    """The head that a line of ``heads.jsonl`` states. Raises ValueError or TypeError for anything else."""
    stated = orjson.loads(line)
    if not isinstance(stated, dict):
        raise TypeError("no head")
    texts = [stated.get(name) for name in ("root", "signed_at", "key", "run", "signature")]
    head = Head(stated.get("epoch"), stated.get("size"), *texts)  # type: ignore[arg-type]  # held to its line below
    if not _is_head(head) or head.line.rstrip() != line.rstrip():
        raise ValueError("no head")
    return head


def _is_head(head: Head) -> bool:
    texts = (head.epoch, head.root, head.signed_at, head.key, head.signature, head.run or "")
    return type(head.size) is int and head.size >= 0 and all(type(text) is str for text in texts)


def pack(placed: Sequence[Placed]) -> bytes:
    """Placed records for the table ``leaves``."""
    return b"".join(_PLACED.pack(one.record, one.row, one.start, one.end, bytes.fromhex(one.sha256)) for one in placed)


def packed(body: bytes) -> int:
    """How many records :func:`pack` wrote."""
    return len(body) // _PLACED.size


def packed_rows(body: bytes) -> list[Stated]:
    """The records that :func:`pack` wrote, as plain tuples; none of bytes that it cannot have written."""
    whole = body if len(body) % _PLACED.size == 0 else b""
    return [(record, row, start, end, digest.hex()) for record, row, start, end, digest in _PLACED.iter_unpack(whole)]


def unpack(body: bytes) -> list[Placed]:
    """The same as placed records."""
    return [Placed(*one) for one in packed_rows(body)]
