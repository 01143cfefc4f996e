"""Texts in the archive: which files wait to be read, reading them, and their pages. The same bytes are read once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, insert, select

from archive import tables as t
from archive.captures import open_payload
from archive.documents.answers import tell_text
from archive.documents.pages import LIMITS, READER_VERSION, FileText, Finding, FindingKind, Format, Limits, Page
from archive.documents.reader import read_file
from archive.documents.tables import document_answers, text_pages, texts
from archive.store import Archive
from archive.times import stamp
from noticewatch.database import insert_many
from noticewatch.errors import CaptureDamaged, DataFolderError
from noticewatch.identifiers import now

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that no present reader has read: its hash, and the capture of it that was filed first."""

    sha256: str
    number: int
    warc_file: str
    warc_offset: int
    payload_file: str | None = None
    payload_offset: int | None = None
    thinned_at: str | None = None


@dataclass(frozen=True, slots=True)
class ReadFiles:
    """What a reading of waiting files did: how many were read, the log's last ``seq`` (0: no events), and a sentence
    for each whose archived bytes are damaged.
    """

    files: int
    last_seq: int
    damaged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldText:
    """A text without its pages. ``read_at``: stamp; ``declared``: pages that the file says it has."""

    number: int
    sha256: str
    reader_version: int
    format: Format
    declared: int | None
    pages: int
    characters: int
    findings: tuple[Finding, ...]
    read_at: str


def waiting(connection: Connection) -> list[Waiting]:
    """Files that the present reader has not read, oldest first."""
    a, c = document_answers.c, t.captures.c
    read = select(texts.c.sha256).where(texts.c.reader_version >= READER_VERSION)
    query = (
        select(a.sha256, c.number, c.warc_file, c.warc_offset, c.payload_file, c.payload_offset, c.thinned_at)
        .join(t.captures, c.number == a.capture)
        .where(a.sha256.is_not(None), a.sha256.not_in(read))
        .order_by(a.number)
    )
    found: dict[str, Waiting] = {}
    for row in connection.execute(query):
        found.setdefault(row.sha256, Waiting(*row))
    return list(found.values())


def read_waiting(
    archive: Archive, *, limits: Limits = LIMITS, tell: Callable[[int, int], None] | None = None
) -> ReadFiles:
    """Read every file that waits.

    tell: is called with how many are read and how many there are. Raises DataFolderError where the file to be read
    cannot be put down. Two processes that read the same file keep it once; one whose archived bytes are damaged goes
    on waiting.
    """
    with archive.reading() as connection:
        files = waiting(connection)
    last, damaged = 0, list[str]()
    for done, file in enumerate(files, start=1):
        try:
            found = _read(archive, file, limits)
        except CaptureDamaged as error:
            damaged.append(str(error))
            continue
        with archive.writing() as connection:
            last = max(last, keep(connection, file.sha256, found))
        if tell:
            tell(done, len(files))
    return ReadFiles(len(files) - len(damaged), last, tuple(damaged))


def keep(connection: Connection, sha256: str, found: FileText) -> int:
    """Keep a file's text and append its events; gives the last ``seq``, 0 where it gives none. Needs a writing
    transaction.
    """
    held = of(connection, [sha256]).get(sha256)
    if held is not None and held.reader_version >= READER_VERSION:
        return 0
    before = list(pages(connection, held.number)) if held else []
    row = {
        "sha256": sha256, "reader_version": READER_VERSION, "format": found.format.value, "declared": found.declared,
        "pages": len(found.pages), "characters": sum(len(page.text.strip()) for page in found.pages),
        "findings": _json(found.findings), "read_at": stamp(now()),
    }  # fmt: skip
    key = connection.execute(insert(texts).values(row)).inserted_primary_key
    assert key is not None
    rows = [
        {
            "text": key[0], "place": place, "number": page.number, "unit": page.unit, "name": page.name,
            "member": page.member, "content": page.text,
        }
        for place, page in enumerate(found.pages)
    ]  # fmt: skip
    insert_many(connection, text_pages, rows)
    if before == list(found.pages) or not (before or row["characters"]):
        return 0
    return tell_text(connection, sha256, again=held is not None)


def of(connection: Connection, hashes: Iterable[str]) -> dict[str, HeldText]:
    """Texts of files by their hashes, each as the newest reader read it; files that were not read are left out."""
    wanted = sorted(set(hashes))
    found: dict[str, HeldText] = {}
    for begin in range(0, len(wanted), _BATCH):
        query = select(texts).where(texts.c.sha256.in_(wanted[begin : begin + _BATCH])).order_by(texts.c.reader_version)
        for row in connection.execute(query):
            found[row.sha256] = HeldText(
                row.number, row.sha256, row.reader_version, Format(row.format), row.declared, row.pages,
                row.characters, _findings(row.findings), row.read_at,
            )  # fmt: skip
    return found


def pages(connection: Connection, text: int) -> Iterator[Page]:
    """Pages of a text, given by its number, in order."""
    p = text_pages.c
    query = select(p.number, p.content, p.unit, p.name, p.member).where(p.text == text).order_by(p.place)
    return (Page(*row) for row in connection.execute(query))


def _read(archive: Archive, file: Waiting, limits: Limits) -> FileText:
    try:
        with open_payload(archive, file) as payload:
            return read_file(payload, limits=limits, folder=archive.warc_folder)
    except OSError as error:
        raise DataFolderError(
            f"{archive.warc_folder} cannot be written ({error.strerror}); free space and go on."
        ) from error


def _json(findings: Sequence[Finding]) -> str:
    stated = [{"kind": found.kind.value, "text": found.text, "member": found.member} for found in findings]
    return orjson.dumps(stated).decode()


def _findings(stated: str) -> tuple[Finding, ...]:
    return tuple(Finding(FindingKind(one["kind"]), one["text"], one["member"]) for one in orjson.loads(stated))
