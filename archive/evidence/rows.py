"""The rows that notices were read from, as they stand in captures: what a WARC file of notices holds."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select

from archive import queries
from archive import tables as t
from archive.captures import read_ranges
from archive.evidence.warc import conversion
from archive.rows import NoticeRow
from archive.store import Archive
from archive.withheld import of_records
from noticewatch.database import chunks


def conversions(archive: Archive, notices: Iterable[NoticeRow]) -> Iterator[bytes]:
    """The rows of the current versions as records of WARC, each once. Those that were taken down stay out.

    Raises CaptureDamaged, PayloadThinned where a row is no longer held.
    """
    written = set[int]()
    for some in chunks(notices):
        with archive.reading() as connection:
            places = [place for place in _places(connection, some) if place.record not in written]
            captures = {name: queries.capture(connection, name) for name in {place.capture for place in places}}
        written.update(place.record for place in places)
        by_capture = defaultdict[str, list[Any]](list)
        for place in places:
            by_capture[place.capture].append(place)
        for name, inside in by_capture.items():
            held = captures[name]
            assert held is not None, "a record leads to its capture"
            bodies = read_ranges(archive, held, {(place.start, place.end) for place in inside})
            for place in inside:
                body = bodies[place.start, place.end]
                yield conversion(held.capture, place.source, place.row, place.start, body)


def _places(connection: Connection, notices: Sequence[NoticeRow]) -> list[Any]:
    """Where the current versions' rows stand, those left out that readers may not see."""
    r, v, c = t.records.c, t.versions.c, t.captures.c
    query = (
        select(r.number.label("record"), c.id.label("capture"), r.row, r.start, r.end, r.source, v.notice)
        .select_from(t.versions)
        .join(t.notices, (t.notices.c.number == v.notice) & (t.notices.c.current_version == v.version))
        .join(t.records, r.number == v.record)
        .join(t.captures, c.number == r.capture)
        .where(v.notice.in_([row.number for row in notices]))
        .order_by(c.number, r.row, r.number)
    )
    found = {place.record: place for place in connection.execute(query)}
    withheld = of_records(connection, {record: place.notice for record, place in found.items()})
    return [place for record, place in found.items() if record not in withheld]
