"""What the ledger says about sources beside how their runs ended: windows held back, calls used."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from archive import crawl_state, hosts, queries, tables
from archive.rows import RunRow
from archive.store import Archive
from crawlers.due import Standing
from crawlers.source import Source
from noticewatch.models import RunKind
from noticewatch.settings import Settings, SourceSettings

NOTICES: Final[tuple[RunKind, ...]] = ("crawl", "replay", "accept", "starter", "import", "reparse")
"""Kinds of run that bring notices: all but crawls of documents."""


def crawl_runs(archive: Archive, sources: Mapping[str, Source]) -> list[RunRow]:
    """Runs of all sources, enough of them to hold each one's latest crawl."""
    with archive.reading() as connection:
        return [run for name in sources for run in queries.runs(connection, name, limit=200, kinds=NOTICES)]


def standings(
    archive: Archive, sources: Mapping[str, Source], settings: Settings, moment: datetime
) -> dict[str, Standing]:
    """What decides beside its runs when each source is asked, at a moment (UTC)."""
    with archive.reading() as connection:
        holding, resting = _ever_held(connection), hosts.resting(connection)
        return {
            name: replace(
                _standing(connection, source, settings, moment, holding=name in holding),
                rests_until=max((resting[host] for host in source.hosts if host in resting), default=None),
            )
            for name, source in sources.items()
        }


def _ever_held(connection: Connection) -> set[str]:
    """Sources of which a window is held that nobody released: one look at all windows in place of one a source."""
    w, r = tables.windows.c, tables.runs.c
    query = select(r.source).join(tables.windows, w.run == r.number).where(w.state == "held", w.released_by.is_(None))
    return set(connection.scalars(query.distinct()))


def _standing(
    connection: Connection, source: Source, settings: Settings, moment: datetime, *, holding: bool
) -> Standing:
    held = len(crawl_state.held_windows(connection, source.name)) if holding else 0
    used, until = crawl_state.quota_of(connection, source.name, f"{moment:%Y-%m-%d}")
    setting = settings.sources.get(source.name) or SourceSettings()
    calls = setting.calls_a_day or (source.quota.calls if source.quota else None)
    if until is not None and until > moment:
        return Standing(held, until, calls=calls, calls_left=0 if calls is not None else None)
    if calls is None:
        return Standing(held)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return Standing(held, None if used < calls else midnight, calls=calls, calls_left=max(0, calls - used))
