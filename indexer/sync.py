"""Keeping the index in step with the log: as a reader of it, and by a rebuild beside the live index."""

import gc
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from archive import tables as archive_tables
from archive.documents.queries import characters, of_notices, pages_of
from archive.log import head
from archive.queries import events, members, notices, procurement_of, procurements
from archive.readers import cursor, readers_lock
from archive.store import Archive
from archive.witnesses import sources_of
from indexer.documents import Document, Member, notice_document, procurement_document
from indexer.embedded import EmbeddedEngine, index_name
from indexer.engine import SCHEMA, Position, SearchEngine
from noticewatch.errors import SettingsError
from noticewatch.models import Event, EventKind
from noticewatch.settings import Settings
from watchlist.queries import tags_of

_FOLLOWS: Final = "tagger"
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

    def advance(self, archive: Archive) -> bool:
        """Index one batch of the log; True if there may be more."""
        with _collecting_later(), archive.reading() as connection:
            upto = cursor(connection, _FOLLOWS)
            after = self._after(archive, upto)
            batch = light([event for event in events(connection, after, _BATCH) if event.seq <= upto], connection)
            if not batch:
                self._engine.settle()
                return False
            documents, gone = touched(connection, batch, upto)
        self._engine.write(documents, gone, Position(archive.epoch, batch[-1].seq))
        return True

    def _after(self, archive: Archive, upto: int) -> int:
        """The index's cursor; 0 for an index of another epoch or schema, or of a log that was longer."""
        position = self._engine.position()
        if position is None or position.epoch != archive.epoch or position.schema != SCHEMA or position.seq > upto:
            return 0
        return position.seq


@contextmanager
def _collecting_later() -> Iterator[None]:
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
    groups -= _coming(connection, batch[-1].seq, upto)
    held = members(connection, sorted(groups))
    rows = {row.number: row for group in held.values() for row in group}
    rows |= notices(connection, [number for number in numbers if number not in rows])
    tags = tags_of(connection, rows)
    told, pages = sources_of(connection, rows), _pages(connection, rows)
    own = {}
    for number, row in rows.items():
        carried = tags.get(number, ())
        document = notice_document(row, carried, told.get(number, ()), pages.get(number, ()))
        own[number] = Member(row, carried, document)
    changed = {number: own[number].document for number in numbers if number in own}
    documents, gone = [], []
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


def _pages(connection: Connection, numbers: Collection[int]) -> dict[int, list[str]]:
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


def _coming(connection: Connection, after: int, upto: int) -> set[int]:
    """Procurements of the notices that events in (``after``, ``upto``] are about."""
    e, m = archive_tables.events.c, archive_tables.memberships.c
    query = select(m.procurement).join(archive_tables.events, e.notice == m.notice)
    return set(connection.scalars(query.where(e.seq > after, e.seq <= upto).distinct()))


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """The index against the log: ``behind`` counts events that are not indexed yet."""

    engine: str
    epoch: str
    seq: int
    head: int
    behind: int
    usable: bool


def index_status(archive: Archive, engine: SearchEngine) -> IndexStatus:
    """Where the index stands."""
    position = engine.position()
    with archive.reading() as connection:
        end = head(connection)
        usable = position is not None and (position.epoch, position.schema) == (archive.epoch, SCHEMA)
        seq = position.seq if usable and position else 0
        behind = connection.scalar(
            select(func.count()).select_from(archive_tables.events).where(archive_tables.events.c.seq > seq)
        )
    return IndexStatus("embedded", archive.epoch, seq, end, int(behind or 0), usable)


def rebuild(archive: Archive, settings: Settings, progress: Callable[[int, int], None] | None = None) -> IndexStatus:
    """Build a new index beside the live one and swap it in. ``progress`` gets (events indexed, events in all)."""
    open_engine(settings, archive).close()  # refuses an engine that cannot be rebuilt here
    folder = archive.folder / "index"
    engine = EmbeddedEngine(folder, name=index_name(archive.epoch))
    with readers_lock(archive):
        reader = IndexReader(engine)
        with archive.reading() as connection:
            end = cursor(connection, _FOLLOWS)
        while reader.advance(archive):
            position = engine.position()
            if progress is not None and position is not None:
                progress(position.seq, end)
        engine.replace_current()
    return index_status(archive, EmbeddedEngine(folder))


def open_engine(settings: Settings, archive: Archive) -> SearchEngine:
    """The engine that the settings name; the embedded one by default.

    Raises SettingsError for an address: only the embedded engine is there yet.
    """
    if settings.search_url:
        raise SettingsError(
            "NOTICEWATCH_SEARCH_URL names a search server, but this version has only the embedded engine; "
            "remove the setting."
        )
    return EmbeddedEngine(archive.folder / "index")


__all__ = ["IndexReader", "IndexStatus", "index_status", "open_engine", "rebuild", "touched"]
