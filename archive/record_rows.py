"""Where the record of a version stands in its capture. Takes a connection."""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, select

from archive import tables as t
from archive.rows import VersionRow
from noticewatch.database import chunks


def record_rows(connection: Connection, versions: Mapping[int, Collection[VersionRow]]) -> dict[tuple[int, int], int]:
    """Rows within their captures of the records that gave versions, by number of notice and of version; ``versions``:
    by number of their notice. Left out where none is held: a capture seen again for the same wording has no record.
    """
    r, c = t.records.c, t.captures.c
    found: dict[tuple[int, str, str], int] = {}
    numbers = sorted(versions)
    for chunk in chunks(numbers):
        query = select(r.notice, c.id, r.revision, r.row).join(t.captures, c.number == r.capture).order_by(r.number)
        for notice, capture, revision, row in connection.execute(query.where(r.notice.in_(chunk))):
            found[notice, capture, revision] = found[notice, capture, ""] = row
    return {
        (number, one.version): row
        for number, some in versions.items()
        for one in some
        if (row := _row(found, number, one)) is not None
    }


def _row(found: Mapping[tuple[int, str, str], int], notice: int, version: VersionRow) -> int | None:
    """The row of the version's own revision; else the last one of its notice in the capture."""
    of_capture = (notice, version.capture_id)
    return found.get((*of_capture, version.revision), found.get((*of_capture, "")))
