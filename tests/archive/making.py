"""Small archives, captures and readings for the tests of the archive."""

import atexit
import hashlib
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import event

from archive import captures, ledger, log, queries
from archive.absence import Rules
from archive.log import Appended, Seen, Sighting, WindowBatch
from archive.rows import VersionRow
from archive.store import Archive
from archive.warc import Placed
from noticewatch.database import connect
from noticewatch.models import Capture, Content, Event, Origin, Reading, RunKind, Verdict, notice_from
from noticewatch.settings import Settings
from tests.databases import copied, kept, kind, settings_at

SOURCE = "usaspending_transactions"
REGISTER = "us-action"
DAY_0 = datetime(2026, 8, 1, tzinfo=UTC)
WHOLE = frozenset({"kind", "status", "title", "description", "numbers", "dates", "amounts", "links", "parties"})


def open_archive(folder: Path) -> Archive:
    """A new archive, copied from one that was opened once; it does not wait for the disk."""
    template = _template(kind())
    engine = connect(settings_at(copied(template.home, folder, template)).database)
    if kind() == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    return Archive(engine, folder)


@cache
def _template(_kind: str) -> Settings:
    folder = Path(tempfile.mkdtemp(prefix="noticewatch-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with kept():
        settings = settings_at(folder)
    Archive.open(settings).close()
    return settings


def capture(day: float, name: str = "", source: str = SOURCE) -> Capture:
    """A capture of a day after DAY_0; its id follows from day and name, as that of a recorded one does."""
    seed = hashlib.sha256(f"{day}{name}".encode()).hexdigest()
    return Capture(
        id=f"{int(day * 1000):08d}-{seed[:4]}",
        source=source,
        url=f"https://source.example/{day}/{name}",
        status=200,
        fetched_at=DAY_0 + timedelta(days=day),
        payload_sha256=seed,
        payload_length=1,
        origin=Origin.REBUILT,
        recorder="a test",
    )


def reading(
    number: str,
    content: Content | str,
    *,
    key: str | None = "",
    revision: str = "",
    carried: frozenset[str] = WHOLE,
    sha256: str | None = None,
    index: int = 0,
) -> Reading:
    """A reading of a number whose notice has this content; a string is its title. The hash follows from the content."""
    stated = title(content) if isinstance(content, str) else content
    digest = (
        sha256 or hashlib.sha256(repr((number, revision, sorted(carried), sorted(stated.items()))).encode()).hexdigest()
    )
    own = number if key == "" else key
    return Reading(number, own, revision, notice_from(stated), carried, index, index * 10, index * 10 + 9, digest)


def title(text: str, **more: Any) -> Content:
    return {"kind": "award", "title": [{"text": text}], **more}


def sighting(of: Reading, index: int = 0) -> Sighting:
    return Sighting(of.source_number, index, index * 10, index * 10 + 9, of.sha256)


def never_reread(capture_number: int, rows: Sequence[int]) -> Mapping[int, Reading]:
    raise AssertionError(f"nothing should be read again, but {rows} of {capture_number} were asked for")


def append(
    archive: Archive,
    seen: Sequence[Seen],
    *,
    day: float = 0,
    kind: RunKind = "import",
    windows: Mapping[str, Sequence[Seen]] | None = None,
    scope: str = "7012",
    verdict: Verdict = Verdict.COMPLETE,
    walked: bool = True,
    regular: bool = True,
    overlap: timedelta = timedelta(0),
    late_after: int = 30,
    parser_version: int = 1,
    reread: log.Reread = never_reread,
    given: Capture | None = None,
    source: str = SOURCE,
    register: str = REGISTER,
    ranks: Mapping[str, int] | None = None,
    rules: Rules | None = None,
) -> Appended:
    """One whole run: its windows (key → readings; default one window of the run's day) captured, appended, finished."""
    run = ledger.start_run(archive, source, kind)
    captured = given or capture(day, source=source)
    begun = (DAY_0 + timedelta(days=day)).date().isoformat()
    batches = []
    with archive.writing() as connection:
        number = captures.add(connection, run.number, captured, Placed("none.warc.gz", 0, 1))
        for key, readings in (windows or {begun: seen}).items():
            window = ledger.plan_window(connection, run, scope, key, key, key)
            request = ledger.note_request(connection, window, purpose="page", method="GET", url=captured.url)
            ledger.answer_request(connection, request, state="answered", status=200, capture=number)
            rows = [
                (number, captured, replace(row, index=index) if row.index == 0 else row)
                for index, row in enumerate(readings)
            ]
            batches.append(WindowBatch(window, scope, key, key, rows, verdict, [], walked))
    done = log.append(
        archive, run, batches, register=register, parser_version=parser_version,
        late_after=lambda _: late_after, reread=reread, ranks=ranks, rules=rules,
    )  # fmt: skip
    ledger.finish_run(archive, run, verdict, regular=regular, overlap=overlap)
    return done


def events(archive: Archive, after: int = 0) -> list[Event]:
    with archive.reading() as connection:
        return queries.events(connection, after, 100_000)


def kinds(archive: Archive, after: int = 0) -> list[tuple[str, ...]]:
    return [tuple(kind.value for kind in event.kinds) for event in events(archive, after)]


def loud(archive: Archive, after: int = 0) -> list[Event]:
    return [event for event in events(archive, after) if not event.quiet]


def history(archive: Archive, notice_id: str) -> list[VersionRow]:
    with archive.reading() as connection:
        held = queries.notice(connection, notice_id)
        return queries.versions(connection, held.number) if held else []


def titles(archive: Archive, notice_id: str) -> list[str]:
    return [row.content["title"][0]["text"] for row in history(archive, notice_id)]


def head(archive: Archive) -> int:
    with archive.reading() as connection:
        return log.head(connection)
