"""Crawls of documents each in a process of its own, forked from one that has everything imported."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from archive import tables
from archive.store import Archive
from crawlers.documents.engine import crawl_documents
from crawlers.source import Documents, Source, read_source
from tests.databases import settings_at
from tests.forking import FORKED
from tests.waiting import PATIENCE

TINY = Path(__file__).parents[1] / "tiny_list"
CONTACT = "test@example.org"


@dataclass(frozen=True)
class Crawled:
    """How a crawl ended."""

    verdict: str
    reasons: list[str]
    findings: list[str]


def source(**facts: Any) -> Source:
    """A source whose documents stand on loopback."""
    return read_source(TINY).model_copy(update={"documents": Documents(hosts=("127.0.0.1",), delay=0, **facts)})


def crawl_apart(
    home: Path, *, watched: list[int] | None = None, settings: dict[str, Any] | None = None, **facts: Any
) -> Crawled:
    """Crawl the documents of the notices in the archive under ``home``. ``watched``: their numbers, None for all."""
    told = home / "told.json"
    process = start(home, watched=watched, settings=settings, **facts)
    process.join(PATIENCE)
    if process.is_alive():
        process.kill()
        raise AssertionError("the crawl did not end")
    return Crawled(**json.loads(told.read_text()))


def start(home: Path, *, watched: list[int] | None = None, settings: dict[str, Any] | None = None, **facts: Any) -> Any:
    """Begin the same, as a process."""
    process = FORKED.Process(target=_crawl, args=(home, watched, settings or {}, facts, home / "told.json"))
    process.start()
    return process


def _crawl(home: Path, watched: list[int] | None, own: dict[str, Any], facts: dict[str, Any], told: Path) -> None:
    settings = settings_at(home, contact=CONTACT, **own)
    archive = Archive.open(settings)
    numbers = None if watched is None else select(tables.notices.c.number).where(tables.notices.c.number.in_(watched))
    try:
        result = crawl_documents(archive, settings, source(**facts), numbers)
        found = {
            "verdict": str(result.verdict), "reasons": list(result.reasons), "findings": list(result.findings)
        }  # fmt: skip
    except Exception as error:
        found = {"verdict": "error", "reasons": [f"{type(error).__name__}: {error}"], "findings": []}
    told.write_text(json.dumps(found))
