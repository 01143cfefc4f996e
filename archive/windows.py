"""Open windows: whether what a window brings is news, or only new to us.

A scope (an agency, a file) opens when one regular crawl has walked all its windows to the end. From then on a window is
open from birth where it begins after that crawl's start minus the overlap, and else once it was walked to the end.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from archive import tables
from archive.times import beginning, moment, stamp
from noticewatch.database import insert_many
from noticewatch.models import RunKind

WALKING: Final = frozenset[RunKind]({"crawl", "replay", "accept"})
"""Kinds of run that walk windows, open scopes and may be loud; all others are quiet and open nothing."""


@dataclass(frozen=True, slots=True)
class Openness:
    """What is open for a source before a run: per scope the moment from which windows are born open, and the windows
    that an earlier run has walked to the end.
    """

    born_open_from: Mapping[str, datetime]
    walked: frozenset[tuple[str, str]]


def is_quiet(kind: RunKind, openness: Openness, scope: str, key: str, begins: str | None) -> bool:
    """Whether what this window brings is quiet."""
    if kind not in WALKING or scope not in openness.born_open_from:
        return True
    if (scope, key) in openness.walked:
        return False
    begin = beginning(begins)
    return begin is None or begin < openness.born_open_from[scope]


def fully_walked(planned: Iterable[tuple[str, str]], walked: Iterable[tuple[str, str]]) -> set[str]:
    """Scopes of which every planned window (scope, key) was walked to the end."""
    done, wanted = set(walked), set(planned)
    return {scope for scope, _ in wanted} - {scope for scope, key in wanted if (scope, key) not in done}


def openness(connection: Connection, source: str, run: int, windows: Iterable[tuple[str, str]]) -> Openness:
    """What is open for these windows (scope, key) of the source before this run."""
    scopes = connection.execute(
        select(tables.scopes.c.scope, tables.scopes.c.born_open_from).where(tables.scopes.c.source == source)
    ).all()
    keys = {key for _, key in windows}
    table = tables.walked_windows
    walked = connection.execute(
        select(table.c.scope, table.c.key).where(table.c.source == source, table.c.key.in_(keys), table.c.run != run)
    ).all()
    return Openness({scope: moment(since) for scope, since in scopes}, frozenset((scope, key) for scope, key in walked))


def note_walked(connection: Connection, source: str, run: int, walked: Iterable[tuple[str, str]]) -> None:
    """Note windows (scope, key) that this run has walked to the end; the first run to do so stays named."""
    rows = [{"source": source, "scope": scope, "key": key, "run": run} for scope, key in walked]
    insert_many(connection, tables.walked_windows, rows, new=True)


def open_scopes(connection: Connection, run: int, source: str, since: datetime) -> None:
    """Open the scopes of which this run has walked every window; scopes that are open keep their moment."""
    table = tables.windows
    query = select(table.c.scope, table.c.key, table.c.walked).where(table.c.run == run, table.c.parts.is_(None))
    rows = connection.execute(query).all()
    walked = [(scope, key) for scope, key, done in rows if done]
    opened = fully_walked([(scope, key) for scope, key, _ in rows], walked)
    new = [
        {"source": source, "scope": scope, "opened_by": run, "born_open_from": stamp(since)} for scope in sorted(opened)
    ]
    insert_many(connection, tables.scopes, new, new=True)
