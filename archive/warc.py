"""WARC 1.1 files: written one gzip member a record, read back as captures.

What WARC has no header for stands in ``Noticewatch-*`` headers of the response record, whose id is the capture's. An
answer whose payload is held already is a ``revisit`` record: its headers, and which record holds the payload.
A file that is being written has a lock file beside it (archive/warc_repair.py).
"""

import contextlib
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

import orjson
from filelock import FileLock
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import BaseWARCWriter

from archive.times import stamp
from archive.warc_reading import Recorded, media_type_of, open_at, recorded
from archive.warc_repair import lock_of, repair
from noticewatch.disk import sync_folder
from noticewatch.errors import CaptureDamaged, DataFolderError
from noticewatch.identifiers import new_id, now
from noticewatch.models import Capture

__all__ = ["Original", "PayloadAt", "Placed", "Recorded", "WarcWriter", "open_at", "recorded", "repair"]

ROTATE_AT = 1 << 30
"""Bytes after which a writer begins its next file, where it was not told otherwise."""

_DECODED = frozenset({"content-encoding", "transfer-encoding"})
_PROFILE: Final = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"


@dataclass(frozen=True, slots=True)
class PayloadAt:
    """Where a record stands that holds a payload: name below the folder of WARC files, offset in bytes."""

    file: str
    offset: int


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a capture's record stands. ``file``: name below the folder of WARC files; offset and length in bytes;
    ``payload``: of a ``revisit`` record, where the record stands that holds the payload.
    """

    file: str
    offset: int
    length: int
    payload: PayloadAt | None = None


@dataclass(frozen=True, slots=True)
class Original:
    """A capture whose record holds a payload: its id, address and time (as WARC states it), and where it stands."""

    id: str
    url: str
    fetched_at: str
    at: PayloadAt


class WarcWriter:
    """Appends captures to WARC files of its own in a folder; use it as a context manager.

    Nothing counts as archived before :meth:`sync` returned.
    """

    def __init__(self, folder: Path, prefix: str, *, rotate_at: int | None = None, name: str | None = None) -> None:
        """``name``: the file's whole name, for files that are made once; it must not exist. Else prefix and date."""
        self._folder, self._prefix, self._rotate_at, self._name = folder, prefix, rotate_at or ROTATE_AT, name
        self._file: BinaryIO | None = None
        self._lock: FileLock | None = None
        self._path = folder
        folder.mkdir(parents=True, exist_ok=True)
        repair(folder)

    def write(
        self,
        capture: Capture,
        request_headers: Sequence[tuple[str, str]],
        response_headers: Sequence[tuple[str, str]],
        body: BinaryIO,
        original: Original | None = None,
    ) -> Placed:
        """Append a capture's request and response. ``body`` holds the decoded payload from its present place on.

        Where ``original`` holds a payload with the same hash already, the response is a ``revisit`` record and ``body``
        is not read. Raises CaptureDamaged where the body is not the one that the capture describes, DataFolderError on
        a full disk.
        """
        file = self._current()
        before = file.tell()
        try:
            _write_request(file, capture, request_headers)
            offset = file.tell()
            if original is not None:
                _write_revisit(file, capture, response_headers, original)
                return Placed(self._path.name, offset, file.tell() - offset, original.at)
            digest = _write_response(file, capture, response_headers, body)
        except OSError as error:
            raise self._given_up(error) from error
        if digest != capture.payload_sha256:
            self._take_back(before)
            raise CaptureDamaged(
                f"The answer of {capture.url} does not match its hash ({digest}, not {capture.payload_sha256}); "
                "fetch it again."
            )
        return Placed(self._path.name, offset, file.tell() - offset)

    def sync(self) -> None:
        """Force everything written so far to the disk. Raises DataFolderError on a full disk."""
        if self._file is not None:
            try:
                self._file.flush()
                os.fsync(self._file.fileno())
            except OSError as error:
                raise self._given_up(error) from error

    def close(self) -> None:
        """Sync and close the file. Raises DataFolderError on a full disk."""
        self.sync()
        self._let_go()
        if self._lock is not None:
            self._lock.release()
            lock_of(self._path).unlink(missing_ok=True)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _current(self) -> BinaryIO:
        if self._file is not None and self._file.tell() >= self._rotate_at:
            self.close()
        if self._file is None:
            self._begin()
        assert self._file is not None
        return self._file

    def _begin(self) -> None:
        name = self._name or f"{self._prefix}-{now():%Y%m%dT%H%M%S}-{new_id()[-12:]}.warc.gz"
        self._path = self._folder / name
        self._lock = FileLock(lock_of(self._path))
        self._lock.acquire()
        self._file = self._path.open("xb")
        sync_folder(self._folder)

    def _take_back(self, offset: int) -> None:
        assert self._file is not None
        try:
            self._file.seek(offset)
            self._file.truncate()
        except OSError as error:
            raise self._given_up(error) from error

    def _given_up(self, error: OSError) -> DataFolderError:
        """Leave the file as it is: its lock file stays and tells the next writer to cut its tail. What is written after
        this goes into a file of its own, so that no whole record ever stands behind a torn one.
        """
        self._let_go()
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        return DataFolderError(f"{self._path} cannot be written ({error.strerror}); free space and go on.")

    def _let_go(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # it tries to write what could not be written
                self._file.close()
            self._file = None


class _Writer(BaseWARCWriter):  # type: ignore[misc]  # warcio has no types
    """warcio's writer without block digests: they would be a tenth of a small capture, and say nothing new."""

    def ensure_digest(self, record: Any, block: bool = True, payload: bool = True) -> None:
        """Digests are given with the headers."""


_WRITER = _Writer(gzip=True, warc_version="1.1")


class _Hashing:
    """Hashes what is read through it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self.digest = stream, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        self.digest.update(block)
        return block


def _write_request(file: BinaryIO, capture: Capture, headers: Sequence[tuple[str, str]]) -> None:
    body = (capture.request_body or "").encode()
    given = list(headers)
    if body and not any(name.lower() == "content-length" for name, _ in given):
        given.append(("Content-Length", str(len(body))))
    http = StatusAndHeaders(f"{capture.method} {_target(capture.url)} HTTP/1.1", given, is_http_request=True)
    warc = {
        "WARC-Record-ID": f"<urn:uuid:{new_id()}>",
        "WARC-Date": _warc_date(capture),
        "WARC-Concurrent-To": f"<urn:uuid:{capture.id}>",
    }
    _write(file, capture.url, "request", warc, http, _Bytes(body), len(body))


def _write_response(file: BinaryIO, capture: Capture, headers: Sequence[tuple[str, str]], body: BinaryIO) -> str:
    http = StatusAndHeaders(str(capture.status), _decoded(headers, capture), protocol="HTTP/1.1")
    hashing = _Hashing(body)
    _write(file, capture.url, "response", _response_headers(capture, http), http, hashing, capture.payload_length)
    return hashing.digest.hexdigest()


def _write_revisit(file: BinaryIO, capture: Capture, headers: Sequence[tuple[str, str]], original: Original) -> None:
    http = StatusAndHeaders(str(capture.status), _decoded(headers, capture), protocol="HTTP/1.1")
    warc = _response_headers(capture, http) | {
        "WARC-Profile": _PROFILE,
        "WARC-Refers-To": f"<urn:uuid:{original.id}>",
        "WARC-Refers-To-Target-URI": original.url,
        "WARC-Refers-To-Date": original.fetched_at,
    }
    _write(file, capture.url, "revisit", warc, http, _Bytes(b""), 0)


def _write(
    file: BinaryIO, url: str, kind: str, warc: dict[str, str], http: StatusAndHeaders, body: Any, length: int
) -> None:
    record = _WRITER.create_warc_record(
        url, kind, payload=body, length=length, warc_headers_dict=warc, http_headers=http
    )
    record.payload_length = length
    _WRITER._write_warc_record(file, record)


class _Bytes:
    """A stream over bytes that counts as present even when it is empty."""

    def __init__(self, held: bytes) -> None:
        self._held = held

    def read(self, _size: int = -1) -> bytes:
        held, self._held = self._held, b""
        return held


def _response_headers(capture: Capture, http: StatusAndHeaders) -> dict[str, str]:
    headers = {
        "WARC-Record-ID": f"<urn:uuid:{capture.id}>",
        "WARC-Date": _warc_date(capture),
        "WARC-Payload-Digest": f"sha256:{capture.payload_sha256}",
        "Noticewatch-Source": capture.source,
        "Noticewatch-Origin": capture.origin.value,
        "Noticewatch-Recorder": _one_line(capture.recorder),
    }
    if capture.note:
        headers["Noticewatch-Note"] = _one_line(capture.note)
    if capture.gaps:
        headers["Noticewatch-Gaps"] = orjson.dumps(capture.gaps).decode()
    if capture.media_type != media_type_of(http):
        headers["Noticewatch-Media-Type"] = capture.media_type or ""
    return headers


def _decoded(headers: Sequence[tuple[str, str]], capture: Capture) -> list[tuple[str, str]]:
    """Response headers for the payload as it is kept: without the encodings of its transport, which are renamed."""
    kept = [(f"X-Archive-Orig-{name}" if name.lower() in _DECODED else name, value) for name, value in headers]
    if capture.media_type and not any(name.lower() == "content-type" for name, _ in kept):
        kept.append(("Content-Type", capture.media_type))
    return kept


def _target(url: str) -> str:
    _, _, rest = url.partition("://")
    _, slash, path = rest.partition("/")
    return slash + path or "/"


def _warc_date(capture: Capture) -> str:
    return stamp(capture.fetched_at)


def _one_line(text: str) -> str:
    return " ".join(text.split())
