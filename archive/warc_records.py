"""WARC records that noticewatch writes from what it holds: gzip members that follow from what they state. Pure."""

import hashlib
import uuid
import zlib
from collections.abc import Mapping


def member(kind: str, name: uuid.UUID, date: str, media_type: str, headers: Mapping[str, str], block: bytes) -> bytes:
    """A record in a gzip member of its own. ``name``: of its id; ``date``: as WARC states it."""
    stated = {
        "WARC-Type": kind, "WARC-Record-ID": f"<urn:uuid:{name}>", "WARC-Date": date, **headers,
        "Content-Type": media_type, "WARC-Block-Digest": f"sha256:{hashlib.sha256(block).hexdigest()}",
        "Content-Length": str(len(block)),
    }  # fmt: skip
    head = "".join(f"{key}: {value}\r\n" for key, value in stated.items())
    packing = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return packing.compress(f"WARC/1.1\r\n{head}\r\n".encode() + block + b"\r\n\r\n") + packing.flush()
