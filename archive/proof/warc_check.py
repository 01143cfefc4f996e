"""Checks the archived bytes: every filed capture stands in its WARC file, whole, with the payload that was proved."""

import hashlib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import func, select

from archive.captures import ADOPTED, open_payload, payload_at
from archive.proof import reading, thinnings
from archive.proof.extent import DoesNotHold
from archive.proof.members import Member, Members, NotWhole
from archive.proof.thinnings import Thinning
from archive.tables import captures
from archive.thinned import PARTS, PayloadThinned
from noticewatch.errors import CaptureDamaged

if TYPE_CHECKING:
    from archive.store import Archive


@dataclass(frozen=True, slots=True)
class FileSpan:
    """A WARC file and the part of it that is to be checked, in bytes. after: captures up to this number are not."""

    name: str
    begin: int
    end: int
    after: int

    @property
    def size(self) -> int:
        """Bytes to be read."""
        return self.end - self.begin


class Repeat(NamedTuple):
    """A capture whose own record only refers to the one that holds its payload, as it stands."""

    number: int
    id: str
    payload_sha256: str
    warc_file: str
    warc_offset: int
    payload_file: str
    payload_offset: int
    thinned_at: str | None


@dataclass(slots=True)
class FilesRead:
    """What was found in WARC files. captures, bytes: read; thinned: as the log says; payloads: hashes of those found
    whole to which repeats refer, by file and offset; repeats: that are left to be held to these.
    """

    captures: int = 0
    bytes: int = 0
    thinned: list[Thinning] = field(default_factory=list)
    payloads: dict[tuple[str, int], str] = field(default_factory=dict)
    repeats: list[Repeat] = field(default_factory=list)

    def follow(self, more: "FilesRead") -> None:
        """Take in what was found in further files."""
        self.captures += more.captures
        self.bytes += more.bytes
        self.thinned += more.thinned
        self.payloads |= more.payloads
        self.repeats += more.repeats


@dataclass(slots=True)
class WarcCheck:
    """Goes through the captures behind ``after`` up to ``last`` (numbers), file by file, and again through all of the
    files of which leaves from ``leaf`` on say that something in them was thinned. The bytes of a capture may be missing
    where the log says that all it brought was taken down.
    """

    archive: "Archive"
    after: int
    last: int
    leaf: int
    read: FilesRead = field(default_factory=FilesRead)
    _repeated: set[int] = field(default_factory=set)

    def spans(self) -> list[FileSpan]:
        """What is to be read. Raises DoesNotHold for a file that is missing or shorter than what stands in it."""
        c = captures.c
        end = func.max(c.warc_offset + c.warc_length)
        query = select(c.warc_file, end).where(c.number <= self.last).group_by(c.warc_file).order_by(c.warc_file)
        with self.archive.reading() as connection:
            ends = {name: int(value) for name, value in connection.execute(query)}
            done = {name: int(value) for name, value in connection.execute(query.where(c.number <= self.after))}
        ends = {name: self._held(name, value) for name, value in ends.items()}
        anew = set(thinnings.files_thinned_since(self.archive, self.leaf, captures))
        begins = {name: (0, 0) if name in anew else (done.get(name, 0), self.after) for name in ends}
        return [
            FileSpan(name, begin, ends[name], after) for name, (begin, after) in begins.items() if begin < ends[name]
        ]

    def run(self, spans: Sequence[FileSpan], told: Callable[[int], None]) -> FilesRead:
        """Check all but the payloads that are repeated. ``told``: how many bytes are done.

        Raises DoesNotHold that names the first thing.
        """
        for span in spans:
            rows = self._filed(span)
            self._repeated = self._repeated_of(span.name)
            filed = {row.warc_offset: row for row in rows}
            beside = [row for row in rows if filed[row.warc_offset] is not row]  # said to stand where another does
            if span.name.startswith(ADOPTED):
                self._adopted(self.archive.warc_folder / span.name, filed)
            if span.name.endswith(".gz"):
                self._members(span, filed, told)
            for row in (*filed.values(), *beside):  # what is no member of its own is read as every reader does
                self._by_reader(row)
            self.read.bytes += span.size
            told(self.read.bytes)
        return self.read

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

    def _filed(self, span: FileSpan) -> Sequence[Any]:
        """Captures of a file that are to be checked, in order of their offsets."""
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
                c.thinned_at,
            )
            .where(c.warc_file == span.name, c.number > span.after, c.number <= self.last)
            .order_by(c.warc_offset)
        )
        with self.archive.reading() as connection:
            return connection.execute(query).all()

    def _members(self, span: FileSpan, filed: dict[int, Any], told: Callable[[int], None]) -> None:
        """Read every gzip member of the span; takes from ``filed`` what it has found whole."""
        path, own, at = self.archive.warc_folder / span.name, not span.name.startswith(ADOPTED), span.begin
        with path.open("rb") as file:
            file.seek(at)
            members = Members(file, at, same_header=own)
            while at < span.end:
                row = filed.get(at)
                try:
                    member = members.next()
                except (zlib.error, NotWhole) as error:
                    if row is None or not self._may_be_missing(row):
                        raise DoesNotHold(_damaged(path, at, row)) from error
                    del filed[at]
                    at += row.warc_length
                    file.seek(at)
                    members = Members(file, at, same_header=own)
                    continue
                if row is not None and self._fits(row, member):
                    del filed[at]
                    self.read.captures += 1
                at = members.at
                told(self.read.bytes + at - span.begin)

    def _fits(self, row: Any, member: Member) -> bool:
        if member.headers.get("warc-target-uri") != row.url:
            return False
        if row.payload_file is not None:
            self.read.repeats.append(Repeat(*(getattr(row, name) for name in Repeat._fields)))
            stated = member.headers.get("warc-payload-digest", "").rpartition(":")[2].lower()
            return member.headers.get("warc-type") == "revisit" and stated == row.payload_sha256
        if row.thinned_at is not None:
            return self._is_what_was_kept(row, member)
        self._note_payload(row.warc_file, row.warc_offset, member.payload_sha256)
        return bool(member.payload_sha256 == row.payload_sha256)

    def _is_what_was_kept(self, row: Any, member: Member) -> bool:
        """A payload may be missing only where a signed leaf says so, and then what it names must stand there."""
        with self.archive.reading() as connection:
            said = thinnings.of(connection, row.number, row)
        if said is None:
            raise DoesNotHold(f"The payload of capture {row.id} is gone, and no signed entry of the log says why.")
        self.read.thinned.append(said)
        fits = (member.headers.get(PARTS.lower()), member.payload_sha256) == (said.parts, said.kept_sha256)
        return fits and member.headers.get("warc-type") == "conversion"

    def _by_reader(self, row: Any) -> None:
        """Hold a capture to its hash in the way in which it is read everywhere."""
        name, offset = payload_at(row)
        path = self.archive.warc_folder / name
        try:
            with open_payload(self.archive, row) as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # a BufferedReader
        except (CaptureDamaged, PayloadThinned, OSError, zlib.error) as error:
            if self._may_be_missing(row):
                return
            raise DoesNotHold(_damaged(path, offset, row)) from error
        if digest != row.payload_sha256:
            raise DoesNotHold(_damaged(path, offset, row))
        self._note_payload(name, offset, digest)
        self.read.captures += 1

    def _note_payload(self, name: str, offset: int, sha256: str) -> None:
        if offset in self._repeated:
            self.read.payloads[name, offset] = sha256

    def _repeated_of(self, name: str) -> set[int]:
        """Offsets of the records of a file of which other captures say that they hold their payloads."""
        with self.archive.reading() as connection:
            return set(connection.scalars(select(captures.c.payload_offset).where(captures.c.payload_file == name)))

    def settle(self, read: FilesRead) -> None:
        """Check, when all files are read, that records that only say "as before" refer to ones that hold the payload.

        Raises DoesNotHold.
        """
        for row in read.repeats:
            held = read.payloads.get((row.payload_file, row.payload_offset))
            if held is None and not self._verified_before(row):
                self._by_reader(row)
            elif held not in {None, row.payload_sha256} and not self._may_be_missing(row):
                raise DoesNotHold(f"The payload that capture {row.id} repeats is not held where it says.")

    def _verified_before(self, row: Repeat) -> bool:
        """Whether the payload stands in a capture's record that an earlier verification has read."""
        c = captures.c
        query = select(c.number).where(
            c.warc_file == row.payload_file, c.warc_offset == row.payload_offset, c.number <= self.after,
            c.payload_sha256 == row.payload_sha256,
        )  # fmt: skip
        with self.archive.reading() as connection:
            return connection.scalar(query) is not None


def _damaged(path: Path, offset: int, row: Any) -> str:
    what = f"capture {row.id}" if row is not None else "a request"
    return f"The WARC file {path} is damaged at or behind byte {offset}: {what} is not as it was archived."
