"""The state of an index, building it anew beside the live one, and comparing it with the log."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, func, select

from archive import tables
from archive.beside import ahead
from archive.log import head
from archive.queries import procurement_of
from archive.readers import cursor, readers_lock
from archive.store import Archive
from indexer import dead_letters
from indexer.documents import BUCKET, Document
from indexer.engine import SCHEMA, Digest, Position, SearchEngine
from indexer.sync import FOLLOWS, IndexReader, assembled, batches, write
from noticewatch.errors import NoticewatchError


class IndexBehind(NoticewatchError):
    """An index that is to be compared with the log is not at its head."""


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """The index against the log: ``behind`` counts events that are not indexed yet; ``usable``: it is of this log and
    program, or there is nothing to index yet; ``refused``: documents that the engine has refused and not taken since.
    """

    engine: str
    epoch: str
    seq: int
    head: int
    behind: int
    usable: bool
    refused: int


Progress = Callable[[int, int], None]


def index_status(archive: Archive, engine: SearchEngine) -> IndexStatus:
    """Where the index stands. Raises SearchUnavailable."""
    position = engine.position()
    with archive.reading() as connection:
        end = head(connection)
        usable = (position.epoch, position.schema) == (archive.epoch, SCHEMA) if position is not None else not end
        seq = position.seq if usable and position else 0
        behind = connection.scalar(select(func.count()).select_from(tables.events).where(tables.events.c.seq > seq))
    refused = len(dead_letters.held(archive, engine))
    return IndexStatus(engine.label, archive.epoch, seq, end, int(behind or 0), usable, refused)


def rebuild(archive: Archive, engine: SearchEngine, progress: Progress | None = None) -> None:
    """Build a new index beside the live one and swap it in. ``progress`` gets (events indexed, events in all).

    The live index answers until then; where the build does not end, it stays and what was built goes.
    """
    beside = engine.beside(archive.epoch)
    with readers_lock(archive):
        try:
            _build(archive, beside, progress)
        except BaseException:
            beside.discard()
            raise
        beside.replace_current()


def _build(archive: Archive, beside: SearchEngine, progress: Progress | None) -> None:
    with archive.reading() as connection:
        end = cursor(connection, FOLLOWS)
    with ahead(archive, partial(batches, upto=end, building=True)) as made:
        for batch in made:
            write(archive, beside, *batch, more=True)
            if progress is not None:
                progress(batch[-1], end)
    reader = IndexReader(beside)
    while reader.advance(archive):
        position = beside.reached()
        if progress is not None and position is not None:
            progress(position.seq, end)
    if beside.reached() is None:  # an empty log is an index too
        write(archive, beside, [], [], 0)


@dataclass(frozen=True, slots=True)
class Difference:
    """A bucket in which index and log differ: its first and last number of a notice, and the documents of each."""

    first: int
    last: int
    indexed: int
    expected: int


def reconcile(archive: Archive, engine: SearchEngine, progress: Progress | None = None) -> list[Difference]:
    """Compare an index with the log, bucket by bucket, and mend what differs: documents lost, stale or too many.

    Raises IndexBehind for an index that is not at the head of the log: it would differ by what is still coming.
    """
    with readers_lock(archive):
        seq = _at_head(archive, engine)
        held = dict(engine.digests())
        with archive.reading() as connection:
            last = int(connection.scalar(select(func.max(tables.notices.c.number))) or 0)
        found = []
        buckets = range(max(last // BUCKET, max(held, default=0)) + 1)
        for number in buckets:
            with archive.reading() as connection:
                expected = _bucket(connection, number)
            if digest(expected) != held.get(number, Digest(0, 0)):
                indexed = held[number].count if number in held else 0
                found.append(Difference(number * BUCKET, (number + 1) * BUCKET - 1, indexed, len(expected)))
                _mend(archive, engine, number, expected, seq)
            if progress is not None:
                progress(number + 1, len(buckets))
        engine.settle()
    return found


def digest(documents: Sequence[Document]) -> Digest:
    """The digest of the documents of a bucket, as an engine makes it of what it holds."""
    return Digest(len(documents), sum(document.hash for document in documents))


def replay(archive: Archive, engine: SearchEngine) -> int:
    """Send documents again that the engine has refused; gives how many are refused still."""
    with readers_lock(archive):
        letters = dead_letters.held(archive, engine)
        seq = _at_head(archive, engine)
        for begin in range(0, len(letters), BUCKET):
            keys = [letter.key for letter in letters[begin : begin + BUCKET]]
            with archive.reading() as connection:
                documents, gone = _of_keys(connection, keys)
            dead_letters.note(archive, engine, set(keys) - {document.key for document in documents}, [], seq)
            write(archive, engine, documents, gone, seq)
        engine.settle()
    return len(dead_letters.held(archive, engine))


def _at_head(archive: Archive, engine: SearchEngine) -> int:
    position = engine.position()
    with archive.reading() as connection:
        upto = cursor(connection, FOLLOWS)
    if position is None and not upto:
        return upto  # there is nothing to index yet
    if position is None or (position.epoch, position.schema, position.seq) != (archive.epoch, SCHEMA, upto):
        raise IndexBehind(
            "The index is not at the head of the log; let noticewatch run or noticewatch serve bring it there, or "
            "build it anew with noticewatch index rebuild."
        )
    return upto


def _bucket(connection: Connection, number: int) -> list[Document]:
    """The documents that belong to a bucket by what the log says. A procurement is put together in one bucket alone,
    that of its earliest notice: one with members in many would be put together in each.
    """
    n, m = tables.notices.c, tables.memberships.c
    inside = n.number.between(number * BUCKET, (number + 1) * BUCKET - 1)
    numbers = list(connection.scalars(select(n.number).where(inside).order_by(n.number)))
    touched = select(m.procurement).join(tables.notices, n.number == m.notice).where(inside)
    earliest = func.min(m.notice).between(number * BUCKET, (number + 1) * BUCKET - 1)
    speaking = select(m.procurement).join(tables.notices, n.number == m.notice).where(n.leads_to.is_(None))
    groups = set(
        connection.scalars(speaking.where(m.procurement.in_(touched)).group_by(m.procurement).having(earliest))
    )
    documents, _ = assembled(connection, numbers, groups)
    return [document for document in documents if document.bucket == number]


def _mend(archive: Archive, engine: SearchEngine, number: int, expected: Sequence[Document], seq: int) -> None:
    keys = [document.key for document in expected]
    engine.replace_bucket(
        number, expected, Position(archive.epoch, seq),
        lambda refused: dead_letters.note(archive, engine, keys, refused, seq),
    )  # fmt: skip


def _of_keys(connection: Connection, keys: Sequence[str]) -> tuple[list[Document], list[str]]:
    """The documents of these keys, and those of them that are no more."""
    numbers = [int(key[1:]) for key in keys if key.startswith("n")]
    groups = {int(key[1:]) for key in keys if key.startswith("p")}
    groups |= set(procurement_of(connection, numbers).values())  # a notice that stands alone is its procurement too
    documents, gone = assembled(connection, numbers, groups)
    wanted = [document for document in documents if document.key in set(keys)]
    missing = set(keys) - {document.key for document in wanted}
    return wanted, sorted(missing | (set(gone) & set(keys)))
