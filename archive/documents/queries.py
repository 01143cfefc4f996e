"""The read side of documents: what a notice lists, what came of each, and pages of text. Every function takes a
connection.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from sqlalchemy import Connection, Select, bindparam, func, select

from archive import tables as t
from archive.correction_tables import WHOLE
from archive.documents import texts as held_texts
from archive.documents.answers import Current, current
from archive.documents.formats import differing_name
from archive.documents.pages import Finding, Page
from archive.documents.tables import document_answers, documents, text_pages, texts
from archive.documents.texts import HeldText
from archive.times import moment
from archive.withheld import Tombstone, of_files, tombstones
from noticewatch.database import chunks
from noticewatch.models import Origin

_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class FileRow:
    """The file that answers a document at present. ``received_at`` UTC; ``text``: None until it was read;
    ``files``: how many different files have answered it so far. One that was taken down has a ``tombstone``, no text.
    """

    sha256: str
    length: int
    media_type: str | None
    file_name: str | None
    capture_id: str
    received_at: datetime
    origin: Origin
    recorder: str
    text: HeldText | None
    files: int
    tombstone: Tombstone | None = None


@dataclass(frozen=True, slots=True)
class PastFile:
    """A file that answered a document from one moment on, until another did. ``received_at``: when first; UTC."""

    sha256: str
    length: int
    received_at: datetime
    capture_id: str
    origin: Origin
    recorder: str
    tombstone: Tombstone | None = None


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document of a notice. ``added``, ``removed``: versions since which it is, and is no longer, listed.

    asked_at: when it was asked for last, None for never; problem: why nothing came then.
    """

    number: int
    notice: int
    url: str
    title: str | None
    added: int
    removed: int | None
    file: FileRow | None = None
    asked_at: datetime | None = None
    problem: str | None = None

    @property
    def name(self) -> str:
        """What it is called: its title, else its file's name, else the end of its address."""
        return self.title or (self.file.file_name if self.file else None) or _end_of(self.url)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found about its file; the name counts too, which belongs to the document and not to the bytes."""
        text = self.file.text if self.file else None
        if text is None:
            return ()
        named = self.file.file_name if self.file and self.file.file_name else self.title or _end_of(self.url)
        other = differing_name(named, text.format)
        return (*([other] if other else []), *text.findings)


@dataclass(frozen=True, slots=True)
class PlacedPage:
    """A page of a document of a notice, as it is cited."""

    document: int
    url: str
    name: str
    page: Page

    @property
    def words(self) -> str:
        """Where it is: ``Statement of work, page 3``."""
        return ", ".join(part for part in (self.name, self.page.words) if part)


def of_notice(connection: Connection, notice: int) -> list[DocumentRow]:
    """Documents of a notice: those that are listed in their order, then those that were."""
    return of_notices(connection, [notice]).get(notice, [])


def of_notices(connection: Connection, notices: Collection[int]) -> dict[int, list[DocumentRow]]:
    """Documents by notice number; notices without any are left out, and so is what only versions that were taken down
    list.
    """
    found: dict[int, list[DocumentRow]] = {}
    wanted = sorted(set(notices))
    stones = tombstones(connection, wanted)
    for chunk in chunks(wanted, _CHUNK):
        query = (
            select(documents)
            .where(documents.c.notice.in_(chunk))
            .order_by(documents.c.notice, documents.c.removed.is_not(None), documents.c.place, documents.c.number)
        )
        rows = [row for row in connection.execute(query).all() if not _is_withheld(row, stones.get(row.notice, {}))]
        numbers = [row.number for row in rows]
        files, attempts = _files(connection, numbers), _last_attempts(connection, numbers)
        for row in rows:
            asked_at, problem = attempts.get(row.number, (None, None))
            found.setdefault(row.notice, []).append(
                DocumentRow(
                    row.number, row.notice, row.url, row.title, row.added, row.removed, files.get(row.number),
                    moment(asked_at) if asked_at else None, problem,
                )
            )  # fmt: skip
    return found


def files_of(connection: Connection, document: int) -> list[PastFile]:
    """The files that have answered a document, by its number, oldest first; the same one stands once for as long as no
    other came between.
    """
    a, c = document_answers.c, t.captures.c
    query = (
        select(a.sha256, c.payload_length, a.asked_at, c.id, c.origin, c.recorder)
        .join(t.captures, c.number == a.capture)
        .where(a.document == document, a.sha256.is_not(None))
        .order_by(a.asked_at, a.number)
    )
    rows, found = connection.execute(query).all(), list[PastFile]()
    stones = of_files(connection, {row.sha256 for row in rows})
    for sha256, length, asked_at, capture_id, origin, recorder in rows:
        if not found or found[-1].sha256 != sha256:
            stone = stones.get(sha256)
            found.append(PastFile(sha256, length, moment(asked_at), capture_id, Origin(origin), recorder, stone))
    return found


def answers_document(connection: Connection, capture: int) -> bool:
    """Whether a capture, given by its number, is the file of a document."""
    a = document_answers.c
    query = select(a.number).where(a.capture == capture, a.sha256.is_not(None)).limit(1)
    return connection.scalar(query) is not None


def withheld_file(connection: Connection, capture: int) -> Tombstone | None:
    """Why the file that a capture, given by its number, brought for documents is withheld; None where it is shown."""
    a, d = document_answers.c, documents.c
    query = select(a.sha256, d.notice).join(documents, d.number == a.document)
    rows = connection.execute(query.where(a.capture == capture, a.sha256.is_not(None))).all()
    own = of_files(connection, {row.sha256 for row in rows})
    stones = tombstones(connection, {row.notice for row in rows})
    whole = [stones.get(row.notice, {}).get(WHOLE) for row in rows]
    return next(iter(own.values()), None) or (whole[0] if whole and all(whole) else None)


def _is_withheld(row: Any, stones: Mapping[int, Tombstone]) -> bool:
    """Whether a document is listed by no version that readers see. A version that still lists it counts on."""
    if not stones or WHOLE in stones:
        return bool(stones)
    return row.removed is not None and all(version in stones for version in range(row.added, row.removed))


def pages_of(connection: Connection, rows: Sequence[DocumentRow]) -> Iterator[PlacedPage]:
    """Pages of these documents in order, those without text left out."""
    for row in rows:
        text = row.file.text if row.file else None
        if text is not None:
            for page in held_texts.pages(connection, text.number):
                if page.text.strip():
                    yield PlacedPage(row.number, row.url, row.name, page)


def characters(connection: Connection, notices: Collection[int]) -> dict[int, int]:
    """Characters of the documents' texts by notice number; those without any text are left out. Cheap: no page is
    read. Each text counts once a notice.
    """
    found: dict[int, int] = {}
    wanted = sorted(set(notices))
    for chunk in chunks(wanted, _CHUNK):
        rows = connection.execute(_characters(), {"notices": chunk})
        found.update({row[0]: int(row[1]) for row in rows if row[1]})
    return found


@cache
def _characters() -> Select[Any]:
    each = (
        select(documents.c.notice, texts.c.number, texts.c.characters)
        .join(document_answers, document_answers.c.document == documents.c.number)
        .join(texts, texts.c.sha256 == document_answers.c.sha256)
        .where(documents.c.notice.in_(bindparam("notices", expanding=True)))
        .distinct()
        .subquery()
    )
    return select(each.c.notice, func.sum(each.c.characters)).group_by(each.c.notice)


def pages_with(
    connection: Connection, rows: Sequence[DocumentRow], beginnings: Collection[str], most: int
) -> list[PlacedPage]:
    """Pages that hold words with these beginnings, those with most of them first, at most so many. The beginnings are
    looked for as they stand, without regard to case.
    """
    by_text = {row.file.text.number: row for row in rows if row.file and row.file.text}
    wanted = [beginning.lower() for beginning in beginnings]
    if not by_text or not wanted:
        return []
    p = text_pages.c
    held = sum((func.lower(p.content).contains(beginning, autoescape=True).cast(_INTEGER) for beginning in wanted[1:]),
               func.lower(p.content).contains(wanted[0], autoescape=True).cast(_INTEGER))  # fmt: skip
    query = (
        select(p.text, p.number, p.content, p.unit, p.name, p.member)
        .where(p.text.in_(by_text), held > 0)
        .order_by(held.desc(), p.text, p.place)
        .limit(most)
    )
    return [_placed(by_text[row.text], Page(*row[1:])) for row in connection.execute(query)]


_INTEGER: Final = documents.c.number.type


def _placed(row: DocumentRow, page: Page) -> PlacedPage:
    return PlacedPage(row.number, row.url, row.name, page)


def _files(connection: Connection, numbers: Collection[int]) -> dict[int, FileRow]:
    held = {one.document: one for one in current(connection, numbers)}
    read = held_texts.of(connection, {one.sha256 for one in held.values()})
    captures, counts = _captures(connection, held), _file_counts(connection, numbers)
    stones = of_files(connection, {one.sha256 for one in held.values()})
    found = {}
    for document, one in held.items():
        capture, name = captures[document]
        found[document] = FileRow(
            one.sha256, capture.payload_length, capture.media_type, name, capture.id, moment(one.asked_at),
            Origin(capture.origin), capture.recorder, None if one.sha256 in stones else read.get(one.sha256),
            counts[document], stones.get(one.sha256),
        )  # fmt: skip
    return found


def _captures(connection: Connection, held: Mapping[int, Current]) -> dict[int, tuple[Any, str | None]]:
    """Capture and file name of each document's present file."""
    a, c = document_answers.c, t.captures.c
    query = (
        select(a.document, a.file_name, a.capture, c.id, c.payload_length, c.media_type, c.origin, c.recorder)
        .join(t.captures, c.number == a.capture)
        .where(a.document.in_(held))
        .order_by(a.number)
    )
    return {
        row.document: (row, row.file_name)
        for row in connection.execute(query)
        if row.capture == held[row.document].capture
    }


def _file_counts(connection: Connection, numbers: Collection[int]) -> dict[int, int]:
    a = document_answers.c
    query = select(a.document, func.count(a.sha256.distinct())).where(a.document.in_(numbers)).group_by(a.document)
    return {row[0]: row[1] for row in connection.execute(query)}


def _last_attempts(connection: Connection, numbers: Collection[int]) -> dict[int, tuple[str, str | None]]:
    a = document_answers.c
    query = select(a.document, a.asked_at, a.problem).where(a.document.in_(numbers)).order_by(a.asked_at, a.number)
    return {row.document: (row.asked_at, row.problem) for row in connection.execute(query)}


def _end_of(url: str) -> str:
    try:
        end = urlsplit(url).path.rstrip("/").rpartition("/")[2]
    except ValueError:
        return url
    return unquote(end) or url
