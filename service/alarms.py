"""What the operator must hear of: silent sources, a log in which nothing is found any more, an outbox that ages.

Looks only; service/alarming.py tells it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from sqlalchemy import Connection, func, select

from alerts.epoch import FOLLOWS, NAME
from alerts.tables import alert_groups, alert_targets, deliveries, outbox, search_revisions
from archive import tables
from archive.readers import cursor
from archive.rows import RunRow
from archive.store import Archive
from archive.times import moment, stamp
from crawlers.due import Due, plan
from crawlers.source import Source
from crawlers.standing import crawl_runs, standings
from noticewatch.database import shared_time
from noticewatch.models import Verdict
from noticewatch.settings import Settings
from noticewatch.words import count_words

MISSED: Final = 3
"""Intervals of a source without a complete crawl after which it is told, and never sooner than a day."""

STANDS: Final = timedelta(hours=1)
"""How long news may wait to be matched, or a message to be tried."""

REFUSED: Final = timedelta(hours=6)
"""How long the operator's own mail relay may take nothing."""

LOOKED_BACK: Final = timedelta(days=90)
SILENT: Final = 3
"""Times the longest pause of 90 days for which nothing may match, and never less than three days."""
FEWEST_EVENTS: Final = 200
"""Loud events in which nothing was found before that is told."""

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that does not work. ``key``: what it is about, the same as long as it lasts; ``said``: a sentence."""

    key: str
    said: str


def alarms(archive: Archive, settings: Settings, known: Mapping[str, Source]) -> list[Alarm]:
    """What does not work at the moment."""
    with archive.reading() as connection:
        at = shared_time(connection)
    runs = crawl_runs(archive, known)
    due = plan(known, settings, runs, at, standing=standings(archive, known, settings, at))
    found = list(silent_sources(due, runs, at))
    with archive.reading() as connection:
        found += [*_standing(connection, at), *_unmatched(connection, at), *_aging(connection, at)]
    return found


def silent_sources(due: Iterable[Due], runs: Sequence[RunRow], at: datetime) -> Iterator[Alarm]:
    """Sources that are crawled, and of which no crawl was complete for too long; drift alone counts as complete. Pure.

    A source of which no crawl ever started here is not told: it is new, or not set up.
    """
    for one in due:
        crawls = [run for run in runs if run.source == one.source and run.kind == "crawl"]
        if one.at is None or all(run.verdict is Verdict.NOT_STARTED for run in crawls):
            continue
        whole = [run.started_at for run in crawls if is_complete(run)]
        since = max(whole) if whole else min(run.started_at for run in crawls)
        if at - since > max(MISSED * one.every, _DAY):
            last = "No crawl of {} was complete since {:%Y-%m-%d %H:%M} UTC."
            if not whole:
                last = "No crawl of {} was ever complete; the first of those held began {:%Y-%m-%d %H:%M} UTC."
            yield Alarm(f"source {one.source}", last.format(one.source, since))


def is_complete(run: RunRow) -> bool:
    """Whether a crawl walked everything to its end. Pure."""
    drifted = run.verdict is Verdict.PARTIAL and all(reason.startswith("drift") for reason in run.reasons)
    return run.verdict is Verdict.COMPLETE or (drifted and bool(run.reasons))


def is_unusual(found: Sequence[datetime], at: datetime) -> bool:
    """Whether it is unusually long since something was found. ``found``: moments, in order. Pure."""
    if len(found) < 2:
        return False
    longest = max(later - sooner for sooner, later in pairwise(found))
    return at - found[-1] > max(SILENT * longest, SILENT * _DAY)


def _standing(connection: Connection, at: datetime) -> Iterator[Alarm]:
    """The matcher, or what it follows, stands still while the log grows."""
    e = tables.events.c
    if connection.scalar(select(func.count()).select_from(search_revisions)) == 0:
        return
    after = min(cursor(connection, NAME), cursor(connection, FOLLOWS))
    first = connection.scalar(select(e.committed_at).where(e.seq > after).order_by(e.seq).limit(1))
    if first is not None and at - moment(first) > STANDS:
        yield Alarm("matching", f"Nothing was matched with saved searches since {moment(first):%Y-%m-%d %H:%M} UTC.")


def _unmatched(connection: Connection, at: datetime) -> Iterator[Alarm]:
    """The log grows, and nothing is found for unusually long."""
    g, e = alert_groups.c, tables.events.c
    searching = select(search_revisions.c.number).where(search_revisions.c.active_to_seq.is_(None)).limit(1)
    if connection.scalar(searching) is None:
        return
    query = select(g.made_at).where(g.made_at > stamp(at - LOOKED_BACK)).distinct().order_by(g.made_at)
    found = [moment(one) for one in connection.scalars(query)]
    if not is_unusual(found, at):
        return
    last = connection.scalar(select(func.max(g.first_seq)).where(g.made_at == stamp(found[-1])))
    some = select(e.seq).where(e.seq > last, e.quiet.is_(False)).limit(FEWEST_EVENTS).subquery()
    count = int(connection.scalar(select(func.count()).select_from(some)) or 0)
    if count >= FEWEST_EVENTS:
        yield Alarm(
            "found", f"Saved searches found nothing since {found[-1]:%Y-%m-%d %H:%M} UTC, in {count:,} events or more."
        )


def _aging(connection: Connection, at: datetime) -> Iterator[Alarm]:
    """Messages are not even tried, or the operator's own relay takes none."""
    o, d, t = outbox.c, deliveries.c, alert_targets.c
    formed = select(func.count(), func.min(o.due_at)).join(alert_targets, t.number == o.target)
    formed = formed.where(o.state == "waiting", o.due_at < stamp(at - STANDS), t.state == "active")
    waiting = select(func.count(), func.min(d.next_attempt_at)).join(alert_targets, t.number == d.target)
    waiting = waiting.where(d.state == "waiting", d.next_attempt_at < stamp(at - STANDS), t.state == "active")
    rows = [connection.execute(query).one() for query in (formed, waiting)]
    if count := sum(row[0] for row in rows):
        since = min(row[1] for row in rows if row[1])
        yield Alarm(
            "outbox",
            f"{count_words(count, 'message')} of alerts should have been tried since {moment(since):%Y-%m-%d %H:%M} "
            "UTC; no server delivers, or it does not keep up.",
        )
    mail = select(func.min(d.made_at)).join(alert_targets, t.number == d.target)
    mail = mail.where(t.channel == "email", t.state == "active")
    oldest = connection.scalar(mail.where(d.state == "waiting", d.attempts > 0))
    taken = select(func.max(d.delivered_at)).join(alert_targets, t.number == d.target).where(t.channel == "email")
    latest = connection.scalar(taken)
    if oldest and at - moment(oldest) > REFUSED and (latest is None or latest < oldest):
        yield Alarm("mail", f"The mail relay has taken no alert since {moment(oldest):%Y-%m-%d %H:%M} UTC.")
