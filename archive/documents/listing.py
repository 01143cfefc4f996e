"""Follows the log and keeps which documents each notice lists, and since which version."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, case, func, insert, literal, select, update

from archive import tables as t
from archive.documents.tables import document_answers, documents
from archive.event_queries import REGROUPED
from archive.log import head
from archive.readers import BATCH, cursor, set_cursor
from archive.store import Archive
from noticewatch.database import chunks, insert_many

_CHUNK = 500
_LISTS = '%"documents":[%'
"""In the canonical JSON of every content that lists any."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A document of a notice as the table ``documents`` holds it."""

    url: str
    title: str | None
    place: int
    added: int
    removed: int | None


class DocumentLister:
    """The reader of the log that keeps the table ``documents``."""

    name = "documents"

    def advance(self, archive: Archive) -> bool:
        """Take one batch of at most 1,000 events; True if there may be more."""
        with archive.reading() as connection:
            if cursor(connection, self.name) >= head(connection):
                return False
        with archive.writing() as connection:
            after = cursor(connection, self.name)
            e = t.events.c
            query = select(e.seq, e.notice, REGROUPED).where(e.seq > after).order_by(e.seq).limit(BATCH)
            rows = connection.execute(query).all()
            if rows:
                _list(connection, sorted({row.notice for row in rows}))
                _answer(connection, sorted({row.notice for row in rows if row.regrouped}))
                set_cursor(connection, self.name, rows[-1].seq)
        return len(rows) == BATCH


def listed(history: Sequence[tuple[int, Sequence[dict[str, Any]]]]) -> dict[str, Listed]:
    """Documents by address. ``history``: number of each version in order, the current one last, and what it lists."""
    found: dict[str, Listed] = {}
    for version, entries in history:
        here = {str(entry["url"]): (place, entry.get("title")) for place, entry in enumerate(entries)}
        for url, (place, title) in here.items():
            known = found.get(url)
            added = known.added if known and known.removed is None else version
            found[url] = Listed(url, title, place, added, None)
        for url, known in found.items():
            if url not in here and known.removed is None:
                found[url] = Listed(url, known.title, known.place, known.added, version)
    return found


def _list(connection: Connection, notices: Sequence[int]) -> None:
    for chunk in chunks(notices, _CHUNK):
        held = {
            (row.notice, row.url): row
            for row in connection.execute(select(documents).where(documents.c.notice.in_(chunk)))
        }
        new, changed = list[dict[str, Any]](), list[dict[str, Any]]()
        for notice, found in _found(connection, chunk):
            for one in found:
                row = held.get((notice, one.url))
                values = {"title": one.title, "place": one.place, "added": one.added, "removed": one.removed}
                if row is None:
                    new.append({"notice": notice, "url": one.url, **values})
                elif any(getattr(row, name) != value for name, value in values.items()):
                    changed.append({"of": row.number, **{f"new_{name}": value for name, value in values.items()}})
        insert_many(connection, documents, new)
        if changed:
            names = ("title", "place", "added", "removed")
            statement = update(documents).where(documents.c.number == bindparam("of"))
            connection.execute(statement.values({name: bindparam(f"new_{name}") for name in names}), changed)


def _answer(connection: Connection, notices: Sequence[int]) -> None:
    """Let documents that notices list since a regrouping have the answers that the same address has given so far."""
    d, other, a = documents.c, documents.alias(), document_answers.c
    for chunk in chunks(notices, _CHUNK):
        query = (
            select(d.number.label("of"), other.c.number, func.count(a.number))
            .join(other, (other.c.url == d.url) & (other.c.number != d.number))
            .join(document_answers, a.document == other.c.number)
            .where(d.notice.in_(chunk))
            .where(d.number.not_in(select(a.document)))
            .group_by(d.number, other.c.number)
            .order_by(func.count(a.number), other.c.number.desc())
        )
        best = {row.of: row.number for row in connection.execute(query)}
        for number, held in best.items():
            columns = (a.run, a.asked_at, a.capture, a.sha256, a.file_name, a.problem)
            answers = select(literal(number), *columns).where(a.document == held).order_by(a.number)
            names = ["document", *(column.name for column in columns)]
            connection.execute(insert(document_answers).from_select(names, answers))


def _found(connection: Connection, notices: Sequence[int]) -> Iterable[tuple[int, Iterable[Listed]]]:
    v = t.versions.c
    content = func.coalesce(v.content, t.records.c.content)
    query = (
        select(v.notice, v.version, case((content.like(_LISTS), content)).label("content"))
        .join(t.records, t.records.c.number == v.record)
        .join(t.captures, t.captures.c.number == v.capture)
        .where(v.notice.in_(notices), v.superseded.is_(False))
        .order_by(v.notice, v.revision, v.observed_at, t.captures.c.id, v.version)
    )
    for notice, rows in groupby(connection.execute(query).all(), key=lambda row: row.notice):
        history = [(row.version, orjson.loads(row.content)["documents"] if row.content else []) for row in rows]
        if any(entries for _, entries in history):
            yield notice, listed(history).values()
