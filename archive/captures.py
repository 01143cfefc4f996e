"""Captures in the archive: adopted files, their rows, and the way back from a record to its bytes."""

import fcntl
import hashlib
import os
import shutil
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import orjson
from sqlalchemy import Connection, bindparam, insert, select

from archive.proof import filing
from archive.store import Archive
from archive.tables import captures, records, sightings
from archive.times import stamp
from archive.warc import Placed, open_at
from noticewatch.disk import sync_folder
from noticewatch.errors import CaptureDamaged, DataFolderError, NotFound, UsageError
from noticewatch.models import Capture

_BLOCK = 1 << 20
_HELD = select(captures.c.number).where(captures.c.id == bindparam("of_id"))
_NEW = insert(captures)


class Filed(Protocol):
    """Where a capture's response stands: a row of the table ``captures`` or a CaptureRow."""

    @property
    def warc_file(self) -> str:
        """Name below the folder of WARC files."""

    @property
    def warc_offset(self) -> int:
        """Offset of the response record in bytes."""


def adopt(archive: Archive, path: Path) -> str:
    """Copy a recorded WARC file whole into the archive; gives its name for ``captures.warc_file``.

    Adopted twice it is held once. Raises UsageError where it cannot be read, DataFolderError where it cannot be kept.
    """
    if path.resolve().is_relative_to(archive.warc_folder.resolve()):
        return path.resolve().relative_to(archive.warc_folder.resolve()).as_posix()
    name = f"adopted/{_sha256(path)[:16]}-{path.name}"
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
    """File a capture with its leaf and give its number; one that is filed already keeps its number, run and place."""
    held = connection.scalar(_HELD, {"of_id": capture.id})
    if held is not None:
        return int(held)
    row = {
        "id": capture.id, "source": capture.source, "run": run_number, "method": capture.method, "url": capture.url,
        "request_body": capture.request_body, "status": capture.status, "media_type": capture.media_type,
        "fetched_at": stamp(capture.fetched_at), "payload_sha256": capture.payload_sha256,
        "payload_length": capture.payload_length, "origin": capture.origin.value, "recorder": capture.recorder,
        "note": capture.note, "gaps": orjson.dumps(capture.gaps).decode(),
        "warc_file": placed.file, "warc_offset": placed.offset, "warc_length": placed.length,
    }  # fmt: skip
    key = connection.execute(_NEW, row).inserted_primary_key
    assert key is not None
    filing.file(connection, [filing.capture(int(key[0]), row)])
    return int(key[0])


def open_payload(archive: Archive, capture: Filed | Any) -> BinaryIO:
    """The archived payload of a capture as a stream. ``capture``: a CaptureRow. Raises CaptureDamaged."""
    return open_at(archive.warc_folder / capture.warc_file, capture.warc_offset)


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
    archive: Archive, capture: Filed | Any, ranges: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], bytes]:
    """Byte ranges of a capture's payload, which is read once. Raises CaptureDamaged where one cannot be read."""
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
