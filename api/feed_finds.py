"""What a saved search would say of the entries of a feed. Takes a connection."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection

from alerts.models import Find
from alerts.quoting import words_in
from archive import queries
from archive.documents.queries import characters, of_notices
from archive.record_rows import record_rows
from archive.rows import NoticeRow, VersionRow
from noticewatch.models import Event, notice_from
from watchlist.evidence import Tag


def finds(
    connection: Connection,
    news: Sequence[Event],
    rows: Mapping[int, NoticeRow],
    tags: Mapping[int, Sequence[Tag]],
    words: Collection[str],
) -> dict[tuple[int, int], Find]:
    """What saved searches would say of events and of notices as they stand, by number of notice and event, 0 for none;
    without what is taken down, and without versions that have no place in a history any more.
    """
    histories = queries.histories(connection, rows)
    records = record_rows(connection, histories)
    documents = of_notices(connection, characters(connection, rows)) if words else {}
    asked: list[tuple[int, int, Event | None]] = [(event.notice_number, event.version, event) for event in news]
    asked += [(number, row.version, None) for number, row in rows.items()]
    found: dict[tuple[int, int], Find] = {}
    for number, version, event in asked:
        row, history = rows.get(number), [one for one in histories.get(number, ()) if one.tombstone is None]
        place = next((at for at, one in enumerate(history) if one.version == version), None)
        if row is None or row.tombstone is not None or place is None:
            continue
        one = history[place]
        quoted = words_in(connection, notice_from(one.content), documents.get(number, ()), words)
        found[number, event.seq if event else 0] = Find(
            event or _standing(row, one), row, one, history[place - 1] if place and event else None, (), "still",
            tuple(quoted), tuple(tags.get(number, ())), records.get((number, version)),
        )  # fmt: skip
    return found


def _standing(row: NoticeRow, version: VersionRow) -> Event:
    """A notice as it stands, of which nothing is told but what it says."""
    return Event(
        version.seq, row.id, row.number, version.version, (), row.first_seen, version.capture_id, (), quiet=True,
        late=False,
    )  # fmt: skip
