"""What came for documents, and what of it is news. Events of documents are made here, all in the writing transaction.

An answer is news only where it is the newest of its document: one that is imported from an earlier day changes nothing
that is shown. Bytes that differ are ``document_changed``, loud in crawls of documents; text that became known is
``document_text``, as loud as the event that brought its document.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, and_, func, insert, select

from archive import locks
from archive import tables as t
from archive.documents.pages import READER_VERSION
from archive.documents.tables import document_answers, documents, texts
from archive.ledger import Run
from archive.log import Derived, append_derived
from noticewatch.models import EventKind

LOUD: Final = frozenset({"documents"})
"""Kinds of run whose changed documents are loud."""


@dataclass(frozen=True, slots=True)
class DocumentAnswer:
    """What came for a document: a file or a problem. ``document``, ``capture``: their numbers."""

    document: int
    asked_at: str
    capture: int | None = None
    sha256: str | None = None
    file_name: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Current:
    """The file that answers a document at present, and the run that brought it."""

    document: int
    notice: int
    url: str
    added: int
    sha256: str
    asked_at: str
    capture: int
    run: int
    kind: str


def note(connection: Connection, run: Run, answers: Sequence[DocumentAnswer]) -> int:
    """Keep answers and append the events that they give; gives the log's last ``seq``. Needs a writing transaction.

    Raises LeaseLost where another process has taken the run's source over meanwhile.
    """
    locks.confirm(connection, run.source)
    numbers = {answer.document for answer in answers}
    before = {held.document: held for held in current(connection, numbers)}
    for answer in answers:
        values = {
            "document": answer.document, "run": run.number, "asked_at": answer.asked_at, "capture": answer.capture,
            "sha256": answer.sha256, "file_name": answer.file_name, "problem": answer.problem,
        }  # fmt: skip
        connection.execute(insert(document_answers).values(values))
    now = [held for held in current(connection, numbers) if _differs(before.get(held.document), held)]
    known = _with_text(connection, {held.sha256 for held in now})
    findings = []
    for held in now:
        earlier = before.get(held.document)
        kinds = [EventKind.DOCUMENT_CHANGED] if earlier else []
        kinds += [EventKind.DOCUMENT_TEXT] if held.sha256 in known else []
        if kinds:
            findings.append(_finding(connection, held, earlier, kinds))
    return append_derived(connection, findings)


def tell_text(connection: Connection, sha256: str, *, again: bool) -> int:
    """Append the events of a text that became known, or, ``again``, that a better reader has read, which is quiet.

    One for every document that the file answers at present; gives the last seq. Needs a writing transaction.
    """
    kind = EventKind.REPARSED if again else EventKind.DOCUMENT_TEXT
    findings = [_finding(connection, held, None, [kind]) for held in current(connection, sha256=sha256)]
    return append_derived(connection, findings)


def current(
    connection: Connection, numbers: Collection[int] | None = None, *, sha256: str | None = None
) -> list[Current]:
    """The newest file of each of these documents, or of those that a file answers; documents without one are left out.

    The newest is the one asked for last; of one moment the one noted last.
    """
    a, d = document_answers.c, documents.c
    files = select(a.document, func.max(a.asked_at).label("asked_at")).where(a.sha256.is_not(None)).group_by(a.document)
    if numbers is not None:
        files = files.where(a.document.in_(numbers))
    if sha256 is not None:
        files = files.where(a.document.in_(select(a.document).where(a.sha256 == sha256)))
    newest = files.subquery()
    query = (
        select(
            a.document, d.notice, d.url, d.added, a.sha256, a.asked_at, a.capture, a.run, t.runs.c.kind, a.number
        )
        .join(newest, and_(newest.c.document == a.document, newest.c.asked_at == a.asked_at))
        .join(documents, d.number == a.document)
        .join(t.runs, t.runs.c.number == a.run)
        .where(a.sha256.is_not(None))
        .order_by(a.document, a.number)
    )  # fmt: skip
    last = {row.document: Current(*row[:-1]) for row in connection.execute(query)}
    return [held for held in last.values() if sha256 is None or held.sha256 == sha256]


def _differs(before: Current | None, held: Current) -> bool:
    return before is None or before.sha256 != held.sha256


def _with_text(connection: Connection, hashes: Collection[str]) -> set[str]:
    query = select(texts.c.sha256).where(
        texts.c.sha256.in_(hashes), texts.c.reader_version == READER_VERSION, texts.c.characters > 0
    )
    return set(connection.scalars(query))


def _finding(connection: Connection, held: Current, earlier: Current | None, kinds: Sequence[EventKind]) -> Derived:
    changed: list[tuple[str, Any, Any]] = []
    if EventKind.DOCUMENT_CHANGED in kinds:
        changed.append((f"documents.{held.url}", _file(earlier), _file(held)))
    if EventKind.DOCUMENT_CHANGED not in kinds:
        changed.append((f"documents.{held.url}", None, _file(held)))
    quiet = kinds == [EventKind.REPARSED] or _is_quiet(connection, held)
    return Derived(held.notice, kinds[0], changed, tuple(kinds[1:]), quiet, held.capture, held.run)


def _is_quiet(connection: Connection, held: Current) -> bool:
    """Whether what a file brings is quiet: as the event that listed its document, or, from the second file that crawls
    of documents saw on, as the run that brought it.
    """
    if held.kind not in LOUD:
        return True
    a, r = document_answers.c, t.runs.c
    files = select(func.count(a.sha256.distinct())).join(t.runs, r.number == a.run)
    if (connection.scalar(files.where(a.document == held.document, r.kind.in_(LOUD))) or 0) > 1:
        return False
    v, e = t.versions.c, t.events.c
    brought = select(e.quiet).join(t.versions, v.seq == e.seq).where(v.notice == held.notice, v.version == held.added)
    return bool(connection.scalar(brought))


def _file(held: Current | None) -> list[dict[str, str]] | None:
    return [{"url": held.url, "sha256": held.sha256}] if held else None
