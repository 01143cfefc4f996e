"""Where a notice's wordings stand in the archive: captures, rows and hashes, for the proof on its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from archive import tables as t
from archive.rows import CaptureRow, NoticeRow, RecordRow
from archive.sightings import LAST_SEEN, WITH_LAST
from archive.times import moment
from archive.withheld import Tombstone, of_records
from noticewatch import addresses, words
from noticewatch.models import Origin


@dataclass(frozen=True, slots=True)
class Held:
    """One wording of a notice in one capture: its row there, the hash of the row's bytes, first and last sighting."""

    capture_id: str
    row: int
    start: int
    end: int
    sha256: str
    source: str
    source_number: str
    first_seen: datetime
    last_seen: datetime
    tombstone: Tombstone | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A capture as the page's proof tells of it; ``wording``: whose its bytes are, in words."""

    capture_id: str
    href: str
    received: str
    origin: str
    recorder: str
    note: str
    url: str
    payload_sha256: str
    size: str
    rebuilt: bool
    wording: str
    gaps: tuple[str, ...]
    records: tuple[Held, ...]


def held_records(connection: Connection, notice_number: int) -> list[Held]:
    """Every wording of a notice, in order of its first sighting."""
    r, c = t.records.c, t.captures.c
    query = (
        select(c.id, r.row, r.start, r.end, r.sha256, r.source, r.source_number, r.first_seen, LAST_SEEN, r.number)
        .select_from(WITH_LAST)
        .join(t.captures, c.number == r.capture)
        .where(r.notice == notice_number)
        .order_by(r.first_seen, r.number)
    )
    rows = connection.execute(query).all()
    stones = of_records(connection, {row.number: notice_number for row in rows})
    return [Held(*row[:7], moment(row[7]), moment(row[8]), stones.get(row.number)) for row in rows]


def record_at(connection: Connection, capture_number: int, row: int) -> RecordRow | None:
    """The record that a row of a capture gave, or None."""
    from archive import queries  # noqa: PLC0415 - keeps this module free of the rest of the read side

    found = queries.capture_rows(connection, capture_number, after=row - 1, limit=1)
    return found[0] if found and found[0].row == row else None


def receipts(captures: Sequence[CaptureRow], records: Sequence[Held]) -> list[Receipt]:
    """Captures with the records of the notice that stand in them, newest first. Pure."""
    shown = []
    for row in captures:
        held = row.capture
        inside = tuple(record for record in records if record.capture_id == held.id)
        shown.append(
            Receipt(
                capture_id=held.id,
                href=addresses.capture(held.id),
                received=words.moment_words(held.fetched_at),
                origin=words.ORIGINS[held.origin],
                recorder=held.recorder,
                note=held.note or "",
                url=held.url,
                payload_sha256=held.payload_sha256,
                size=words.file_size(held.payload_length),
                rebuilt=held.origin is Origin.REBUILT,
                wording=words.WORDINGS[held.origin],
                gaps=held.gaps,
                records=inside,
            )
        )
    return shown[::-1]


def citation(row: NoticeRow, title: str, buyer: str, day: str, permanent: str) -> str:
    """A citation to copy: what, who, when, which version, its hash, its permanent address."""
    quoted = title if len(title) <= 160 else title[:157] + "…"
    return (
        f"{buyer}, “{quoted}”, {row.id}, dated {day}; noticewatch version {row.version}, "
        f"captured {words.day_words(row.captured_at.date())} ({words.ORIGINS[row.origin]}), "
        f"content SHA-256 {row.content_sha256}. {permanent}"
    )


def request_paragraph(buyer: str, numbers: Sequence[tuple[str, str]], day: str, *, bought: bool) -> str:
    """A paragraph for a public records request that names the record by its numbers. ``bought``: there is an award."""
    named = words.listed(f"{words.inside(name)} {value}" for name, value in dict.fromkeys(numbers))
    what = f" identified by {named}" if named else ""
    asked = _CONTRACT_FILE if bought else _NOTICE_FILE
    return (
        f"I request the complete {'contract' if bought else 'procurement'} file held by {buyer}{what}, dated {day}, "
        f"including {asked}. Where a part is withheld, please release the rest and name the ground for each part."
    )


_CONTRACT_FILE = (
    "the statement of work, the award and all its modifications with their dates and amounts, the justification for "
    "other than full and open competition if there is one, quotes or price lists relied on, privacy assessments, and "
    "user agreements or licence terms"
)
_NOTICE_FILE = (
    "the solicitation or notice with all its attachments and amendments, questions and answers, market research, the "
    "justification for other than full and open competition if there is one, privacy assessments, and, if something "
    "was bought, the award and its amounts"
)
