"""Thinning: which whole bulk files may be given up but for their changed rows, and doing it, one WARC file at a time.

A WARC file is written anew under another name and forced to the disk; one transaction then leads all its captures
there and makes the leaves that say so; then the old file goes. Killed between any two steps, each file is whole in one
of both states, and the next thinning removes what is left over.
"""

import os
import re
import shutil
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from sqlalchemy import Connection, Row, bindparam, select, update

from archive import tables as t
from archive.captures import ADOPTED
from archive.documents.tables import document_answers
from archive.proof import filing, thinnings
from archive.store import Archive
from archive.thinned import PARTS, Kept, write_parts
from archive.times import stamp
from archive.warc_records import member
from archive.warc_repair import lock_of
from noticewatch.database import chunks
from noticewatch.disk import sync_folder
from noticewatch.errors import CaptureDamaged, DataFolderError
from noticewatch.identifiers import new_id, now

_THINNED: Final = re.compile(r"^(?P<stem>.+?)(?:\.thinned-(?P<number>\d+))?\.warc\.gz$")
_BLOCK: Final = 1 << 20
c = t.captures.c


@dataclass(frozen=True, slots=True)
class Whole:
    """A bulk file that is kept whole so far and may be thinned. length: bytes of its WARC record."""

    number: int
    id: str
    source: str
    url: str
    fetched_at: str
    payload_length: int
    file: str
    offset: int
    length: int


def thinnable(connection: Connection, sources: Collection[str] = ()) -> list[Whole]:
    """Bulk files that may be thinned, oldest first: answers to requests for a file, appended, received by this archive,
    of which neither the rules (:func:`kept_whole`) nor another capture, a validator or a document needs the whole.
    """
    return [one for one in _not_needed(connection, sources) if not one.file.startswith(ADOPTED)]


def thinnable_but_adopted(connection: Connection, sources: Collection[str] = ()) -> list[Whole]:
    """Bulk files of which nothing needs the whole, but which stand in files of others, that are kept as they are."""
    return [one for one in _not_needed(connection, sources) if one.file.startswith(ADOPTED)]


def _not_needed(connection: Connection, sources: Collection[str]) -> list[Whole]:
    named = (t.captures.c.source.in_(sources),) if sources else ()
    query = select(c.number, c.source, c.method, c.url, c.request_body, c.fetched_at).where(c.status == 200, *named)
    seen = connection.execute(query.order_by(c.fetched_at, c.number)).all()
    needed = kept_whole(seen) | _needed(connection)
    files = {row.number for row in seen} & _asked_as_files(connection) - needed
    columns = select(
        c.number, c.id, c.source, c.url, c.fetched_at, c.payload_length, c.warc_file, c.warc_offset, c.warc_length
    )
    own = (c.payload_file.is_(None), c.thinned_at.is_(None))
    rows = connection.execute(columns.where(c.status == 200, *named, *own).order_by(c.fetched_at, c.number))
    referred = _referred_to(connection)
    found = [Whole(*row) for row in rows if row.number in files]
    return [one for one in found if (one.file, one.offset) not in referred]


def kept_whole(seen: Sequence[Any]) -> set[int]:
    """Numbers of the captures, given in order of time, that answer a request for the first time in a month or for the
    last time at all; the last of a source is among these. Pure.
    """
    first: dict[tuple[Any, ...], int] = {}
    last: dict[tuple[Any, ...], int] = {}
    for row in seen:
        asked = (row.source, row.method, row.url, row.request_body)
        first.setdefault((*asked, row.fetched_at[:7]), row.number)
        last[asked] = row.number
    return {*first.values(), *last.values()}


def thin(archive: Archive, file: str, kept: Mapping[int, Kept]) -> tuple[Collection[int], int]:
    """Thin captures of one WARC file, given by number, to what is kept of each; gives which of them were thinned, and
    how many bytes are free again.

    What meanwhile may no longer be thinned stays whole. Raises DataFolderError where nothing can be written.
    """
    folder = archive.warc_folder
    with archive.reading() as connection:
        rows = _of_file(connection, file)
        kept = _still(connection, rows, kept)
    if not kept:
        return (), 0
    made = next_name(file)
    at = stamp(now())
    part = folder / f"{made}.part"
    try:
        with (folder / file).open("rb") as source, part.open("wb") as target:
            moved = _written(source, target, rows, kept)
            target.flush()
            os.fsync(target.fileno())
        before, after = (folder / file).stat().st_size, part.stat().st_size
        part.replace(folder / made)
        sync_folder(folder)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise DataFolderError(f"{folder / made} cannot be written ({error.strerror}); free space and go on.") from error
    with archive.writing() as connection:
        whole = _still(connection, rows, kept) == kept
        if whole:
            _lead(connection, archive, file, made, rows, moved, kept, at)
    (folder / (file if whole else made)).unlink(missing_ok=True)
    sync_folder(folder)
    return (kept, before - after) if whole else ((), 0)


def is_being_written(archive: Archive, file: str) -> bool:
    """Whether a WARC file has a writer."""
    return lock_of(archive.warc_folder / file).exists()


def remove_left_over(archive: Archive) -> None:
    """Remove what a killed thinning left: new files that no capture stands in yet, old ones that none stands in any
    more. Nothing else is touched.
    """
    with archive.reading() as connection:
        held = set(connection.scalars(select(c.warc_file).distinct()))
        held |= set(connection.scalars(select(c.payload_file).where(c.payload_file.is_not(None)).distinct()))
    for path in [*archive.warc_folder.glob("*.thinned-*.warc.gz.part"), *archive.warc_folder.glob("*.warc.gz")]:
        name = path.name.removesuffix(".part")
        if path.suffix == ".part" or (name not in held and (_number(name) or _has_follower(name, held))):
            path.unlink(missing_ok=True)


def next_name(file: str) -> str:
    """Name of the file that takes the place of one that is thinned (once more)."""
    found = _THINNED.match(file)
    assert found is not None, file
    return f"{found['stem']}.thinned-{int(found['number'] or 0) + 1}.warc.gz"


def _number(name: str) -> int:
    found = _THINNED.match(name)
    return int(found["number"] or 0) if found else 0


def _has_follower(name: str, held: Collection[str]) -> bool:
    """Whether a file that took the place of this one is in use."""
    found = _THINNED.match(name)
    return any(
        other["stem"] == (found and found["stem"]) and int(other["number"] or 0) > _number(name)
        for other in map(_THINNED.match, held)
        if other
    )


def _needed(connection: Connection) -> set[int]:
    """Captures that carried a version, answer for a document, or by which a file is asked for only if it changed."""
    r, v = t.records.c, t.versions.c
    carried = select(r.capture).join(t.versions, v.record == r.number)
    queries = (
        select(v.capture), carried, select(t.validators.c.capture),
        select(document_answers.c.capture).where(document_answers.c.capture.is_not(None)),
    )  # fmt: skip
    return {number for query in queries for number in connection.scalars(query.distinct())}


def _asked_as_files(connection: Connection) -> set[int]:
    """Captures that answer requests for a file, all of whose windows are in the log."""
    q, w, r = t.requests.c, t.windows.c, t.runs.c
    of = t.requests.outerjoin(t.windows, w.number == q.window).outerjoin(t.runs, r.number == w.run)
    asked = select(q.capture).select_from(of).where(q.capture.is_not(None))
    files = asked.where(q.purpose == "file", r.kind != "reparse", w.state == "appended")
    waiting = asked.where(w.state != "appended")
    return set(connection.scalars(files.distinct())) - set(connection.scalars(waiting.distinct()))


def _referred_to(connection: Connection) -> set[tuple[str, int]]:
    """Places of the records to which others refer."""
    query = select(c.payload_file, c.payload_offset).where(c.payload_file.is_not(None)).distinct()
    return {(file, offset) for file, offset in connection.execute(query)}


def _of_file(connection: Connection, file: str) -> Sequence[Row[Any]]:
    return connection.execute(select(t.captures).where(c.warc_file == file).order_by(c.warc_offset)).all()


def _still(connection: Connection, rows: Sequence[Row[Any]], kept: Mapping[int, Kept]) -> dict[int, Kept]:
    """Of these captures those that may be thinned, stand where they stood, and whose records are all kept."""
    places = {row.number: (row.warc_file, row.warc_offset) for row in rows}
    may = {one.number: (one.file, one.offset) for one in thinnable(connection)}
    return {
        number: left
        for number, left in kept.items()
        if may.get(number) == places.get(number) and _holds_records(connection, number, left)
    }


def _holds_records(connection: Connection, number: int, kept: Kept) -> bool:
    r = t.records.c
    rows = connection.execute(select(r.row, r.start, r.end).where(r.capture == number)).all()
    held = {part.row: part for part in kept.parts}
    return all(row in held and held[row].start == start and end <= held[row].end for row, start, end in rows)


def _written(
    source: BinaryIO, target: BinaryIO, rows: Sequence[Row[Any]], kept: Mapping[int, Kept]
) -> dict[int, tuple[int, int]]:
    """Copy a file with other records in place of those that are thinned; gives offset and length of each capture's."""
    moved: dict[int, tuple[int, int]] = {}
    for row in rows:
        _copy(source, target, row.warc_offset - source.tell())
        offset = target.tell()
        if row.number in kept:
            target.write(_conversion(row, kept[row.number]))
            source.seek(row.warc_length, os.SEEK_CUR)
        else:
            _copy(source, target, row.warc_length)
        moved[row.number] = (offset, target.tell() - offset)
    shutil.copyfileobj(source, target, _BLOCK)
    return moved


def _copy(source: BinaryIO, target: BinaryIO, length: int) -> None:
    while length > 0:
        block = source.read(min(length, _BLOCK))
        if not block:
            raise CaptureDamaged(f"The archived file {source.name} ends before what stands in it; verify the archive.")
        target.write(block)
        length -= len(block)


def _conversion(row: Row[Any], kept: Kept) -> bytes:
    headers = {
        "WARC-Target-URI": row.url,
        "WARC-Refers-To": f"<urn:uuid:{row.id}>",
        "Noticewatch-Source": row.source,
        "Noticewatch-Origin": row.origin,
        "Noticewatch-Recorder": " ".join(row.recorder.split()),
        "Noticewatch-Payload-SHA256": row.payload_sha256,
        PARTS: write_parts(kept.parts),
    }
    media_type = row.media_type or "application/octet-stream"
    return member("conversion", uuid.UUID(new_id()), row.fetched_at, media_type, headers, kept.body)


def _lead(
    connection: Connection,
    archive: Archive,
    file: str,
    made: str,
    rows: Sequence[Row[Any]],
    moved: Mapping[int, tuple[int, int]],
    kept: Mapping[int, Kept],
    at: str,
) -> None:
    """Lead all captures of a file, and those that refer to it, to the new one, and state what was thinned."""
    places = [{"of": row.number, "at": moved[row.number][0], "long": moved[row.number][1]} for row in rows]
    place = update(t.captures).where(c.number == bindparam("of"))
    place = place.values(warc_file=made, warc_offset=bindparam("at"), warc_length=bindparam("long"))
    refer = update(t.captures).where(c.payload_file == file, c.payload_offset == bindparam("was"))
    refer = refer.values(payload_file=made, payload_offset=bindparam("at"))
    for chunk in chunks(places):
        connection.execute(place, chunk)
    connection.execute(refer, [{"was": row.warc_offset, "at": moved[row.number][0]} for row in rows])
    connection.execute(update(t.captures).where(c.number.in_(kept)).values(thinned_at=at))
    stated = [
        filing.thinned(row.number, thinnings.statement(row._mapping, kept[row.number], at, archive.signer))
        for row in rows
        if row.number in kept
    ]
    filing.file(connection, stated)
