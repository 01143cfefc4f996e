"""The log: readings of judged windows become records, versions and events, in one order for all processes.

Appending the same readings twice changes nothing.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import orjson
from sqlalchemy import Connection, bindparam, func, select, update

from archive import locks, tables, windows
from archive.absence import Rules
from archive.appending import Appending, Item, Tally, Terms
from archive.batches import Appended, Reread, Seen, Sighting, WindowBatch
from archive.derived import Derived, append_derived, head
from archive.held import Place
from archive.ledger import Run
from archive.listing import Listings
from archive.shelf import Shelf
from archive.sightings import Given, note
from archive.store import Archive
from archive.times import stamp
from noticewatch.database import BATCH, chunks
from noticewatch.identifiers import now
from noticewatch.models import Notice

__all__ = [
    "Appended", "Derived", "Reread", "Seen", "Sighting", "WindowBatch", "append", "append_derived", "head",
    "known_hashes", "latest_hashes",
]  # fmt: skip

_w = tables.windows
_COUNT = (
    update(_w)
    .where(_w.c.number == bindparam("window"))
    .values(fresh_records=func.coalesce(_w.c.fresh_records, 0) + bindparam("fresh"), quiet=bindparam("quiet"))
)
_CLOSE = (
    update(_w)
    .where(_w.c.number == bindparam("window"))
    .values(state="appended", verdict=bindparam("verdict"), reasons=bindparam("reasons"), walked=bindparam("walked"))
)


def append(
    archive: Archive,
    run: Run,
    batches: Sequence[WindowBatch],
    *,
    register: str,
    parser_version: int,
    late_after: Callable[[Notice], int],
    reread: Reread,
    ranks: Mapping[str, int] | None = None,
    rules: Rules | None = None,
) -> Appended:
    """Append readings in transactions of at most 1,000; a ``last`` batch closes its window in the ledger.

    ``late_after``: days after which a notice's first version is called late; ``ranks``: rank of each source of the
    register, the lowest wins; a source without one comes last; ``rules``: what its windows say about listing. Raises
    LeaseLost where another process has taken the run's source over meanwhile.
    """
    terms = Terms(run, register, parser_version, late_after, reread, ranks or {}, stamp(now()))
    total, last_seq = Tally(), 0
    for group in _transactions(batches):
        with _collector_paused(), archive.writing() as connection:
            locks.confirm(connection, run.source)
            tally, last_seq = _append_group(connection, terms, rules or Rules(), group)
        total.records += tally.records
        total.versions += tally.versions
        total.events += tally.events
        total.sightings += tally.sightings
    if not batches:
        with archive.reading() as connection:
            last_seq = head(connection)
    return Appended(total.records, total.versions, total.events, total.sightings, last_seq)


def known_hashes(connection: Connection, source: str, source_numbers: Sequence[str]) -> dict[str, tuple[str, int]]:
    """SHA-256 and parser version of the latest record of each source number that has one."""
    latest = latest_hashes(connection, source, source_numbers)
    return {number: (sha256, parser_version) for number, sha256, parser_version, _ in latest}


def latest_hashes(
    connection: Connection, source: str, source_numbers: Iterable[str]
) -> Iterator[tuple[str, str, int, int]]:
    """Source number, SHA-256, parser version, number of the records of these; of each source number the latest last."""
    r = tables.records.c
    query = (
        select(r.source_number, r.sha256, r.parser_version, r.number)
        .where(r.source == source, r.source_number.in_(bindparam("numbers", expanding=True)))
        .order_by(r.source_number, r.first_seen, r.number)  # intervals do not overlap; the index holds this order
    )
    for chunk in chunks(source_numbers):
        yield from map(tuple, connection.execute(query, {"numbers": chunk}).all())


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the cyclic garbage collector: a transaction makes many containers and no cycles (a third faster)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _transactions(batches: Sequence[WindowBatch]) -> Iterator[list[WindowBatch]]:
    """The batches cut and grouped so that no group has more than 1,000 readings."""
    group: list[WindowBatch] = []
    size = 0
    for batch in batches:
        for piece in _pieces(batch):
            if group and size + len(piece.readings) > BATCH:
                yield group
                group, size = [], 0
            group.append(piece)
            size += len(piece.readings)
    if group:
        yield group


def _pieces(batch: WindowBatch) -> Iterator[WindowBatch]:
    if len(batch.readings) <= BATCH:
        yield batch
        return
    for begin in range(0, len(batch.readings), BATCH):
        end = begin + BATCH
        yield replace(batch, readings=batch.readings[begin:end], last=batch.last and end >= len(batch.readings))


def _append_group(
    connection: Connection, terms: Terms, rules: Rules, group: Sequence[WindowBatch]
) -> tuple[Tally, int]:
    run = terms.run
    opened = windows.openness(connection, run.source, run.number, [(batch.scope, batch.key) for batch in group])
    quiet = {batch.window: windows.is_quiet(run.kind, opened, batch.scope, batch.key, batch.begins) for batch in group}
    given = [Given(batch, *reading) for batch in group for reading in batch.readings]
    stamps = {number: stamp(capture.fetched_at) for number, capture in {g.number: g.capture for g in given}.items()}
    listings = Listings(connection, run, terms.register, rules, group)
    listings.before(given)
    rest = note(connection, run, given)
    shelf = Shelf(connection, run.source, terms.register)
    appending = Appending(connection, shelf, terms)
    appending.run(
        [Item(one.batch.window, quiet[one.batch.window], _place(one, stamps[one.number]), one.seen) for one in rest]
    )
    appending.tally.sightings += len(given) - len(rest)
    _close(
        connection, run, [(batch, appending.tally.fresh.get(batch.window, 0), quiet[batch.window]) for batch in group]
    )
    walked = [(batch.scope, batch.key) for batch in group if batch.last and batch.walked]
    if run.kind in windows.WALKING:
        windows.note_walked(connection, run.source, run.number, walked)
    filed = {id(one) for one in rest}
    stretched = [one for one in given if id(one) not in filed] if filed else given
    last_seq = listings.after(stretched, appending.witnessed, quiet, terms.committed_at, appending.last_seq)
    appending.tally.events += last_seq - appending.last_seq
    return appending.tally, last_seq


def _close(connection: Connection, run: Run, batches: Sequence[tuple[WindowBatch, int, bool]]) -> None:
    """Count the fresh records of windows in the ledger, and close those whose last batch this was."""
    counted = [{"window": batch.window, "fresh": fresh, "quiet": quiet} for batch, fresh, quiet in batches]
    closed = [
        {
            "window": batch.window,
            "verdict": batch.verdict.value,
            "reasons": orjson.dumps(list(batch.reasons)).decode(),
            "walked": batch.walked and run.kind in windows.WALKING,
        }
        for batch, _, _ in batches
        if batch.last
    ]
    connection.execute(_COUNT, counted)
    if closed:
        connection.execute(_CLOSE, closed)


def _place(given: Given, at: str) -> Place:
    seen = given.seen
    return Place(at, given.capture.id, given.number, seen.index, seen.start, seen.end)
