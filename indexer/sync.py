"""Keeping the index in step with the log, as a reader of it."""

import gc
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, bindparam, select

from archive import tables as archive_tables
from archive.documents.queries import characters, of_notices, pages_of
from archive.queries import events, members, notices, procurement_of, procurements
from archive.readers import cursor
from archive.rows import NoticeRow
from archive.store import Archive
from archive.witnesses import sources_of
from indexer import dead_letters
from indexer.documents import Document, Member, notice_document, procurement_document, withheld_document
from indexer.engine import SCHEMA, Position, SearchEngine, refuse_newer
from noticewatch.database import chunks
from noticewatch.models import Event, EventKind
from watchlist.queries import tags_of, tiers_of

FOLLOWS: Final = "tagger"
"""The reader whose cursor the index does not pass."""
MOST_INDEXED: Final = 20_000_000
"""Characters of all documents of a notice that can be searched: those of the first ones."""

_MOST_TEXT: Final = 10_000_000
"""Characters of documents that are indexed in one commit, where one notice has not more alone."""

_BATCH: Final = 3_000
"""Most events of one commit: a commit costs tens of milliseconds, whatever it holds."""


class IndexReader:
    """Follows the tagger: what it has tagged is indexed, a notice and its procurement once a batch."""

    name = "index"

    def __init__(self, engine: SearchEngine) -> None:
        self._engine = engine
        self._built_upto = 0

    def advance(self, archive: Archive) -> bool:
        """Index one batch of the log; True if there may be more. Raises SearchUnavailable: the cursor stands still."""
        with archive.reading() as connection:
            upto = cursor(connection, FOLLOWS)
        after = self._after(archive, upto)
        building = after < self._built_upto
        for batch in batches(archive, self._built_upto if building else upto, after, building=building):
            write(archive, self._engine, *batch, more=building)
            return True
        self._engine.settle()
        return False

    def _after(self, archive: Archive, upto: int) -> int:
        """The index's cursor; 0 for an index of another epoch or an older schema, or of a log that was longer."""
        position = self._engine.reached()
        refuse_newer(position, self._engine.label)
        if position is None or position.epoch != archive.epoch or position.schema != SCHEMA:
            self._built_upto = upto
            return 0
        if position.seq > upto:
            self._built_upto = 0  # what there is was not written by batches up to here
            return 0
        return position.seq


def batches(
    archive: Archive, upto: int, after: int = 0, *, building: bool = False
) -> Iterator[tuple[list[Document], list[str], int]]:
    """What events in (``after``, ``upto``] change, a batch at a time: documents, keys that are gone, the last ``seq``.

    Of the later events of a batch's notices the last state is taken: their own batch brings the same again.
    ``building``: the index was empty and was brought to ``after`` by batches up to the same ``upto``. Each document is
    given once then, with the last event about its procurement: what is written over leaves a gap behind in an index.
    """
    while True:
        with collecting_later(), archive.reading() as connection:
            batch = light([event for event in events(connection, after, _BATCH) if event.seq <= upto], connection)
            if not batch:
                return
            documents, gone = built(connection, batch, upto) if building else touched(connection, batch, upto)
        after = batch[-1].seq
        yield documents, gone, after


def write(
    archive: Archive,
    engine: SearchEngine,
    documents: Sequence[Document],
    gone: Sequence[str],
    seq: int,
    *,
    more: bool = False,
) -> None:
    """Write documents and move the index to ``seq``; what the engine refuses is kept as a dead letter before that.

    ``more``: other writes follow at once, and the engine is settled after them.
    """
    keys = [document.key for document in documents]
    engine.write(
        documents, gone, Position(archive.epoch, seq, SCHEMA),
        lambda refused: dead_letters.note(archive, engine, keys, refused, seq), more=more,
    )  # fmt: skip


@contextmanager
def collecting_later() -> Iterator[None]:
    """Keep the collector of cyclic garbage from walking a batch's many notices again and again (measured: a third)."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def light(batch: Sequence[Event], connection: Connection) -> list[Event]:
    """The beginning of a batch whose notices have no more text in documents than is held in memory at once; at least
    one event.
    """
    sizes = characters(connection, {event.notice_number for event in batch})
    taken, seen, size = list[Event](), set[int](), 0
    for event in batch:
        if event.notice_number not in seen:
            seen.add(event.notice_number)
            size += sizes.get(event.notice_number, 0)
        if taken and size > _MOST_TEXT:
            break
        taken.append(event)
    return taken


def touched(connection: Connection, batch: Sequence[Event], upto: int) -> tuple[list[Document], list[str]]:
    """Documents of the notices that events are about and of their procurements, and keys that are no more.

    A procurement that a later event up to ``upto`` is about waits for that one: an award whose actions arrive in many
    batches is put together once, not once a batch.
    """
    numbers = list(dict.fromkeys(event.notice_number for event in batch))
    left = [
        old
        for event in batch
        if EventKind.JOINED in event.kinds or EventKind.SPLIT in event.kinds
        for path, old, _ in event.changed
        if path == "procurement" and isinstance(old, str)
    ]
    groups = set(procurement_of(connection, numbers).values()) | set(procurements(connection, left).values())
    return assembled(connection, numbers, groups - _coming(connection, groups, batch[-1].seq, upto))


def built(connection: Connection, batch: Sequence[Event], upto: int) -> tuple[list[Document], list[str]]:
    """Documents that an index has to be given with a batch while it is built up to ``upto``, and no keys: those of the
    notices with that of their procurement, since all of them are needed for it.
    """
    after = batch[-1].seq
    seen = {event.notice_number for event in batch}
    joined = procurement_of(connection, sorted(seen))
    alone, groups = seen - joined.keys(), set(joined.values())
    numbers = sorted(alone - _later(connection, alone, after, upto))
    documents, _ = assembled(connection, numbers, groups - _coming(connection, groups, after, upto))
    return documents, []


def assembled(
    connection: Connection, numbers: Sequence[int], groups: Collection[int]
) -> tuple[list[Document], list[str]]:
    """Documents of notices, and of procurements with all their members, and keys that are no more."""
    held = {group: _speaking(some) for group, some in members(connection, sorted(groups)).items()}
    rows = {row.number: row for group in held.values() for row in group}
    others = notices(connection, [number for number in numbers if number not in rows])
    rows |= {row.number: row for row in _speaking(others.values())}
    tags = tags_of(connection, rows)
    tiers = tiers_of(connection, [number for number, row in rows.items() if row.tombstone])
    told, pages = sources_of(connection, rows), page_texts(connection, rows)
    own = {}
    for number, row in rows.items():
        carried = tags.get(number, ())
        if row.tombstone is None:
            document = notice_document(row, carried, told.get(number, ()), pages.get(number, ()))
        else:
            document = withheld_document(row, tiers.get(number, ()))
        own[number] = Member(row, carried, document)
    changed = {number: own[number].document for number in numbers if number in own}
    documents, gone = list[Document](), [f"n{number}" for number in others if number not in rows]
    for group, group_rows in held.items():
        for row in group_rows:  # one of them may have stood alone until now, its document in both scopes
            changed.setdefault(row.number, own[row.number].document)
        if len(group_rows) > 1:
            documents.append(procurement_document(group, [own[row.number] for row in group_rows]))
            continue
        gone.append(f"p{group}")
        for row in group_rows:
            changed[row.number] = procurement_document(group, [own[row.number]])
    return [*changed.values(), *documents], gone


def _speaking(rows: Iterable[NoticeRow]) -> list[NoticeRow]:
    """Without those that lead to another notice: they say nothing any more."""
    return [row for row in rows if row.leads_to is None]


def page_texts(connection: Connection, numbers: Collection[int]) -> dict[int, list[str]]:
    """Texts of pages by notice number; the same file is taken once, and of a notice no more than is indexed."""
    found: dict[int, list[str]] = {}
    listed = of_notices(connection, characters(connection, numbers))
    for number, rows in listed.items():
        distinct = {row.file.sha256: row for row in rows if row.file}
        left = MOST_INDEXED
        for placed in pages_of(connection, list(distinct.values())):
            left -= len(placed.page.text)
            if left < 0:
                break
            found.setdefault(number, []).append(placed.page.text)
    return found


def _coming(connection: Connection, groups: Iterable[int], after: int, upto: int) -> set[int]:
    """Those of some procurements about whose notices there are events in (``after``, ``upto``]."""
    e, m = archive_tables.events.c, archive_tables.memberships.c
    query = select(m.procurement).join(archive_tables.events, e.notice == m.notice).distinct()
    query = query.where(m.procurement.in_(bindparam("some", expanding=True)), e.seq > after, e.seq <= upto)
    return {number for some in chunks(sorted(groups)) for number in connection.scalars(query, {"some": some})}


def _later(connection: Connection, numbers: Iterable[int], after: int, upto: int) -> set[int]:
    """Those of some notices about which there are events in (``after``, ``upto``]."""
    e = archive_tables.events.c
    query = select(e.notice).where(e.notice.in_(bindparam("some", expanding=True))).distinct()
    query = query.where(e.seq > after, e.seq <= upto)
    return {number for some in chunks(sorted(numbers)) for number in connection.scalars(query, {"some": some})}
