"""Captures that were thinned: which parts of their payload are kept, where each stood, and how to read them.

A thinned capture's record is a ``conversion``: what came before the first row, the rows that are kept, what came after
the last one, in order and as they were, so that the source's own parser reads them. ``Noticewatch-Parts`` says where
each part stood.
"""

import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from archive.warc_reading import conversion_at
from noticewatch.errors import CaptureDamaged, NotFound

PARTS: Final = "Noticewatch-Parts"
NO_ROW: Final = -1


class Part(NamedTuple):
    """A part of a payload. row: index of the row that it is, with what parts it from the next; NO_ROW for what stands
    before the first row; start: of its first byte in the payload.
    """

    row: int
    start: int
    length: int

    @property
    def end(self) -> int:
        """Where it ended in the payload."""
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a payload: the parts, and their bytes one behind the other."""

    parts: Sequence[Part]
    body: bytes

    @property
    def rows(self) -> int:
        """How many rows are kept."""
        return sum(part.row != NO_ROW for part in self.parts)

    @property
    def sha256(self) -> str:
        """SHA-256 of the kept bytes, hex."""
        return hashlib.sha256(self.body).hexdigest()

    def range(self, start: int, end: int) -> bytes | None:
        """A byte range of the whole payload; None where it is not kept."""
        at = 0
        for part in self.parts:
            if part.start <= start and end <= part.end:
                return self.body[at + start - part.start : at + end - part.start]
            at += part.length
        return None

    def original(self, at: int) -> tuple[int, int]:
        """Row, and place in the whole payload, of a byte of the kept ones."""
        begin = 0
        for part in self.parts:
            if at < begin + part.length:
                return part.row, part.start + at - begin
            begin += part.length
        raise CaptureDamaged(f"Byte {at} is not among those that were kept.")

    def stream(self) -> io.BytesIO:
        """The kept bytes as a payload that the source's parser reads."""
        return io.BytesIO(self.body)


class PayloadThinned(NotFound):
    """All but some rows of a capture's payload were given up. ``kept``: what is left."""

    def __init__(self, capture_id: str, thinned_at: str, kept: Kept) -> None:
        super().__init__(
            f"Capture {capture_id} was thinned on {thinned_at[:10]}: of its payload {kept.rows:,} rows are kept; what "
            "was the same before and after stands in the captures around it."
        )
        self.kept = kept


def write_parts(parts: Iterable[Part]) -> str:
    """Parts as the header states them."""
    return " ".join(f"{part.row}:{part.start}:{part.length}" for part in parts)


def read_parts(stated: str) -> list[Part]:
    """Parts that a header states. Raises ValueError for anything else."""
    return [Part(*map(int, one.split(":"))) for one in stated.split()]


def kept_at(file: Path, offset: int, capture_id: str) -> Kept:
    """What is kept of a capture, from its record. Raises CaptureDamaged where none of it stands there."""
    headers, body = conversion_at(file, offset)
    return kept_in(headers, body, capture_id, f"byte {offset} of {file}")


def kept_in(headers: Mapping[str, str], body: bytes, capture_id: str, where: str) -> Kept:
    """The same from the headers (names in lower case) and the block of the record."""
    try:
        kept = Kept(read_parts(headers[PARTS.lower()]), body)
        fits = sum(part.length for part in kept.parts) == len(body)
    except (KeyError, ValueError, TypeError):
        fits = False
    if not fits or headers.get("warc-refers-to") != f"<urn:uuid:{capture_id}>":
        raise CaptureDamaged(f"What is kept of capture {capture_id} does not stand at {where}.")
    return kept


def gone(capture: Any, folder: Path) -> PayloadThinned:
    """The error that says that a capture's payload is thinned, with what is left of it. ``capture``: its row.

    Raises CaptureDamaged where that cannot be read.
    """
    kept = kept_at(folder / capture.warc_file, capture.warc_offset, capture.id)
    return PayloadThinned(capture.id, capture.thinned_at, kept)
