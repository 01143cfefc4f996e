"""When and where records were seen last, and the plain case of a sighting in bulk: the latest wording of a number was
seen once more, later than ever before.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Integer, String, bindparam, delete, func, literal_column, select

from archive import tables as t
from archive.batches import Seen, Sighting, WindowBatch
from archive.held import HeldRecord
from archive.ledger import Run
from archive.times import stamp
from noticewatch.database import BIG, insert_many, put_selected
from noticewatch.models import Capture

_r, _s, _later = t.records.c, t.sightings.c, t.records.alias("later")

LAST_SEEN: Final = func.coalesce(_s.seen_at, _r.first_seen)
"""When a record was seen last; for queries that join :data:`WITH_LAST`."""
LAST_CAPTURE: Final = func.coalesce(_s.capture, _r.capture)
"""Number of the capture that held a record last; likewise."""
WITH_LAST: Final = t.records.outerjoin(t.sightings, _s.record == _r.number)
"""Records with their last sightings."""

_STRETCHED: Final = (
    select(
        _r.number, bindparam("at", type_=String),
        *(bindparam(name, type_=Integer) for name in ("by", "at_row")),
        *(bindparam(name, type_=BIG) for name in ("from_byte", "to_byte")),
    )
    .select_from(WITH_LAST)
    .where(
        _r.number == bindparam("of_record"),
        _r.source == bindparam("of_source"),
        _r.source_number == bindparam("of_number"),
        _r.sha256 == bindparam("of_bytes"),
        bindparam("at") > LAST_SEEN,
        ~select(literal_column("1"))
        .select_from(_later)
        .where(
            _later.c.source == bindparam("of_source"),
            _later.c.source_number == bindparam("of_number"),
            _later.c.first_seen >= LAST_SEEN,
            _later.c.number != bindparam("of_record"),
        )
        .correlate(t.records, t.sightings)
        .exists(),
    )
)  # fmt: skip
"""Intervals of one number do not overlap, so the latest is the one that no other begins behind."""


class Given(NamedTuple):
    """A reading or sighting of a batch, with the number of its capture."""

    batch: WindowBatch
    number: int
    capture: Capture
    seen: Seen


def note(connection: Connection, run: Run, given: Sequence[Given]) -> list[Given]:
    """Stretch the latest interval of each number that was merely seen again; gives what is left, in order.

    Left are readings, numbers that came more than once, and all of a re-reading; where the archive is not as it was
    when the sightings were made, all of them: filing a sighting twice changes nothing.
    """
    count = Counter(one.seen.source_number for one in given)
    plain = [one for one in given if run.kind != "reparse" and _is_plain(one.seen, count)]
    captures = {one.number: one.capture for one in plain}
    times = {number: stamp(capture.fetched_at) for number, capture in captures.items()}
    rows = [
        {
            "of_record": seen.record, "of_source": run.source, "of_number": seen.source_number,
            "of_bytes": seen.sha256, "at": times[number], "by": number, "at_row": seen.index,
            "from_byte": seen.start, "to_byte": seen.end,
        }
        for _, number, _, seen in plain
        if isinstance(seen, Sighting)
    ]  # fmt: skip
    if not rows or put_selected(connection, t.sightings, _STRETCHED, rows) != len(rows):
        return list(given)
    return [one for one in given if not _is_plain(one.seen, count)]


def write(connection: Connection, records: Iterable[HeldRecord]) -> None:
    """Write where records were seen last; one that was seen only once has no row."""
    held = list(records)
    again = [_row(record) for record in held if record.last != record.first]
    once = [{"of_record": record.number} for record in held if record.last == record.first]
    insert_many(connection, t.sightings, again, over=True)
    if once:
        connection.execute(delete(t.sightings).where(_s.record == bindparam("of_record")), once)


def _row(record: HeldRecord) -> dict[str, Any]:
    last = record.last
    return {
        "record": record.number, "seen_at": last.at, "capture": last.capture, "row": last.row, "start": last.start,
        "end": last.end,
    }  # fmt: skip


def _is_plain(seen: Seen, count: Counter[str]) -> bool:
    return isinstance(seen, Sighting) and seen.record > 0 and count[seen.source_number] == 1
