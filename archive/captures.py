"""Captures in the archive: adopted files, their rows, and the way back from a record to its bytes."""

import fcntl
import hashlib
import os
import shutil
import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, Self

import orjson
from sqlalchemy import ColumnElement, Connection, Row, bindparam, case, func, insert, select

from archive import thinned
from archive.proof import filing
from archive.store import Archive
from archive.tables import captures, records, sightings
from archive.thinned import PayloadThinned
from archive.times import stamp
from archive.warc import Original, PayloadAt, Placed, open_at
from noticewatch.disk import sync_folder
from noticewatch.errors import CaptureDamaged, DataFolderError, NotFound, UsageError
from noticewatch.models import Capture

_BLOCK = 1 << 20
_HELD = select(captures.c.number).where(captures.c.id == bindparam("of_id"))
_NEW = insert(captures)


LEAST: Final = 1 << 10
"""Bytes of a payload below which a record that refers to another one would be no smaller than the payload itself."""

ADOPTED: Final = "adopted/"
"""Where files that others recorded are kept as they are, below the folder of WARC files."""


class Filed(Protocol):
    """Where a filed capture stands: a row of the table ``captures``, a CaptureRow or a Standing."""

    @property
    def number(self) -> int:
        """Its number in the table ``captures``."""

    @property
    def warc_file(self) -> str:
        """Name of the file of its record below the folder of WARC files."""

    @property
    def warc_offset(self) -> int:
        """Offset of its record in bytes."""

    @property
    def payload_file(self) -> str | None:
        """Name of the file of the record that holds its payload, where that is another one."""

    @property
    def payload_offset(self) -> int | None:
        """Offset of that record in bytes."""

    @property
    def thinned_at(self) -> str | None:
        """When all but some rows of its payload were given up."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a filed capture stands; see Filed."""

    number: int
    warc_file: str
    warc_offset: int
    payload_file: str | None = None
    payload_offset: int | None = None
    thinned_at: str | None = None

    @classmethod
    def of(cls, number: int, placed: Placed) -> Self:
        """Of a capture that was filed with this place."""
        at = placed.payload
        return cls(number, placed.file, placed.offset, at.file if at else None, at.offset if at else None)


class PayloadMoved(CaptureDamaged):
    """The record that was to hold a payload no longer stands where it did; the capture must be written whole."""


def adopt(archive: Archive, path: Path) -> str:
    """Copy a recorded WARC file whole into the archive; gives its name for ``captures.warc_file``.

    Adopted twice it is held once. Raises UsageError where it cannot be read, DataFolderError where it cannot be kept.
    """
    if path.resolve().is_relative_to(archive.warc_folder.resolve()):
        return path.resolve().relative_to(archive.warc_folder.resolve()).as_posix()
    name = f"{ADOPTED}{_sha256(path)[:16]}-{path.name}"
    target = archive.warc_folder / name
    if target.exists():
        return name
    part = target.with_name(f"{target.name}.part")  # one name: what a killed process left is written over
    try:
        with path.open("rb") as source, part.open("ab") as copy:
            fcntl.flock(copy, fcntl.LOCK_EX)  # another process may be copying the same file; freed however it ends
            if target.exists():
                if not part.exists() or not part.samefile(target):
                    part.unlink(missing_ok=True)
                return name
            copy.truncate(0)
            shutil.copyfileobj(source, copy, _BLOCK)
            copy.flush()
            os.fsync(copy.fileno())
            part.replace(target)
            sync_folder(target.parent)  # a transaction that names it may follow at once
    except OSError as error:
        part.unlink(missing_ok=True)
        raise DataFolderError(f"{target} cannot be written ({error.strerror}); free space and go on.") from error
    return name


def add(connection: Connection, run_number: int, capture: Capture, placed: Placed) -> int:
    """File a capture with its leaf and give its number; one that is filed already keeps its number, run and place.

    Raises PayloadMoved where the record to which it refers no longer holds the payload.
    """
    held = connection.scalar(_HELD, {"of_id": capture.id})
    if held is not None:
        return int(held)
    if placed.payload is not None:
        _refuse_moved(connection, capture, placed.payload)
    row = {
        "id": capture.id, "source": capture.source, "run": run_number, "method": capture.method, "url": capture.url,
        "request_body": capture.request_body, "status": capture.status, "media_type": capture.media_type,
        "fetched_at": stamp(capture.fetched_at), "payload_sha256": capture.payload_sha256,
        "payload_length": capture.payload_length, "origin": capture.origin.value, "recorder": capture.recorder,
        "note": capture.note, "gaps": orjson.dumps(capture.gaps).decode(),
        "warc_file": placed.file, "warc_offset": placed.offset, "warc_length": placed.length,
        "payload_file": placed.payload and placed.payload.file,
        "payload_offset": placed.payload and placed.payload.offset,
    }  # fmt: skip
    key = connection.execute(_NEW, row).inserted_primary_key
    assert key is not None
    filing.file(connection, [filing.capture(int(key[0]), row)])
    return int(key[0])


def original(archive: Archive, capture: Capture) -> Original | None:
    """The filed capture whose record holds the payload of a new one already, best one of the same address; None where
    there is none or the payload is too small to be worth it.

    Filed captures alone are looked at: their bytes were forced to the disk before they were committed. They are read
    once more, so that nothing rests on a record that was damaged since.
    """
    if capture.payload_length < LEAST:
        return None
    c = captures.c
    same = case((c.url == capture.url, 0), else_=1)
    query = (
        select(c.id, c.url, c.fetched_at, c.warc_file, c.warc_offset, c.warc_length, c.payload_sha256)
        .where(*_whole(), c.payload_sha256 == capture.payload_sha256, c.payload_length == capture.payload_length)
        .order_by(same, c.number.desc())
        .limit(1)
    )
    with archive.reading() as connection:
        row = connection.execute(query).first()
    if row is None or not _is_whole(archive.warc_folder / row.warc_file, row):
        return None
    return Original(row.id, row.url, row.fetched_at, PayloadAt(row.warc_file, row.warc_offset))


def placed(row: Any) -> Placed:
    """The place of a filed capture, from its row with all columns or its CaptureRow."""
    at = PayloadAt(row.payload_file, row.payload_offset) if row.payload_file is not None else None
    return Placed(row.warc_file, row.warc_offset, row.warc_length, at)


def file_ends(connection: Connection) -> dict[str, int]:
    """Bytes of each WARC file that the database knows of; of one that only others refer to, at least up to there."""
    c = captures.c
    referred = select(c.payload_file, func.max(c.payload_offset)).where(c.payload_file.is_not(None))
    own = select(c.warc_file, func.max(c.warc_offset + c.warc_length)).group_by(c.warc_file)
    ends = {name: int(offset) + 1 for name, offset in connection.execute(referred.group_by(c.payload_file))}
    return ends | {name: int(end) for name, end in connection.execute(own)}


def payload_at(capture: Filed | Any) -> tuple[str, int]:
    """File and offset of the record that holds the payload of a capture."""
    if capture.payload_file is not None:
        return capture.payload_file, int(capture.payload_offset or 0)
    return capture.warc_file, capture.warc_offset


def open_payload(archive: Archive, capture: Filed | Any) -> BinaryIO:
    """The archived payload of a capture as a stream, from whichever record holds it.

    Raises PayloadThinned where only some rows of it are left, CaptureDamaged.
    """
    if capture.thinned_at is None:
        file, offset = payload_at(capture)
        try:
            return open_at(archive.warc_folder / file, offset)
        except CaptureDamaged:
            now = _row(archive, capture.number)
            if now is None or (payload_at(now) == (file, offset) and now.thinned_at is None):
                raise
        return open_payload(archive, now)  # a thinning has moved it since the row was read
    row = _row(archive, capture.number)
    assert row is not None
    raise thinned.gone(row, archive.warc_folder)


def open_placed(archive: Archive, place: Placed) -> BinaryIO:
    """The payload of a capture that is not filed yet. Raises CaptureDamaged, PayloadMoved."""
    at = place.payload or PayloadAt(place.file, place.offset)
    try:
        return open_at(archive.warc_folder / at.file, at.offset)
    except CaptureDamaged as error:
        if place.payload is None:
            raise
        raise PayloadMoved(_moved(at.file)) from error


def read_record(archive: Archive, capture_id: str, row: int) -> bytes:
    """The bytes of one row of a capture's payload, as the source sent them.

    Raises NotFound where no record stands at that row, CaptureDamaged where the archived bytes are missing.
    """
    with archive.reading() as connection:
        capture = connection.execute(select(captures).where(captures.c.id == capture_id)).one_or_none()
        span = _span(connection, capture.number, row) if capture else None
    if capture is None or span is None:
        raise NotFound(f"No record is held at row {row} of capture {capture_id}.")
    return read_range(archive, capture, *span)


def read_range(archive: Archive, capture: Filed | Any, start: int, end: int) -> bytes:
    """A byte range of a capture's payload. Raises CaptureDamaged where the payload ends before."""
    return read_ranges(archive, capture, [(start, end)])[start, end]


def read_ranges(
    archive: Archive, capture: Filed | Any, ranges: Collection[tuple[int, int]]
) -> dict[tuple[int, int], bytes]:
    """Byte ranges of a capture's payload, which is read once.

    Raises PayloadThinned for one that was given up, CaptureDamaged where one cannot be read.
    """
    try:
        return _read_ranges(archive, capture, ranges)
    except PayloadThinned as left:
        found = {wanted: left.kept.range(*wanted) for wanted in ranges}
        if any(one is None for one in found.values()):
            raise
        return {wanted: one for wanted, one in found.items() if one is not None}


def _read_ranges(
    archive: Archive, capture: Filed | Any, ranges: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], bytes]:
    found: dict[tuple[int, int], bytes] = {}
    try:
        with open_payload(archive, capture) as stream:
            at = 0
            for start, end in sorted(set(ranges)):
                if start < at:
                    found[start, end] = read_range(archive, capture, start, end)
                    continue
                _skip(stream, start - at)
                found[start, end] = stream.read(end - start)
                at = end
    except (zlib.error, EOFError) as error:
        raise CaptureDamaged(f"The archived file {capture.warc_file} cannot be unpacked ({error}).") from error
    for (start, end), held in found.items():
        if len(held) != end - start:
            raise CaptureDamaged(f"The archived file {capture.warc_file} ends before byte {end} of this answer.")
    return found


def _refuse_moved(connection: Connection, capture: Capture, at: PayloadAt) -> None:
    if at.file.startswith(ADOPTED):
        return  # kept as it is, and not every record in it is filed
    c = captures.c
    here = (c.warc_file == at.file, c.warc_offset == at.offset, c.payload_sha256 == capture.payload_sha256)
    if connection.scalar(select(c.number).where(*_whole(), *here)) is None:
        raise PayloadMoved(_moved(at.file))


def _moved(file: str) -> str:
    return f"An archived answer in {file} that came again was moved meanwhile, by a thinning; begin again."


def _whole() -> tuple[ColumnElement[bool], ...]:
    """Captures whose own records hold their payloads."""
    return captures.c.payload_file.is_(None), captures.c.thinned_at.is_(None)


def _is_whole(file: Path, row: Any) -> bool:
    """Whether a capture's record stands in the file as it must, and holds the payload of its hash."""
    try:
        if file.stat().st_size < row.warc_offset + row.warc_length:
            return False
        with open_at(file, row.warc_offset) as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # a BufferedReader
    except (CaptureDamaged, OSError, EOFError, zlib.error):
        return False
    return bool(digest == row.payload_sha256)


def _row(archive: Archive, number: int) -> Row[Any] | None:
    with archive.reading() as connection:
        return connection.execute(select(captures).where(captures.c.number == number)).first()


def _skip(stream: BinaryIO, left: int) -> None:
    while left:
        block = stream.read(min(left, _BLOCK))
        if not block:
            return
        left -= len(block)


def _span(connection: Connection, capture: int, row: int) -> tuple[int, int] | None:
    first = select(records.c.start, records.c.end).where(records.c.capture == capture, records.c.row == row)
    last = select(sightings.c.start, sightings.c.end).where(sightings.c.capture == capture, sightings.c.row == row)
    found = connection.execute(first).first() or connection.execute(last).first()
    return (found[0], found[1]) if found else None


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}).") from error
