"""What is handed to the log: readings of judged windows, and what appending them changed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from noticewatch.models import Capture, Reading, Verdict


@dataclass(frozen=True, slots=True)
class Sighting:
    """A row whose bytes are known (see :func:`archive.log.known_hashes`), so it was not parsed: it was seen again.

    record: number of the latest record of its number, which holds these bytes; 0 where that was not looked up.
    """

    source_number: str
    index: int
    start: int
    end: int
    sha256: str
    record: int = 0


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
