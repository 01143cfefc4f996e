"""Looks at the archive: its database, its files, its clock, locks, readers and the search index."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from archive import captures, ledger, locks, tables
from archive.log import head
from archive.proof import heads, keys
from archive.proof.tree import StoredTree
from archive.readers import cursor
from archive.store import Archive
from archive.times import stamp
from noticewatch.database import check_integrity
from noticewatch.settings import Settings
from service.doctor.finding import Finding, size
from service.holding import holder
from service.starter import starter_folder, starter_state

if TYPE_CHECKING:
    from indexer.upkeep import IndexStatus

MONTH: Final = timedelta(days=30)
LARGE_WAL: Final = 256_000_000
"""Bytes of a write-ahead log that tell of a reader who never lets go."""

AHEAD: Final = timedelta(minutes=10)
"""By so much may another machine's clock be ahead."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What came of a source in the last 30 days: bytes of its archived answers, rows in them, new records."""

    source: str
    warc_bytes: int
    rows: int
    records: int


def growth(archive: Archive, moment: datetime) -> list[Growth]:
    """What came of each source in the 30 days before a moment, by the time of its runs."""
    r, c, w = tables.runs.c, tables.captures.c, tables.windows.c
    since = stamp(moment - MONTH)
    with archive.reading() as connection:
        stored = connection.execute(
            select(r.source, func.sum(c.warc_length))
            .join(tables.captures, c.run == r.number)
            .where(r.started_at >= since)
            .group_by(r.source)
        ).all()
        counted = connection.execute(
            select(r.source, func.coalesce(func.sum(w.rows), 0), func.coalesce(func.sum(w.fresh_records), 0))
            .join(tables.windows, w.run == r.number)
            .where(r.started_at >= since, w.state == "appended")
            .group_by(r.source)
        ).all()
    sizes = {source: int(length or 0) for source, length in stored}
    rows = {source: (int(count), int(fresh)) for source, count, fresh in counted}
    return [
        Growth(source, sizes.get(source, 0), *rows.get(source, (0, 0))) for source in sorted(sizes.keys() | rows.keys())
    ]


def growth_finding(grown: list[Growth]) -> Finding:
    """Growth in words. Pure."""
    parts = [f"{one.source} {size(one.warc_bytes)}, {one.rows:,} rows, {one.records:,} new" for one in grown]
    return Finding("growth in 30 days", "good", "; ".join(parts) or "nothing came")


def database(archive: Archive, settings: Settings) -> Iterator[Finding]:
    """The database: whether it is whole, and how large its write-ahead log is."""
    wrong = check_integrity(archive.engine)
    if wrong:
        cure = "stop noticewatch and restore a backup; the archived answers in warc/ are not touched by this"
        yield Finding("database", "bad", f"it is damaged: {wrong}", cure)
    else:
        yield Finding("database", "good", "whole, with the schema of this program")
    if settings.database.startswith("sqlite"):
        file = Path(f"{archive.engine.url.database}-wal")
        length = file.stat().st_size if file.exists() else 0
        if length > LARGE_WAL:
            cure = "some program holds an old state open; restart noticewatch and close others that read the file"
            yield Finding("write-ahead log", "note", f"{file.name} has {size(length)}", cure)


def files(archive: Archive) -> Iterator[Finding]:
    """Whether the files of archived answers are all there, as long as they must be."""
    with archive.reading() as connection:
        ends = captures.file_ends(connection)
    missing = [name for name in ends if not (archive.warc_folder / name).is_file()]
    short = [
        name for name, end in ends.items() if name not in missing and (archive.warc_folder / name).stat().st_size < end
    ]
    if not missing and not short:
        yield Finding("archived answers", "good", f"{len(ends):,} files, none missing or cut off")
        return
    said = [f"{name} is missing" for name in missing[:3]] + [f"{name} is cut off" for name in short[:3]]
    more = len(missing) + len(short) - len(said)
    yield Finding(
        "archived answers", "bad", "; ".join(said) + (f"; and {more} more" if more else ""),
        "put the files back from a backup; what they proved cannot be shown without them",
    )  # fmt: skip


def proof(archive: Archive) -> Iterator[Finding]:
    """Whether the tree of the log fits its latest head, and the key is its user's alone."""
    with archive.reading() as connection:
        latest = heads.latest(connection)
        root = StoredTree(connection).root_at(latest.size).hex() if latest else ""
    if latest is None or latest.root != root:
        said = "the tree of the log is not the one that was signed" if latest else "no head is signed"
        yield Finding("proof", "bad", said, "noticewatch verify --full names what does not hold; restore a backup")
    else:
        yield Finding("proof", "good", f"head of {latest.size:,} leaves, signed {latest.signed_at[:16]} UTC")
    key = archive.folder / "keys" / keys.NAME
    if key.stat().st_mode & 0o077:
        yield Finding("key", "bad", f"{key} can be read by others", f"chmod 600 {key}; docs/proof.md says what then")


def clock(archive: Archive, moment: datetime) -> Finding:
    """Whether the machine's clock can be right: nothing held may come from the future."""
    with archive.reading() as connection:
        latest = connection.scalar(select(func.max(tables.captures.c.fetched_at)))
        started = connection.scalar(select(func.max(tables.runs.c.started_at)))
    ahead = max((told for told in (latest, started) if told), default="")
    if ahead > stamp(moment + AHEAD):
        cure = "set the clock; if it is right, the clock was ahead when that was fetched"
        return Finding("clock", "bad", f"it is {moment:%Y-%m-%d %H:%M} UTC, but something held is of {ahead}", cure)
    return Finding("clock", "good", f"{moment:%Y-%m-%d %H:%M} UTC; nothing held comes from the future")


def work(archive: Archive) -> Iterator[Finding]:
    """Who works on the archive: server, scheduler, crawls; and what died in between."""
    serving = [role for role in ("server", "scheduler") if holder(archive.folder, role)]
    yield Finding(
        "running", "good" if "scheduler" in serving else "note",
        f"here: {' and '.join(serving)}" if serving else "neither server nor scheduler runs here",
        "" if "scheduler" in serving else "noticewatch run serves and crawls on schedule",
    )  # fmt: skip
    with archive.reading() as connection:
        at, held = locks.database_time(connection), locks.holders(connection)
    for one in held:
        if one.living(at):
            yield Finding("lock", "good", f"{one.source} is being crawled or imported by {one.words}")
        else:
            yield Finding("lock", "note", f"{one.source} was left by {one.words}", "the next crawl takes it over")
    dead = ledger.count_dead_runs(archive)
    if dead:
        said = f"{dead} of them ended without noting how"
        yield Finding("runs", "note", said, "the next crawl or start closes them as failed")


def loading(archive: Archive, settings: Settings) -> Iterator[Finding]:
    """Whether the starter archive was loaded to its end, where that was begun."""
    state = starter_state(archive, starter_folder(settings))
    if not state.begun:
        return
    if not state.due:
        yield Finding("starter archive", "good", f"loaded: {', '.join(state.loaded)}")
        return
    with archive.reading() as connection:
        at, held = locks.database_time(connection), locks.holders(connection)
    said = f"not loaded to its end, {' and '.join(state.due)} to come"
    if any(one.source in state.due and one.living(at) for one in held):
        yield Finding("starter archive", "note", said, "wait, it is being loaded")
    else:
        yield Finding("starter archive", "bad", said, "noticewatch run or noticewatch load-starter goes on with it")


def readers(archive: Archive) -> Iterator[Finding]:
    """How far joins and tags are behind the log."""
    with archive.reading() as connection:
        end = head(connection)
        behind = {name: end - cursor(connection, name) for name in ("joiner", "tagger")}
    late = [f"{name} {count:,} events behind" for name, count in behind.items() if count > 0]
    if not late:
        yield Finding("readers", "good", f"joins and tags have passed all {end:,} events")
    elif holder(archive.folder, "server"):
        yield Finding("readers", "note", "; ".join(late), "wait for the server, which is at it")
    else:
        yield Finding("readers", "bad", "; ".join(late), "start noticewatch run or noticewatch serve")


def indexes(archive: Archive, settings: Settings) -> Iterator[Finding]:
    """How far each search index is behind the log, and what it has refused."""
    from indexer.engine import SearchUnavailable  # noqa: PLC0415 - engines are loaded only where they are needed
    from indexer.engines import open_engines  # noqa: PLC0415 - likewise
    from indexer.upkeep import index_status  # noqa: PLC0415 - likewise

    for engine in open_engines(settings, archive):
        try:
            status = index_status(archive, engine)
        except SearchUnavailable as error:
            yield Finding("search index", "bad", str(error).rstrip("."), "the index follows by itself when it answers")
            continue
        finally:
            engine.close()
        yield _index(archive, status)
        if status.refused:
            said = f"{status.engine} has refused {status.refused:,} documents"
            yield Finding(
                "search index", "bad", said, "noticewatch index status names them, index replay sends them again"
            )


def _index(archive: Archive, status: "IndexStatus") -> Finding:
    if not status.head:
        return Finding("search index", "good", "there is nothing to index yet")
    served = holder(archive.folder, "server")
    if not status.usable and served:
        return Finding("search index", "note", "it is being built", "wait for the server, which is at it")
    if not status.usable:
        return Finding(
            "search index",
            "bad",
            "it is missing, of another log or of another version of noticewatch",
            "noticewatch index rebuild",
        )
    if not status.behind:
        return Finding("search index", "good", f"{status.engine} is at the head of the log, event {status.head:,}")
    said = f"{status.behind:,} of {status.head:,} events are not searchable yet"
    if served:
        return Finding("search index", "note", said, "wait for the server, which is at it")
    return Finding("search index", "bad", said, "start noticewatch run or noticewatch serve")
