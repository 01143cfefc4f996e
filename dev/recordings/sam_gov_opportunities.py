"""Small recordings of SAM.gov's opportunities interface: ``python -m dev.recordings.sam_gov_opportunities SAMPLES``.

SAMPLES holds ``sam-gov-opportunities-api`` with the recorders' files; what is kept of them is in
tests/replays/sam_gov_opportunities/PROVENANCE.md.
"""

import gzip
import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from archive.warc import WarcWriter
from crawlers.source import source
from crawlers.sources.sam_gov_opportunities.spider import LIMIT, SamGovOpportunitiesSpider, day_window
from dev.rebuild import Recorder, every_day, write_answer

REPLAYS: Final = Path(__file__).parents[2] / "tests" / "replays" / "sam_gov_opportunities"
KEPT: Final = {
    18: "search-v2-production-items-2026-02-18-e153671e.json.gz",
    21: "search-v2-production-items-2026-02-21-0b92d88a.json.gz",
    28: "search-v2-production-items-2026-02-28-6e5b4884.json.gz",
}
"""Files of a collector's daily runs, by the day of February 2026."""
WHOLE: Final = "search-v2-alpha-environment-2024-01-04..2024-02-04-total902.json.gz"
CUT: Final = "cut: only the notices that a collector kept (some NAICS codes and set-asides, the last 30 days)"
FIRST, LAST = date(2024, 1, 30), date(2024, 2, 1)
"""Days of the test system's answer that are recorded whole."""
PAGE: Final = 50
"""Notices a page of these days, so that each has two pages: an answer states its limit, whatever was asked for."""

Item = Mapping[str, Any]


def build(samples: Path, folder: Path = REPLAYS) -> None:
    """Write the WARC files; one that is there already is an error."""
    files = samples / "sam-gov-opportunities-api"
    for number, (run, name) in enumerate(KEPT.items(), start=1):
        recorder = Recorder(
            "nunezkendall/sam-gov", datetime(2026, 2, run, 12, tzinfo=UTC),
            f"Rebuilt from the notices of production answers that a daily run kept ({name}), as the answers to "
            "noticewatch's own requests; hour not recorded. totalRecords, limit and offset are made from their number.",
        )  # fmt: skip
        with WarcWriter(folder, "", name=f"{number}-2026-02-{run}.warc.gz") as writer:
            by_day = _by_day(json.loads(gzip.decompress((files / name).read_bytes())))
            for posted, items in sorted(by_day.items()):
                _write(writer, posted, items, recorder, [CUT])
    recorder = Recorder(
        "jariesdev/opensam-opportunities, commit ac7138c2", datetime(2024, 2, 4, 12, tzinfo=UTC),
        f"Rebuilt from one whole answer of the test system api-alpha.sam.gov to a search over a month ({WHOLE}), as "
        "the answers to noticewatch's own requests for three of its days; the last day asked for stands for the time, "
        "not recorded. totalRecords is the number of the day's notices in that answer; pages of 50 are made for tests. "
        "The notices are testers' own.",
    )  # fmt: skip
    by_day = _by_day(json.loads(gzip.decompress((files / WHOLE).read_bytes()))["opportunitiesData"])
    with WarcWriter(folder, "", name="4-test-system-three-days.warc.gz") as writer:
        for day in every_day(FIRST, LAST):
            _write(writer, str(day), by_day[str(day)], recorder, [], PAGE)


def _by_day(items: Sequence[Item]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        found[item["postedDate"]].append(item)
    return found


def _write(
    writer: WarcWriter, posted: str, items: Sequence[Item], recorder: Recorder, gaps: Sequence[str], size: int = LIMIT
) -> None:
    spider = SamGovOpportunitiesSpider(source("sam_gov_opportunities"))
    for offset, start in enumerate(range(0, len(items), size)):
        request = spider.page_request(day_window(date.fromisoformat(posted)), offset + 1)
        answer = {
            "totalRecords": len(items), "limit": size, "offset": offset,
            "opportunitiesData": items[start : start + size],
        }  # fmt: skip
        payload = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
        write_answer(writer, spider.name, request, payload, "application/json", recorder, gaps)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
