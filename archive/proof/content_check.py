"""Checks that every version still has the content of which the leaf of its event names the hash, and that it comes from
a record of the capture that this leaf names.
"""

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection

from archive.proof import reading
from archive.proof.log_check import DoesNotHold

if TYPE_CHECKING:
    from archive.store import Archive

_PAGE: Final = 1_000


def check_contents(archive: "Archive", after: int, last: int, told: Callable[[int], None]) -> None:
    """Check the versions that the events behind ``after`` up to ``last`` brought. ``told``: how many are done.

    Raises DoesNotHold that names the first content that is not the proved one.
    """
    for first in range(after + 1, last + 1, _PAGE):
        end = min(first + _PAGE - 1, last)
        with archive.reading() as connection:
            rows = reading.contents_told(connection, first, end)
            for row in rows:
                if row[1] is None or _sha256(row[1]) != row[2]:
                    _may_be_missing(connection, row[0])
                elif row[4] != row[5] and row[0] == row[6]:
                    _was_read_there(connection, *row[:1], *row[3:6])
        told(end - after)


def _sha256(content: Any) -> str:
    """SHA-256 in hex of a content, or of whatever somebody has put in its place."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else repr(content).encode()).hexdigest()


def _may_be_missing(connection: Connection, seq: int) -> None:
    """Ask whether a version may be without its proved content: it was taken down, or its event is a derived one, which
    speaks of a version that came before.
    """
    for row in reading.events_between(connection, seq, seq):
        if row.capture is None or reading.takedown_of(connection, row.notice or "", row.version) is not None:
            continue
        raise DoesNotHold(f"The content of {row.notice}, version {row.version} (event {seq}), is not the proved one.")


def _was_read_there(connection: Connection, seq: int, record: int, capture: int | None, told: int | None) -> None:
    """Ask whether the record that a version was read from stood in the capture that its event names: it may stand in an
    older one by now.
    """
    if capture is None or told is None or reading.was_placed(connection, record, told):
        return
    row = reading.events_between(connection, seq, seq)[0]
    raise DoesNotHold(
        f"Version {row.version} of {row.notice} (event {seq}) is held to be read from record {record}, which no leaf "
        f"places in capture {row.capture}."
    )
