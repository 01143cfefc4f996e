"""What the read side of the archive gives: notices, versions, captures and sources as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from archive.withheld import Tombstone
from noticewatch.models import Capture, Content, EventKind, Listing, Notice, Origin, Verdict


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice in its current version. ``first_seen`` and ``captured_at`` are UTC; ``versions`` counts its versions.

    ``procurement`` is 0, and ``procurement_id`` the notice's own id, until the joiner has seen the notice.
    ``capture_id``, ``origin``, ``recorder`` and ``captured_at`` are of the capture that the current version comes from.
    Where it was taken down ``notice`` says nothing, and ``tombstone`` why.
    ``leads_to``: number of the notice that a regrouping has given all its records, None for a notice that speaks.
    """

    number: int
    id: str
    register: str
    source: str
    version: int
    versions: int
    notice: Notice
    content_sha256: str
    first_seen: datetime
    first_seen_seq: int
    listing: Listing
    leads_to: int | None
    procurement: int
    procurement_id: str
    capture_id: str
    origin: Origin
    recorder: str
    captured_at: datetime
    tombstone: Tombstone | None = None


@dataclass(frozen=True, slots=True)
class RecordPlace:
    """Where the bytes stand that a record was read from: row and byte range of a capture's payload, and their SHA-256
    (without what the source's parser declares as noise).
    """

    capture_id: str
    row: int
    start: int
    end: int
    sha256: str


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version in a notice's history. ``changed``: (path, old, new) against the version before it in order that is not
    taken down. One that is has a ``tombstone``, no content and no changes. ``record``: the bytes it is read from, in
    its own capture, or in an older one that turned out to say the same.
    """

    version: int
    revision: str
    observed_at: datetime
    capture_id: str
    origin: Origin
    recorder: str
    content: Content
    content_sha256: str
    kinds: tuple[EventKind, ...]
    quiet: bool
    late: bool
    seq: int
    record: RecordPlace
    changed: tuple[tuple[str, Any, Any], ...]
    tombstone: Tombstone | None = None


@dataclass(frozen=True, slots=True)
class CaptureRow:
    """A filed capture and where its record stands in the folder of WARC files; payload_file, payload_offset: where
    another one stands that holds its payload; thinned_at: stamp, when it was thinned.
    """

    number: int
    capture: Capture
    run_id: str
    warc_file: str
    warc_offset: int
    warc_length: int
    payload_file: str | None = None
    payload_offset: int | None = None
    thinned_at: str | None = None


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A row of a capture: its place in the payload, whose notice it is, and the SHA-256 of its bytes; a ``tombstone``
    where readers do not get these bytes.
    """

    row: int
    start: int
    end: int
    notice_id: str
    sha256: str
    tombstone: Tombstone | None = None


@dataclass(frozen=True, slots=True)
class CrawlEnd:
    """That a crawl of a source ended (UTC), and how."""

    ended_at: datetime
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run of a source. ``verdict`` is None while it runs; times are UTC."""

    number: int
    id: str
    source: str
    kind: str
    started_at: datetime
    ended_at: datetime | None
    verdict: Verdict | None
    reasons: tuple[str, ...]
    findings: tuple[str, ...]
    progress: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """What is held of a source and how its runs went.

    ``first_dated`` and ``last_dated``: days (YYYY-MM-DD) of the first and last window, or of the publisher's own first
    and last revision; ``last_complete``: when the last complete crawl or replay ended; ``last_run``: the latest run;
    ``last_data``: the latest that appended a window.
    """

    source: str
    notices: int
    records: int
    captures: int
    first_dated: str | None
    last_dated: str | None
    first_captured: datetime | None
    last_captured: datetime | None
    last_complete: datetime | None
    last_run: RunRow | None
    last_data: RunRow | None
    runs: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """Windows of one scope of a source: days from first to last, how many, and how they were judged at last.

    months: the months (``2026-04``) in which any of them lies, with the reasons of these; empty for those without days.
    """

    source: str
    scope: str
    first: str | None
    last: str | None
    windows: int
    complete: int
    partial: int
    other: int
    reasons: tuple[str, ...]
    months: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counts:
    """How much the archive holds."""

    notices: int
    versions: int
    captures: int
    events: int
    procurements: int
    by_source: dict[str, int]
