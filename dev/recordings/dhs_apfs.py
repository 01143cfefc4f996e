"""A small recording of the forecast list: ``python -m dev.recordings.dhs_apfs SAMPLES``, once.

SAMPLES holds ``dhs-apfs`` with the recorded answer; what is kept of it is in tests/replays/dhs_apfs/PROVENANCE.md. The
starter archive's answer, which is the whole list, is made here too.
"""

import gzip
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from archive.warc import WarcWriter
from crawlers.json_rows import elements
from crawlers.sources.dhs_apfs.spider import DhsApfsSpider
from crawlers.spider import PlannedRequest
from dev.rebuild import Recorder, write_answer

REPLAYS: Final = Path(__file__).parents[2] / "tests" / "replays" / "dhs_apfs"
FILE: Final = "forecast-full-response-802-records.json.gz"
RECORDER: Final = Recorder(
    "GovStar/apfs-scan, commit 32dd7683", datetime(2024, 3, 12, 12, tzinfo=UTC),
    f"Rebuilt from the recorded body of an answer ({FILE}), byte for byte; the day of its newest forecast stands for "
    "the time, which is not recorded.",
)  # fmt: skip
OFFICES: Final = ("CBP", "ICE", "USCIS", "USSS", "DHS HQ/OPO")
"""Organisations whose forecasts are kept; of the others one in so many."""
EVERY: Final = 15
CUT: Final = "cut: forecasts of five organisations and one in fifteen of the others, not the whole list"


def build(samples: Path, folder: Path = REPLAYS) -> None:
    """Write the WARC file; if it is there already that is an error."""
    whole = read_list(samples)
    kept = [
        whole[start:end]
        for index, (start, end, members) in enumerate(elements(whole))
        if index % EVERY == 0 or members["organization"].startswith(OFFICES)
    ]
    with WarcWriter(folder, "", name="2024-03-12.warc.gz") as writer:
        write_list(writer, b"[" + b",".join(kept) + b"]", [CUT])


def read_list(samples: Path) -> bytes:
    """The recorded answer, as it came."""
    return gzip.decompress((samples / "dhs-apfs" / FILE).read_bytes())


def write_list(writer: WarcWriter, payload: bytes, gaps: list[str]) -> None:
    """Write a list as the answer to the spider's one request."""
    request = PlannedRequest(DhsApfsSpider.address, purpose="file")
    write_answer(writer, DhsApfsSpider.name, request, payload, "application/json", RECORDER, gaps)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
