"""Small recordings of USAspending transactions: ``python -m dev.recordings.usaspending_transactions SAMPLES``, once.

SAMPLES holds ``usaspending/cbp-ice-transactions`` with the collector's files; what is kept of them is in
tests/replays/usaspending_transactions/PROVENANCE.md.
"""

import sys
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from archive.warc import WarcWriter
from crawlers.source import source
from crawlers.sources.usaspending_transactions.spider import UsaspendingTransactionsSpider
from crawlers.spider import PlannedRequest
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
MADE: Final = "Made for tests: the collector asked neither for counts nor for vehicles; a count is the number of rows."


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
    _made(writer, held)


def _made(writer: WarcWriter, held: Sequence[Mapping[str, str]]) -> None:
    """What a crawl of these days also asks: counts of windows of more than one page, and vehicles, of which none."""
    spider = UsaspendingTransactionsSpider(source("usaspending_transactions"))
    recorder = Recorder("noticewatch", AS_OF, MADE)
    numbers = Counter((row["Action Date"], AGENCIES[row["Agency"]]) for row in held)
    for window in spider.windows(FIRST, LAST, LAST):
        number = numbers[window.key, window.scope]
        if window.scope not in AGENCIES.values():
            nothing = {"limit": PAGE, "page_metadata": {"page": 1, "hasNext": False}, "results": []}
            _write(writer, spider.name, spider.page_request(window, 1), nothing, recorder)
        elif number > PAGE:
            counted = {"results": {"contracts": number}, "spending_level": "transactions", "messages": []}
            _write(writer, spider.name, spider.count_request(window), counted, recorder)


def _write(writer: WarcWriter, name: str, request: PlannedRequest, answer: Any, recorder: Recorder) -> None:
    write_answer(writer, name, request, orjson.dumps(answer), "application/json", recorder, ())


if __name__ == "__main__":
    build(Path(sys.argv[1]))
