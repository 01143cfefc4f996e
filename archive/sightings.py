"""The plain case of a sighting, in bulk: the latest wording of a number was seen once more, later than ever before."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from archive import tables as t
from archive.batches import Seen, Sighting, WindowBatch
from archive.ledger import Run
from archive.times import stamp
from noticewatch.models import Capture

_CHUNK: Final = 1_000
_r = t.records.c
_LATEST: Final = (
    select(_r.source_number, _r.number, _r.sha256, _r.last_seen, t.captures.c.id)
    .join(t.captures, t.captures.c.number == _r.last_capture)
    .where(_r.source == bindparam("source"), _r.source_number.in_(bindparam("numbers", expanding=True)))
)
_STRETCH: Final = (
    update(t.records)
    .where(_r.number == bindparam("of_record"))
    .values(
        last_seen=bindparam("at"), last_capture=bindparam("by"), last_row=bindparam("at_row"),
        last_start=bindparam("from_byte"), last_end=bindparam("to_byte"),
    )
)  # fmt: skip


class Given(NamedTuple):
    """A reading or sighting of a batch, with the number of its capture."""

    batch: WindowBatch
    number: int
    capture: Capture
    seen: Seen


def note(connection: Connection, run: Run, given: Sequence[Given]) -> list[Given]:
    """Stretch the last interval of each number that was merely seen again; gives what is left, in order.

    Left are readings, numbers that came more than once, other wordings, older observations, and all of a re-reading:
    whatever can be more than a later end of the latest interval.
    """
    if run.kind == "reparse":
        return list(given)
    count = Counter(one.seen.source_number for one in given)
    plain = {
        one.seen.source_number: one
        for one in given
        if isinstance(one.seen, Sighting) and count[one.seen.source_number] == 1
    }
    times = {one.number: (stamp(one.capture.fetched_at), one.capture.id) for one in plain.values()}
    rows = []
    for number, (record, sha256, last) in _latest(connection, run.source, list(plain)).items():
        one = plain[number]
        if sha256 == one.seen.sha256 and last < times[one.number]:
            seen = one.seen
            rows.append(
                {
                    "of_record": record, "at": times[one.number][0], "by": one.number, "at_row": seen.index,
                    "from_byte": seen.start, "to_byte": seen.end,
                }
            )  # fmt: skip
            del plain[number]
            count[number] = 0
    if rows:
        connection.execute(_STRETCH, rows)
    return [one for one in given if count[one.seen.source_number]]


def _latest(connection: Connection, source: str, numbers: Sequence[str]) -> dict[str, tuple[int, str, tuple[str, str]]]:
    """Record, SHA-256 and last moment of the latest interval of each number that has one."""
    found: dict[str, tuple[int, str, tuple[str, str]]] = {}
    for begin in range(0, len(numbers), _CHUNK):
        chunk = {"source": source, "numbers": numbers[begin : begin + _CHUNK]}
        for number, record, sha256, seen, capture in connection.execute(_LATEST, chunk):
            held = found.get(number)
            if held is None or held[2] < (seen, capture):
                found[number] = (record, sha256, (seen, capture))
    return found
