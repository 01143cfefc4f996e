"""WARC files read back: every response as a capture, and its payload as a stream."""

import base64
import hashlib
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import orjson
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from noticewatch.errors import CaptureDamaged, UsageError
from noticewatch.identifiers import new_id
from noticewatch.models import Capture, Origin

_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Recorded:
    """A response in a WARC file, with the capture that its headers and its request record describe.

    payload: of a ``revisit`` record, file and offset of the record that holds the payload.
    """

    capture: Capture
    response_headers: Sequence[tuple[str, str]]
    file: Path
    offset: int
    length: int
    payload: tuple[Path, int] | None = None

    def open(self) -> BinaryIO:
        """The payload as a stream of bytes, without HTTP headers. Raises CaptureDamaged."""
        return open_at(*(self.payload or (self.file, self.offset)))


def recorded(path: Path) -> Iterator[Recorded]:
    """Every response in a WARC file, or in all WARC files below a folder, by name; then those that only say which of
    these holds their payload (``revisit``).

    A file that noticewatch did not write gives captures with an empty ``source`` and origin ``imported``.
    Raises UsageError where there is no WARC file, CaptureDamaged where one cannot be read.
    """
    held: dict[str, _Standing] = {}
    repeats: list[_Repeat] = []
    for file in warc_files(path):
        _check_kind(file)
        try:
            for one in _responses(file):
                if isinstance(one, _Repeat):
                    repeats.append(one)
                    continue
                capture = one.capture
                held[capture.id] = _Standing(file, one.offset, capture.payload_sha256, capture.payload_length)
                yield one
        except (ArchiveLoadFailed, EOFError, zlib.error) as error:
            raise CaptureDamaged(f"{file} cannot be read as a WARC file ({str(error).strip()}).") from error
    for repeat in repeats:
        if found := _resolved(repeat, held):
            yield found


def warc_files(path: Path) -> list[Path]:
    """The WARC files that a path names: the file itself, or those below the folder, by name. Raises UsageError."""
    if path.is_file():
        return [path]
    found = sorted({*path.rglob("*.warc.gz"), *path.rglob("*.warc")}) if path.is_dir() else []
    if not found:
        raise UsageError(f"{path} holds no WARC file; name a .warc.gz file or a folder of them.")
    return found


def open_at(file: Path, offset: int) -> BinaryIO:
    """The payload of the response record at an offset, as a stream. Raises CaptureDamaged where none stands there."""
    try:
        handle = file.open("rb")
    except OSError as error:
        raise CaptureDamaged(f"The archived file {file} cannot be opened ({error.strerror}).") from error
    try:
        handle.seek(offset)
        record = next(one for one in islice(ArchiveIterator(handle), 1) if one.rec_type == "response")
    except (StopIteration, ArchiveLoadFailed, EOFError) as error:
        handle.close()
        raise CaptureDamaged(f"No answer stands at byte {offset} of {file}.") from error
    return io.BufferedReader(_Payload(handle, record.raw_stream), _BLOCK)


def conversion_at(file: Path, offset: int) -> tuple[dict[str, str], bytes]:
    """WARC headers (names in lower case) and block of the ``conversion`` record at an offset. Raises CaptureDamaged."""
    try:
        with file.open("rb") as handle:
            handle.seek(offset)
            record = next(one for one in islice(ArchiveIterator(handle), 1) if one.rec_type == "conversion")
            return {name.lower(): value for name, value in record.rec_headers.headers}, record.raw_stream.read()
    except OSError as error:
        raise CaptureDamaged(f"The archived file {file} cannot be opened ({error.strerror}).") from error
    except (StopIteration, ArchiveLoadFailed, EOFError, zlib.error) as error:
        raise CaptureDamaged(f"Nothing that was kept of a capture stands at byte {offset} of {file}.") from error


def _check_kind(file: Path) -> None:
    """Refuse a file that is no WARC file at all; an empty one is a WARC file without records."""
    try:
        with file.open("rb") as raw:
            head = raw.read(_BLOCK)
        if head[:2] == b"\x1f\x8b":
            head = zlib.decompressobj(zlib.MAX_WBITS + 16).decompress(head, 5)
    except (OSError, zlib.error) as error:
        raise CaptureDamaged(f"{file} cannot be read as a WARC file ({error}).") from error
    if head and not head.startswith(b"WARC/"):
        raise CaptureDamaged(f"{file} cannot be read as a WARC file; it begins with other data.")


def media_type_of(http: Any) -> str | None:
    """The media type that HTTP headers state, in lower case and without parameters; None where they state none."""
    stated = http.get_header("Content-Type") if http else None
    return stated.partition(";")[0].strip().lower() if stated else None


class _Payload(io.RawIOBase):
    """A record's payload; closes the file under it."""

    def __init__(self, handle: BinaryIO, stream: Any) -> None:
        self._handle, self._stream = handle, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        block = self._stream.read(len(view))
        view[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self._handle.close()
        super().close()


@dataclass(slots=True)
class _Seen:
    """A response whose request record may still follow. digest: of a ``revisit``, what it says."""

    record: Any
    digest: str
    payload_length: int
    offset: int
    length: int


class _Standing(NamedTuple):
    """Where the record of a response stands, and what payload it holds."""

    file: Path
    offset: int
    sha256: str
    length: int


class _Repeat(NamedTuple):
    """A ``revisit`` record; refers_to: id of the record that holds its payload; own: whether noticewatch wrote it."""

    recorded: Recorded
    refers_to: str
    own: bool


def _resolved(repeat: _Repeat, held: Mapping[str, _Standing]) -> Recorded | None:
    """A repeated answer with its payload; None for that of another program whose payload is not here."""
    one, place = repeat.recorded, held.get(repeat.refers_to)
    said = one.capture.payload_sha256
    if place is None:
        if not repeat.own:
            return None
        raise UsageError(
            f"{one.file} repeats the answer of {one.capture.url} that stands in another file (record "
            f"{repeat.refers_to}); name the folder that holds both."
        )
    if said and said != place.sha256:
        raise CaptureDamaged(f"{one.file} repeats an answer of {one.capture.url} that was another one.")
    known = {**one.capture.model_dump(), "payload_sha256": place.sha256, "payload_length": place.length}
    return replace(one, capture=Capture.model_validate(known), payload=(place.file, place.offset))


def _responses(file: Path) -> Iterator[Recorded | _Repeat]:
    requests: dict[str, tuple[str, str | None]] = {}
    waiting: _Seen | None = None
    end = 0
    with file.open("rb") as handle:
        iterator = ArchiveIterator(handle)
        for record in _records(file, iterator):
            if record.rec_type == "request":
                answered = record.rec_headers.get_header("WARC-Concurrent-To") or ""
                requests[answered] = _request(record)
                end = _checked_end(file, record, iterator)
                if waiting and answered == waiting.record.rec_headers.get_header("WARC-Record-ID"):
                    yield _recorded(file, waiting, requests.pop(answered))
                    waiting = None
                continue
            if waiting:
                yield _recorded(file, waiting, None)
                waiting = None
            if record.rec_type not in {"response", "revisit"} or record.http_headers is None:
                end = _checked_end(file, record, iterator)
                continue
            digest, length = _digest(record) if record.rec_type == "response" else (_stated_digest(record), 0)
            end = _checked_end(file, record, iterator)
            waiting = _Seen(record, digest, length, iterator.get_record_offset(), iterator.get_record_length())
            asked = requests.pop(record.rec_headers.get_header("WARC-Record-ID"), None)
            if asked:
                yield _recorded(file, waiting, asked)
                waiting = None
        if end < file.stat().st_size:
            raise CaptureDamaged(_breaks_off(file))
        if waiting:
            yield _recorded(file, waiting, None)


def _records(file: Path, iterator: ArchiveIterator) -> Iterator[Any]:
    """The records of a file. Raises CaptureDamaged for one whose own headers are cut: each states kind and length."""
    while True:
        try:
            record = next(iterator)
        except StopIteration:
            return
        except AttributeError as error:  # what warcio makes of a record without a target
            raise CaptureDamaged(_breaks_off(file)) from error
        if record.rec_type is None or record.rec_headers.get_header("Content-Length") is None:
            raise CaptureDamaged(_breaks_off(file))
        yield record


def _checked_end(file: Path, record: Any, iterator: Any) -> int:
    """Where the next record begins in the file. Raises CaptureDamaged where less of this one came than it states, or
    where its gzip member does not end with check sum and length: warcio takes what it could unpack for all.
    """
    while record.raw_stream.read(_BLOCK):
        pass
    if record.raw_stream.limit > 0:
        raise CaptureDamaged(_breaks_off(file))
    offset = int(iterator.get_record_offset())
    unpacking = iterator.reader.decompressor
    if unpacking is not None and not unpacking.eof:
        raise CaptureDamaged(_member_fault(file, offset))
    return int(iterator.offset)  # behind the blank lines, which the length of a record that is not packed leaves out


def _member_fault(file: Path, offset: int) -> str:
    """What is wrong with the gzip member at an offset, which has no good end."""
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    with file.open("rb") as handle:
        handle.seek(offset)
        try:
            while block := handle.read(_BLOCK):
                unpacking.decompress(block)
        except zlib.error:
            return f"{file} is damaged: the record at byte {offset:,} does not match its check sum; take another copy."
    return _breaks_off(file)


def _breaks_off(file: Path) -> str:
    return f"{file} breaks off in the middle of a record; take a whole copy of it."


def _request(record: Any) -> tuple[str, str | None]:
    """Method and body of a request record."""
    body = record.raw_stream.read()
    method = record.http_headers.protocol if record.http_headers else "GET"
    return method, body.decode("utf-8", "replace") if body else None


def _stated_digest(record: Any) -> str:
    """The SHA-256 that a ``revisit`` record states of its payload, in hex; empty where it states none."""
    return _claimed(record.rec_headers.get_header("WARC-Payload-Digest")) or ""


def _digest(record: Any) -> tuple[str, int]:
    """SHA-256 in hex and length of the payload; the bytes are hashed, whatever the header claims."""
    hashed, length = hashlib.sha256(), 0
    while block := record.raw_stream.read(_BLOCK):
        hashed.update(block)
        length += len(block)
    digest = hashed.hexdigest()
    claimed = _claimed(record.rec_headers.get_header("WARC-Payload-Digest"))
    if claimed and claimed != digest:
        uri = record.rec_headers.get_header("WARC-Target-URI")
        raise CaptureDamaged(f"The archived answer of {uri} does not match its hash; the file is damaged.")
    return digest, length


def _claimed(header: str | None) -> str | None:
    algorithm, _, value = (header or "").partition(":")
    if algorithm.lower() != "sha256":
        return None
    if len(value) == 64:
        return value.lower()
    return base64.b32decode(value).hex() if len(value) == 56 else None


def _recorded(file: Path, seen: _Seen, request: tuple[str, str | None] | None) -> Recorded | _Repeat:
    headers, http = seen.record.rec_headers, seen.record.http_headers
    method, body = request or ("GET", None)
    media_type = headers.get_header("Noticewatch-Media-Type")
    capture = Capture(
        id=_uuid(headers.get_header("WARC-Record-ID")),
        source=headers.get_header("Noticewatch-Source") or "",
        method=method,
        url=headers.get_header("WARC-Target-URI"),
        request_body=body,
        status=int(http.get_statuscode()),
        media_type=media_type_of(http) if media_type is None else media_type or None,
        fetched_at=_date(headers.get_header("WARC-Date")),
        payload_sha256=seen.digest,
        payload_length=seen.payload_length,
        origin=Origin(headers.get_header("Noticewatch-Origin") or Origin.IMPORTED),
        recorder=headers.get_header("Noticewatch-Recorder") or "unknown",
        note=headers.get_header("Noticewatch-Note"),
        gaps=tuple(orjson.loads(headers.get_header("Noticewatch-Gaps") or "[]")),
    )
    found = Recorded(capture, cast("Sequence[tuple[str, str]]", http.headers), file, seen.offset, seen.length)
    if seen.record.rec_type == "response":
        return found
    own = headers.get_header("Noticewatch-Source") is not None
    return _Repeat(found, _uuid(headers.get_header("WARC-Refers-To")), own)


def _uuid(record_id: str | None) -> str:
    return (record_id or new_id()).strip("<>").removeprefix("urn:uuid:")


def _date(stated: str) -> datetime:
    parsed = datetime.fromisoformat(stated)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
