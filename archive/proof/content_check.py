"""Checks that every version still has the content of which the leaf of its event names the hash."""

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
            for seq in [seq for seq, content, proved in rows if content is None or _sha256(content) != proved]:
                _may_be_missing(connection, seq)
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
