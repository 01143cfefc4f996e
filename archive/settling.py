"""Versions of a notice brought in line with its records, each new one with its event."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from archive.dossiers import Dossier, Point, points, settle
from archive.held import HeldVersion
from archive.shelf import Shelf, event_row
from noticewatch.models import EventKind, content_hash, difference, from_paths

Changes: TypeAlias = Sequence[tuple[str, Any, Any]]
"""Path, old and new value (None = absent) of what differs."""


class Settling:
    """Adds versions in one transaction. ranks: of the sources of the register; run: number of the run that appends,
    None for a correction.
    """

    def __init__(self, shelf: Shelf, ranks: Mapping[str, int], committed_at: str, run: int | None) -> None:
        self._shelf, self._committed_at, self._run = shelf, committed_at, run
        self.ranks = ranks
        self.added = 0

    def add(
        self, dossier: Dossier, point: Point, kinds: Sequence[EventKind], told: Changes, *, quiet: bool, late: bool
    ) -> None:
        """Give a notice a version for a point of its history, with an event of these kinds. ``told``: what it changes,
        as :func:`changed` finds it.
        """
        record = point.step.record
        version = HeldVersion(
            notice=dossier.number,
            version=dossier.next_version(),
            revision=record.revision,
            observed_at=record.first.at,
            capture=record.first.capture,
            capture_id=record.first.capture_id,
            record=record,
            content=point.own,
            content_sha256=point.content_sha256,
            seq=0,
        )
        self._shelf.add_version(
            version,
            event_row(
                version, kinds=kinds, changed=told, committed_at=self._committed_at, run=self._run,
                quiet=quiet, late=late,
            ),
            content_hash(from_paths(point.before.paths)) if told and point.before else None,
        )  # fmt: skip
        self.added += 1

    def regrouped(self, dossier: Dossier, kinds: Sequence[EventKind]) -> None:
        """Settle a notice that has got or lost records; what is new in it is quiet, for it was told of before."""
        dossier.first_seen = min(record.first.at for record in dossier.records)
        _, found = points(dossier, self.ranks)
        for point in settle(dossier, found):
            self.add(dossier, point, kinds, changed(point), quiet=True, late=False)
        self.point_to_current(dossier, found[-1])

    def point_to_current(self, dossier: Dossier, last: Point) -> None:
        """Let a notice's row name the version at the last point of its history."""
        current = next(
            version.version
            for version in dossier.versions
            if not version.superseded
            and version.record is last.step.record
            and version.content_sha256 == last.content_sha256
        )
        first_seen = min(dossier.first_seen, *(record.first.at for record in dossier.records))
        dossier.current_version, dossier.first_seen, dossier.dirty = current, first_seen, True


def changed(point: Point) -> Changes:
    """What a point of a history changes: (path, old, new)."""
    if point.before is None:
        return []
    return difference(from_paths(point.before.paths), point.content)
