"""The versions of a notice as its page lists them. Pure functions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archive.rows import RecordPlace, VersionRow
from archive.said import stone_words
from noticewatch import words
from noticewatch.changes import Change, changes


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version as the page lists it. ``before``: number of the one before it in order that readers may see, None where
    there is none; ``taken_down``: why it is withheld, empty where it is shown.
    """

    number: int
    before: int | None
    current: bool
    observed: str
    revision: str
    what: str
    quiet: bool
    late: bool
    sha256: str
    capture_id: str
    record: RecordPlace
    rebuilt: bool
    changes: tuple[Change, ...]
    taken_down: str = ""


def version_views(history: Sequence[VersionRow], current: int, most: int | None = None) -> list[VersionView]:
    """Versions for the page, newest first, at most so many, each with its difference to the version before it."""
    views = [
        VersionView(
            number=row.version,
            before=None if row.tombstone else before,
            current=row.version == current,
            observed=words.moment_words(row.observed_at),
            revision=words.day_words(row.revision) if row.revision else "",
            what=words.listed(words.EVENTS.get(kind, kind.replace("_", " ")) for kind in row.kinds),
            quiet=row.quiet,
            late=row.late,
            sha256=row.content_sha256,
            capture_id=row.capture_id,
            record=row.record,
            rebuilt=row.origin == "rebuilt",
            changes=tuple(changes(row.changed)),
            taken_down=stone_words(row.tombstone) if row.tombstone else "",
        )
        for row, before in list(zip(history, _standing_before(history), strict=True))[-(most or 0) :]
    ]
    return views[::-1]


def _standing_before(history: Sequence[VersionRow]) -> Iterator[int | None]:
    """Of each version the last one before it that was not taken down."""
    last = None
    for row in history:
        yield last
        last = last if row.tombstone else row.version
