"""The ledger: every run, window and request, written as they happen. Verdicts are computed from it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import orjson
from sqlalchemy import Connection, and_, bindparam, func, insert, literal, or_, select, update

from archive import locks, windows
from archive.proof import heads
from archive.store import Archive
from archive.tables import captures, requests, runs
from archive.tables import windows as window_rows
from archive.times import moment, stamp
from noticewatch.identifiers import new_id, now
from noticewatch.models import RunKind, Verdict

Where: TypeAlias = Archive | Connection
"""Ledger functions take the archive (a transaction of their own) or the connection of a writing transaction."""

_HELD_WINDOW = select(window_rows.c.number).where(
    window_rows.c.run == bindparam("of_run"),
    window_rows.c.scope == bindparam("of_scope"),
    window_rows.c.key == bindparam("of_key"),
)
_NEW_WINDOW = insert(window_rows)
_NEW_REQUEST = insert(requests)
_ANSWER = (
    update(requests)
    .where(requests.c.number == bindparam("of_request"))
    .values(
        state=bindparam("new_state"), status=bindparam("new_status"), capture=bindparam("new_capture"),
        rows=bindparam("new_rows"), problem=bindparam("new_problem"), blocked=bindparam("new_blocked"),
    )
)  # fmt: skip
# Statements of every request are built once: building costs more than running them.

_alive: set[str] = set()
"""Ids of the runs of this process that have not ended."""


@dataclass(frozen=True, slots=True)
class Run:
    """One crawl, replay, import or re-reading of one source."""

    number: int
    id: str
    source: str
    kind: RunKind
    started_at: datetime


def start_run(
    archive: Archive, source: str, kind: RunKind, date_from: str | None = None, date_to: str | None = None
) -> Run:
    """Begin a run. It counts as living until :func:`finish_run`, while this process holds its source or lives."""
    run_id, started_at = new_id(), now()
    _alive.add(run_id)
    row = {
        "id": run_id, "source": source, "kind": kind, "started_at": stamp(started_at),
        "date_from": date_from, "date_to": date_to, "process": os.getpid(),
    }  # fmt: skip
    with archive.writing() as connection:
        number = connection.execute(insert(runs).values(row)).inserted_primary_key
    assert number is not None
    return Run(number[0], run_id, source, kind, started_at)


def plan_window(where: Where, run: Run, scope: str, key: str, begins: str | None, ends: str | None) -> int:
    """Note a window of the run and give its number; planned twice it keeps its number."""
    with _writing(where) as connection:
        held = connection.scalar(_HELD_WINDOW, {"of_run": run.number, "of_scope": scope, "of_key": key})
        if held is not None:
            return int(held)
        row = {"run": run.number, "scope": scope, "key": key, "begins": begins, "ends": ends, "state": "planned"}
        return _inserted(connection, _NEW_WINDOW, row)


def note_request(
    where: Where,
    window: int,
    *,
    purpose: str,
    method: str,
    url: str,
    page: int | None = None,
    optional: bool = False,
) -> int:
    """Note a request before it is sent; gives its number. ``purpose`` is the spider's word (``page``, ``count``)."""
    row = {
        "window": window, "purpose": purpose, "page": page, "method": method, "url": url, "state": "planned",
        "optional": optional,
    }  # fmt: skip
    with _writing(where) as connection:
        return _inserted(connection, _NEW_REQUEST, row)


def answer_request(
    where: Where,
    request: int,
    *,
    state: str,
    status: int | None = None,
    capture: int | None = None,
    rows: int | None = None,
    problem: str | None = None,
    blocked: bool = False,
) -> None:
    """Note what came of a request. ``state``: answered, failed or not_recorded; ``capture``: its number;
    ``blocked``: the publisher refused.
    """
    with _writing(where) as connection:
        connection.execute(
            _ANSWER,
            {
                "of_request": request, "new_state": state, "new_status": status, "new_capture": capture,
                "new_rows": rows, "new_problem": problem, "new_blocked": blocked,
            },
        )  # fmt: skip


def finish_window(
    where: Where,
    window: int,
    *,
    state: str,
    verdict: Verdict,
    reasons: Sequence[str] = (),
    expected: int | None = None,
    rows: int | None = None,
    distinct_rows: int | None = None,
    facts: Mapping[str, Any] | None = None,
    parts: int | None = None,
) -> None:
    """Write a window's verdict and counts. ``state``: fetched, held or appended; ``facts``: what beside its requests it
    was judged by; ``parts``: into how many windows it was split. Closing twice changes nothing.
    """
    values: dict[str, Any] = {"state": state, "verdict": verdict, "reasons": _json(list(reasons))}
    if facts is not None:
        values["facts"] = _json(dict(facts))
    counts = {"expected": expected, "rows": rows, "distinct_rows": distinct_rows, "parts": parts}
    values |= {name: count for name, count in counts.items() if count is not None}
    with _writing(where) as connection:
        connection.execute(update(window_rows).where(window_rows.c.number == window).values(values))


def finish_run(
    archive: Archive,
    run: Run,
    verdict: Verdict,
    reasons: Sequence[str] = (),
    findings: Sequence[str] = (),
    *,
    regular: bool = False,
    overlap: timedelta = timedelta(0),
) -> None:
    """Close a run and sign the head of the log's tree.

    A ``regular`` crawl or replay (all windows that its source plans by itself) opens each scope whose windows it has
    walked to the end; ``overlap`` is how far back the source's regular windows reach.
    """
    with archive.writing() as connection:
        if regular and run.kind in windows.WALKING:
            windows.open_scopes(connection, run.number, run.source, _start(connection, run) - overlap)
        connection.execute(
            update(runs)
            .where(runs.c.number == run.number)
            .values(
                ended_at=stamp(now()), verdict=verdict, reasons=_json(list(reasons)), findings=_json(list(findings)),
                progress=None,
            )
        )  # fmt: skip
        heads.seal(connection, archive.signer, run.id)
    _alive.discard(run.id)
    heads.export(archive)


def set_progress(where: Where, run: Run, progress: Mapping[str, Any]) -> None:
    """Say how far a run has come, in JSON values for the sources page and the progress bar."""
    with _writing(where) as connection:
        connection.execute(update(runs).where(runs.c.number == run.number).values(progress=_json(dict(progress))))


def close_dead_runs(archive: Archive) -> int:
    """Close runs that nobody carries on as ``failed: process ended``; gives how many there were.

    A run is carried on by who holds its source (archive/locks.py), on whatever machine, or by this process.
    """
    if not count_dead_runs(archive):
        return 0
    with archive.writing() as connection:
        dead = _dead_runs(archive, connection)
        for run in dead:
            _close(archive, connection, run, "process ended")
    heads.export(archive)
    return len(dead)


def count_dead_runs(archive: Archive) -> int:
    """How many runs nobody carries on that are not closed yet."""
    with archive.reading() as connection:
        return len(_dead_runs(archive, connection))


def _dead_runs(archive: Archive, connection: Connection) -> list[Any]:
    return [
        run
        for run in _open_runs(connection)
        if locks.held_here(archive, run.source) or locks.living_holder(connection, run.source) is None
    ]


def close_run_of_process(
    archive: Archive, source: str, process: int, reason: str, *, after: int = 0, cancelled: bool = False
) -> bool:
    """Close the run of a process of this machine that is known to have ended, as failed for a reason in words.

    ``after``: number of the last run before; ``cancelled``: also where it noted, asked to end, that it was cancelled.
    False where there is no such run: it ended its run by itself, or began none.
    """
    stopped = and_(literal(cancelled), runs.c.verdict == Verdict.CANCELLED)
    query = (
        select(runs.c.number, runs.c.id)
        .where(runs.c.source == source, runs.c.process == process, runs.c.number > after)
        .where(or_(runs.c.ended_at.is_(None), stopped))
    )
    with archive.writing() as connection:
        found = connection.execute(query).all()
        for run in found:
            _close(archive, connection, run, reason)
    heads.export(archive)
    return bool(found)


def note_failed_start(archive: Archive, source: str, reason: str) -> None:
    """Note a crawl that ended before it could note anything itself."""
    row = {
        "id": new_id(), "source": source, "kind": "crawl", "started_at": stamp(now()), "ended_at": stamp(now()),
        "verdict": Verdict.FAILED, "reasons": _json([reason]),
    }  # fmt: skip
    with archive.writing() as connection:
        connection.execute(insert(runs).values(row))


def _open_runs(connection: Connection) -> list[Any]:
    """Runs that have not ended, but those of this process."""
    query = select(runs.c.number, runs.c.id, runs.c.source, runs.c.process).where(runs.c.ended_at.is_(None))
    return [row for row in connection.execute(query) if row.id not in _alive]


def _close(archive: Archive, connection: Connection, run: Any, reason: str) -> None:
    connection.execute(
        update(runs)
        .where(runs.c.number == run.number)
        .values(ended_at=stamp(now()), verdict=Verdict.FAILED, reasons=_json([reason]), progress=None)
    )
    heads.seal(connection, archive.signer, run.id)


def _start(connection: Connection, run: Run) -> datetime:
    """When the run saw its source: for a replay the latest time of its captures, so that it acts as the crawl did."""
    if run.kind != "replay":
        return run.started_at
    latest = connection.scalar(
        select(func.max(captures.c.fetched_at))
        .join(requests, requests.c.capture == captures.c.number)
        .join(window_rows, window_rows.c.number == requests.c.window)
        .where(window_rows.c.run == run.number)
    ) or connection.scalar(select(func.max(captures.c.fetched_at)).where(captures.c.run == run.number))
    return moment(latest) if latest else run.started_at


@contextmanager
def _writing(where: Where) -> Iterator[Connection]:
    if isinstance(where, Archive):
        with where.writing() as connection:
            yield connection
    else:
        yield where


def _inserted(connection: Connection, statement: Any, row: Mapping[str, Any]) -> int:
    key = connection.execute(statement, row).inserted_primary_key
    assert key is not None
    return int(key[0])


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
