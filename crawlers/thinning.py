"""Which rows of a bulk file are kept when it is thinned: those that became records, and its last one, so that lists in
JSON still end as they must. What is kept is read again by the source's parser before anything is given up.
"""

import hashlib
from array import array
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from sqlalchemy import func, select

from archive import captures, thinning
from archive import tables as t
from archive.proof import heads
from archive.standing_files import files_move
from archive.store import Archive
from archive.thinned import NO_ROW, Kept, Part
from archive.thinning import Whole
from archive.warc_repair import repair
from crawlers.loading import load_parser
from crawlers.parsing import Parser, Shape
from crawlers.rereading import filed
from crawlers.source import source
from crawlers.staging import standing
from noticewatch.errors import CaptureDamaged, SourceDrift

MOST_ROWS: Final = 1_000
"""A file in which more rows have changed is kept whole."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A file that may be thinned. rows: of it that became records, and are kept."""

    whole: Whole
    rows: int


@dataclass(frozen=True, slots=True)
class Done:
    """What a thinning did. thinned: captures with how many rows are kept of each; freed: bytes; left_whole: why others
    were not thinned, by id of the capture.
    """

    thinned: dict[str, int]
    freed: int
    left_whole: dict[str, str]


class LeftWhole(Exception):
    """A file cannot be thinned; says why."""


def plan(archive: Archive, sources: Collection[str] = ()) -> list[Planned]:
    """What may be thinned, oldest first. ``sources``: only of these; all where none is named."""
    r = t.records.c
    with archive.reading() as connection:
        found = thinning.thinnable(connection, sources)
        query = select(func.count()).select_from(t.records)
        return [Planned(one, connection.scalar(query.where(r.capture == one.number)) or 0) for one in found]


def adopted(archive: Archive, sources: Collection[str] = ()) -> list[Whole]:
    """Bulk files that could be thinned but for this: they stand in files of others, which are kept as they are."""
    with archive.reading() as connection:
        return thinning.thinnable_but_adopted(connection, sources)


def carry_out(archive: Archive, planned: Sequence[Planned], tell: Callable[[int, int], None]) -> Done:
    """Thin what is planned, WARC file by WARC file. ``tell``: files done, files in all.

    Raises UsageError while a backup or verification is under way, DataFolderError where nothing can be written.
    """
    thinned: dict[str, int] = {}
    left: dict[str, str] = {}
    freed = done = 0
    with files_move(archive):
        repair(archive.warc_folder)
        thinning.remove_left_over(archive)
        for file, group in groupby(sorted(planned, key=lambda one: one.whole.file), key=lambda one: one.whole.file):
            ones = [one.whole for one in group]
            kept = _kept(archive, ones, left)
            numbers, gained = thinning.thin(archive, file, kept) if kept else ((), 0)
            for one in ones:
                if one.number in numbers:
                    thinned[one.id] = kept[one.number].rows
                else:
                    left.setdefault(one.id, "something else needs it by now")
            freed += gained
            done += len(ones)
            tell(done, len(planned))
        if thinned:
            with archive.writing() as connection:
                heads.seal(connection, archive.signer)
            heads.export(archive)
    return Done(thinned, freed, left)


def _kept(archive: Archive, ones: Sequence[Whole], left: dict[str, str]) -> dict[int, Kept]:
    """What is to be kept of captures in one file; notes for others why they stay whole."""
    if thinning.is_being_written(archive, ones[0].file):
        left.update((one.id, "its WARC file is still being written") for one in ones)
        return {}
    kept: dict[int, Kept] = {}
    for one in ones:
        try:
            kept[one.number] = left_of(archive, one)
        except (LeftWhole, SourceDrift, CaptureDamaged) as reason:
            left[one.id] = str(reason)
    return kept


def left_of(archive: Archive, one: Whole) -> Kept:
    """What is to be kept of a capture. Raises LeftWhole, SourceDrift, CaptureDamaged."""
    parser = load_parser(source(one.source))
    records = _records(archive, one.number)
    if len(records) > MOST_ROWS:
        raise LeftWhole(f"{len(records):,} of its rows have changed")
    capture = filed(archive, one.number)
    _refuse_damaged(archive, capture.capture.payload_sha256, one.number)
    starts = array("q")
    with capture.opener() as stream:
        for row in parser.rows(stream, Shape()):
            starts.append(row.start)
            if row.index in records and records[row.index] != (row.start, row.end, row.sha256):
                raise LeftWhole(f"its row {row.index} is read otherwise by the present parser")
    if not starts or len(records) + 1 >= len(starts) or max(records, default=0) >= len(starts):
        raise LeftWhole("nothing would be gained")
    parts = _parts(starts, {*records, len(starts) - 1}, one.payload_length)
    ranges = [(part.start, part.end) for part in parts]
    with archive.reading() as connection:
        place = connection.execute(select(t.captures).where(t.captures.c.number == one.number)).one()
    read = captures.read_ranges(archive, place, ranges)
    kept = Kept(parts, b"".join(read[wanted] for wanted in ranges))
    _refuse_unreadable(parser, kept, records)
    return kept


def _records(archive: Archive, number: int) -> dict[int, tuple[int, int, str]]:
    r = t.records.c
    with archive.reading() as connection:
        rows = connection.execute(select(r.row, r.start, r.end, r.sha256).where(r.capture == number)).all()
    return {row: (start, end, sha256) for row, start, end, sha256 in rows}


def _refuse_damaged(archive: Archive, sha256: str, number: int) -> None:
    with filed(archive, number).opener() as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != sha256:  # type: ignore[arg-type]  # a BufferedReader
            raise CaptureDamaged("its archived bytes are damaged; run noticewatch verify")


def _parts(starts: "array[int]", rows: Collection[int], length: int) -> list[Part]:
    """The parts of a payload that hold these rows, each with what stands behind it up to the next one, and its head."""
    ends = [*starts[1:], length]
    head = [Part(NO_ROW, 0, starts[0])] if starts[0] else []
    return head + [Part(row, starts[row], ends[row] - starts[row]) for row in sorted(rows)]


def _refuse_unreadable(parser: Parser, kept: Kept, records: dict[int, tuple[int, int, str]]) -> None:
    """The source's parser must find in what is kept the rows that it found in the whole."""
    found: dict[int, Any] = {row.index: row for row in standing(parser.rows(kept.stream(), Shape()), kept)}
    for index, (start, end, sha256) in records.items():
        row = found.get(index)
        if row is None or (row.start, row.end, row.sha256) != (start, end, sha256):
            raise LeftWhole(f"its row {index} could not be read any more by itself")
