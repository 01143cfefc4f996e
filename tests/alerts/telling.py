"""Messages about real rows of the small archive, and about rows that no honest source would publish."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from alerts.models import Find, Group, Message, Reason, Rhythm, Word
from archive import event_queries, queries
from archive.store import Archive
from indexer.highlights import Marking
from indexer.tokens import stem
from noticewatch.models import Event
from watchlist import queries as watchlist

BASE = "https://notices.example"
TOKEN = "mt_3kT7private"
SENDER = "noticewatch <alerts@notices.example>"
TENDER = "sam:f4ce3f0421184c4bb6ed5aa8d7dbc24d"
FIVECAST = "us-action:7012:70CMSD23FR0000145:0"
MADE = datetime(2026, 4, 25, 12, 30, tzinfo=UTC)


def finds_of(archive: Archive, words: Sequence[str], reasons: Sequence[Reason] = (Reason.NEW,)) -> list[Find]:
    """A find for each event of the archive, with the words quoted where they stand in title and description."""
    with archive.reading() as connection:
        found = event_queries.events(connection, 0, 1000)
        rows = queries.notices(connection, sorted({event.notice_number for event in found}))
        tags = watchlist.tags_of(connection, rows)
        finds = []
        for event in found:
            history = queries.versions(connection, event.notice_number)
            place = next(at for at, row in enumerate(history) if row.version == event.version)
            finds.append(
                Find(
                    event, rows[event.notice_number], history[place], history[place - 1] if place else None,
                    tuple(reasons), "entered", tuple(_words(history[place].content, words)),
                    tuple(tags.get(event.notice_number, ())), 0,
                )
            )  # fmt: skip
    return finds


def _words(content: dict[str, Any], words: Sequence[str]) -> Iterable[Word]:
    for field in ("title", "description"):
        for text in content.get(field, ()):
            parts = Marking([stem(word) for word in words]).passage(text["text"])
            if parts:
                yield Word(field, "", parts)


def find_of(finds: Iterable[Find], notice_id: str, version: int | None = None) -> Find:
    return next(find for find in finds if find.notice.id == notice_id and version in (None, find.version.version))


def with_content(find: Find, event: dict[str, Any] | None = None, **content: Any) -> Find:
    """The find as if its version said something else."""
    said = find.version.content | content
    version = replace(find.version, content=said)
    told: Event = replace(find.event, **(event or {}))
    return replace(find, version=version, event=told)


def message_of(*groups: Sequence[Find], total: int | None = None, **given: Any) -> Message:
    made = tuple(Group(finds[0].notice.procurement_id, tuple(finds)) for finds in groups)
    stated: dict[str, Any] = {
        "id": "msg_0192f0c1a2b3",
        "name": "ICE and social media",
        "understood": "everything: social media AND buyer:ICE",
        "rhythm": Rhythm.AT_ONCE,
        "groups": made,
        "total": len(made) if total is None else total,
        "made_at": MADE,
        "base_url": BASE,
        "replay_url": f"{BASE}/alerts/batches/b1",
        "manage_url": f"{BASE}/alerts/{TOKEN}",
        "unsubscribe_url": f"{BASE}/alerts/unsubscribe/u1",
    }
    return Message(**(stated | given))
