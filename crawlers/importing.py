"""Import of files obtained by other means.

An imported file is captured like an answer, marked as imported for ever, and read by the source's own parser. An import
is quiet, walks no window, and an older observation never becomes the current one.
"""

import mimetypes
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import quote, urlsplit

from sqlalchemy import select

from archive import captures, ledger, tables
from archive.ledger import Run
from archive.store import Archive
from archive.times import stamp
from archive.warc import WarcWriter
from crawlers.appending import Appender
from crawlers.conductor import Progress
from crawlers.engine import RunResult, closing_run, crawl_lock
from crawlers.held import Held
from crawlers.loading import load_parser, load_spider
from crawlers.replay import Recordings
from crawlers.rowless import rowless, sentences
from crawlers.source import Source
from crawlers.unpacking import payloads, spooled
from crawlers.walk import judge_answer, walk_of_capture
from noticewatch.errors import UsageError
from noticewatch.identifiers import new_id, now
from noticewatch.models import Capture, Origin
from noticewatch.settings import Settings

SCOPE: Final = "import"
"""Scope of the windows of imports; each capture is one, by its id."""

NO_ADDRESS: Final = "http://imported.invalid/"
"""What stands for the address of a file that came without one; ``invalid`` is a name that nobody can own (RFC 2606).
Only http addresses have HTTP headers in a WARC file."""

_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CLOCKS_DIFFER: Final = timedelta(days=1)


def import_files(
    archive: Archive,
    settings: Settings,
    source: Source,
    files: Sequence[Path],
    *,
    url: str | None = None,
    captured_at: datetime | None = None,
    note: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> RunResult:
    """Import files (as they are, ``.gz``, ``.zip``, WARC) and folders of them.

    ``captured_at``: when they were obtained, default the time of the file; WARC files keep their own times, addresses
    and recorders. Raises UsageError for a file that cannot be read, CaptureDamaged for a damaged one.
    """
    check_statements(url, captured_at)
    found = _expanded(files)
    parser, spider = load_parser(source), load_spider(source)(source)
    with crawl_lock(archive, source):
        ledger.close_dead_runs(archive)
        recordings = [Recordings(path, source.name) for path in found if _is_warc(path)]
        run = ledger.start_run(archive, source.name, "import")
        appender = Appender(archive, run, source, parser, sized=False)
        plain = [path for path in found if not _is_warc(path)]
        describe = Describe(source, settings.contact or "operator", url, captured_at, note)
        with closing_run(archive, run, appender) as ending:
            held = [*_adopted(archive, recordings), *_captured(archive, plain, describe, source.max_megabytes)]
            beside = rowless(spider, [one.capture for one in held])
            _file(archive, run, [one for one in held if one.capture.id in beside])
            ending.notes += sentences(beside.values())
            with_rows = [one for one in held if one.capture.id not in beside]
            if held and not with_rows:
                raise UsageError(f"There are no rows to import, only {', '.join(sorted(set(beside.values())))}.")
            for done, one in enumerate(sorted(with_rows, key=lambda one: one.capture.fetched_at)):
                walk = walk_of_capture(archive, run, one, SCOPE)
                if one.capture.status != HTTPStatus.OK:
                    judge_answer(walk.asked[0], spider)
                appender.take(walk)
                if progress is not None:
                    progress(Progress(done + 1, len(with_rows), appender.counts.rows, appender.counts.records))
            appender.flush()
        return ending.result()


def _file(archive: Archive, run: Run, held: Sequence[Held]) -> None:
    """File captures that no window reads."""
    if held:
        with archive.writing() as connection:
            for one in held:
                captures.add(connection, run.number, one.capture, one.placed)


def check_statements(url: str | None, captured_at: datetime | None) -> None:
    """Raise UsageError for an address that is none, or a time that has not come: it would be the latest for ever."""
    if url is not None:
        try:
            parts = urlsplit(url)
            good = parts.scheme in {"http", "https"} and bool(parts.hostname) and url.isprintable() and " " not in url
        except ValueError:
            good = False
        if not good:
            raise UsageError(f"--url is {url[:200]!r}; write an address that begins with http:// or https://.")
    if captured_at is None:
        return
    try:
        moment = captured_at.astimezone(UTC) if captured_at.tzinfo else captured_at.replace(tzinfo=UTC)
        good = _EARLIEST <= moment <= now() + _CLOCKS_DIFFER
    except OverflowError:  # the year 1 in the far east
        good = False
    if not good:
        raise UsageError(f"--captured-at is {captured_at.isoformat()}, which no file can have been obtained at.")


class Describe:
    """Makes captures of plain files."""

    def __init__(
        self, source: Source, recorder: str, url: str | None, captured_at: datetime | None, note: str | None
    ) -> None:
        self.source, self.recorder, self.url, self.note = source.name, recorder, url, note
        self.captured_at = captured_at if captured_at is None or captured_at.tzinfo else captured_at.replace(tzinfo=UTC)

    def __call__(self, name: str, modified: datetime, sha256: str, length: int) -> Capture:
        """The capture of one payload."""
        notes = [self.note] if self.note else []
        if self.url is None:
            notes.append("address not stated")
        if self.captured_at is None:
            notes.append("time taken from the file")
        return Capture(
            id=new_id(), source=self.source, url=self.url or f"{NO_ADDRESS}{quote(name)}", status=200,
            media_type=mimetypes.guess_type(name)[0], fetched_at=self.captured_at or modified, payload_sha256=sha256,
            payload_length=length, origin=Origin.IMPORTED, recorder=self.recorder, note="; ".join(notes) or None,
        )  # fmt: skip


def _expanded(files: Sequence[Path]) -> list[Path]:
    """All files, folders opened. Raises UsageError where one does not exist or there is none."""
    found: list[Path] = []
    for path in files:
        if not path.exists():
            raise UsageError(f"{path} does not exist; name files or a folder that holds some.")
        below = sorted(below for below in path.rglob("*") if below.is_file()) if path.is_dir() else [path]
        found += [one for one in below if not one.name.startswith(".")]
    if not found:
        raise UsageError("There is no file to import; name files or a folder that holds some.")
    return found


def _is_warc(path: Path) -> bool:
    return path.name.endswith((".warc", ".warc.gz"))


def _adopted(archive: Archive, recordings: Sequence[Recordings]) -> Iterator[Held]:
    for held in recordings:
        for found in held:
            yield Held(found.capture, held.adopted(archive, found), found.open)


def _captured(archive: Archive, paths: Sequence[Path], describe: Describe, megabytes: int) -> Iterator[Held]:
    """Plain files as archived captures, each of at most so many megabytes."""
    if not paths:
        return
    with closing(WarcWriter(archive.warc_folder, f"{describe.source}-import")) as writer:
        for path in paths:
            modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            for name, stream in payloads(path):
                with stream, tempfile.TemporaryFile(prefix="noticewatch-") as spool:
                    sha256, length = spooled(stream, spool, path, name, megabytes)
                    capture = describe(name, modified, sha256, length)
                    yield held_before(archive, capture) or written(archive, writer, capture, spool)
        writer.sync()


def held_before(archive: Archive, capture: Capture) -> Held | None:
    """The capture that an earlier import made of the same bytes, address and time; None for a new one."""
    table = tables.captures.c
    query = select(tables.captures).where(
        table.source == capture.source, table.payload_sha256 == capture.payload_sha256, table.url == capture.url,
        table.fetched_at == stamp(capture.fetched_at), table.origin == Origin.IMPORTED.value,
    )  # fmt: skip
    with archive.reading() as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    known = Capture.model_validate({**capture.model_dump(), "id": row.id, "recorder": row.recorder, "note": row.note})
    return Held(known, captures.placed(row), lambda: captures.open_payload(archive, row), row.number)


def written(archive: Archive, writer: WarcWriter, capture: Capture, spool: BinaryIO) -> Held:
    """Archive a payload; nothing of it is lost once this returned."""
    placed = writer.write(capture, (), (), spool, captures.original(archive, capture))
    writer.sync()
    return Held(capture, placed, lambda: captures.open_placed(archive, placed))
