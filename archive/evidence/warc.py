"""Rows of captures as ``conversion`` records of WARC; of a pack with their index. Pure."""

import gzip
import hashlib
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from archive.evidence.gather import PackedRow
from archive.times import stamp
from archive.warc_records import member
from noticewatch.models import Capture, canonical_json

FILE: Final = "data.warc.gz"


def warc_and_index(rows: Sequence[PackedRow], info: str) -> tuple[bytes, bytes, bytes]:
    """The WARC file, its index (CDXJ, gzip) and the index of that. ``info``: who made it, on one line."""
    parts, lines, at = [_info(info, rows)], [], 0
    at = len(parts[0])
    for row in rows:
        written = conversion(row.capture.capture, row.source, row.row, row.start, row.body)
        lines.append(_line(row, at, len(written)))
        parts.append(written)
        at += len(written)
    return b"".join(parts), *_index(sorted(lines))


def _info(info: str, rows: Sequence[PackedRow]) -> bytes:
    name = uuid.uuid5(uuid.NAMESPACE_URL, "\n".join([info, *(row.file for row in rows)]))
    latest = max((row.capture.capture.fetched_at for row in rows), default=datetime(1980, 1, 1, tzinfo=UTC))
    return warcinfo(name, latest, info)


def warcinfo(name: uuid.UUID, date: datetime, info: str) -> bytes:
    """The record that begins a file. ``info``: who made it, on one line."""
    block = f"software: {info}\r\nformat: WARC File Format 1.1\r\n".encode()
    return member("warcinfo", name, stamp(date), "application/warc-fields", {}, block)


def conversion(held: Capture, source: str, row: int, start: int, body: bytes) -> bytes:
    """A row of a capture as a record: its bytes, and where they stand."""
    headers = {
        "WARC-Target-URI": held.url,
        "WARC-Refers-To": f"<urn:uuid:{held.id}>",
        "Noticewatch-Row": str(row),
        "Noticewatch-Start": str(start),
        "Noticewatch-End": str(start + len(body)),
        "Noticewatch-Source": source,
        "Noticewatch-Origin": held.origin.value,
        "Noticewatch-Recorder": " ".join(held.recorder.split()),
        "Noticewatch-Payload-SHA256": held.payload_sha256,
    }
    media_type = held.media_type or "application/octet-stream"
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"urn:uuid:{held.id}#{row}")  # always the same for one row of one capture
    return member("conversion", name, stamp(held.fetched_at), media_type, headers, body)


def _line(row: PackedRow, offset: int, length: int) -> bytes:
    held = row.capture.capture
    stated: dict[str, Any] = {
        "url": held.url, "mime": held.media_type or "application/octet-stream", "status": str(held.status),
        "digest": f"sha256:{hashlib.sha256(row.body).hexdigest()}", "length": str(length), "offset": str(offset),
        "filename": FILE,
    }  # fmt: skip
    return f"{_key(held.url)} {held.fetched_at:%Y%m%d%H%M%S} ".encode() + orjson.dumps(stated) + b"\n"


def _key(url: str) -> str:
    """The address in the order in which indexes sort: host from its end, then path and query."""
    parts = urlsplit(url.lower())
    host = ",".join(reversed((parts.hostname or "").removeprefix("www.").split(".")))
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}){parts.path or '/'}{query}".replace(" ", "%20")


def _index(lines: Sequence[bytes]) -> tuple[bytes, bytes]:
    packed = gzip.compress(b"".join(lines), mtime=0)
    meta = b"!meta 0 " + canonical_json({"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}) + b"\n"
    if not lines:
        return packed, meta
    key, at, _ = lines[0].split(b" ", 2)
    block = {
        "offset": 0, "length": len(packed), "digest": f"sha256:{hashlib.sha256(packed).hexdigest()}",
        "filename": "index.cdx.gz",
    }  # fmt: skip
    return packed, meta + key + b" " + at + b" " + orjson.dumps(block) + b"\n"
