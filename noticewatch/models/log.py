"""What the archive keeps about notices: captures, readings, versions and events."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, TypeAlias

from noticewatch.models.notice import Notice
from noticewatch.models.parts import Part


class Origin(StrEnum):
    """How an answer came into the archive. Marked for ever."""

    LIVE = "live"
    IMPORTED = "imported"
    REBUILT = "rebuilt"


class Capture(Part):
    """One answer of a source, as archived.

    ``id`` is a UUIDv7; ``fetched_at`` UTC; ``recorder`` says who received the answer; ``request_body`` and ``url`` are
    without secrets; ``gaps`` are sentences by which the recorder states what this answer is known not to hold.
    """

    id: str
    source: str
    method: str = "GET"
    url: str
    request_body: str | None = None
    status: int
    media_type: str | None = None
    fetched_at: datetime
    payload_sha256: str
    payload_length: int
    origin: Origin
    recorder: str
    note: str | None = None
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a parser makes of one row of one answer.

    source_number: the source's own number of the thing (SAM: NoticeId).
    key: key of the notice in its register, or None where a chain decides (register ``sam``).
    revision: sorts the publisher's own revisions (SAM: PostedDate in UTC, then NoticeId); empty where there are none.
    carried: paths or whole fields this kind of answer can carry.
    start, end: byte range of the row in the payload; sha256: of those bytes, declared noise cut.
    """

    source_number: str
    key: str | None
    revision: str
    notice: Notice
    carried: frozenset[str]
    index: int
    start: int
    end: int
    sha256: str


class EventKind(StrEnum):
    """What an event says happened."""

    NEW = "new"
    AMENDED = "amended"
    DEADLINE_MOVED = "deadline_moved"
    AWARDED = "awarded"
    CANCELLED = "cancelled"
    UNLISTED = "unlisted"
    RELISTED = "relisted"
    WITHDRAWN = "withdrawn"
    ARCHIVED_BY_SOURCE = "archived_by_source"
    DOCUMENT_ADDED = "document_added"
    DOCUMENT_CHANGED = "document_changed"
    DOCUMENT_REMOVED = "document_removed"
    DOCUMENT_TEXT = "document_text"
    DUE_SOON = "due_soon"
    REPOSTED = "reposted"
    JOINED = "joined"
    SPLIT = "split"
    ENRICHED = "enriched"
    REPARSED = "reparsed"
    RETAGGED = "retagged"
    TAKEN_DOWN = "taken_down"
    RESTORED = "restored"


ALWAYS_QUIET = frozenset(
    {
        EventKind.REPOSTED,
        EventKind.JOINED,
        EventKind.SPLIT,
        EventKind.ENRICHED,
        EventKind.REPARSED,
        EventKind.RETAGGED,
        EventKind.TAKEN_DOWN,
        EventKind.RESTORED,
    }
)
"""Kinds that never make an event loud by themselves."""

DERIVED = frozenset({EventKind.JOINED, EventKind.SPLIT, EventKind.RETAGGED})
"""Kinds that a reader of the log appended; the joiner and the tagger skip them."""


class CorrectionKind(StrEnum):
    """What an operator's correction does; each is told in the public log of corrections."""

    JOIN = "join"
    SPLIT = "split"
    TAKEDOWN = "takedown"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the log. ``changed`` holds (path, old, new) with JSON values, None = absent. ``withheld_by``: the
    correction for which changes of the notice's content are left out; None where none are.
    """

    seq: int
    notice_id: str
    notice_number: int
    version: int
    kinds: tuple[EventKind, ...]
    committed_at: datetime
    capture_id: str | None
    changed: tuple[tuple[str, Any, Any], ...]
    quiet: bool
    late: bool
    withheld_by: int | None = None


class Verdict(StrEnum):
    """How a window or crawl ended; of several the worst counts (see ``worst``)."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    BLOCKED = "blocked"
    FAILED = "failed"
    EMPTY_SUSPICIOUS = "empty_suspicious"
    CANCELLED = "cancelled"
    NOT_STARTED = "not_started"


_SEVERITY = (
    Verdict.COMPLETE,
    Verdict.PARTIAL,
    Verdict.EMPTY_SUSPICIOUS,
    Verdict.CANCELLED,
    Verdict.BLOCKED,
    Verdict.FAILED,
    Verdict.NOT_STARTED,
)


def worst(verdicts: list[Verdict]) -> Verdict:
    """The worst of the verdicts; ``not_started`` for none at all."""
    return max(verdicts, key=_SEVERITY.index, default=Verdict.NOT_STARTED)


RunKind: TypeAlias = Literal["crawl", "replay", "accept", "starter", "import", "reparse", "documents"]
