"""A notice with all its records and versions, as the append works on it."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from archive.fold import Step
from archive.folding import Fold
from archive.held import HeldRecord, HeldVersion
from noticewatch.models import Content, carries, content_hash, from_paths


@dataclass(slots=True)
class Dossier:
    """One notice in memory. ``leads_to``: number of the notice that has all its records now, None for most; ``fresh``:
    it is not in the table yet; ``dirty``: its row must be written; ``fold``, ``points``: its history as it was last
    worked out, a point a step, None where nothing changed.
    """

    number: int
    id: str
    chain_key: str | None
    current_version: int
    first_seen: str
    first_seen_seq: int
    leads_to: int | None = None
    records: list[HeldRecord] = field(default_factory=list)
    versions: list[HeldVersion] = field(default_factory=list)
    fresh: bool = False
    dirty: bool = False
    fold: Fold | None = field(default=None, repr=False)
    points: "list[Point | None]" = field(default_factory=list, repr=False)

    def live_versions(self) -> int:
        """How many versions are in the history."""
        return sum(not version.superseded for version in self.versions)

    def next_version(self) -> int:
        """Number of the next version by arrival."""
        return max((version.version for version in self.versions), default=0) + 1

    def take(self, records: Sequence[HeldRecord], of: "Dossier") -> None:
        """Take records over from another notice; its versions keep what they said."""
        taken = {id(record) for record in records}
        for record in records:
            of.materialise(record)
            record.notice, record.moved = self.number, True
        of.records = [record for record in of.records if id(record) not in taken]
        self.records += records
        of.dirty = self.dirty = True

    def materialise(self, record: HeldRecord) -> None:
        """Let versions that point to a record's content hold it themselves, before the record's content changes."""
        for version in self.versions:
            if version.record is record and version.content is None:
                version.content, version.dirty = record.content, True


def is_whole(record: HeldRecord) -> bool:
    """Whether a record is of a kind of answer that tells of a whole notice, and not of its text alone."""
    return carries(record.carried, "kind")


def agree_on_revision(records: Sequence[HeldRecord]) -> None:
    """Let several witnesses of one source number speak of one revision, the latest that any of their records states.

    SAM.gov's interface gives the day a revision was posted, the bulk file the time, and a text neither.
    """
    if len({(record.source, is_whole(record)) for record in records}) < 2:
        return
    latest = max(record.revision for record in records)
    for record in records:
        if record.revision < latest:
            record.revision, record.dirty = latest, True


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the history where the merged notice changes."""

    step: Step
    before: Step | None
    content: Content
    content_sha256: str

    @property
    def own(self) -> Content | None:
        """The content that its version must hold itself; None where it is that of its record."""
        step = self.step
        return None if step.merged is None or step.merged == step.record.paths else self.content


def points(dossier: Dossier, ranks: Mapping[str, int]) -> tuple[list[Step], list[Point]]:
    """All steps of a notice's history, and those that change what it says."""
    if len(dossier.records) == 1:
        record = dossier.records[0]
        only = Step(record, None, changed=True)
        return [only], [Point(only, None, record.content, hashlib.sha256(record.json).hexdigest())]
    if dossier.fold is None:
        dossier.fold = Fold()
    steps, kept = dossier.fold.steps(dossier.records, ranks)
    dossier.points = dossier.points[:kept]
    for index in range(kept, len(steps)):
        dossier.points.append(_point(steps, index) if steps[index].changed else None)
    return steps, [point for point in dossier.points if point is not None]


def _point(steps: Sequence[Step], index: int) -> Point:
    step = steps[index]
    content = from_paths(step.paths)
    return Point(step, steps[index - 1] if index else None, content, content_hash(content))


def settle(dossier: Dossier, found: list[Point]) -> list[Point]:
    """Match the history's points with the versions that exist; gives the points that need a new version.

    A version whose record has moved in the history is anchored again; one that the history no longer holds is
    superseded and keeps its number.
    """
    if not dossier.versions:
        return found
    live = {id(version): version for version in dossier.versions if not version.superseded}
    missing = []
    for point in found:
        version = _match(live.values(), point, same_record=True)
        if version is None:
            missing.append(point)
        else:
            _anchor(live.pop(id(version)), point)
    unmatched = []
    for point in missing:
        version = _match(live.values(), point, same_record=False)
        if version is None:
            unmatched.append(point)
        else:
            _anchor(live.pop(id(version)), point)
    for version in live.values():
        version.superseded = version.dirty = True
    return unmatched


def _match(versions: Iterable[HeldVersion], point: Point, *, same_record: bool) -> HeldVersion | None:
    for version in versions:
        if version.content_sha256 == point.content_sha256 and (version.record is point.step.record or not same_record):
            return version
    return None


def _anchor(version: HeldVersion, point: Point) -> None:
    """Let a version stand where its content appears in the history."""
    record = point.step.record
    own = point.own
    place = (record.revision, record.first.at, record.first.capture, record.first.capture_id)
    held = (version.revision, version.observed_at, version.capture, version.capture_id)
    if version.record is not record or held != place or (own is None) != (version.content is None):
        version.record, version.content, version.dirty = record, own, True
        version.revision, version.observed_at, version.capture, version.capture_id = place
