"""Answers of Contract Awards from its documents: ``python -m dev.recordings.sam_gov_contract_awards SAMPLES``, once.

SAMPLES holds ``sam-gov-contract-awards-api`` with the examples of the documents. No live answer has been recorded: the
records are as documented, here they stand in answers to noticewatch's own requests, with counts to fit.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from archive.warc import WarcWriter
from crawlers.source import source
from crawlers.sources.sam_gov_contract_awards.spider import CHANGED, DELETED, SamGovContractAwardsSpider
from crawlers.spider import Window
from dev.rebuild import Recorder, write_answer

REPLAYS: Final = Path(__file__).parents[2] / "tests" / "replays" / "sam_gov_contract_awards"
MADE: Final = (
    "The records are examples of the documents, put into answers to noticewatch's own requests; counts are made."
)
RECORDER: Final = "GSA/open-gsa-redesign, commit 0ea599cf"
NUMBERS_ONLY: Final = ("documented-example-3-get-only-the-contract-ids-for-gsa-idvs-closed-betw.json",)
WHOLE: Final = (
    "documented-example-1-get-base-contracts-modified-between-january-1st-20.json",
    "documented-example-2-get-purchase-orders-approved-between-january-1st-2.json",
    "documented-example-4-get-service-contracts-performed-in-virginia-in-fy2.json",
    "documented-example-6-obtain-an-asynchronous-json-file-of-nasa-base-cont-2.json",
)
GONE: Final = ("documented-example-5-get-deleted-contracts-modified-between-oct-1st-and.json",)
NOTHING: Final = {"awardResponse": {"totalRecords": "0", "limit": "100", "offset": "0", "message": "No Data found"}}

Found = Mapping[str, Any]


def build(samples: Path, folder: Path = REPLAYS) -> None:
    """Write the WARC files; one that is there already is an error."""
    files = samples / "sam-gov-contract-awards-api"
    first = Recorder(RECORDER, datetime(2026, 1, 3, 12, tzinfo=UTC), MADE)
    with WarcWriter(folder, "", name="1-numbers-only.warc.gz") as writer:
        _write(writer, CHANGED, "2026-01-02", _records(files, NUMBERS_ONLY), first)
    second = Recorder(RECORDER, datetime(2026, 1, 7, 12, tzinfo=UTC), MADE)
    with WarcWriter(folder, "", name="2-two-days.warc.gz") as writer:
        _write(writer, CHANGED, "2026-01-05", _records(files, WHOLE), second)
        _write(writer, DELETED, "2026-01-05", _records(files, GONE)[:3], second)
        _write(writer, CHANGED, "2026-01-06", [], second)
        _write(writer, DELETED, "2026-01-06", [], second)


def _records(files: Path, names: Sequence[str]) -> list[Found]:
    return [record for name in names for record in json.loads((files / name).read_text())["awardSummary"]]


def _write(writer: WarcWriter, scope: str, day: str, records: Sequence[Found], recorder: Recorder) -> None:
    """An answer to one window; the counts are text, as in the documents."""
    spider = SamGovContractAwardsSpider(source("sam_gov_contract_awards"))
    counts = {"totalRecords": str(len(records)), "limit": "100", "offset": "0"}
    answer = {"awardSummary": records, **counts} if records else NOTHING
    payload = json.dumps(answer, ensure_ascii=False, indent=1).encode()
    request = spider.page_request(Window(scope, day, day, day), 1)
    write_answer(writer, spider.name, request, payload, "application/json", recorder, ())


if __name__ == "__main__":
    build(Path(sys.argv[1]))
