"""The WARC file of a pack: rows of captures as ``conversion`` records, and its index. Pure."""

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
from noticewatch.models import canonical_json

FILE: Final = "data.warc.gz"


def warc_and_index(rows: Sequence[PackedRow], info: str) -> tuple[bytes, bytes, bytes]:
    """The WARC file, its index (CDXJ, gzip) and the index of that. ``info``: who made it, on one line."""
    parts, lines, at = [_info(info, rows)], [], 0
    at = len(parts[0])
    for row in rows:
        member = _conversion(row)
        lines.append(_line(row, at, len(member)))
        parts.append(member)
        at += len(member)
    return b"".join(parts), *_index(sorted(lines))


def _info(info: str, rows: Sequence[PackedRow]) -> bytes:
    name = uuid.uuid5(uuid.NAMESPACE_URL, "\n".join([info, *(row.file for row in rows)]))
    latest = max((row.capture.capture.fetched_at for row in rows), default=datetime(1980, 1, 1, tzinfo=UTC))
    block = f"software: {info}\r\nformat: WARC File Format 1.1\r\n".encode()
    return member("warcinfo", name, stamp(latest), "application/warc-fields", {}, block)


def _conversion(row: PackedRow) -> bytes:
    held = row.capture.capture
    headers = {
        "WARC-Target-URI": held.url,
        "WARC-Refers-To": f"<urn:uuid:{held.id}>",
        "Noticewatch-Row": str(row.row),
        "Noticewatch-Start": str(row.start),
        "Noticewatch-End": str(row.end),
        "Noticewatch-Source": row.source,
        "Noticewatch-Origin": held.origin.value,
        "Noticewatch-Recorder": " ".join(held.recorder.split()),
        "Noticewatch-Payload-SHA256": held.payload_sha256,
    }
    media_type = held.media_type or "application/octet-stream"
    return member("conversion", _id(row), stamp(held.fetched_at), media_type, headers, row.body)


def _id(row: PackedRow) -> uuid.UUID:
    """Always the same for one row of one capture."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"urn:uuid:{row.capture.capture.id}#{row.row}")


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
