"""Small recordings of USAspending transactions: ``python -m dev.recordings.usaspending_transactions SAMPLES``, once.

SAMPLES holds ``usaspending/cbp-ice-transactions`` with the collector's files; what is kept of them is in
tests/replays/usaspending_transactions/PROVENANCE.md.
"""

import sys
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import orjson

from archive.warc import WarcWriter
from crawlers.source import source
from crawlers.sources.usaspending_transactions.spider import VEHICLE_SCOPE, UsaspendingTransactionsSpider
from crawlers.spider import Window
from dev.rebuild import AGENCIES, ASKED, PAGE, Recorder, every_day, read_rows, write_answer, write_transactions

REPLAYS: Final = Path(__file__).parents[2] / "tests" / "replays" / "usaspending_transactions"
COLLECTOR: Final = "wrags81/cbp-ice-dashboard, commit 15b1aa27"
AS_OF: Final = datetime(2026, 8, 22, 12, tzinfo=UTC)
CHOSEN: Final = {
    "FY2024": frozenset({"70CMSD23FR0000145"}),
    "FY2026": frozenset({"70B03C26F00000640", "70CMSD21C00000001", "70B03C26P00000215"}),
}
"""Awards whose actions are kept alone, to show vehicles, modifications and amounts taken back."""
FIRST, LAST = date(2025, 9, 27), date(2025, 9, 30)
"""Days that are kept whole: the end of a fiscal year, with the only windows of more than one page."""
UNASKED: Final = "made for tests: the collector did not ask for vehicles"
COUNTED: Final = "made for tests from the number of rows: the collector did not ask for counts"


def build(samples: Path, folder: Path = REPLAYS) -> None:
    """Write the WARC files; one that is there already is an error."""
    files = samples / "usaspending" / "cbp-ice-transactions"
    with WarcWriter(folder, "", name="1-chosen-awards.warc.gz") as writer:
        for year, numbers in CHOSEN.items():
            name = f"CBP_ICE_{year}_Contract_Obligations_as-of-2026-08-22.csv.gz"
            _chosen(writer, files / name, numbers)
    with WarcWriter(folder, "", name="2-end-of-fy2025.warc.gz") as writer:
        _days(writer, files / "CBP_ICE_FY2025_Contract_Obligations_as-of-2026-08-22.csv.gz")


def _chosen(writer: WarcWriter, file: Path, numbers: Collection[str]) -> None:
    held = [row for row in read_rows(file) if row["Award ID"] in numbers]
    recorder = Recorder(COLLECTOR, AS_OF, f"Rebuilt from {file.name}; hour not recorded. {ASKED}")
    cut = [f"cut: only actions of {', '.join(sorted(numbers))}"]
    write_transactions(writer, held, recorder, dict.fromkeys(AGENCIES, cut))


def _days(writer: WarcWriter, file: Path) -> None:
    held = [row for row in read_rows(file) if FIRST.isoformat() <= row["Action Date"] <= LAST.isoformat()]
    recorder = Recorder(COLLECTOR, AS_OF, f"Rebuilt from {file.name}; hour not recorded. {ASKED}")
    write_transactions(writer, held, recorder, {}, every_day(FIRST, LAST))
    _counts(writer, held)
    _vehicles(writer)


def _counts(writer: WarcWriter, held: Sequence[Mapping[str, str]]) -> None:
    """Answers to the question for the number of actions, for windows of more than one page."""
    spider = UsaspendingTransactionsSpider(source("usaspending_transactions"))
    recorder = Recorder("noticewatch", AS_OF, f"The count is {COUNTED}.")
    for (day, agency), number in sorted(Counter((row["Action Date"], row["Agency"]) for row in held).items()):
        if number > PAGE:
            request = spider.count_request(Window(AGENCIES[agency], day, day, day))
            payload = orjson.dumps({"results": {"contracts": number}, "spending_level": "transactions", "messages": []})
            write_answer(writer, spider.name, request, payload, "application/json", recorder, ())


def _vehicles(writer: WarcWriter) -> None:
    """Empty answers to the search for vehicles: the collector asked for contracts alone."""
    spider = UsaspendingTransactionsSpider(source("usaspending_transactions"))
    recorder = Recorder("noticewatch", AS_OF, f"The empty answer is {UNASKED}.")
    answer = {
        "spending_level": "transactions", "limit": PAGE, "results": [],
        "page_metadata": {"page": 1, "hasNext": False}, "messages": [],
    }  # fmt: skip
    for window in spider.windows(FIRST, LAST, LAST):
        if window.scope.endswith(VEHICLE_SCOPE):
            request = spider.page_request(window, 1)
            write_answer(writer, spider.name, request, orjson.dumps(answer), "application/json", recorder, ())


if __name__ == "__main__":
    build(Path(sys.argv[1]))
