"""Checks that every version still has the content of which the leaf of its event names the hash, and that it comes from
a record of the capture that this leaf names and was seen when that was received.
"""

import hashlib
from collections.abc import Mapping, Sequence
from itertools import repeat

from sqlalchemy import Connection, select

from archive.proof import reading
from archive.proof.extent import DoesNotHold
from archive.proof.forms import NO_LINEAGE, Lineage
from archive.proof.reading import EventTold, HeldRecord
from archive.tables import captures, events, notices, versions


def check_contents(
    connection: Connection,
    told: Sequence[EventTold],
    held: Mapping[int, HeldRecord],
    lineages: Sequence[Lineage] | None,
) -> None:
    """Check the versions that events brought. held: records that were read before; lineages: what the leaves say of
    where versions come from, None where they say nothing.

    Raises DoesNotHold that names the first content that is not the proved one.
    """
    others = {one[11] for one in told if one[11] is not None and one[11] not in held}
    standing = {**held, **reading.records_of(connection, others)} if others else held
    for (row, against), one in zip(lineages or repeat(NO_LINEAGE), told, strict=False):
        _, _, sha256, _, notice, seq, version, _, _, _, content, record, capture, brought_by, elsewhere, changed = one
        read_from = None if record is None else standing.get(record)
        if content is not None:
            found = hashlib.sha256(content).hexdigest()
        else:
            found = read_from[1] if read_from is not None else ""
        if found != sha256:
            _may_be_missing(connection, seq)
        elif seq == brought_by and record is not None and not _stands(read_from, capture, row):
            _was_read_there(connection, seq, record, capture, row)
        if elsewhere and seq == brought_by:
            _was_seen_then(connection, seq)
        if row is not None and changed != (against is not None):
            raise DoesNotHold(
                f"Event {seq} ({notice}, version {version}) is held to have changed "
                f"{'something' if changed else 'nothing'}, and its leaf says otherwise."
            )


def _may_be_missing(connection: Connection, seq: int) -> None:
    """Ask whether a version may be without its proved content: it was taken down, or its event is a derived one, which
    speaks of a version that came before.
    """
    for row in reading.events_between(connection, seq, seq):
        if row.capture is None or reading.takedown_of(connection, row.notice or "", row.version) is not None:
            continue
        raise DoesNotHold(f"The content of {row.notice}, version {row.version} (event {seq}), is not the proved one.")


def _stands(read_from: HeldRecord | None, capture: int | None, row: int | None) -> bool:
    """Whether a record stands in this capture, in this row of it where one is given."""
    return read_from is not None and read_from[0][5] == capture and row in {None, read_from[0][1]}


def _was_read_there(connection: Connection, seq: int, record: int, capture: int | None, place: int | None) -> None:
    """Ask whether the record that a version was read from stood in the capture that its event names, in the row that
    its leaf names. It may stand in an older one by now, an older record may have turned out to say the same, and where
    several witnesses or postings tell of a notice, what came later may have changed at which of its records the history
    comes to say so.
    """
    if capture is None or reading.was_placed(connection, record, capture, place):
        return
    if reading.is_older(connection, record, capture) or reading.is_of_many(connection, seq, record):
        return
    row = reading.events_between(connection, seq, seq)[0]
    raise DoesNotHold(
        f"Version {row.version} of {row.notice} (event {seq}) is held to be read from record {record}, which no leaf "
        f"places in capture {row.capture}{'' if place is None else f', row {place},'} or an older one."
    )


def _was_seen_then(connection: Connection, seq: int) -> None:
    """Ask whether the version that an event brought is held to be seen when a capture was received that it was read
    from: its record may be another one by now, which tells the same.
    """
    v, c = versions.c, captures.c
    query = (
        select(notices.c.id, v.version, v.record, v.capture, v.observed_at, c.fetched_at)
        .select_from(versions.join(notices, notices.c.number == v.notice))
        .outerjoin(captures, c.number == v.capture)
        .where(v.seq == seq, v.notice == select(events.c.notice).where(events.c.seq == seq).scalar_subquery())
    )
    for row in connection.execute(query).all():
        if row.fetched_at != row.observed_at or not reading.was_placed(connection, row.record, row.capture):
            raise DoesNotHold(
                f"Version {row.version} of {row.id} is held to be seen at {row.observed_at}, which is not when the "
                "answer was received that it was read from."
            )
