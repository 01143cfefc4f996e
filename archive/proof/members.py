"""Reads the records of a WARC file for verification: gzip members one after the other, each unpacked and hashed once.

Most members are small: nothing is done for one that its few kilobytes do not need.
"""

import hashlib
import zlib
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

_BLOCK: Final = 1 << 16
_OUT: Final = 1 << 20
_MOST_HEADER: Final = 1 << 20
_HEADER: Final = 10
_HEADER_BEGINS: Final = b"\x1f\x8b\x08\0\0\0\0\0"


class NotWhole(Exception):
    """A gzip member is cut, or is no WARC record."""


@dataclass(slots=True)
class Member:
    """A WARC record in a gzip member of its own. headers: names in lower case; payload_sha256: hex, of its block
    without HTTP headers.
    """

    headers: dict[str, str]
    payload_sha256: str


class Members:
    """Reads gzip members one after the other. ``same_header``: all begin with the same ten bytes."""

    def __init__(self, file: BinaryIO, at: int, *, same_header: bool) -> None:
        self.at = at
        self._file, self._rest, self._same = file, b"", same_header
        self._first: bytes | None = None

    def next(self) -> Member:
        """The next member; ``at`` is then where it ends. Raises NotWhole, zlib.error."""
        self._check_header()
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        head, held = self._until_blank_line(member, b"", 0)
        headers = _headers(held[:head])
        begin, length = head, int(headers["content-length"])
        if headers.get("content-type", "").startswith("application/http"):
            begin, held = self._until_blank_line(member, held, head)
            length -= begin - head
        digest = hashlib.sha256(memoryview(held)[begin : begin + max(length, 0)])
        left = length - (len(held) - begin)
        while not member.eof:
            block = self._unpacked(member)
            if left > 0:
                digest.update(memoryview(block)[:left])
                left -= len(block)
        if left > 0:
            raise NotWhole("shorter than it says")
        return Member(headers, digest.hexdigest())

    def _until_blank_line(self, member: Any, held: bytes, begin: int) -> tuple[int, bytes]:
        """Where header lines from ``begin`` on end with a blank line, and what is unpacked by then."""
        while True:
            end = held.find(b"\r\n\r\n", begin)
            bare = held.find(b"\n\n", begin, end if end >= 0 else len(held))
            if bare >= 0:
                return bare + 2, held
            if end >= 0:
                return end + 4, held
            if len(held) - begin > _MOST_HEADER:
                raise NotWhole("no end of headers")
            if member.eof:
                raise NotWhole("shorter than it says")
            held += self._unpacked(member)

    def _unpacked(self, member: Any) -> bytes:
        """What a member unpacks to next, so much at most."""
        packed = self._rest or self._file.read(_BLOCK)
        block: bytes = member.decompress(packed, _OUT)
        if not block and not packed and not member.eof:
            raise NotWhole("cut")
        self._rest = member.unused_data if member.eof else member.unconsumed_tail
        self.at += len(packed) - len(self._rest)
        return block

    def _check_header(self) -> None:
        """Nothing but the header of a member can be changed without failing its checksum."""
        if len(self._rest) < _HEADER:
            self._rest += self._file.read(_BLOCK)
        if self._same:
            header = self._rest[:_HEADER]
            if not header.startswith(_HEADER_BEGINS) or (self._first or header) != header:
                raise NotWhole("another header")
            self._first = header


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("utf-8", "replace").splitlines()
    if not lines or not lines[0].startswith("WARC/"):
        raise NotWhole("no WARC record")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    if not headers.get("content-length", "").isdigit():
        raise NotWhole("no length")
    return headers
