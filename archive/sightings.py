"""The plain case of a sighting, in bulk: the latest wording of a number was seen once more, later than ever before."""

from collections import Counter
from collections.abc import Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, select

from archive import tables as t
from archive.batches import Seen, Sighting, WindowBatch
from archive.ledger import Run
from archive.times import stamp
from noticewatch.database import update_many
from noticewatch.models import Capture

_CHUNK: Final = 1_000
_r = t.records.c
_LATEST: Final = (
    select(_r.source_number, _r.number, _r.sha256, _r.last_seen, t.captures.c.id)
    .join(t.captures, t.captures.c.number == _r.last_capture)
    .where(_r.source == bindparam("source"), _r.source_number.in_(bindparam("numbers", expanding=True)))
)


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
    captures = {one.number: one.capture for one in plain.values()}
    times = {number: (stamp(capture.fetched_at), capture.id) for number, capture in captures.items()}
    rows = []
    for number, (record, sha256, last) in _latest(connection, run.source, list(plain)).items():
        seen, by = plain[number].seen, plain[number].number
        if sha256 == seen.sha256 and last < times[by]:
            count[number] = 0
            rows.append(
                {
                    "number": record, "last_seen": times[by][0], "last_capture": by, "last_row": seen.index,
                    "last_start": seen.start, "last_end": seen.end,
                }
            )  # fmt: skip
    rows.sort(key=itemgetter("number"))
    update_many(connection, t.records, rows)
    return [one for one in given if count[one.seen.source_number]]


def _latest(connection: Connection, source: str, numbers: Sequence[str]) -> dict[str, tuple[int, str, tuple[str, str]]]:
    """Record, SHA-256 and last moment of the latest interval of each number that has one."""
    found: dict[str, tuple[int, str, tuple[str, str]]] = {}
    for begin in range(0, len(numbers), _CHUNK):
        chunk = {"source": source, "numbers": numbers[begin : begin + _CHUNK]}
        for number, record, sha256, seen, capture in connection.execute(_LATEST, chunk).all():
            held = found.get(number)
            if held is None or held[2] < (seen, capture):
                found[number] = (record, sha256, (seen, capture))
    return found
