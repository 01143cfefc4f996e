"""Rebuilds answers of sources from files that others derived from them, as WARC files that say so.

Every capture has origin ``rebuilt``, names its recorder, and says in its note which file it comes from. Nothing is
made up: what the file does not hold (count answers, fields the recorder did not ask for) stays absent.
"""

import csv
import gzip
import hashlib
import io
import json
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from archive.warc import WarcWriter
from crawlers.source import source
from crawlers.sources.sam_gov_bulk.spider import ADDRESS
from crawlers.sources.usaspending_transactions.spider import UsaspendingTransactionsSpider
from crawlers.spider import PlannedRequest, Window
from noticewatch.models import Capture, Origin

AGENCIES: Final = {"ICE": "7012", "CBP": "7014"}
"""The collector's word for an agency, and the scope of its windows."""
PAGE: Final = 100
ASKED: Final = "The collector asked for ten fields; the request here is noticewatch's own."

NO_SUMMARY: Final = "No summary provided."
"""The harvester's words for an empty description."""

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Recorder:
    """Who recorded, when (UTC), and what is said about it in each capture."""

    name: str
    recorded_at: datetime
    note: str


def read_rows(file: Path) -> list[Row]:
    """Rows of a collector's CSV file, gzipped or not."""
    payload = file.read_bytes()
    text = (gzip.decompress(payload) if file.suffix == ".gz" else payload).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def drift(rows: Iterable[Row], part: str) -> list[str]:
    """The gap that exact doubles in a part (an agency's year) prove: as many rows were missed."""
    counted = Counter(tuple(row.items()) for row in rows)
    doubles = sum(counted.values()) - len(counted)
    if not doubles:
        return []
    return [f"drift: {doubles} exact double{'s' * (doubles > 1)} in {part}, so as many rows were missed"]


def write_transactions(
    writer: WarcWriter,
    rows: Sequence[Row],
    recorder: Recorder,
    gaps: Mapping[str, Sequence[str]],
    days: Iterable[date] = (),
) -> int:
    """Rebuild rows into the answers that the spider's requests would have got; gives how many.

    gaps: of each agency's part, by the collector's word for it. days: days that were walked, rows or not; without
    them only the days that hold rows.
    """
    spider = UsaspendingTransactionsSpider(source("usaspending_transactions"))
    by_window: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for day in days:
        for agency in AGENCIES:
            by_window[f"{day:%Y-%m-%d}", agency] = []
    for row in rows:
        by_window[row["Action Date"], row["Agency"]].append(row)
    written = 0
    for (key, agency), held in sorted(by_window.items()):
        window = Window(AGENCIES[agency], key, key, key)
        for page, payload in _pages(held):
            request = spider.page_request(window, page)
            write_answer(writer, spider.name, request, payload, "application/json", recorder, gaps.get(agency, ()))
            written += 1
    return written


def write_sam(writer: WarcWriter, payload: bytes, recorder: Recorder, gaps: Sequence[str] = ()) -> None:
    """A file in the form of the SAM.gov bulk file, as the answer to the spider's one request."""
    write_answer(writer, "sam_gov_bulk", PlannedRequest(ADDRESS, purpose="file"), payload, "text/csv", recorder, gaps)


def sam_pages_file(pages: Iterable[Mapping[str, Any]]) -> tuple[bytes, int]:
    """Pages of the harvester as a bulk file with only the columns that a page holds; how many rows lost characters."""
    buffer, damaged = io.StringIO(newline=""), 0
    columns = (
        "NoticeId", "Title", "Sol#", "Department/Ind.Agency", "PostedDate", "Type", "Award$", "Awardee", "Link",
        "Description",
    )  # fmt: skip
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    for page in pages:
        cells = _page_cells(page)
        damaged += any(cell.encode("cp1252", "replace").decode("cp1252") != cell for cell in cells)
        writer.writerow(cells)
    return buffer.getvalue().encode("cp1252", "replace"), damaged


def every_day(first: date, last: date) -> Iterator[date]:
    """The days from first to last."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def _page_cells(page: Mapping[str, Any]) -> list[str]:
    head, _, rest = page["page_markdown"].partition("\n## Summary\n")
    facts = dict(line[2:].split(": ", 1) for line in head.splitlines() if line.startswith("- ") and ": " in line)
    summary = rest
    for heading in ("\n## Contacts", "\n## Attachments", "\n## Links"):
        summary = summary.partition(heading)[0]
    awardee = facts.get("Awardee", "")
    return [
        page["noticeId"],
        page["title"],
        page["solicitationNumber"] or "",
        page["agency"],
        page["posted"],
        page["type"],
        facts.get("Award Amount", ""),
        "" if awardee == "null" else awardee,
        f"https://sam.gov/workspace/contract/opp/{page['noticeId']}/view",
        "" if summary.strip() == NO_SUMMARY else summary.strip(),
    ]


def _pages(rows: Sequence[Row]) -> Iterator[tuple[int, bytes]]:
    ordered = sorted(rows, key=lambda row: row["Award ID"])
    starts = range(0, max(len(ordered), 1), PAGE)
    for page, start in enumerate(starts, start=1):
        answer = {
            "limit": PAGE,
            "page_metadata": {"page": page, "hasNext": page < len(starts)},
            "results": [_result(row) for row in ordered[start : start + PAGE]],
        }
        yield page, json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def _result(row: Row) -> dict[str, Any]:
    amount = float(row["Federal Action Obligation"])
    assert repr(amount) == row["Federal Action Obligation"], row
    return {
        "Award ID": row["Award ID"],
        "Mod": row["Modification"],
        "Action Date": row["Action Date"],
        "Transaction Amount": amount,
        "Transaction Description": row["Transaction Description"] or None,
        "Recipient Name": row["Recipient Name"] or None,
        "product_or_service_description": row["Product/Service Description"] or None,
        "naics_description": row["NAICS Description"] or None,
        "generated_internal_id": row["Generated Award ID"],
    }


def write_answer(
    writer: WarcWriter, source_name: str, request: PlannedRequest, payload: bytes, media_type: str,
    recorder: Recorder, gaps: Sequence[str],
) -> None:  # fmt: skip
    """Write the answer to a source's request, status 200, as a rebuilt capture that is the same each time."""
    capture = Capture(
        id=_identity(recorder.recorded_at, f"{recorder.name}{request.url}{request.body}".encode() + payload),
        source=source_name,
        method=request.method,
        url=request.url,
        request_body=request.body,
        status=200,
        media_type=media_type,
        fetched_at=recorder.recorded_at,
        payload_sha256=hashlib.sha256(payload).hexdigest(),
        payload_length=len(payload),
        origin=Origin.REBUILT,
        recorder=recorder.name,
        note=recorder.note,
        gaps=tuple(gaps),
    )
    writer.write(capture, (), (("Content-Type", media_type),), io.BytesIO(payload))


def _identity(moment: datetime, seed: bytes) -> str:
    """A UUIDv7 that is the same each time the same capture is rebuilt."""
    digest = int.from_bytes(hashlib.sha256(seed).digest()[:10])
    milliseconds = int(moment.timestamp() * 1000)
    value = milliseconds << 80 | 0x7 << 76 | (digest >> 68 & 0xFFF) << 64 | 0b10 << 62 | digest & (1 << 62) - 1
    return str(uuid.UUID(int=value))
