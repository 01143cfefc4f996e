"""The plain case of a sighting, in bulk: the latest wording of a number was seen once more, later than ever before."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, literal_column, select, update

from archive import tables as t
from archive.batches import Seen, Sighting, WindowBatch
from archive.ledger import Run
from archive.times import stamp
from noticewatch.database import update_many
from noticewatch.models import Capture

_r, _later = t.records.c, t.records.alias("later")
_STRETCH: Final = (
    update(t.records)
    .where(
        _r.number == bindparam("of_record"),
        _r.source == bindparam("of_source"),
        _r.source_number == bindparam("of_number"),
        _r.sha256 == bindparam("of_bytes"),
        _r.last_seen < bindparam("at"),
        ~select(literal_column("1"))
        .select_from(_later)
        .where(
            _later.c.source == bindparam("of_source"),
            _later.c.source_number == bindparam("of_number"),
            _later.c.first_seen >= _r.last_seen,
            _later.c.number != bindparam("of_record"),
        )
        .correlate(t.records)
        .exists(),
    )
    .values(
        last_seen=bindparam("at"), last_capture=bindparam("by"), last_row=bindparam("at_row"),
        last_start=bindparam("from_byte"), last_end=bindparam("to_byte"),
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
    if not rows or update_many(connection, _STRETCH, rows) != len(rows):
        return list(given)
    return [one for one in given if not _is_plain(one.seen, count)]


def _is_plain(seen: Seen, count: Counter[str]) -> bool:
    return isinstance(seen, Sighting) and seen.record > 0 and count[seen.source_number] == 1
