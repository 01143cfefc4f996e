"""Checks the archived bytes: every filed capture stands in its WARC file, whole, with the payload that was proved."""

import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from sqlalchemy import func, select

from archive.captures import ADOPTED, open_payload, payload_at
from archive.proof import reading
from archive.proof.log_check import DoesNotHold
from archive.tables import captures
from noticewatch.errors import CaptureDamaged

if TYPE_CHECKING:
    from archive.store import Archive

_BLOCK: Final = 1 << 16
_OUT: Final = 1 << 20
_MOST_HEADER: Final = 1 << 20
_HEADER: Final = 10
_ENDS: Final = (b"\r\n\r\n", b"\n\n")


@dataclass(frozen=True, slots=True)
class FileSpan:
    """A WARC file and the part of it that is to be checked, in bytes."""

    name: str
    begin: int
    end: int


@dataclass(slots=True)
class WarcCheck:
    """Goes through the captures behind ``after`` up to ``last`` (numbers), file by file. The bytes of a capture may be
    missing where the log says that all it brought was taken down.
    """

    archive: "Archive"
    after: int
    last: int
    captures: int = 0
    bytes: int = 0
    _found: dict[tuple[str, int], str] = field(default_factory=dict)
    _repeats: list[Any] = field(default_factory=list)

    def spans(self) -> list[FileSpan]:
        """What is to be read. Raises DoesNotHold for a file that is missing or shorter than what stands in it."""
        c = captures.c
        end = func.max(c.warc_offset + c.warc_length)
        query = select(c.warc_file, end).where(c.number <= self.last).group_by(c.warc_file).order_by(c.warc_file)
        with self.archive.reading() as connection:
            ends = {name: int(value) for name, value in connection.execute(query)}
            done = {name: int(value) for name, value in connection.execute(query.where(c.number <= self.after))}
        ends = {name: self._held(name, value) for name, value in ends.items()}
        return [FileSpan(name, done.get(name, 0), value) for name, value in ends.items() if done.get(name, 0) < value]

    def run(self, spans: Sequence[FileSpan], told: Callable[[int], None]) -> None:
        """Check all. ``told``: how many bytes are done. Raises DoesNotHold that names the first thing."""
        for span in spans:
            filed = self._filed(span)
            if span.name.startswith(ADOPTED):
                self._adopted(self.archive.warc_folder / span.name, filed)
            if span.name.endswith(".gz"):
                self._members(span, filed, told)
            for row in filed.values():  # what is no member of its own is read as every reader does
                self._by_reader(row)
            self.bytes += span.end - span.begin
            told(self.bytes)
        self._settle_repeats()

    def _held(self, name: str, end: int) -> int:
        """Up to where a file holds captures that must be there, in bytes."""
        path = self.archive.warc_folder / name
        size = path.stat().st_size if path.is_file() else 0
        if size >= end:
            return end
        c = captures.c
        query = select(c.number, c.warc_offset + c.warc_length).where(c.warc_file == name, c.number <= self.last)
        with self.archive.reading() as connection:
            ends = connection.execute(query).all()
            if all(reading.may_be_missing(connection, number) for number, its_end in ends if its_end > size):
                return max((int(its_end) for _, its_end in ends if its_end <= size), default=0)
        if not path.is_file():
            raise DoesNotHold(f"The WARC file {path} is missing.")
        raise DoesNotHold(f"The WARC file {path} ends at byte {size}; captures stand up to {end}.")

    def _may_be_missing(self, row: Any) -> bool:
        with self.archive.reading() as connection:
            return reading.may_be_missing(connection, row.number)

    def _adopted(self, path: Path, filed: dict[int, Any]) -> None:
        """An adopted file is named by the beginning of its own hash."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if not path.name.startswith(digest[:16]) and not any(map(self._may_be_missing, filed.values())):
            raise DoesNotHold(f"The WARC file {path} was changed: its hash is no longer the one in its name.")

    def _filed(self, span: FileSpan) -> dict[int, Any]:
        """Captures of a file that are to be checked, by offset."""
        c = captures.c
        query = (
            select(
                c.number,
                c.id,
                c.url,
                c.payload_sha256,
                c.warc_file,
                c.warc_offset,
                c.warc_length,
                c.payload_file,
                c.payload_offset,
            )
            .where(c.warc_file == span.name, c.number > self.after, c.number <= self.last)
            .order_by(c.warc_offset)
        )
        with self.archive.reading() as connection:
            return {row.warc_offset: row for row in connection.execute(query)}

    def _members(self, span: FileSpan, filed: dict[int, Any], told: Callable[[int], None]) -> None:
        """Read every gzip member of the span; takes from ``filed`` what it has found whole."""
        path, own, at = self.archive.warc_folder / span.name, not span.name.startswith(ADOPTED), span.begin
        with path.open("rb") as file:
            file.seek(at)
            members = _Members(file, at, same_header=own)
            while at < span.end:
                row = filed.get(at)
                try:
                    member = members.next()
                except (zlib.error, _NotWhole) as error:
                    if row is None or not self._may_be_missing(row):
                        raise DoesNotHold(_damaged(path, at, row)) from error
                    del filed[at]
                    at += row.warc_length
                    file.seek(at)
                    members = _Members(file, at, same_header=own)
                    continue
                if row is not None and self._fits(row, member):
                    del filed[at]
                    self.captures += 1
                at = members.at
                told(self.bytes + at - span.begin)

    def _fits(self, row: Any, member: "_Member") -> bool:
        if member.headers.get("warc-target-uri") != row.url:
            return False
        if row.payload_file is not None:
            self._repeats.append(row)
            stated = member.headers.get("warc-payload-digest", "").rpartition(":")[2].lower()
            return member.headers.get("warc-type") == "revisit" and stated == row.payload_sha256
        self._found[row.warc_file, row.warc_offset] = member.payload_sha256
        return bool(member.payload_sha256 == row.payload_sha256)

    def _by_reader(self, row: Any) -> None:
        """Hold a capture to its hash in the way in which it is read everywhere."""
        name, offset = payload_at(row)
        path = self.archive.warc_folder / name
        try:
            with open_payload(self.archive, row) as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # a BufferedReader
        except (CaptureDamaged, OSError, zlib.error) as error:
            if self._may_be_missing(row):
                return
            raise DoesNotHold(_damaged(path, offset, row)) from error
        if digest != row.payload_sha256:
            raise DoesNotHold(_damaged(path, offset, row))
        self._found[name, offset] = digest
        self.captures += 1

    def _settle_repeats(self) -> None:
        """A record that only says "as before" needs the one to which it refers to hold the payload."""
        for row in self._repeats:
            held = self._found.get((row.payload_file, row.payload_offset))
            if held is None and self._verified_before(row):
                continue
            if held is None:
                counted = self.captures  # with its own record
                self._by_reader(row)
                self.captures = counted
            elif held != row.payload_sha256 and not self._may_be_missing(row):
                raise DoesNotHold(f"The payload that capture {row.id} repeats is not held where it says.")

    def _verified_before(self, row: Any) -> bool:
        """Whether the payload stands in a capture's record that an earlier verification has read."""
        c = captures.c
        query = select(c.number).where(
            c.warc_file == row.payload_file, c.warc_offset == row.payload_offset, c.number <= self.after,
            c.payload_sha256 == row.payload_sha256,
        )  # fmt: skip
        with self.archive.reading() as connection:
            return connection.scalar(query) is not None


class _NotWhole(Exception):
    """A gzip member is cut, or is no WARC record."""


@dataclass(slots=True)
class _Member:
    """A WARC record in a gzip member of its own."""

    headers: dict[str, str]
    payload_sha256: str


class _Members:
    """Reads gzip members one after the other. ``same_header``: all begin with the same ten bytes."""

    def __init__(self, file: BinaryIO, at: int, *, same_header: bool) -> None:
        self.at = at
        self._file, self._rest, self._same = file, b"", same_header
        self._first: bytes | None = None

    def next(self) -> _Member:
        """The next member; ``at`` is then where it ends. Raises _NotWhole, zlib.error."""
        blocks = self._blocks()
        head, rest = _until_blank_line(blocks, b"")
        headers = _headers(head)
        http = headers.get("content-type", "").startswith("application/http")
        left = int(headers["content-length"])
        if http:
            http_head, rest = _until_blank_line(blocks, rest)
            left -= len(http_head)
        digest = hashlib.sha256()
        while left > 0:
            digest.update(rest[:left])
            left -= len(rest[:left])
            if left:
                rest = _next_block(blocks)
        for _ in blocks:
            pass
        return _Member(headers, digest.hexdigest())

    def _blocks(self) -> Iterator[bytes]:
        """What a member unpacks to, however much it is."""
        member = zlib.decompressobj(zlib.MAX_WBITS + 16)
        packed = self._rest if len(self._rest) >= _HEADER else self._rest + self._file.read(_BLOCK)
        self._check_header(packed[:_HEADER])
        begin, taken = self.at, 0
        while not member.eof:
            block = member.decompress(packed, _OUT)
            taken += len(packed) - len(member.unconsumed_tail)
            if not block and not packed and not member.eof:
                raise _NotWhole("cut")
            yield block
            packed = member.unconsumed_tail or self._file.read(0 if member.eof else _BLOCK)
        self._rest = member.unused_data
        self.at = begin + taken - len(self._rest)

    def _check_header(self, header: bytes) -> None:
        """Nothing but the header of a member can be changed without failing its checksum."""
        if self._same:
            if header[:8] != b"\x1f\x8b\x08\0\0\0\0\0" or (self._first or header) != header:
                raise _NotWhole("another header")
            self._first = header


def _until_blank_line(blocks: Iterator[bytes], begun: bytes) -> tuple[bytes, bytes]:
    """Header lines with the blank line that ends them, and what came behind."""
    held = begun
    while True:
        ends = [held.find(end) + len(end) for end in _ENDS if end in held]
        if ends:
            return held[: min(ends)], held[min(ends) :]
        if len(held) > _MOST_HEADER:
            raise _NotWhole("no end of headers")
        held += _next_block(blocks)


def _next_block(blocks: Iterator[bytes]) -> bytes:
    block = next(blocks, None)
    if block is None:
        raise _NotWhole("shorter than it says")
    return block


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("utf-8", "replace").splitlines()
    if not lines or not lines[0].startswith("WARC/"):
        raise _NotWhole("no WARC record")
    pairs = (line.partition(":") for line in lines[1:])
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if not headers.get("content-length", "").isdigit():
        raise _NotWhole("no length")
    return headers


def _damaged(path: Path, offset: int, row: Any) -> str:
    what = f"capture {row.id}" if row is not None else "a request"
    return f"The WARC file {path} is damaged at or behind byte {offset}: {what} is not as it was archived."
