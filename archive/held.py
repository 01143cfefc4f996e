"""Records as the append works on them: in memory, in order, mutable until they are written."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from noticewatch.models import Content, canonical_json, to_paths


class Place(NamedTuple):
    """Where and when a row was seen. ``at``: stamp of the capture's time; ``capture``: its number."""

    at: str
    capture_id: str
    capture: int
    row: int
    start: int
    end: int

    @property
    def moment(self) -> tuple[str, str]:
        """Orders sightings: time, then capture."""
        return self.at, self.capture_id


@dataclass(slots=True)
class HeldRecord:
    """One wording of one source number over one interval of sightings.

    ``number`` is 0 until the record is given one; ``content`` is canonical, and empty until its dossier is opened;
    ``dirty`` where the table must be told, ``moved`` where it must be told that the record is another notice's now.
    """

    number: int
    notice: int
    source: str
    source_number: str
    revision: str
    sha256: str
    parser_version: int
    carried: frozenset[str]
    content: Content
    first: Place
    last: Place
    dirty: bool = False
    moved: bool = False
    known_paths: dict[str, Any] | None = field(default=None, repr=False)
    known_json: bytes | None = field(default=None, repr=False)

    @property
    def order(self) -> tuple[str, str, str, int, str]:
        """Orders the records of a notice: revision, time, capture, row."""
        return self.revision, self.first.at, self.first.capture_id, self.first.row, self.source_number

    @property
    def paths(self) -> dict[str, Any]:
        """The content split into paths."""
        if self.known_paths is None:
            self.known_paths = to_paths(self.content)
        return self.known_paths

    @property
    def json(self) -> bytes:
        """The content as canonical JSON: written and hashed, so made once."""
        if self.known_json is None:
            self.known_json = canonical_json(self.content)
        return self.known_json

    def reread(self, content: Content, carried: frozenset[str], parser_version: int) -> None:
        """Take the content that a newer parser made of the same bytes."""
        self.content, self.carried, self.parser_version = content, carried, parser_version
        self.known_paths, self.known_json, self.dirty = None, None, True


@dataclass(slots=True)
class HeldVersion:
    """A version of a notice. ``content`` is None where it equals its record's; ``dirty`` where it was changed."""

    notice: int
    version: int
    revision: str
    observed_at: str
    capture: int
    capture_id: str
    record: HeldRecord
    content: Content | None
    content_sha256: str
    seq: int
    superseded: bool = False
    dirty: bool = False

    @property
    def merged(self) -> Content:
        """The notice's content in this version."""
        return self.record.content if self.content is None else self.content
