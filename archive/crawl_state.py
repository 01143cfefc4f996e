"""What past crawls of a source left behind: windows held or never walked, validators, calls used."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, and_, case, func, or_, select, update

from archive.tables import captures, quotas, requests, runs, validators, windows
from archive.times import moment, stamp
from noticewatch.database import insert_many

MOST_HOLES: Final = 500
"""Most windows of earlier crawls that one crawl takes up again."""


MOST_TRIES: Final = 3
"""How often a window is asked for that comes to its end and still drifts."""


@dataclass(frozen=True, slots=True)
class PastWindow:
    """A window of an earlier run."""

    number: int
    run: int
    scope: str
    key: str
    begins: str | None
    ends: str | None


@dataclass(frozen=True, slots=True)
class PastRequest:
    """A request of an earlier window and what became of it. ``capture``: the number of its answer's capture."""

    purpose: str
    page: int | None
    method: str
    url: str
    state: str
    status: int | None
    capture: int | None
    problem: str | None
    optional: bool
    blocked: bool


@dataclass(frozen=True, slots=True)
class Validators:
    """By what a file may be asked whether it has changed since ``seen_at``."""

    etag: str | None
    last_modified: str | None
    seen_at: datetime


def requests_of(connection: Connection, window: int) -> list[PastRequest]:
    """The requests of a window in the order in which they were planned."""
    r = requests.c
    query = select(
        r.purpose, r.page, r.method, r.url, r.state, r.status, r.capture, r.problem, r.optional, r.blocked
    ).where(r.window == window).order_by(r.number)  # fmt: skip
    return [PastRequest(*tuple(row)) for row in connection.execute(query)]


def facts_of(connection: Connection, window: int) -> Mapping[str, Any] | None:
    """What beside its requests a window was judged by; None where it was not judged by this program."""
    stated = connection.scalar(select(windows.c.facts).where(windows.c.number == window))
    found: Mapping[str, Any] | None = orjson.loads(stated) if stated else None
    return found


def held_windows(connection: Connection, source: str) -> list[PastWindow]:
    """Windows that are held back: not released, and not appended by a later run. The newest holding of each counts."""
    w = windows.c
    later = windows.alias()
    later_runs = runs.alias()
    appended = (
        select(later.c.number)
        .join(later_runs, later_runs.c.number == later.c.run)
        .where(later_runs.c.source == source, later.c.number > w.number, later.c.state == "appended")
        .where(later.c.scope == w.scope, later.c.key == w.key)
    )
    query = (
        select(w.number, w.run, w.scope, w.key, w.begins, w.ends)
        .join(runs, runs.c.number == w.run)
        .where(runs.c.source == source, w.state == "held", w.released_by.is_(None), ~appended.exists())
        .order_by(w.number)
    )
    newest = {(row.scope, row.key): PastWindow(*row) for row in connection.execute(query)}
    return list(newest.values())


def release(connection: Connection, source: str, window: PastWindow, run: int) -> None:
    """Note that a run has appended a window that was held, in this and all earlier runs."""
    of_source = select(runs.c.number).where(runs.c.source == source)
    connection.execute(
        update(windows)
        .where(windows.c.run.in_(of_source), windows.c.number <= window.number, windows.c.state == "held")
        .where(windows.c.scope == window.scope, windows.c.key == window.key)
        .values(released_by=run)
    )


def holes(connection: Connection, source: str) -> list[PastWindow]:
    """Windows with days that regular crawls planned and no crawl has found complete since, newest first, at most
    :data:`MOST_HOLES`.

    One that was walked to the end and is partial for drift alone is given up after :data:`MOST_TRIES`: some sources
    shift for ever. Windows that were split or are held back are none.
    """
    w = windows.c
    of_source = (
        select(w.number, w.scope, w.key, w.walked, w.verdict, runs.c.date_from, runs.c.kind)
        .join(runs, runs.c.number == w.run)
        .where(runs.c.source == source, runs.c.kind.in_(("crawl", "replay", "accept")), w.begins.is_not(None))
        .subquery()
    )
    s = of_source.c
    whole = case((and_(s.walked, s.verdict == "complete"), 1), else_=0)
    tries = case((and_(s.kind == "crawl", s.date_from.is_(None)), 1), else_=0)
    walked = case((s.walked, 1), else_=0)
    open_ones = (
        select(func.max(s.number))
        .group_by(s.scope, s.key)
        .having(func.sum(whole) == 0)
        .having(func.sum(tries) > 0)
        .having(or_(func.sum(walked) == 0, func.sum(tries) < MOST_TRIES))
    )
    query = (
        select(w.number, w.run, w.scope, w.key, w.begins, w.ends)
        .where(w.number.in_(open_ones), w.parts.is_(None), w.state != "held")
        .order_by(w.begins.desc(), w.number.desc())
        .limit(MOST_HOLES)
    )
    return [PastWindow(*row) for row in connection.execute(query)]


def last_regular_start(connection: Connection, source: str) -> datetime | None:
    """When the latest crawl began that planned the regular windows of a source; None where there was none."""
    query = (
        select(func.max(runs.c.started_at))
        .join(windows, windows.c.run == runs.c.number)
        .where(runs.c.source == source, runs.c.kind == "crawl", runs.c.date_from.is_(None), runs.c.date_to.is_(None))
    )
    started = connection.scalar(query)
    return moment(started) if started else None


def walked_in_interrupted(
    connection: Connection, source: str, date_from: str | None, date_to: str | None
) -> set[tuple[str, str]]:
    """Windows (scope, key) that earlier crawls of the same days have walked, since the last that was complete.

    Empty where the latest such crawl was complete: then it was done, and is to be done again.
    """
    query = (
        select(runs.c.number, runs.c.verdict)
        .where(runs.c.source == source, runs.c.kind == "crawl")
        .where(runs.c.date_from == date_from, runs.c.date_to == date_to)
        .order_by(runs.c.number.desc())
    )
    interrupted: list[int] = []
    for number, verdict in connection.execute(query):
        if verdict == "complete":
            break
        interrupted.append(number)
    walked = select(windows.c.scope, windows.c.key).where(
        windows.c.run.in_(interrupted), windows.c.walked, windows.c.verdict == "complete"
    )
    return {(row.scope, row.key) for row in connection.execute(walked)}


def last_news(connection: Connection, source: str, scope: str, key: str) -> datetime | None:
    """When a window last brought a record that was not held before; None where it never did."""
    query = (
        select(func.max(runs.c.started_at))
        .join(windows, windows.c.run == runs.c.number)
        .where(runs.c.source == source, windows.c.scope == scope, windows.c.key == key, windows.c.fresh_records > 0)
    )
    found = connection.scalar(query)
    return moment(found) if found else None


def previous_rows(connection: Connection, source: str, run: int, scope: str, key: str) -> int | None:
    """Rows of a window in the last crawl but this that walked it to the end."""
    query = (
        select(windows.c.rows)
        .join(runs, runs.c.number == windows.c.run)
        .where(runs.c.source == source, runs.c.number != run, windows.c.walked, windows.c.state == "appended")
        .where(windows.c.scope == scope, windows.c.key == key)
        .order_by(windows.c.run.desc())
        .limit(1)
    )
    rows: int | None = connection.scalar(query)
    return rows


def validators_of(connection: Connection, source: str, url: str) -> Validators | None:
    """By what a file may be asked whether it has changed; None where nothing of it was appended whole yet."""
    v = validators.c
    query = (
        select(v.etag, v.last_modified, captures.c.fetched_at)
        .join(captures, captures.c.number == v.capture)
        .where(v.source == source, v.url == url)
    )
    row = connection.execute(query).first()
    return Validators(row[0], row[1], moment(row[2])) if row else None


def keep_validators(
    connection: Connection, source: str, url: str, etag: str | None, last_modified: str | None, capture: int
) -> None:
    """Keep by what a file may be asked whether it has changed, in place of what was kept before."""
    connection.execute(validators.delete().where(validators.c.source == source, validators.c.url == url))
    if etag or last_modified:
        row = {"source": source, "url": url, "etag": etag, "last_modified": last_modified, "capture": capture}
        insert_many(connection, validators, [row])


def quota_of(connection: Connection, source: str, day: str) -> tuple[int, datetime | None]:
    """Calls sent to a source on a UTC day (``YYYY-MM-DD``), and until when it said that it answers no more."""
    q = quotas.c
    used = connection.scalar(select(q.used).where(q.source == source, q.day == day))
    until = connection.scalar(select(func.max(q.spent_until)).where(q.source == source))
    return int(used or 0), moment(until) if until else None


def use_quota(connection: Connection, source: str, day: str, *, calls: int = 0, until: datetime | None = None) -> None:
    """Count calls sent to a source on a UTC day, and keep until when it said that it answers no more."""
    insert_many(connection, quotas, [{"source": source, "day": day, "used": 0, "spent_until": None}], new=True)
    values: dict[str, Any] = {"used": quotas.c.used + calls}
    if until is not None:
        values["spent_until"] = stamp(until)
    connection.execute(update(quotas).where(quotas.c.source == source, quotas.c.day == day).values(values))
