"""The entry point for crawls of documents: through the same add-on, under the same lock, in the same ledger."""

from typing import Any

from sqlalchemy import Select

from archive import ledger
from archive.documents import texts
from archive.store import Archive
from crawlers import planning as windows
from crawlers.addon import live_settings
from crawlers.documents.appending import DocumentAppender
from crawlers.documents.conductor import DocumentConductor
from crawlers.documents.planning import plan
from crawlers.documents.spider import DocumentsSpider, windows_of
from crawlers.engine import ProgressCall, RunResult, closing_run, crawl_lock, not_started, obstacle, run_scrapy
from crawlers.source import Source
from noticewatch.errors import UsageError
from noticewatch.identifiers import now
from noticewatch.models import Verdict
from noticewatch.settings import Settings


def crawl_documents(
    archive: Archive,
    settings: Settings,
    source: Source,
    watched: Select[Any] | None,
    *,
    progress: ProgressCall | None = None,
) -> RunResult:
    """Ask for the documents of a source's notices that are due, then read the text of every file that waits.

    watched: numbers of the notices whose documents are wanted, None for all. Raises UsageError where the source's
    documents are not asked for, CrawlRunning while another process crawls the source, DataFolderError where nothing
    can be written; what goes wrong at the publisher is a verdict.
    """
    own = source.for_documents()
    if own is None:
        raise UsageError(f"Documents of {source.name} are not asked for: its source.toml names no hosts of them.")
    if settings.documents_of(source.name) == "none":
        raise UsageError(f"Documents of {source.name} are not asked for: the setting documents is none.")
    with crawl_lock(archive, source):
        ledger.close_dead_runs(archive)
        run = ledger.start_run(archive, source.name, "documents")
        why_not = obstacle(own, settings)
        if why_not:
            return not_started(archive, run, why_not)
        with archive.reading() as connection:
            chosen = plan(connection, own, watched, now())
        appender = DocumentAppender(archive, run, own, chosen.notices)
        with closing_run(archive, run, appender) as closing:
            walks = windows.planned(archive, run, windows_of(chosen.notices))
            conductor = DocumentConductor(
                archive, run, appender, walks, settings, live_settings(own, settings.contact or ""), None, progress,
                wanted=chosen.notices,
            )  # fmt: skip
            if walks:
                run_scrapy(DocumentsSpider, own, conductor)
            conductor.finish()
            if not walks:
                appender.verdicts.append((Verdict.COMPLETE, ["no document was due"]))
            if not conductor.cancelled:
                closing.notes += _read(archive, run, appender)
            if chosen.left:
                closing.notes.append(f"{chosen.left:,} documents wait for the next crawl")
        return closing.result()


def _read(archive: Archive, run: ledger.Run, appender: DocumentAppender) -> list[str]:
    """Read what waits; gives what is to be said of it."""

    def tell(done: int, files: int) -> None:
        ledger.set_progress(archive, run, {"files_read": done, "files": files})

    read = texts.read_waiting(archive, tell=tell)
    appender.counts.last_seq = max(appender.counts.last_seq, read.last_seq)
    return list(read.damaged)
