"""The public log of corrections: what an operator joined, split, took down or restored, why, and when.

A correction and its quiet events, with the leaves of both, are written in one transaction. An event names its
correction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, func, insert, select

from archive import queries
from archive.correction_tables import corrections
from archive.log import Derived, append_derived, head
from archive.proof import filing, forms
from archive.tables import events
from archive.times import moment
from noticewatch.database import BATCH
from noticewatch.errors import NotFound, UsageError
from noticewatch.models import CorrectionKind, canonical_json

_MOST_NAMED: Final = 12
MOST_REASON: Final = 2_000
"""Characters of a reason."""


@dataclass(frozen=True, slots=True)
class Correction:
    """An entry of the log. concerns: what it names (ids of notices; by kind also others); made_at: UTC; first_seq,
    last_seq: its events; details: by kind.
    """

    number: int
    kind: CorrectionKind
    concerns: tuple[str, ...]
    reason: str
    made_at: datetime
    first_seq: int
    last_seq: int
    details: Mapping[str, Any]


def record(
    connection: Connection,
    kind: CorrectionKind,
    concerns: Sequence[str],
    reason: str,
    findings: Sequence[Derived],
    details: Mapping[str, Any] | None = None,
) -> Correction:
    """Write a correction and append its events, in a writing transaction of who makes it.

    Raises UsageError for a reason that says nothing or too much, and for more events than one transaction takes.
    """
    said = _checked(reason)
    if len(findings) > BATCH:
        raise UsageError(
            f"This would append {len(findings):,} events at once; name fewer notices ({BATCH:,} events at most)."
        )
    assert findings, "a correction without an event has no place in the log"
    number = int(connection.scalar(select(func.max(corrections.c.number))) or 0) + 1
    first = head(connection) + 1
    last = append_derived(connection, [_named(one, number) for one in findings])
    values = {
        "number": number, "kind": kind.value, "concerns": orjson.dumps(list(concerns)).decode(), "reason": said,
        "made_at": connection.scalar(select(events.c.committed_at).where(events.c.seq == first)),
        "first_seq": first, "last_seq": last, "details": canonical_json(details or {}).decode(),
    }  # fmt: skip
    connection.execute(insert(corrections).values(values))
    filing.file(connection, [filing.statement("correction", forms.correction_leaf(values))])
    made = correction(connection, number)
    assert made is not None
    return made


def correction(connection: Connection, number: int) -> Correction | None:
    """A correction by its number; None where there is none."""
    row = connection.execute(select(corrections).where(corrections.c.number == number)).first()
    return _correction(row) if row else None


def latest(connection: Connection, limit: int, *, before: int | None = None) -> list[Correction]:
    """Corrections, newest first. ``before``: only those with a smaller number."""
    query = select(corrections).order_by(corrections.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(corrections.c.number < before)
    return [_correction(row) for row in connection.execute(query)]


def count(connection: Connection) -> int:
    """How many corrections were made."""
    return int(connection.scalar(select(func.count()).select_from(corrections)) or 0)


def some_of(names: Iterable[str]) -> str:
    """Names in order for a sentence, the first of many."""
    ordered = sorted(names)
    return ", ".join(ordered[:_MOST_NAMED]) + (" …" if len(ordered) > _MOST_NAMED else "")


def the_only(connection: Connection, text: str, held: Sequence[str] | None = None) -> tuple[str, int]:
    """Id and number of the one notice that a text leads to. ``held``: ids that were found for it already.

    Raises NotFound where it leads nowhere, UsageError naming them where it leads to several.
    """
    found = queries.find(connection, text) if held is None else held
    if not found:
        raise NotFound(f"No notice {text[:120]!r} is held; search for it with noticewatch search --all.")
    if len(found) > 1:
        more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
        raise UsageError(
            f"{text[:120]!r} leads to {len(found)} notices, name those that are meant: "
            f"{', '.join(found[:_MOST_NAMED])}{more}."
        )
    return found[0], queries.numbers_of(connection, found)[found[0]]


def _named(finding: Derived, number: int) -> Derived:
    """A finding that names its correction; one that follows from an earlier correction names that."""
    if any(path == "correction" for path, _, _ in finding.changed):
        return finding
    return replace(finding, changed=[*finding.changed, ("correction", None, number)])


def _checked(reason: str) -> str:
    said = "".join(letter for letter in " ".join(reason.split()) if letter.isprintable()).strip()
    if not said:
        raise UsageError("A correction needs a reason that readers can understand; give one with --reason.")
    if len(said) > MOST_REASON:
        raise UsageError(
            f"The reason has {len(said):,} characters; say it in {MOST_REASON:,}, it stands in the public log."
        )
    return said


def _correction(row: Row[Any]) -> Correction:
    return Correction(
        row.number, CorrectionKind(row.kind), tuple(orjson.loads(row.concerns)), row.reason, moment(row.made_at),
        row.first_seq, row.last_seq, orjson.loads(row.details),
    )  # fmt: skip
