"""Signed heads: signed when a run is closed, kept in the table ``heads`` and in the file ``HOME/heads.jsonl``."""

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from filelock import FileLock
from sqlalchemy import Connection, Select, func, insert, select, update

from archive.proof import filing, forms, tree
from archive.proof.forms import Head
from archive.proof.keys import Signer
from archive.proof.tree import StoredTree, TreeDamaged
from archive.tables import heads, leaves, meta, runs
from archive.times import stamp
from noticewatch.identifiers import new_id, now

if TYPE_CHECKING:
    from archive.store import Archive

_log = logging.getLogger("noticewatch.proof")
_PAGE = 1_000
_TAIL = 1 << 16


def seal(connection: Connection, signer: Signer, run: str | None = None) -> None:
    """Sign the tree as it stands in this writing transaction; nothing where its latest head says all that already.

    ``run``: id of the run that is closed. The leaf that names the key is made before the first head by it. A tree that
    is damaged is not signed, and logged: runs must end all the same.
    """
    try:
        with connection.begin_nested():
            _seal(connection, signer, run)
    except TreeDamaged as error:
        _log.error("No head was signed: %s", error)


def _seal(connection: Connection, signer: Signer, run: str | None) -> None:
    if signer.fingerprint not in keys(connection):
        data = forms.key_leaf(signer.public, signer.fingerprint, stamp(now()))
        filing.file(connection, [filing.statement("key", data)])
    epoch, size, last = epoch_now(connection), tree.size(connection), latest(connection)
    if last is not None and (last.epoch, last.size, last.key) == (epoch, size, signer.fingerprint):
        return
    root = StoredTree(connection).root_at(size).hex()
    stated = (epoch, size, root, stamp(now()), signer.fingerprint, run)
    head = Head(*stated, signer.sign(forms.signed_bytes(*stated)).hex())
    connection.execute(insert(heads).values({name: getattr(head, name) for name in Head.__dataclass_fields__}))


def seal_at_rest(archive: "Archive") -> None:
    """Sign what was appended after the last run was closed, such as findings of readers, where no run is open."""
    with archive.reading() as connection:
        last, size = latest(connection), tree.size(connection)
        busy = connection.scalar(select(runs.c.number).where(runs.c.ended_at.is_(None)).limit(1))
    if busy is not None or last is None or last.size >= size:
        return
    with archive.writing() as connection:
        seal(connection, archive.signer)
    export(archive)


def begin_epoch(archive: "Archive") -> str:
    """Begin a new epoch, as after a restore, and give its id; the archive must be opened anew afterwards.

    The tree goes on: heads of the epochs before stay valid for what they cover, up to where this one begins.
    """
    epoch = new_id()
    with archive.writing() as connection:
        connection.execute(update(meta).where(meta.c.name == "epoch").values(value=epoch))
        name_epoch(connection)
        seal(connection, archive.signer)
    export(archive)
    return epoch


def name_epoch(connection: Connection) -> None:
    """Make the leaf by which the epoch of the log begins, where it has none; needs the lock of the log."""
    epoch, named = epoch_now(connection), list(epochs(connection))
    if epoch not in named:
        data = forms.epoch_leaf(epoch, stamp(now()), named[-1] if named else None)
        filing.file(connection, [filing.statement("epoch", data)])


def epoch_now(connection: Connection) -> str:
    """The epoch of the log."""
    return str(connection.scalar(select(meta.c.value).where(meta.c.name == "epoch")))


def epochs(connection: Connection) -> dict[str, int]:
    """Place of the leaf by which each epoch begins, in order."""
    return {said["epoch"]: number for number, said in stated(connection, "epoch")}


def keys(connection: Connection) -> dict[str, dict[str, Any]]:
    """What the leaves of all keys say, by fingerprint, with their place as ``leaf``."""
    return {said["fingerprint"]: said | {"leaf": number} for number, said in stated(connection, "key")}


def stated(connection: Connection, kind: filing.LeafKind) -> Sequence[tuple[int, dict[str, Any]]]:
    """Places of the leaves of a kind that is kept with its own bytes, in order, and what each says."""
    query = select(leaves.c.number, leaves.c.body).where(leaves.c.kind == kind).order_by(leaves.c.number)
    return [(number, filing.stated(bytes(body))) for number, body in connection.execute(query)]


def latest(connection: Connection) -> Head | None:
    """The head that was signed last."""
    return _one(connection, _heads().order_by(heads.c.number.desc()))


def covering(connection: Connection, leaf: int) -> Head | None:
    """The first head whose tree holds a leaf; None where none is signed yet."""
    return _one(connection, _heads().where(heads.c.size > leaf).order_by(heads.c.size, heads.c.number))


def numbered(connection: Connection, after: int = 0, limit: int = _PAGE) -> list[tuple[int, Head]]:
    """Heads with their numbers in the order of their signing."""
    query = _heads().add_columns(heads.c.number).where(heads.c.number > after).order_by(heads.c.number).limit(limit)
    return [(number, Head(*stated)) for *stated, number in connection.execute(query)]


def all_heads(archive: "Archive", after: int = 0) -> Iterator[tuple[int, Head]]:
    """All heads with their numbers, read page by page."""
    while True:
        with archive.reading() as connection:
            page = numbered(connection, after)
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1][0]


def file_of(archive: "Archive") -> Path:
    """The file of heads that others can mirror."""
    return archive.folder / "heads.jsonl"


def export(archive: "Archive") -> None:
    """Bring the file of heads up to the table: it is only ever appended to.

    Heads that the table no longer holds, because a restore left them behind, stay. A file that cannot be written is
    logged and brought up by the next head.
    """
    try:
        with FileLock(archive.folder / "locks" / "heads.lock"), file_of(archive).open("a+b") as file:
            _cut_torn_line(file)
            _append(archive, file)
    except OSError as error:
        _log.warning("%s cannot be written (%s); the next head writes it.", file_of(archive), error.strerror)


def _append(archive: "Archive", file: BinaryIO) -> None:
    with archive.reading() as connection:
        last = connection.scalar(select(func.max(heads.c.number))) or 0
        written = _number_of(connection, _last_line(file))
    if written == last:
        return
    if written == 0:
        written = _last_known(archive, file)
    lines = [head.line for _, head in all_heads(archive, written)]
    if lines:
        file.write(b"".join(lines))
        file.flush()
        os.fsync(file.fileno())


def _last_known(archive: "Archive", file: BinaryIO) -> int:
    """Number of the latest head of the table that the file holds; 0 for none."""
    known = {head.line: number for number, head in all_heads(archive)}
    file.seek(0)
    return max((known.get(line, 0) for line in file), default=0)


def _number_of(connection: Connection, line: bytes) -> int:
    try:
        head = forms.head_from(line)
    except (ValueError, TypeError):
        return 0
    query = select(heads.c.number).where(heads.c.size == head.size, heads.c.signature == head.signature)
    return int(connection.scalar(query) or 0)


def _last_line(file: BinaryIO) -> bytes:
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - _TAIL))
    lines = file.read().splitlines(keepends=True)
    return lines[-1] if lines else b""


def _cut_torn_line(file: BinaryIO) -> None:
    """Take away what a killed process left of a line."""
    line = _last_line(file)
    if line and not line.endswith(b"\n"):
        file.truncate(file.seek(0, os.SEEK_END) - len(line))


def _heads() -> Select[Any]:
    return select(*(heads.c[name] for name in Head.__dataclass_fields__))


def _one(connection: Connection, query: Select[Any]) -> Head | None:
    row = connection.execute(query.limit(1)).first()
    return Head(*row) if row else None
