"""One polite request of a source, to see whether its answer still has the known shape. Runs in a process of its own.

The request goes the way of every crawl (robots.txt, delay, key, size limits, capture, parser, verdict), but in a data
folder of its own that is thrown away: nothing reaches the log. It is the first request of the newest window that had
some days to fill, on a working day where the source has days, since the very last may well be empty.
"""

import sys
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy import select

from archive import captures, crawl_state, ledger, queries, tables
from archive.store import Archive
from archive.warc import Placed
from crawlers.engine import RunResult, crawl
from crawlers.loading import load_spider
from crawlers.source import Source, source
from crawlers.spider import Answer, JsonPagesSpider, PlannedRequest, SourceSpider, Window
from noticewatch.settings import Settings, load_settings

SETTLED_AFTER: Final = timedelta(days=5)
"""How old a day is when everything of it is expected to be there."""


def probe(settings: Settings, chosen: Source, today: date | None = None) -> dict[str, Any]:
    """Ask a source once. Gives ``verdict, reasons, findings, rows, window`` in JSON values."""
    spider = narrowed(load_spider(chosen), today)
    with tempfile.TemporaryDirectory(prefix="probe-", dir=settings.home.absolute()) as folder:
        elsewhere = {"home": Path(folder), "database_url": f"sqlite:///{folder}/noticewatch.sqlite"}
        apart = Settings(**(settings.model_dump() | elsewhere))
        aside = Archive.open(apart)
        try:
            copy_validators(settings, aside, chosen.name)
            result = crawl(aside, apart, as_one_page(chosen, spider), spider_class=spider)
        finally:
            aside.close()
    return _form(result, spider)


def narrowed(whole: type[SourceSpider], today: date | None = None) -> type[SourceSpider]:
    """The spider, but with one window, one request, and nothing that follows."""

    class Narrowed(whole):  # type: ignore[misc, valid-type]  # the base is known only at run time
        asked: Window | None = None

        def windows(self, date_from: date | None, date_to: date | None, day: date) -> Iterable[Window]:
            usual = list(super().windows(date_from, date_to, today or day))
            chosen = settled(usual, today or day)
            type(self).asked = chosen
            return () if chosen is None else (chosen,)

        def requests(self, window: Window) -> Iterable[PlannedRequest]:
            return list(super().requests(window))[:1]

        def follow(self, window: Window, answer: Answer) -> Iterable[PlannedRequest]:
            list(super().follow(window, answer))  # it may say that the answer is not what was due
            return ()

        def total(self, window: Window, answer: Answer) -> int | None:
            super().total(window, answer)  # likewise
            return None

    return Narrowed


def settled(windows: Sequence[Window], today: date) -> Window | None:
    """The newest window that had some days to fill and begins on a working day; else the newest. Pure."""
    ordered = sorted(windows, key=lambda window: window.begins or "")
    filled = [
        window
        for window in ordered
        if window.begins
        and date.fromisoformat(window.ends or window.begins) <= today - SETTLED_AFTER
        and date.fromisoformat(window.begins).weekday() < 5
    ]
    return (filled or ordered)[-1] if ordered else None


def as_one_page(whole: Source, spider: type[SourceSpider]) -> Source:
    """The source without expectations on the size of a window, where one page is not the whole of it."""
    if not issubclass(spider, JsonPagesSpider):
        return whole
    expected = whole.expectations.model_copy(update={"least_rows": 0, "freshness_days": None})
    return whole.model_copy(update={"expectations": expected, "window_limit": None})


def copy_validators(settings: Settings, aside: Archive, name: str) -> None:
    """Let a file that is held and unchanged be asked for by condition, so that it is not sent again."""
    v, c = tables.validators.c, tables.captures.c
    archive = Archive.open(settings)
    try:
        with archive.reading() as connection:
            kept = connection.execute(
                select(v.url, v.etag, v.last_modified, c.id)
                .join(tables.captures, c.number == v.capture)
                .where(v.source == name)
            ).all()
            held = [(row, queries.capture(connection, row.id)) for row in kept]
    finally:
        archive.close()
    if not held:
        return
    run = ledger.start_run(aside, name, "import")
    with aside.writing() as connection:
        for row, capture in held:
            assert capture is not None
            number = captures.add(connection, run.number, capture.capture, Placed("elsewhere", 0, 0))
            crawl_state.keep_validators(connection, name, row.url, row.etag, row.last_modified, number)


def _form(result: RunResult, spider: Any) -> dict[str, Any]:
    window = spider.asked
    return {
        "verdict": result.verdict, "reasons": list(result.reasons), "findings": list(result.findings),
        "rows": result.counts.rows, "window": f"{window.scope} {window.key}" if window else "",
    }  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    """``python -m service.doctor.probing SOURCE [TODAY]``: ask once, write JSON to standard output."""
    name, *more = arguments
    today = date.fromisoformat(more[0]) if more else None
    sys.stdout.write(orjson.dumps(probe(load_settings(), source(name), today)).decode())


if __name__ == "__main__":
    main(sys.argv[1:])
