"""Notices with documents and answers for them in an archive, with real captures."""

import hashlib
import io
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from archive import captures, ledger, queries
from archive.documents import answers
from archive.documents.answers import DocumentAnswer
from archive.documents.listing import DocumentLister
from archive.documents.tables import documents
from archive.readers import drive
from archive.store import Archive
from archive.times import stamp
from archive.warc import WarcWriter
from noticewatch.identifiers import new_id
from noticewatch.models import Capture, Event, Origin, RunKind, Verdict
from tests.archive.making import DAY_0, SOURCE, WHOLE, append, reading, title

CARRIED = WHOLE | {"documents"}
URL = "https://files.example/sow.pdf"


def listing(archive: Archive, *urls: str, day: float = 0, number: str = "N1", **more: Any) -> None:
    """A crawl that says which documents a notice lists."""
    content = title(f"Notice {number}", documents=[{"url": url} for url in urls], **more) if urls else title("None")
    append(archive, [reading(number, content, carried=CARRIED)], day=day, kind="replay")
    drive(archive, [DocumentLister()])


def opened(archive: Archive) -> None:
    """A first crawl, which is quiet and opens the scope."""
    append(archive, [reading("N0", "Nothing", carried=CARRIED)], day=-5, kind="replay")


def rows(archive: Archive) -> list[tuple[Any, ...]]:
    d = documents.c
    with archive.reading() as connection:
        return [
            tuple(row)
            for row in connection.execute(select(d.url, d.title, d.place, d.added, d.removed).order_by(d.number))
        ]


def answer(
    archive: Archive,
    data: bytes | None,
    *,
    url: str = URL,
    day: float = 1,
    kind: RunKind = "documents",
    problem: str = "",
) -> None:
    """An answer for every document with this address: captured, noted, not read yet."""
    run = ledger.start_run(archive, SOURCE, kind)
    asked_at = DAY_0 + timedelta(days=day)
    with archive.reading() as connection:
        numbers = list(connection.scalars(select(documents.c.number).where(documents.c.url == url)))
    assert numbers, f"no notice lists {url}"
    capture, sha256 = None, None
    if data is not None:
        sha256 = hashlib.sha256(data).hexdigest()
        told = Capture(
            id=new_id(), source=SOURCE, url=url, status=200, fetched_at=asked_at, payload_sha256=sha256,
            payload_length=len(data), origin=Origin.LIVE, recorder="a test",
        )  # fmt: skip
        with WarcWriter(archive.warc_folder, SOURCE) as writer:
            placed = writer.write(told, (), (), io.BytesIO(data), captures.original(archive, told))
        with archive.writing() as connection:
            capture = captures.add(connection, run.number, told, placed)
    with archive.writing() as connection:
        answers.note(
            connection, run,
            [DocumentAnswer(number, stamp(asked_at), capture, sha256, problem=problem or None) for number in numbers],
        )  # fmt: skip
    ledger.finish_run(archive, run, Verdict.COMPLETE)


def events(archive: Archive, number: str = "N1") -> list[Event]:
    with archive.reading() as connection:
        notice = queries.notice(connection, f"us-action:{number}")
        assert notice is not None
        return queries.events_of(connection, notice.number)


def told(archive: Archive, number: str = "N1") -> list[tuple[str, bool]]:
    """Kinds and loudness of a notice's events."""
    return [("+".join(event.kinds), not event.quiet) for event in events(archive, number)]


def texts_held(archive: Archive) -> int:
    from archive.documents.tables import texts  # noqa: PLC0415 - beside the function of that name elsewhere

    with archive.reading() as connection:
        return len(connection.execute(select(texts.c.number)).all())
