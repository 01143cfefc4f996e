"""The log: readings of judged windows become records, versions and events, in one order for all processes.

Appending the same readings twice changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import Connection, func, select

from archive import tables
from archive.ledger import Run
from archive.store import Archive
from noticewatch.models import Capture, Notice, Reading, Verdict


@dataclass(frozen=True, slots=True)
class Sighting:
    """A row whose bytes are known (see :func:`known_hashes`), so that it was not parsed: it was seen again."""

    source_number: str
    index: int
    start: int
    end: int
    sha256: str


Seen: TypeAlias = Reading | Sighting


@dataclass(frozen=True, slots=True)
class WindowBatch:
    """Readings of one window. Readings of one capture stand in chain order: revision, then source number.

    window: its number in the ledger; readings: (capture number, capture, reading or sighting); walked: the window was
    walked to the end; last: no more readings of this window follow, so it is closed with its verdict.
    """

    window: int
    scope: str
    key: str
    begins: str | None
    readings: Sequence[tuple[int, Capture, Seen]]
    verdict: Verdict
    reasons: Sequence[str]
    walked: bool
    last: bool = True


@dataclass(frozen=True, slots=True)
class Appended:
    """What an append changed. ``last_seq``: head of the log afterwards; readers that passed it have seen it all."""

    records: int
    versions: int
    events: int
    sightings: int
    last_seq: int


Reread: TypeAlias = Callable[[int, Sequence[int]], Mapping[int, Reading]]
"""Reads rows (their ``index``) of the capture with this number again, with the present parser."""


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
) -> Appended:
    """Append readings in transactions of at most 1,000; a ``last`` batch closes its window in the ledger.

    ``late_after``: days after which a notice's first version is called late; ``ranks``: rank of each source of the
    register, the lowest wins; a source without one comes last.
    """
    raise NotImplementedError


def known_hashes(connection: Connection, source: str, source_numbers: Sequence[str]) -> dict[str, tuple[str, int]]:
    """SHA-256 and parser version of the latest record of each source number that has one."""
    raise NotImplementedError


def head(connection: Connection) -> int:
    """The highest ``seq`` of the log; 0 where it is empty."""
    return int(connection.scalar(select(func.max(tables.events.c.seq))) or 0)
