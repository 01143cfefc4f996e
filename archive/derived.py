"""Events that follow from what is held, and are appended outside of any reading."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection, func, insert, select

from archive import tables
from archive.proof import filing
from archive.times import stamp
from noticewatch.database import chunks
from noticewatch.identifiers import now
from noticewatch.models import EventKind, canonical_json

_HEAD: Final = select(func.max(tables.events.c.seq))


def head(connection: Connection) -> int:
    """The highest ``seq`` of the log; 0 where it is empty."""
    return int(connection.scalar(_HEAD) or 0)


@dataclass(frozen=True, slots=True)
class Derived:
    """A finding about a notice outside of its records, to be appended as an event of its current version. Those of
    readers of the log are quiet; one about a document has its capture and run, may be loud and of two ``also`` kinds.
    ``version``: another one than the current.
    """

    notice: int
    kind: EventKind
    changed: Sequence[tuple[str, Any, Any]]
    also: tuple[EventKind, ...] = ()
    quiet: bool = True
    capture: int | None = None
    run: int | None = None
    version: int | None = None


def append_derived(connection: Connection, findings: Sequence[Derived]) -> int:
    """Append events of findings in a writing transaction of who found them; gives the last ``seq``."""
    seq = head(connection)
    n = tables.notices.c
    versions: dict[int, int] = {}
    numbers = sorted({finding.notice for finding in findings})
    for chunk in chunks(numbers):
        query = select(n.number, n.current_version).where(n.number.in_(chunk))
        versions.update(connection.execute(query).all())
    committed_at = stamp(now())
    rows = [
        {
            "seq": seq + offset, "notice": finding.notice,
            "version": finding.version or versions[finding.notice],
            "kinds": orjson.dumps([finding.kind, *finding.also]).decode(), "committed_at": committed_at,
            "capture": finding.capture, "run": finding.run,
            "changed": canonical_json(finding.changed).decode(), "quiet": finding.quiet, "late": False,
        }
        for offset, finding in enumerate(findings, start=1)
    ]  # fmt: skip
    if rows:
        connection.execute(insert(tables.events), rows)
        filing.file(connection, filing.held_events(connection, seq + 1, seq + len(rows)))
    return seq + len(rows)
