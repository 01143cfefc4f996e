"""Two small recordings of the SAM.gov daily file: ``python -m dev.recordings.sam_gov_bulk SAMPLES``, once.

SAMPLES holds ``sam-gov-bulk-csv`` with the harvester's rows; what is kept of them is in
tests/replays/sam_gov_bulk/PROVENANCE.md.
"""

import gzip
import io
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from archive.warc import WarcWriter
from crawlers.parsing import Shape
from crawlers.sources.sam_gov_bulk.parser import rows
from dev.rebuild import Recorder, sam_pages_file, write_sam

REPLAYS: Final = Path(__file__).parents[2] / "tests" / "replays" / "sam_gov_bulk"
FILE: Final = "reconstructed-ContractOpportunitiesFullCSV-13210-rows-cp1252.csv.gz"
CHOSEN: Final = (b"70CMSD26P00000034", b"RFP-002132", b"D-26-NE-0042", b"SPE7M526T036W", b"47QSMD20R0001")
"""Rows that hold one of these are kept: chains, a vehicle's open notice, deadlines, an award."""
EVERY: Final = 60
"""Of the other rows one in so many is kept."""
PAGES: Final = "surveillance-term-notices-from-pages.jsonl.gz"
HARVESTER: Final = "mgifford/sam_gov_md, commit 7b96cbbd"
CUT_PAGES: Final = "cut: only notices that name a surveillance vendor or term, with the fields that a page holds"
CUT: Final = "cut: one row in 60 and some chosen ones, not the whole file"


def build(samples: Path, folder: Path = REPLAYS) -> None:
    """Write the WARC files; one that is there already is an error."""
    whole = gzip.decompress((samples / "sam-gov-bulk-csv" / FILE).read_bytes())
    held = {row.source_number for row in rows(io.BytesIO(whole), Shape())}
    pages = gzip.decompress((samples / "sam-gov-bulk-csv" / PAGES).read_bytes()).splitlines()
    _pages([page for line in pages if (page := json.loads(line))["noticeId"] not in held], folder)
    _rows(whole, folder)


def _pages(pages: Sequence[Mapping[str, Any]], folder: Path) -> None:
    chosen = [page for page in pages if (page["solicitationNumber"] or "").encode() in CHOSEN]
    file, _ = sam_pages_file(chosen)
    recorder = Recorder(
        HARVESTER, datetime(2026, 4, 25, 11, 59, tzinfo=UTC),
        f"Rebuilt from {len(chosen)} of the harvester's pages ({PAGES}): only the columns that a page holds; "
        "hour not recorded.",
    )  # fmt: skip
    with WarcWriter(folder, "", name="1-pages-2026-04-25.warc.gz") as writer:
        write_sam(writer, file, recorder, [CUT_PAGES])


def _rows(whole: bytes, folder: Path) -> None:
    found = list(rows(io.BytesIO(whole), Shape()))
    kept = [whole[: found[0].start]]
    for row in found:
        payload = whole[row.start : row.end]
        if row.index % EVERY == 0 or any(word in payload for word in CHOSEN):
            kept.append(payload)
    recorder = Recorder(
        HARVESTER, datetime(2026, 4, 25, 12, tzinfo=UTC),
        f"Rebuilt from rows of the daily file that the harvester saved ({FILE}), cut to {len(kept) - 1} rows; "
        "hour not recorded.",
    )  # fmt: skip
    with WarcWriter(folder, "", name="2-rows-2026-04-25.warc.gz") as writer:
        write_sam(writer, b"".join(kept), recorder, [CUT])


if __name__ == "__main__":
    build(Path(sys.argv[1]))
