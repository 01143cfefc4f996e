"""What is held of each source, how its runs went, and how much the archive holds."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, func, select

from archive import tables as t
from archive.rows import Counts, Coverage, CrawlEnd, RunRow, SourceStatus
from archive.times import moment, stamp
from noticewatch.models import RunKind, Verdict

_DAY: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])-\d\d", re.ASCII)
_A_DAY: Final = "____-__-__%"
"""What a revision looks like that begins with a day; others are words: ``latest`` of an award as it stands."""


def counts(connection: Connection) -> Counts:
    """How many notices, versions, captures, events and procurements are held; notices by source."""

    def size(table: Any) -> int:
        return int(connection.scalar(select(func.count()).select_from(table)) or 0)

    return Counts(
        notices=size(select(t.notices.c.number).where(t.notices.c.leads_to.is_(None)).subquery()),
        versions=size(t.versions),
        captures=size(t.captures),
        events=size(t.events),
        procurements=size(t.procurements),
        by_source=_notices_by_source(connection),
    )


def runs(
    connection: Connection, source: str | None = None, limit: int = 20, kinds: Collection[RunKind] | None = None
) -> list[RunRow]:
    """The latest runs, newest first; of one source, or of all; of these kinds, or of all."""
    query = select(t.runs).order_by(t.runs.c.number.desc()).limit(limit)
    if kinds is not None:
        query = query.where(t.runs.c.kind.in_(kinds))
    if source is not None:
        query = query.where(t.runs.c.source == source)
    return [run_row(row) for row in connection.execute(query)]


def crawls_ended(connection: Connection, since: datetime) -> dict[str, list[CrawlEnd]]:
    """How the crawls of each source ended from a moment (UTC) on, in order; crawls of documents are none of these."""
    r, found = t.runs.c, dict[str, list[CrawlEnd]]()
    query = select(r.source, r.ended_at, r.verdict).where(r.kind == "crawl", r.ended_at >= stamp(since))
    for source, ended_at, verdict in connection.execute(query.order_by(r.ended_at, r.number)):
        found.setdefault(source, []).append(CrawlEnd(moment(ended_at), Verdict(verdict)))
    return found


def sources_status(connection: Connection) -> dict[str, SourceStatus]:
    """Status of every source that has run, by name."""
    notices, records = _notices_by_source(connection), _records_by_source(connection)
    dated, captured = _dated(connection), _captured(connection)
    completed, brought = _last_complete(connection), _last_data(connection)
    query = select(t.runs.c.source, func.count(), func.max(t.runs.c.number)).group_by(t.runs.c.source)
    query = query.where(t.runs.c.kind != "documents")  # they bring files, and say nothing of the source's notices
    found = {}
    for source, count, latest in connection.execute(query.order_by(t.runs.c.source)).all():
        row = connection.execute(select(t.runs).where(t.runs.c.number == latest)).one()
        first, last = dated.get(source, (None, None))
        held, first_captured, last_captured = captured.get(source, (0, None, None))
        found[source] = SourceStatus(
            source=source,
            notices=notices.get(source, 0),
            records=records.get(source, 0),
            captures=held,
            first_dated=first,
            last_dated=last,
            first_captured=first_captured,
            last_captured=last_captured,
            last_complete=completed.get(source),
            last_run=run_row(row),
            last_data=brought.get(source),
            runs=count,
        )
    return found


def coverage(connection: Connection, source: str | None = None) -> list[Coverage]:
    """How each scope's windows were judged when they were last appended; by source and scope."""
    w, r = t.windows.c, t.runs.c
    latest = (
        select(r.source, w.scope, w.key, func.max(w.number).label("number"))
        .join(t.runs, r.number == w.run)
        .where(w.state == "appended")
        .group_by(r.source, w.scope, w.key)
    )
    if source is not None:
        latest = latest.where(r.source == source)
    last = latest.subquery()
    query = (
        select(last.c.source, last.c.scope, w.begins, w.ends, w.verdict, w.reasons)
        .join(t.windows, w.number == last.c.number)
        .order_by(last.c.source, last.c.scope, w.begins)
    )
    groups: dict[tuple[str, str], list[Any]] = {}
    for row in connection.execute(query):
        groups.setdefault((row.source, row.scope), []).append(row)
    return [_coverage(source, scope, rows) for (source, scope), rows in groups.items()]


def _coverage(source: str, scope: str, rows: list[Any]) -> Coverage:
    verdicts = [row.verdict for row in rows]
    complete, partial = verdicts.count(Verdict.COMPLETE), verdicts.count(Verdict.PARTIAL)
    reasons = sorted({reason for row in rows if row.reasons != "[]" for reason in orjson.loads(row.reasons)})
    days = [day for row in rows for day in _days(row)]
    return Coverage(
        source=source,
        scope=scope,
        first=min(days, default=None),
        last=max(days, default=None),
        windows=len(rows),
        complete=complete,
        partial=partial,
        other=len(rows) - complete - partial,
        reasons=tuple(reasons),
        months=_months(rows),
    )


def _months(rows: Iterable[Any]) -> dict[str, tuple[str, ...]]:
    """Reasons of windows by the months in which they lie."""
    found: dict[str, set[str]] = {}
    for row in rows:
        for month in _between(*_days(row)) or [""]:
            found.setdefault(month, set()).add(row.reasons)
    return {
        month: tuple(sorted({reason for told in texts for reason in orjson.loads(told)}))
        for month, texts in found.items()
    }


def _days(row: Any) -> list[str]:
    """The first and the last day of a window; none of one that is not of days."""
    days = [day for day in (row.begins, row.ends or row.begins) if day and _DAY.fullmatch(day)]
    return days if len(days) == 2 else []


def _between(*days: str) -> list[str]:
    """The months from that of one day to that of another, both inclusive; none of no days."""
    if not days:
        return []
    first, last = (12 * int(day[:4]) + int(day[5:7]) - 1 for day in days)
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in range(first, last + 1)]


def run_row(row: Row[Any]) -> RunRow:
    """A row of the table of runs as the models state it."""
    return RunRow(
        number=row.number,
        id=row.id,
        source=row.source,
        kind=row.kind,
        started_at=moment(row.started_at),
        ended_at=moment(row.ended_at) if row.ended_at else None,
        verdict=Verdict(row.verdict) if row.verdict else None,
        reasons=tuple(orjson.loads(row.reasons)),
        findings=tuple(orjson.loads(row.findings)),
        progress=orjson.loads(row.progress) if row.progress else None,
    )


def _notices_by_source(connection: Connection) -> dict[str, int]:
    r = t.records.c
    query = select(r.source, func.count(r.notice.distinct())).group_by(r.source)
    return dict(connection.execute(query).all())


def _records_by_source(connection: Connection) -> dict[str, int]:
    query = select(t.records.c.source, func.count()).group_by(t.records.c.source)
    return dict(connection.execute(query).all())


def _captured(connection: Connection) -> dict[str, tuple[int, datetime, datetime]]:
    c = t.captures.c
    query = select(c.source, func.count(), func.min(c.fetched_at), func.max(c.fetched_at)).group_by(c.source)
    rows = connection.execute(query).all()
    return {source: (count, moment(first), moment(last)) for source, count, first, last in rows}


def _dated(connection: Connection) -> dict[str, tuple[str, str]]:
    w, r, v = t.windows.c, t.runs.c, t.versions.c
    by_window = (
        select(r.source, func.min(w.begins), func.max(func.coalesce(w.ends, w.begins)))
        .join(t.runs, r.number == w.run)
        .where(w.state == "appended", w.begins.is_not(None))
        .group_by(r.source)
    )
    by_revision = (
        select(t.records.c.source, func.min(v.revision), func.max(v.revision))
        .join(t.versions, v.record == t.records.c.number)
        .where(v.revision.like(_A_DAY))
        .group_by(t.records.c.source)
    )
    rows = [*connection.execute(by_revision), *connection.execute(by_window)]
    return {source: (first[:10], last[:10]) for source, first, last in rows}


def _last_data(connection: Connection) -> dict[str, RunRow]:
    r, w = t.runs.c, t.windows.c
    latest = (
        select(func.max(r.number))
        .join(t.windows, w.run == r.number)
        .where(w.state == "appended", r.kind != "reparse")
        .group_by(r.source)
    )
    return {row.source: run_row(row) for row in connection.execute(select(t.runs).where(r.number.in_(latest)))}


def _last_complete(connection: Connection) -> dict[str, datetime]:
    r = t.runs.c
    query = (
        select(r.source, func.max(r.ended_at))
        .where(r.verdict == Verdict.COMPLETE, r.kind.in_(("crawl", "replay")))
        .group_by(r.source)
    )
    return {source: moment(ended) for source, ended in connection.execute(query)}
