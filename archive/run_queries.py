"""One run in full: its windows, how each was judged, and the requests that brought nothing."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, case, func, select

from archive.rows import RunRow
from archive.source_queries import run_row
from archive.tables import requests, runs, windows
from noticewatch.models import Verdict


@dataclass(frozen=True, slots=True)
class WindowRow:
    """A window of a run. ``expected``: the source's own count; ``new``: records that were not held before;
    ``held``: it is kept back until a person releases it; ``parts``: windows that it was split into; ``asked``:
    requests planned for it.
    """

    number: int
    scope: str
    key: str
    begins: str | None
    ends: str | None
    verdict: Verdict | None
    reasons: tuple[str, ...]
    expected: int | None
    rows: int | None
    new: int | None
    walked: bool
    held: bool
    released: bool
    parts: int | None
    asked: int


@dataclass(frozen=True, slots=True)
class TroubleRow:
    """A request that brought nothing usable. ``window``: number of its window."""

    window: int
    purpose: str
    page: int | None
    method: str
    url: str
    status: int | None
    problem: str


def run(connection: Connection, run_id: str) -> RunRow | None:
    """A run by its id; None where there is none."""
    row = connection.execute(select(runs).where(runs.c.id == run_id)).first()
    return run_row(row) if row else None


def verdicts_of(connection: Connection, number: int) -> Counter[str]:
    """How many windows of a run have each verdict; those that are not judged yet count as ``under way``."""
    query = select(windows.c.verdict, func.count()).where(windows.c.run == number).group_by(windows.c.verdict)
    return Counter({verdict or "under way": count for verdict, count in connection.execute(query)})


def windows_of(connection: Connection, number: int, *, offset: int = 0, limit: int = 100) -> Sequence[WindowRow]:
    """Windows of a run: what is not complete first, then in the order in which they were planned."""
    w = windows.c
    asked = select(func.count()).select_from(requests).where(requests.c.window == w.number).scalar_subquery()
    query = (
        select(windows, asked.label("asked"))
        .where(w.run == number)
        .order_by(case((w.verdict == Verdict.COMPLETE, 1), else_=0), w.number)
        .offset(offset)
        .limit(limit)
    )
    return [
        WindowRow(
            number=row.number, scope=row.scope, key=row.key, begins=row.begins, ends=row.ends,
            verdict=Verdict(row.verdict) if row.verdict else None, reasons=tuple(orjson.loads(row.reasons)),
            expected=row.expected, rows=row.rows, new=row.fresh_records, walked=row.walked,
            held=row.state == "held" and row.released_by is None, released=row.released_by is not None,
            parts=row.parts, asked=row.asked,
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def troubles_of(connection: Connection, shown: Sequence[WindowRow], *, limit: int = 100) -> Sequence[TroubleRow]:
    """Requests of these windows that brought nothing usable, in order."""
    r = requests.c
    query = (
        select(r.window, r.purpose, r.page, r.method, r.url, r.status, r.problem)
        .where(r.window.in_([window.number for window in shown]), r.problem.is_not(None))
        .order_by(r.number)
        .limit(limit)
    )
    return [TroubleRow(*tuple(row)) for row in connection.execute(query)]


def loaded(runs: Iterable[RunRow]) -> set[str]:
    """Sources whose part of the starter archive was loaded to its end."""
    loads = (run for run in runs if run.kind == "starter" and run.ended_at)
    return {run.source for run in loads if run.verdict in {Verdict.COMPLETE, Verdict.PARTIAL}}
