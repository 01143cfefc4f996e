"""The past read again after a better parser: one pass a capture, everything quiet."""

from collections.abc import Callable

from archive import ledger
from archive.store import Archive
from crawlers.appending import Appender
from crawlers.conductor import Progress
from crawlers.engine import RunResult, closing_run, crawl_lock
from crawlers.loading import load_parser
from crawlers.rereading import filed, outdated
from crawlers.source import Source
from crawlers.walk import walk_of_capture

SCOPE = "reparse"
"""Scope of the windows of a re-reading; each capture is one, by its id."""


def reparse(
    archive: Archive, source: Source, *, progress: Callable[[Progress], None] | None = None
) -> RunResult | None:
    """Read again what an older parser has read; None where there is nothing of the kind.

    A row that the present parser cannot read keeps what the older one made of it, and the run is partial. Raises
    CaptureDamaged where archived bytes are missing.
    """
    parser = load_parser(source)
    with crawl_lock(archive, source):
        ledger.close_dead_runs(archive)
        rows = outdated(archive, source.name, source.parser_version)
        if not rows:
            return None
        run = ledger.start_run(archive, source.name, "reparse")
        appender = Appender(archive, run, source, parser, sized=False, again=rows)
        with closing_run(archive, run, appender) as ending:
            for done, number in enumerate(rows):
                appender.take(walk_of_capture(archive, run, filed(archive, number), SCOPE))
                if progress is not None:
                    progress(Progress(done + 1, len(rows), appender.counts.rows, appender.counts.records))
            appender.flush()
        return ending.result()
