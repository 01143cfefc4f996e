"""Statements that captures were thinned: signed, and leaves of the tree. Without one a missing payload is damage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from archive import merkle
from archive.proof import filing, forms, heads
from archive.proof.keys import Signer, is_signed
from archive.proof.tree import StoredTree
from archive.tables import leaves
from archive.thinned import Kept, write_parts
from noticewatch.models import canonical_json

if TYPE_CHECKING:
    from archive.store import Archive


@dataclass(frozen=True, slots=True)
class Thinning:
    """A statement that holds. capture: id; thinned_at: stamp; rows: how many are kept; kept_sha256: of their bytes and
    of what stands around them; parts: where those stood.
    """

    capture: str
    thinned_at: str
    rows: int
    kept_sha256: str
    parts: str


def statement(row: Mapping[Any, Any], kept: Kept, thinned_at: str, signer: Signer) -> bytes:
    """The signed statement that a capture (its row) was thinned to what is kept, as the bytes of its leaf."""
    stated: dict[str, Any] = {
        "type": "thinned", "capture": row["id"], "payload_sha256": row["payload_sha256"],
        "payload_length": row["payload_length"], "thinned_at": thinned_at, "rows": kept.rows,
        "kept_sha256": kept.sha256, "parts": write_parts(kept.parts), "key": signer.fingerprint,
    }  # fmt: skip
    return canonical_json(stated | {"signature": signer.sign(forms.thinned_bytes(stated)).hex()})


def of(connection: Connection, number: int, row: Any) -> Thinning | None:
    """The statement on a capture (its number and row); None where there is none that is in the tree, signed by a key
    that the tree names, and speaks of this payload.
    """
    query = select(leaves.c.number, leaves.c.body).where(leaves.c.capture == number, leaves.c.kind == "thinned")
    stored, keys = StoredTree(connection), heads.keys(connection)
    for place, body in connection.execute(query.order_by(leaves.c.number)).all():
        data = bytes(body)
        if stored.hashes(place, 1) != merkle.leaf_hash(data):
            continue
        said = filing.stated(data)
        if _is_signed(said, keys) and _speaks_of(said, row):
            return Thinning(said["capture"], said["thinned_at"], said["rows"], said["kept_sha256"], said["parts"])
    return None


def files_thinned_since(archive: "Archive", leaf: int, captures: Any) -> Sequence[str]:
    """Files of the captures (the table) of which a leaf from this place on says that they were thinned."""
    query = (
        select(captures.c.warc_file)
        .join(leaves, leaves.c.capture == captures.c.number)
        .where(leaves.c.kind == "thinned", leaves.c.number >= leaf)
        .distinct()
    )
    with archive.reading() as connection:
        return list(connection.scalars(query))


def _is_signed(said: Mapping[str, Any], keys: Mapping[str, Mapping[str, Any]]) -> bool:
    key = keys.get(str(said.get("key")))
    try:
        signature = bytes.fromhex(str(said.get("signature")))
    except ValueError:
        return False
    return key is not None and is_signed(bytes.fromhex(key["public_key"]), signature, forms.thinned_bytes(said))


def _speaks_of(said: Mapping[str, Any], row: Any) -> bool:
    return bool(
        said.get("type") == "thinned" and said["capture"] == row.id and said["payload_sha256"] == row.payload_sha256
    )
