"""Import of a document that somebody obtained by other means: captured, marked as imported for ever, read, quiet."""

import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select

from archive import ledger, queries
from archive.documents import answers, texts
from archive.documents.answers import DocumentAnswer
from archive.documents.queries import DocumentRow, of_notice
from archive.documents.tables import document_answers
from archive.ledger import Run
from archive.store import Archive
from archive.times import stamp
from archive.warc import WarcWriter
from crawlers.appending import Counts
from crawlers.documents.planning import SCOPE
from crawlers.engine import RunResult, crawl_lock
from crawlers.held import Held
from crawlers.importing import Describe, check_statements, held_before, written
from crawlers.source import Source
from crawlers.unpacking import copy
from crawlers.walk import walk_of_capture, write_ledger
from noticewatch.errors import NoticewatchError, UsageError
from noticewatch.models import Verdict
from noticewatch.settings import Settings


def import_document(
    archive: Archive,
    settings: Settings,
    source: Source,
    file: Path,
    notice: str,
    *,
    url: str | None = None,
    captured_at: datetime | None = None,
    note: str | None = None,
) -> RunResult:
    """Import a file as the answer for a document that a notice lists, and read its text.

    notice: its id or a number of it; url: of the document, needed where the notice lists several. A file that was
    imported before is not doubled. Raises UsageError where file, notice or document are none or not one.
    """
    check_statements(url, captured_at)
    if not file.is_file():
        raise UsageError(f"{file} is no file; name the one that is the document.")
    document = _document(archive, source, notice, url)
    with crawl_lock(archive, source):
        ledger.close_dead_runs(archive)
        run = ledger.start_run(archive, source.name, "import")
        counts = Counts()
        try:
            describe = Describe(source, settings.contact or "operator", document.url, captured_at, note)
            held = _captured(archive, file, describe, (source.for_documents() or source).max_megabytes)
            counts.last_seq = _noted(archive, run, document, held, file.name)
            read = texts.read_waiting(archive)
        except BaseException as error:
            reason = str(error) if isinstance(error, NoticewatchError) else f"{type(error).__name__}: {error}"
            ledger.finish_run(archive, run, Verdict.FAILED, [reason])
            raise
        counts.last_seq = max(counts.last_seq, read.last_seq)
        counts.rows = counts.captures = 1
        ledger.finish_run(archive, run, Verdict.COMPLETE, findings=read.damaged)
        return RunResult(run, Verdict.COMPLETE, findings=read.damaged, counts=counts)


def _document(archive: Archive, source: Source, notice: str, url: str | None) -> DocumentRow:
    with archive.reading() as connection:
        found = queries.find(connection, notice)
        row = queries.notice(connection, found[0]) if len(found) == 1 else None
        listed = of_notice(connection, row.number) if row else []
    if row is None:
        raise UsageError(f"{notice!r} leads to {len(found) or 'no'} notices; name one by its id.")
    if row.register != source.register:
        raise UsageError(f"{row.id} is none of the register {source.register} of {source.name}.")
    chosen = [document for document in listed if url is None or document.url == url]
    if len(chosen) == 1:
        return chosen[0]
    named = "; ".join(document.url for document in listed[:10])
    if not listed:
        raise UsageError(f"{row.id} lists no documents.")
    raise UsageError(f"Say with --url which document of {row.id} the file is, as it lists them: {named}.")


def _captured(archive: Archive, file: Path, describe: Describe, megabytes: int) -> Held:
    modified = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    with (
        closing(WarcWriter(archive.warc_folder, f"{describe.source}-import")) as writer,
        file.open("rb") as stream,
        tempfile.TemporaryFile(prefix="noticewatch-") as spool,
    ):
        sha256, length = _copied(stream, spool, file, megabytes)
        capture = describe(file.name, modified, sha256, length)
        return held_before(archive, capture) or written(archive, writer, capture, spool)


def _copied(stream: BinaryIO, spool: BinaryIO, file: Path, megabytes: int) -> tuple[str, int]:
    """Copy a file as it is, packed or not; gives SHA-256 and length. Raises UsageError where it cannot be taken."""
    try:
        copied = copy(stream, spool, megabytes)
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror}).") from error
    if copied is None:
        raise UsageError(f"{file} has more than {megabytes} MB, the most that a document of this source may have.")
    return copied


def _noted(archive: Archive, run: Run, document: DocumentRow, held: Held, name: str) -> int:
    """Keep the file in ledger and archive, in one transaction; gives the log's last ``seq``."""
    walk = walk_of_capture(archive, run, held, SCOPE)
    with archive.writing() as connection:
        write_ledger(connection, run, walk)
        ledger.finish_window(connection, walk.number, state="fetched", verdict=Verdict.COMPLETE, rows=1)
        a = document_answers.c
        known = select(a.number).where(a.document == document.number, a.capture == held.number)
        if connection.scalar(known) is not None:
            return 0
        came = DocumentAnswer(
            document.number, stamp(held.capture.fetched_at), held.number, held.capture.payload_sha256, name
        )  # fmt: skip
        return answers.note(connection, run, [came])
