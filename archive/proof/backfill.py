"""Leaves for what the log held before it had a tree: captures, records, events, then corrections, each in order of
numbers.

Done before an archive is open to anybody, in transactions that each carry on where the last one ended.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import orjson
from sqlalchemy import Connection, delete, func, select

from archive.proof import correction_leaves, filing, heads, reading
from archive.proof.filing import Entry
from archive.tables import captures, events, meta, records
from noticewatch.database import insert_many

if TYPE_CHECKING:
    from archive.store import Archive

CHUNK: Final = 5_000
Tell: TypeAlias = Callable[[str, int | None, int | None], None]
_NAME: Final = "leaves"
_WHOLE: Final = "whole"
_ALL: Final = "whole, corrections too"


@dataclass(frozen=True, slots=True)
class _At:
    """How far it has come: highest number of a capture and record, ``seq`` of an event, that has its leaf."""

    captures: int = 0
    records: int = 0
    events: int = 0


def catch_up(archive: "Archive", tell: Tell | None = None, *, chunk: int = CHUNK) -> None:
    """Make the leaves that are missing and sign them; nothing where the log has all. ``tell``: text, done, total.

    A restore that gave the log another epoch is missing the leaf that names it; it gets it before anything is appended.
    ``chunk``: how many rows a transaction takes; records of one capture in one chunk share a leaf.
    """
    with archive.reading() as connection:
        value = _value(connection)
        if value == _ALL and heads.epoch_now(connection) in heads.epochs(connection):
            return
        total = 0 if value in {_WHOLE, _ALL} else _sum(_top(connection))
    while True:
        with archive.writing() as connection:
            heads.name_epoch(connection)
            value = _value(connection)
            if value == _WHOLE:
                correction_leaves.file_missing(connection)
                _set(connection, _ALL)
            if value in {_WHOLE, _ALL}:
                heads.seal(connection, archive.signer)
                break
            at = _step(archive, connection, chunk)
        if tell is not None and total:
            tell("Adding what is held to the proof", min(_sum(at), total), total)
    heads.export(archive)


def _step(archive: "Archive", connection: Connection, chunk: int) -> _At:
    value = _value(connection)
    at = _At(**orjson.loads(value)) if value else _At()
    entries, after = _next(connection, at, chunk)
    filing.file(connection, entries)
    if after == at:
        heads.seal(connection, archive.signer)
    _set(connection, _WHOLE if after == at else orjson.dumps(asdict(after)).decode())
    return after


def _next(connection: Connection, at: _At, chunk: int) -> tuple[Sequence[Entry], _At]:
    """The next leaves, and how far they reach; none where all are made."""
    held = reading.captures_after(connection, at.captures, chunk)
    if held:
        return [filing.capture(row["number"], row) for row in held], _At(held[-1]["number"], at.records, at.events)
    written = reading.records_after(connection, at.records, chunk)
    if written:
        return filing.records(written), _At(at.captures, written[-1].placed.record, at.events)
    entries = filing.held_events(connection, at.events + 1, at.events + chunk)
    made = sum(len(entry.hashes) for entry in entries)
    return entries, _At(at.captures, at.records, at.events + made)


def _value(connection: Connection) -> str | None:
    value = connection.scalar(select(meta.c.value).where(meta.c.name == _NAME))
    return None if value is None else str(value)


def _set(connection: Connection, value: str) -> None:
    connection.execute(delete(meta).where(meta.c.name == _NAME))
    insert_many(connection, meta, [{"name": _NAME, "value": value}])


def _top(connection: Connection) -> _At:
    return _At(
        *(int(connection.scalar(select(func.max(c))) or 0) for c in (captures.c.number, records.c.number, events.c.seq))
    )


def _sum(at: _At) -> int:
    return at.captures + at.records + at.events
