"""Which windows a crawl walks: the regular ones, what lies behind the last crawl, what earlier ones left unwalked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from archive import crawl_state, ledger
from archive.ledger import Run
from archive.store import Archive
from crawlers.replay import Recordings
from crawlers.source import Source
from crawlers.spider import SourceSpider, Window
from crawlers.walk import Walk
from noticewatch.errors import UsageError
from noticewatch.identifiers import now


@dataclass(frozen=True, slots=True)
class Chosen:
    """The windows of a crawl in the order in which they are walked, and what is to be said about the choice."""

    windows: Sequence[Window]
    notes: Sequence[str] = field(default_factory=list)


def windows(
    archive: Archive,
    spider: SourceSpider,
    source: Source,
    held: Recordings | None,
    date_from: date | None,
    date_to: date | None,
) -> Chosen:
    """The windows of a crawl. Raises UsageError for recordings that hold none of this source."""
    today = now().astimezone(source.zone).date()
    if held is not None:
        return _recorded(spider, source, held, date_from, date_to)
    if date_from is not None or date_to is not None:
        return _between(archive, spider, source, date_from, date_to, today)
    return _regular(archive, spider, source, today)


def planned(archive: Archive, run: Run, chosen: Sequence[Window]) -> list[Walk]:
    """The windows as walks, noted in the ledger."""
    with archive.writing() as connection:
        return [
            Walk(window, ledger.plan_window(connection, run, window.scope, window.key, window.begins, window.ends))
            for window in chosen
        ]


def _recorded(
    spider: SourceSpider, source: Source, held: Recordings, date_from: date | None, date_to: date | None
) -> Chosen:
    captures = [found.capture for found in held]
    if date_from is not None or date_to is not None:
        seen = captures[-1].fetched_at.astimezone(source.zone).date()
        return Chosen(list(spider.windows(date_from, date_to, seen)))
    found = {window for capture in captures if (window := spider.window_of(capture)) is not None}
    if not found:
        raise UsageError(f"{held.path} holds no window of {source.name}; name a recording of this source.")
    return Chosen(sorted(found, key=lambda window: (window.begins or "", window.scope, window.key)))


def _between(
    archive: Archive, spider: SourceSpider, source: Source, date_from: date | None, date_to: date | None, today: date
) -> Chosen:
    """The windows of days that were asked for, without those that an interrupted crawl of the same days has walked."""
    first, last = (str(day) if day else None for day in (date_from, date_to))
    with archive.reading() as connection:
        done = crawl_state.walked_in_interrupted(connection, source.name, first, last)
    every = list(spider.windows(date_from, date_to, today))
    left = [window for window in every if (window.scope, window.key) not in done]
    if not left or len(left) == len(every):
        return Chosen(every)
    count = len(every) - len(left)
    return Chosen(left, [f"{count} of {len(every)} windows were walked before it was interrupted, and not again"])


def _regular(archive: Archive, spider: SourceSpider, source: Source, today: date) -> Chosen:
    usual = list(spider.windows(None, None, today))
    by_days = [window for window in usual if window.begins is not None]
    if not by_days:
        return Chosen(usual)
    with archive.reading() as connection:
        last = crawl_state.last_regular_start(connection, source.name)
        holes = crawl_state.holes(connection, source.name)
    missed = _missed(spider, source, last.astimezone(source.zone).date() if last else None, today)
    left = [Window(hole.scope, hole.key, hole.begins, hole.ends) for hole in holes]
    return Chosen(_in_order([*usual, *missed, *left]))


def _missed(spider: SourceSpider, source: Source, last: date | None, today: date) -> Iterable[Window]:
    """Windows of the days since the last crawl, where they are more than the regular windows reach back."""
    if last is None or last >= today:
        return ()
    return spider.windows(last - timedelta(days=source.overlap), today, today)


def _in_order(found: Iterable[Window]) -> list[Window]:
    """Each window once, those without days first, then oldest first."""
    once = {(window.scope, window.key): window for window in found}
    return sorted(once.values(), key=lambda window: window.begins or "")
