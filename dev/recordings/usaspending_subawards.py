"""Small recordings of USAspending sub-awards: ``python -m dev.recordings.usaspending_subawards SAMPLES``, once.

SAMPLES holds ``usaspending`` with downloads and an answer that others saved; what is kept of them is in
tests/replays/usaspending_subawards/PROVENANCE.md.
"""

import gzip
import io
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson

from archive.warc import WarcWriter
from crawlers.sources.usaspending_awards.tables import records
from crawlers.spider import PlannedRequest
from dev.rebuild import Recorder, write_answer
from dev.recordings.usaspending_awards import DOWNLOADS

NAME: Final = "usaspending_subawards"
REPLAYS: Final = Path(__file__).parents[2] / "tests" / "replays" / NAME
LARGE: Final = "Contracts_Subawards_2025-03-28_ICE-after-2020.csv.gz"
WHOLE: Final = "Contracts_Subawards_2025-03-21_ICE-Minnesota.csv"
WORDS: Final = (
    b"HENRY SCHEIN",
    b"PALANTIR",
    b"THOMSON REUTERS",
    b"LEXIS",
    b"FEDS UNITED",
    b"TRILLION",
    b"DELL FEDERAL",
)
"""Rows that hold one of these are kept: companies of interest, and sub-awards that were reported many times."""
ANSWER: Final = "awards-search_results_subawards.json"


def build(samples: Path, folder: Path = REPLAYS) -> None:
    """Write the WARC files; one that is there already is an error."""
    files = samples / "usaspending"
    saved = Recorder(
        "alyssc/mn_ice_contracts, commit 18ea01f5", datetime(2025, 3, 28, 12, tzinfo=UTC),
        "A custom download, saved by the recorder; its address and its hour are not recorded.",
    )  # fmt: skip
    with WarcWriter(folder, "", name="1-answer.warc.gz") as writer:
        recorder = Recorder(
            "planetary-society/usaspending-orm, commit b562c156", datetime(2024, 12, 31, 12, tzinfo=UTC),
            "The day is not recorded, nor is the request; the one here is noticewatch's own.",
        )  # fmt: skip
        body = orjson.dumps({"filters": {"award_ids": ["80GSFC18C0008"]}, "spending_level": "subawards"}).decode()
        request = PlannedRequest("https://api.usaspending.gov/api/v2/search/spending_by_award/", "POST", body)
        payload = (files / "api-json" / ANSWER).read_bytes()
        write_answer(writer, NAME, request, payload, "application/json", recorder, ())
    with WarcWriter(folder, "", name="2-downloads.warc.gz") as writer:
        _file(writer, WHOLE, (files / WHOLE).read_bytes(), saved, [])
        lines = [line for _, line in records(io.BytesIO(gzip.decompress((files / LARGE).read_bytes())))]
        kept = [line for number, line in enumerate(lines) if number == 0 or any(word in line for word in WORDS)]
        _file(writer, LARGE, b"".join(kept), saved, [f"cut: {len(kept)} of {len(lines)} rows"])


def _file(writer: WarcWriter, name: str, payload: bytes, recorder: Recorder, gaps: list[str]) -> None:
    request = PlannedRequest(f"{DOWNLOADS}{name.removesuffix('.gz')}", purpose="file")
    write_answer(writer, NAME, request, payload, "text/csv", recorder, gaps)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
