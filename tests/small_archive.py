"""A handful of real rows, captured, parsed by their sources' own parsers and appended; and one hostile row."""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from archive import captures, ledger, log
from archive.log import WindowBatch
from archive.store import Archive
from archive.warc import WarcWriter
from crawlers.loading import load_parser
from crawlers.parsing import read
from crawlers.source import Source, source
from noticewatch.models import Capture, Origin, RunKind, Verdict

HOSTILE = '=HYPERLINK("http://evil.example")<script>alert(1)</script><img src=x onerror=alert(2)> DRONE Cellebrite'
RECORDER = "another collector, commit 0000000"

_ACTIONS = [
    ("70CMSD23FR0000145", "7012", "NNG15SD02B_8000", "0", "2023-09-05", 1342810.5, "PANAMERICA COMPUTERS, INC.",
     "FIVECAST ONYX SUBSCRIPTION"),
    ("70CMSD23FR0000145", "7012", "NNG15SD02B_8000", "P00001", "2024-02-15", 0, "PANAMERICA COMPUTERS, INC.",
     "FIVECAST ONYX SUBSCRIPTION"),
    ("70CMSD23FR0000145", "7012", "NNG15SD02B_8000", "P00002", "2024-07-15", 1394790, "PANAMERICA COMPUTERS, INC.",
     "FIVECAST ONYX SUBSCRIPTION"),
    ("70CMSD21FR0000035", "7012", "HSCEMD17D00001_7012", "0", "2021-03-24", 347999.4, "GIANT OAK, INC.",
     "GIANT OAK GOST SERVICES WITH CBP. COR: KAREN GALLOWAY 703-235-3420"),
    ("70B03C21F00001114", "7014", "HSHQDC13D00026_7001", "0", "2021-08-30", 599998, "THUNDERCAT TECHNOLOGY, LLC",
     "GIANT OAK SEARCH TECHNOLOGY (GOST) FOR THE NTC"),
    ("70CMSD26P00000034", "7012", "-NONE-_-NONE-", "0", "2026-04-15", 474310.32, "FCN, INC.",
     "THIS AWARD PROCURES CELLEBRITE PRODUCTS AND SERVICES"),
    ("70B03C26P00000666", "7014", "-NONE-_-NONE-", "0", "2026-04-20", -5, "=CMD|' /C calc'!A0", HOSTILE),
    ("HSCETC13F00072", "7012", "HSHQDC06D00026_7001", "P00009", "2021-02-02", 0, "EVIGILANT.COM INCORPORATED",
     "IV&V SERVICES IN SUPPORT OF THE ICE STUDENT AND EXCHANGE VISITOR PROGRAM"),
]  # fmt: skip
_COLUMNS = (
    "NoticeId", "Title", "Sol#", "Department/Ind.Agency", "CGAC", "Sub-Tier", "FPDS Code", "Office", "AAC Code",
    "PostedDate", "Type", "ArchiveType", "ArchiveDate", "ResponseDeadLine", "AwardNumber", "AwardDate", "Award$",
    "Awardee", "Active", "Link", "Description",
)  # fmt: skip
_LINK = "https://sam.gov/workspace/contract/opp/{}/view"
_AWARD = {
    "NoticeId": "d72dd40bd5ce47149836c17e9024ede0", "Title": "Cellebrite Products and Services",
    "Sol#": "70CMSD26P00000034", "Department/Ind.Agency": "HOMELAND SECURITY, DEPARTMENT OF", "CGAC": "070",
    "Sub-Tier": "US IMMIGRATION AND CUSTOMS ENFORCEMENT", "FPDS Code": "7012",
    "Office": "INVESTIGATIONS AND OPERATIONS SUPPORT DALLAS", "AAC Code": "70CMSD",
    "PostedDate": "2026-04-15 15:46:25.3-04", "Type": "Award Notice", "ArchiveType": "auto15",
    "ArchiveDate": "2026-04-30", "AwardNumber": "70CMSD26P00000034", "AwardDate": "2026-04-15",
    "Award$": "948620.64", "Awardee": "FCN, INC. Rockville MD 20852 USA", "Active": "Yes",
    "Link": _LINK.format("d72dd40bd5ce47149836c17e9024ede0"),
}  # fmt: skip
_TENDER = {
    "NoticeId": "f4ce3f0421184c4bb6ed5aa8d7dbc24d", "Title": "Specialized OSINT Tools IDIQ", "Sol#": "RFP-002132",
    "Department/Ind.Agency": "JUSTICE, DEPARTMENT OF", "CGAC": "015", "Sub-Tier": "FEDERAL BUREAU OF INVESTIGATION",
    "FPDS Code": "1549", "PostedDate": "2026-03-20 08:35:24.156-04", "Type": "Solicitation",
    "ResponseDeadLine": "2026-04-03T14:00:00-04:00", "Active": "Yes",
    "Description": "The Government intends to issue a Multiple-Award IDIQ to small business resellers of OSINT tools.",
    "Link": _LINK.format("f4ce3f0421184c4bb6ed5aa8d7dbc24d"),
}  # fmt: skip
_TENDER_LATER = _TENDER | {
    "NoticeId": "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "PostedDate": "2026-03-25 10:00:00.000-04",
    "ResponseDeadLine": "2026-04-10T14:00:00-04:00",
    "Description": "The Government intends to issue a single-award IDIQ to small business resellers of OSINT tools.",
}  # fmt: skip


def fill(archive: Archive) -> None:
    """Append the rows: actions of the starter kind (rebuilt), the file twice, so that one notice has two versions."""
    _run(archive, source("usaspending_transactions"), _actions(), "2026-08-22T12:00:00+00:00")
    sam = source("sam_gov_bulk")
    _run(archive, sam, _file([_AWARD, _TENDER]), "2026-04-24T12:00:00+00:00")
    _run(archive, sam, _file([_AWARD, _TENDER_LATER]), "2026-04-25T12:00:00+00:00")


def _actions() -> bytes:
    return orjson.dumps({"results": [_action(*row) for row in _ACTIONS], "page_metadata": {"hasNext": False}})


def _action(piid: str, agency: str, parent: str, mod: str, day: str, amount: float, name: str, text: str) -> Any:
    return {
        "Award ID": piid,
        "Mod": mod,
        "Action Date": day,
        "Transaction Amount": amount,
        "Transaction Description": text,
        "Recipient Name": name,
        "generated_internal_id": f"CONT_AWD_{piid}_{agency}_{parent}",
    }


def _file(rows: Sequence[Mapping[str, str]], columns: Sequence[str] = _COLUMNS) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("cp1252")


def crawl_tender(archive: Archive) -> None:
    """Two replayed crawls of the file: the second, in a window walked before, brings a moved deadline: news."""
    sam = source("sam_gov_bulk")
    _run(archive, sam, _file([_AWARD, _TENDER]), "2026-04-24T12:00:00+00:00", "replay", "daily")
    _run(archive, sam, _file([_AWARD, _TENDER_LATER]), "2026-04-25T12:00:00+00:00", "replay", "daily")


def _run(archive: Archive, of: Source, payload: bytes, fetched: str, kind: RunKind = "starter", key: str = "") -> None:
    fetched_at = datetime.fromisoformat(fetched).astimezone(UTC)
    digest = hashlib.sha256(payload).hexdigest()
    capture = Capture(
        id=f"01900000-0000-7000-8000-{digest[:12]}", source=of.name, url=f"https://{of.hosts[0]}/file", status=200,
        media_type="application/json" if of.register == "us-action" else "text/csv", fetched_at=fetched_at,
        payload_sha256=digest, payload_length=len(payload), origin=Origin.REBUILT, recorder=RECORDER,
        note="Rebuilt for tests.", gaps=("cut: a few rows of the file",),
    )  # fmt: skip
    readings = sorted(
        read(load_parser(of), io.BytesIO(payload), capture), key=lambda row: (row.revision, row.source_number)
    )
    verdict = Verdict.COMPLETE if kind == "replay" else Verdict.PARTIAL
    run = ledger.start_run(archive, of.name, kind)
    with WarcWriter(archive.warc_folder, of.name) as writer:
        placed = writer.write(capture, [], [], io.BytesIO(payload))
        writer.sync()
    with archive.writing() as connection:
        number = captures.add(connection, run.number, capture, placed)
        window = ledger.plan_window(connection, run, "file", key or fetched[:10], None, None)
    reasons = [] if kind == "replay" else ["cut: a few rows of the file"]
    rows = [(number, capture, row) for row in readings]
    batch = WindowBatch(window, "file", key or fetched[:10], None, rows, verdict, reasons, walked=True)
    log.append(
        archive, run, [batch], register=of.register, parser_version=of.parser_version, late_after=lambda _: 60,
        reread=lambda _number, _rows: {},
    )  # fmt: skip
    ledger.finish_run(archive, run, verdict, reasons, regular=kind == "replay")
