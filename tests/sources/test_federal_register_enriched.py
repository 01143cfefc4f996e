"""A fuller answer after the starter's five facts a document adds to what is known, and tells nobody."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archive import queries
from archive.store import Archive
from archive.warc import WarcWriter, recorded
from crawlers.engine import crawl
from crawlers.source import source
from crawlers.sources.federal_register.spider import FederalRegisterSpider
from crawlers.spider import Window
from dev.rebuild import Recorder, write_answer
from noticewatch.models import EventKind, Origin
from noticewatch.settings import Settings

REGISTER = source("federal_register")
RECORDED = Path(__file__).parents[1] / "replays" / "federal_register"
DAY = "2026-01-16"
FULLER = {
    "type": "Notice", "subtype": None, "action": "Notice of a modified system of records.", "docket_ids": [],
    "agencies": [{"raw_name": "DEPARTMENT OF JUSTICE", "name": "Justice Department", "slug": "justice-department"}],
    "pdf_url": "https://www.govinfo.gov/content/pkg/x.pdf", "effective_on": None, "comments_close_on": "2026-02-17",
}  # fmt: skip


def documents() -> list[dict[str, Any]]:
    """The recorded documents of the day, five facts each."""
    window = Window("documents", DAY, DAY, DAY)
    url = FederalRegisterSpider(REGISTER).page_url(window, 1)
    [found] = [one for one in recorded(RECORDED / "3-four-days-with-counts.warc.gz") if one.capture.url == url]
    with found.open() as stream:
        held: list[dict[str, Any]] = json.load(stream)["results"]
    return held


def record(folder: Path, moment: datetime, held: list[dict[str, Any]]) -> Path:
    spider = FederalRegisterSpider(REGISTER)
    request = spider.page_request(Window("documents", DAY, DAY, DAY), 1)
    payload = json.dumps({"count": len(held), "total_pages": 1, "results": held}).encode()
    with WarcWriter(folder, "", name=f"{moment:%Y-%m-%d}.warc.gz") as writer:
        said = Recorder("a test", moment, "made for a test")
        write_answer(writer, spider.name, request, payload, "application/json", said, ())
    return folder


def test_more_fields_are_an_enrichment_and_quiet_and_a_changed_title_is_told(archive: Archive, tmp_path: Path) -> None:
    settings = Settings(home=archive.folder)
    held = documents()
    first = record(tmp_path / "1", datetime(2026, 2, 5, tzinfo=UTC), held)
    crawl(archive, settings, REGISTER, kind="replay", recordings=first)
    fuller = [one | FULLER for one in held]
    second = record(tmp_path / "2", datetime(2026, 2, 6, tzinfo=UTC), fuller)
    crawl(archive, settings, REGISTER, kind="replay", recordings=second)
    with archive.reading() as connection:
        events = queries.events(connection, len(held), 100)
        assert [event.kinds for event in events] == [(EventKind.ENRICHED,)] * len(held)
        assert all(event.quiet for event in events)
        row = queries.notice(connection, f"fr:{held[0]['document_number']}")
    assert row is not None
    assert row.origin is Origin.REBUILT
    assert [buyer.buyer_id for buyer in row.notice.buyers] == ["usg-doj"]
    third = record(tmp_path / "3", datetime(2026, 2, 7, tzinfo=UTC), [fuller[0] | {"title": "Other"}, *fuller[1:]])
    crawl(archive, settings, REGISTER, kind="replay", recordings=third)
    with archive.reading() as connection:
        [told] = queries.events(connection, 2 * len(held), 100)
    assert (told.kinds, told.quiet) == ((EventKind.AMENDED,), False)
