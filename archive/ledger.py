"""The ledger: every run, window and request, written as they happen. Verdicts are computed from it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import orjson
from filelock import FileLock, Timeout
from sqlalchemy import Connection, bindparam, func, insert, select, update

from archive import windows
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
        rows=bindparam("new_rows"), problem=bindparam("new_problem"),
    )
)  # fmt: skip
# Statements of every request are built once: building costs more than running them.

_alive: dict[str, FileLock] = {}
"""Locks of the runs of this process: the system frees them when the process dies, however it dies."""


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
    """Begin a run and keep it marked as living until :func:`finish_run` or the end of this process."""
    run_id, started_at = new_id(), now()
    lock = FileLock(_lock_file(archive, run_id))
    lock.acquire()
    _alive[run_id] = lock
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


def note_request(where: Where, window: int, *, purpose: str, method: str, url: str, page: int | None = None) -> int:
    """Note a request before it is sent; gives its number. ``purpose`` is the spider's word (``page``, ``count``)."""
    row = {"window": window, "purpose": purpose, "page": page, "method": method, "url": url, "state": "planned"}
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
) -> None:
    """Note what came of a request. ``state``: answered, failed or not_recorded; ``capture``: its number."""
    with _writing(where) as connection:
        connection.execute(
            _ANSWER,
            {
                "of_request": request, "new_state": state, "new_status": status, "new_capture": capture,
                "new_rows": rows, "new_problem": problem,
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
) -> None:
    """Write a window's verdict and counts. ``state``: fetched, held or appended. Closing twice changes nothing."""
    values: dict[str, Any] = {"state": state, "verdict": verdict, "reasons": _json(list(reasons))}
    counts = {"expected": expected, "rows": rows, "distinct_rows": distinct_rows}
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
    """Close a run. A ``regular`` crawl or replay (all windows that its source plans by itself) opens each scope whose
    windows it has walked to the end; ``overlap`` is how far back the source's regular windows reach.
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
    _release(archive, run.id)


def set_progress(where: Where, run: Run, progress: Mapping[str, Any]) -> None:
    """Say how far a run has come, in JSON values for the sources page and the progress bar."""
    with _writing(where) as connection:
        connection.execute(update(runs).where(runs.c.number == run.number).values(progress=_json(dict(progress))))


def close_dead_runs(archive: Archive) -> int:
    """Close runs whose process no longer lives as ``failed: process ended``; gives how many there were."""
    with archive.reading() as connection:
        waiting = connection.execute(select(runs.c.number, runs.c.id).where(runs.c.ended_at.is_(None))).all()
    closed = 0
    for number, run_id in waiting:
        if run_id in _alive or not _is_dead(archive, run_id):
            continue
        with archive.writing() as connection:
            connection.execute(
                update(runs)
                .where(runs.c.number == number, runs.c.ended_at.is_(None))
                .values(ended_at=stamp(now()), verdict=Verdict.FAILED, reasons=_json(["process ended"]), progress=None)
            )
        _lock_file(archive, run_id).unlink(missing_ok=True)
        closed += 1
    return closed


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


def _lock_file(archive: Archive, run_id: str) -> Any:
    return archive.folder / "locks" / f"run-{run_id}.lock"


def _is_dead(archive: Archive, run_id: str) -> bool:
    try:
        with FileLock(_lock_file(archive, run_id), timeout=0):
            return True
    except Timeout:
        return False


def _release(archive: Archive, run_id: str) -> None:
    lock = _alive.pop(run_id, None)
    if lock is not None:
        lock.release()
        _lock_file(archive, run_id).unlink(missing_ok=True)
