"""``/healthz``, ``/readyz`` and ``/metrics``: for monitors. They tell nothing of readers."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import PlainTextResponse, Response
from sqlalchemy.exc import SQLAlchemyError

from alerts import overview
from alerts.overview import State
from api.context import Context, context
from api.coverage import coverage_view
from api.negotiation import json_answer
from archive import log, queries
from indexer.engine import reach
from noticewatch.database import shared_time
from noticewatch.errors import NoticewatchError

router = APIRouter(tags=["health"])
Given = Annotated[Context, Depends(context)]


@router.get("/healthz", summary="Whether the process answers")
def healthz() -> Response:
    """Always ``ok`` while the process lives."""
    return PlainTextResponse("ok\n")


@router.get("/readyz", summary="Whether it can answer questions")
def readyz(held: Given) -> Response:
    """200 where archive and index can be read, else 503; with how far the index is behind the log."""
    try:
        with held.archive.reading() as connection:
            head = log.head(connection)
        indexed = _indexed(held)
    except (SQLAlchemyError, NoticewatchError) as error:
        return json_answer({"ready": False, "reason": type(error).__name__}, 503)
    return json_answer({"ready": True, "head": head, "indexed": indexed, "behind": max(head - indexed, 0)})


@router.get("/metrics", summary="Figures for Prometheus")
def metrics(held: Given) -> Response:
    """Prometheus text: sizes of the archive, the log's head, the index's cursor, and each source's last verdict."""
    view = coverage_view(held)
    with held.archive.reading() as connection:
        head = log.head(connection)
        status = queries.sources_status(connection)
        at = shared_time(connection)
        alerts = overview.state(connection, at)
    lines = [
        *_gauge("noticewatch_log_head", "last seq of the log", {"": head}),
        *_gauge("noticewatch_index_cursor", "seq up to which the index has read", {"": _indexed(held)}),
        *_gauge("noticewatch_versions", "versions held", {"": view.counts.versions}),
        *_gauge("noticewatch_captures", "captures held", {"": view.counts.captures}),
        *_gauge(
            "noticewatch_notices", "notices held",
            {f'{{source="{name}"}}': count for name, count in view.counts.by_source.items()},
        ),
        *_gauge(
            "noticewatch_last_complete_seconds", "when the last complete crawl ended, Unix time",
            {f'{{source="{n}"}}': int(s.last_complete.timestamp()) for n, s in status.items() if s.last_complete},
        ),
        *_gauge(
            "noticewatch_last_verdict", "verdict of the latest run",
            {f'{{source="{n}",verdict="{s.last_run.verdict or "running"}"}}': 1
             for n, s in status.items() if s.last_run},
        ),
        *_alerts(alerts, alerts.oldest_seconds(at)),
    ]  # fmt: skip
    return Response("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4; charset=utf-8")


def _alerts(told: State, oldest_seconds: int) -> list[str]:
    return [
        *_gauge(
            "noticewatch_alerts_outbox", "entries and messages that are not delivered",
            {f'{{state="{state}"}}': count for state, count in told.counts.items()},
        ),
        *_gauge("noticewatch_alerts_oldest_seconds", "how long the longest has waited", {"": oldest_seconds}),
        *_gauge("noticewatch_alerts_searches", "saved searches", {"": told.searches}),
        *_gauge(
            "noticewatch_alerts_targets", "targets by state",
            {f'{{state="{state}"}}': count for state, count in told.targets.items()},
        ),
        *_gauge(
            "noticewatch_alerts_failing_targets", "targets to which nothing comes through",
            {"": sum(one.targets for one in told.failing)},
        ),
    ]  # fmt: skip


def _indexed(held: Context) -> int:
    """The ``seq`` up to which the index has read; 0 where there is none yet that this program can search."""
    return reach(held.search.engine.position())


def _gauge(name: str, text: str, values: dict[str, int]) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} gauge", *(f"{name}{key} {value}" for key, value in values.items())]
