"""What stands in the feed of a search: loud events newest first, filled up with the most recently published."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from alerts.deciding import due_days
from alerts.message import told_html
from alerts.models import Find
from alerts.view import Passage, Told, told_of
from api.context import Context
from api.feed_finds import finds
from api.feeds import Entry, Feed
from api.parameters import written
from api.searching import matching
from archive import queries
from archive.rows import NoticeRow
from archive.said import rebuilt_sentence, stone_words
from archive.told import first_told, spoken_for
from archive.withheld import Tombstone
from indexer.requests import SearchRequest
from indexer.results import items
from noticewatch import addresses, words
from noticewatch.dates import dated
from noticewatch.models import Event
from noticewatch.naming import buyer_name, party_names, shortened, title
from watchlist import queries as watchlist
from watchlist.evidence import Tag

MOST = 50
_LOOKED_BACK = 5_000
NOTHING_MOVED: Mapping[int, tuple[str, int]] = {}
NOTHING_SAID: Mapping[tuple[int, int], Find] = {}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def feed_of(held: Context, wanted: SearchRequest, address: str, due: Collection[int] = ()) -> Feed:
    """The feed of a search. ``due``: how many days before a deadline it is told. Raises QueryError where the question
    cannot be read.
    """
    asked = replace(wanted, scope="notice", cursor=None, facets=())
    news = loud_events(held, asked, due)
    most = replace(asked, sort="dated", limit=MOST)
    filled = items(held.archive, held.search.search(most, unwarned=True)) if len(news) < MOST else []
    with held.archive.reading() as connection:
        numbers = queries.numbers_of(connection, [item.id for item in filled])
        chosen = list(dict.fromkeys([event.notice_number for event in news] + [numbers[i.id] for i in filled]))
        rows = queries.notices(connection, chosen)
        tags = watchlist.tags_of(connection, chosen)
        told = first_told(connection, {number: row.version for number, row in rows.items()})
        said = finds(connection, news, rows, tags, held.search.words(asked.query))
    entries = entries_of(news, rows, tags, held.settings.base_url, told, said)
    page = held.settings.base_url + addresses.search(written(replace(wanted, cursor=None)))
    name = wanted.query or ("the watchlist" if wanted.lens == "watchlist" else "everything")
    return Feed(
        title=f"noticewatch: {name}",
        subtitle="Public notices and award records, new or changed, then the most recently published.",
        address=address,
        page=page,
        updated=max((entry.updated for entry in entries), default=_EPOCH),
        entries=entries,
    )


def loud_events(held: Context, asked: SearchRequest, due: Collection[int] = ()) -> list[Event]:
    """The latest loud events whose notices match, newest first, at most MOST; of deadlines that are near those told so
    many days before. What was told of a notice that leads to another one now stays told, under its own address, where
    that one matches.
    """
    with held.archive.reading() as connection:
        latest = queries.latest_events(connection, _LOOKED_BACK)
        speaks = spoken_for(connection, {event.notice_number for event in latest})
    if not latest:
        return []
    numbers = matching(held, asked)
    return [
        event for event in latest
        if speaks.get(event.notice_number, event.notice_number) in numbers and due_days(event) in {None, *due}
    ][:MOST]  # fmt: skip


def entries_of(
    news: Sequence[Event], rows: Mapping[int, NoticeRow], tags: Mapping[int, Sequence[Tag]], base: str,
    told: Mapping[int, tuple[str, int]] = NOTHING_MOVED, said: Mapping[tuple[int, int], Find] = NOTHING_SAID,
) -> list[Entry]:  # fmt: skip
    """Entries for loud events, then for the other notices in their order; at most MOST, each version once. Pure.

    told: id and version under which the current version of a notice was told first, where that was elsewhere;
    said: finds by number of notice and event, 0 for no event.
    """
    entries: dict[str, Entry] = {}
    for event in news:
        row = rows.get(event.notice_number)
        if row is not None:
            at = base + addresses.version(row.id, event.version) + _of_deadline(event)
            more = _told(said.get((row.number, event.seq)), base)
            entry = _entry(row, at, event.committed_at, _what(event), tags.get(row.number, ()), more)
            entries.setdefault(entry.address, entry)
    for number, row in rows.items():
        if row.leads_to is not None:
            continue
        at = base + addresses.version(*told.get(number, (row.id, row.version)))
        entry = _entry(row, at, row.first_seen, "", tags.get(number, ()), _told(said.get((number, 0)), base))
        entries.setdefault(entry.address, entry)
    return list(entries.values())[:MOST]


def _of_deadline(event: Event) -> str:
    """What parts the entry of a deadline that is near from that of the version itself."""
    days = due_days(event)
    return "" if days is None else f"#due-{days}"


def _told(find: Find | None, base: str) -> Told | None:
    return told_of(find, base) if find else None


def _entry(
    row: NoticeRow, address: str, noted: datetime, what: str, tags: Iterable[Tag], told: Told | None = None
) -> Entry:
    if row.tombstone is not None:
        return _tombstone(row, row.tombstone, address)
    notice = row.notice
    day, day_from = dated(notice, row.first_seen)
    kind = words.kind_words(notice.kind)
    return Entry(
        address=address,
        title=f"{kind}: {shortened(title(notice, row.id), 160)}",
        summary=_summary(row, what, day, day_from, tags, told),
        published=datetime.fromisoformat(day).replace(tzinfo=UTC),
        updated=noted,
        author=buyer_name(notice),
        categories=tuple(dict.fromkeys([notice.kind.value, *(tag.label for tag in tags if tag.tier == "alert")])),
        html=told_html(told) if told else "",
    )


def _tombstone(row: NoticeRow, stone: Tombstone, address: str) -> Entry:
    """What takes the place of an entry: a reader that holds the one before writes this over it."""
    return Entry(
        address=address,
        title=f"Taken down: {row.id}",
        summary=f"{stone_words(stone)} Its content had the SHA-256 {row.content_sha256}.",
        published=row.first_seen,
        updated=stone.since,
        author=words.NOT_STATED,
        categories=(),
    )


def _summary(row: NoticeRow, what: str, day: str, day_from: str, tags: Iterable[Tag], told: Told | None) -> str:
    headline = row.notice.stated_amount()
    money = f"{words.amount_value(headline)} {words.amount_kind(headline.kind, headline.basis)}" if headline else ""
    sellers = words.listed(party_names(row.notice, "supplier", "reseller"))
    quotes = [f"{tag.label}: “{tag.evidence[0].quote}”" for tag in tags if tag.evidence][:4]
    parts = [
        f"What happened: {what}" if what else "",
        f"Buyer: {buyer_name(row.notice)}",
        f"Seller: {sellers}" if sellers else "",
        f"Amount: {money}" if money else "",
        f"{words.DATED_FROM.get(day_from, day_from).capitalize()}: {words.day_words(day)}",
        f"Changed: {', '.join(_with_reason(passage) for passage in told.changed)}" if told and told.changed else "",
        f"Words: {'; '.join(map(_quoted, told.passages[:2]))}" if told and told.passages else "",
        f"Why: {'; '.join(quotes)}" if quotes else "",
        rebuilt_sentence(row),
    ]
    return ". ".join(part.rstrip(".") for part in parts if part) + "."


def _with_reason(passage: Passage) -> str:
    """``Responses due (+7 days)``."""
    return f"{passage.where} ({passage.why})" if passage.why else passage.where


def _quoted(passage: Passage) -> str:
    return f"“{''.join(text for _, text in passage.segments).strip()}” ({passage.where})"


def _what(event: Event) -> str:
    said = words.listed(words.EVENTS.get(kind, kind.replace("_", " ")) for kind in event.kinds)
    return said + (f", first seen here {words.LATE}" if event.late else "")
