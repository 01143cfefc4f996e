"""Rows from a container that somebody else rebuilt hold what their recorder kept: the source's own are no storm."""

import hashlib
import io
from datetime import UTC, datetime
from pathlib import Path

import orjson

from archive import queries
from archive.store import Archive
from archive.warc import WarcWriter
from crawlers.engine import crawl
from crawlers.source import source
from crawlers.sources.usaspending_transactions.spider import UsaspendingTransactionsSpider
from crawlers.spider import Window
from noticewatch.identifiers import new_id
from noticewatch.models import Capture, Origin, Verdict
from noticewatch.settings import Settings

SOURCE = source("usaspending_transactions")
SPIDER = UsaspendingTransactionsSpider(SOURCE)
DAY = "2026-08-20"


def recorded(folder: Path, hour: int, origin: Origin, **members: str) -> Path:
    """One answer of thirty actions, each with these members too."""
    results = [
        {
            "Award ID": f"70CMSD26P000000{number}", "Mod": "0", "Action Date": DAY, "Transaction Amount": number,
            "Recipient Name": "A COMPANY", "Transaction Description": "RADIOS",
            "generated_internal_id": f"CONT_AWD_70CMSD26P000000{number}_7012_-NONE-_-NONE-", **members,
        }
        for number in range(10, 40)
    ]  # fmt: skip
    payload = orjson.dumps({"results": results, "page_metadata": {"page": 1, "hasNext": False}})
    asked = SPIDER.page_request(Window("7012", DAY, DAY, DAY), 1)
    capture = Capture(
        id=new_id(), source=SOURCE.name, method="POST", url=asked.url, request_body=asked.body, status=200,
        media_type="application/json", fetched_at=datetime(2026, 8, 21, hour, tzinfo=UTC), origin=origin,
        payload_sha256=hashlib.sha256(payload).hexdigest(), payload_length=len(payload), recorder="a test",
    )  # fmt: skip
    with WarcWriter(folder, "", name=f"{hour}.warc.gz") as writer:
        writer.write(capture, (), (), io.BytesIO(payload))
    return folder / f"{hour}.warc.gz"


def test_fuller_fields_than_a_rebuilt_container_had_are_no_change_storm(
    archive: Archive, settings: Settings, tmp_path: Path
) -> None:
    crawl(archive, settings, SOURCE, kind="replay", recordings=recorded(tmp_path, 1, Origin.REBUILT))
    fuller = recorded(tmp_path, 2, Origin.LIVE, **{"Award Type": "PURCHASE ORDER"})
    assert crawl(archive, settings, SOURCE, kind="replay", recordings=fuller).verdict is Verdict.COMPLETE
    with archive.reading() as connection:
        events = queries.events(connection, 0, 1_000)
    assert len(events) == 60
    assert all(event.quiet for event in events[30:])


def test_the_sources_own_rows_that_all_differ_are_one(archive: Archive, settings: Settings, tmp_path: Path) -> None:
    for hour, origin in ((1, Origin.REBUILT), (2, Origin.LIVE)):
        crawl(archive, settings, SOURCE, kind="replay", recordings=recorded(tmp_path, hour, origin))
    shifted = recorded(tmp_path, 3, Origin.LIVE, **{"Transaction Description": "A COMPANY", "Recipient Name": "RADIOS"})
    result = crawl(archive, settings, SOURCE, kind="replay", recordings=shifted)
    assert result.verdict is Verdict.FAILED
    assert "change storm: 30 of 30 rows" in result.reasons[0]
