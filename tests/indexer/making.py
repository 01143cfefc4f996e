"""Small notices, documents and indexes for the tests of the indexer."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from archive.rows import NoticeRow
from indexer.ast import All, Code, Node
from indexer.documents import Document, Member, notice_document, procurement_document
from indexer.engine import Order, Position, SearchEngine
from indexer.meaning import Meaning, meaning
from indexer.names import Names
from indexer.query import parse
from noticewatch.models import Listing, Notice, Origin, notice_from
from tests.dictionary import dictionary
from tests.engines import EMBEDDED, engine_in, put
from watchlist.evidence import Tag

FOUND = Order("by_found", descending=False)
EPOCH = "0190aaaa-0000-7000-8000-000000000000"


def row(number: int, notice: Notice | dict[str, object], procurement: int = 0) -> NoticeRow:
    """A notice as the archive gives it."""
    seen = datetime(2026, 8, 1, tzinfo=UTC)
    return NoticeRow(
        number=number, id=f"test:{number}", register="test", source="test_source", version=1, versions=1,
        notice=notice if isinstance(notice, Notice) else notice_from(notice), content_sha256="0" * 64,
        first_seen=seen, first_seen_seq=number, listing=Listing.LISTED,
        leads_to=None, procurement=procurement or number,
        procurement_id=f"test:{procurement or number}", capture_id=f"capture-{number}", origin=Origin.REBUILT,
        recorder="a test", captured_at=seen,
    )  # fmt: skip


def texts(title: Sequence[str] = (), description: Sequence[str] = (), **more: object) -> dict[str, object]:
    """Content of a notice with these texts."""
    content: dict[str, object] = {"kind": "award", **more}
    if title:
        content["title"] = [{"text": text} for text in title]
    if description:
        content["description"] = [{"text": text} for text in description]
    return content


def documents(rows: Sequence[NoticeRow], tags: dict[int, list[Tag]] | None = None) -> list[Document]:
    """Documents of the notices and of their procurements."""
    own = {
        held.number: Member(
            held, (tags or {}).get(held.number, []), notice_document(held, (tags or {}).get(held.number, []))
        )
        for held in rows
    }
    groups: dict[int, list[Member]] = {}
    for held in rows:
        groups.setdefault(held.procurement, []).append(own[held.number])
    return [member.document for member in own.values()] + [
        procurement_document(group, members) for group, members in groups.items()
    ]


def filled(
    folder: Path, rows: Sequence[NoticeRow], tags: dict[int, list[Tag]] | None = None, kind: str = EMBEDDED
) -> SearchEngine:
    """An engine that holds the notices and their procurements."""
    engine = engine_in(kind, folder)
    put(engine, documents(rows, tags), Position(EPOCH, len(rows)))
    return engine


@cache
def names() -> Names:
    return Names(dictionary())


def meant(text: str) -> Meaning:
    """What a query means."""
    question = parse(text)
    assert question is not None
    return meaning(question, names())


def numbers(engine: SearchEngine, node: Node, scope: str = "notice") -> set[int]:
    """Numbers of all documents of a scope that match."""
    found = engine.find(All((Code("scope", scope), node)), FOUND, 10_000)
    assert found.total == len(found.hits)
    return {number for _, number in found.hits}


def ask(engine: SearchEngine, text: str, scope: str = "notice") -> set[int]:
    """Numbers of all documents of a scope that a query finds."""
    return numbers(engine, meant(text).node, scope)
