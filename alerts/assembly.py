"""What a message says, put together from the log when it is sent: groups of finds, with the words that matched."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from alerts.heritage import passed_to, together
from alerts.models import Crossing, Find, Group, Reason, Terms, Word
from alerts.quoting import words_in
from alerts.searches import compiled
from alerts.sides import Told, told_of
from alerts.tables import alert_groups, matches, search_revisions
from alerts.terms import read
from archive.documents.queries import DocumentRow, of_notices
from archive.queries import events_at, notices, version
from archive.record_rows import record_rows
from archive.rows import VersionRow
from indexer.meaning import Meaning
from indexer.names import Names
from noticewatch.database import chunks
from noticewatch.errors import UsageError
from noticewatch.models import Event, notice_from
from watchlist.evidence import Tag
from watchlist.matcher import Matcher

_TIERS: Final = {"alert": 2, "review": 1}


@dataclass(frozen=True, slots=True)
class _Row:
    group: int
    seq: int
    terms: str
    crossing: Crossing
    reasons: str


def groups(
    connection: Connection, numbers: Collection[int], matcher: Matcher, names: Names, most: int
) -> tuple[list[Group], int]:
    """The most important of these groups, at most so many, and how many there are. Of higher tier comes first, then of
    more money, then the newest. What was taken down since is left out.
    """
    return _grouped(connection, list(_rows(connection, numbers)), _keys(connection, numbers), matcher, names, most)


def examples(
    connection: Connection, terms: Terms, numbers: Collection[int], matcher: Matcher, names: Names
) -> list[Group]:
    """These notices as a search with these terms would tell them, were they new; nothing of it is kept."""
    held = notices(connection, numbers)
    current = {number: version(connection, number, row.version) for number, row in held.items()}
    rows = [
        _Row(number, one.seq, terms.model_dump_json(), "entered", Reason.NEW) for number, one in current.items() if one
    ]
    keys = {number: row.procurement_id for number, row in held.items()}
    return _grouped(connection, rows, keys, matcher, names, len(rows))[0]


def _grouped(
    connection: Connection, rows: Sequence[_Row], keys: Mapping[int, str], matcher: Matcher, names: Names, most: int
) -> tuple[list[Group], int]:
    told = {one.event.seq: one for one in told_of(connection, _events(connection, rows))}
    passed = passed_to(connection, {one.notice.number for one in told.values()})
    finds: dict[int, list[_Found]] = {}
    for row in rows:
        if (one := told.get(row.seq)) is not None:
            own = matcher.tags(notice_from(one.version.content))
            tags = together(own, passed.get(one.notice.number, ()))
            finds.setdefault(row.group, []).append(_Found(row, one, tags))
    ranked = sorted(finds.items(), key=lambda item: _importance(item[1][-1]), reverse=True)
    shown = ranked[:most]
    said = [found for _, some in shown for found in some]
    documents = of_notices(connection, {found.told.notice.number for found in said})
    meanings = {written: _meaning(written, names) for written in {found.row.terms for found in said}}
    versions = dict[int, list[VersionRow]]()
    for found in said:
        versions.setdefault(found.told.notice.number, []).append(found.told.version)
    records = record_rows(connection, versions)
    return [
        Group(keys[number], tuple(
            _find(found, _words(connection, found, documents, meanings[found.row.terms]), records) for found in some
        ))
        for number, some in shown
    ], len(ranked)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Found:
    """A match with what it is about."""

    row: _Row
    told: Told
    tags: tuple[Tag, ...]


def _find(found: _Found, words: Iterator[Word], records: Mapping[tuple[int, int], int]) -> Find:
    told, row = found.told, found.row
    return Find(
        told.event, told.notice, told.version, told.before, tuple(map(Reason, row.reasons.split())), row.crossing,
        tuple(words), found.tags, records.get((told.notice.number, told.version.version)),
    )  # fmt: skip


def _importance(found: _Found) -> tuple[int, float, int]:
    amount = notice_from(found.told.version.content).headline_amount()
    tier = max((_TIERS[tag.tier] for tag in found.tags), default=0)
    return tier, float(amount.value) if amount is not None and amount.value is not None else 0.0, found.row.seq


def _words(
    connection: Connection,
    found: _Found,
    documents: Mapping[int, Sequence[DocumentRow]],
    meant: Meaning | None,
) -> Iterator[Word]:
    """Passages with words of the query, of the version that the query found."""
    told = found.told
    version = told.before if found.row.crossing == "left" and told.before is not None else told.version
    words = meant.words if meant is not None else ()
    return words_in(connection, notice_from(version.content), documents.get(told.notice.number, ()), words)


def _meaning(written: str, names: Names) -> Meaning | None:
    """What words of a search to mark; None where it can no longer be run."""
    terms, unread = read(written)
    try:
        return None if unread else compiled(terms, names)[1]
    except UsageError:
        return None


def _keys(connection: Connection, numbers: Collection[int]) -> dict[int, str]:
    g, found = alert_groups.c, dict[int, str]()
    for some in chunks(sorted(numbers)):
        found.update(connection.execute(select(g.number, g.key).where(g.number.in_(some))).all())
    return found


def _rows(connection: Connection, numbers: Collection[int]) -> Iterator[_Row]:
    m, r = matches.c, search_revisions.c
    query = select(m.event_group, m.seq, r.terms, m.crossing, m.reasons)
    query = query.join(search_revisions, r.number == m.revision).order_by(m.seq)
    for some in chunks(sorted(numbers)):
        for row in connection.execute(query.where(m.event_group.in_(some))):
            yield _Row(*row)


def _events(connection: Connection, rows: Sequence[_Row]) -> list[Event]:
    return list(events_at(connection, {row.seq for row in rows}).values())
