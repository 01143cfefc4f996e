"""A small recording of the SAM.gov daily file: ``python -m dev.recordings.sam_gov_bulk SAMPLES``, once.

SAMPLES holds ``sam-gov-bulk-csv`` with the harvester's rows; what is kept of them is in
tests/replays/sam_gov_bulk/PROVENANCE.md.
"""

import gzip
import io
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from archive.warc import WarcWriter
from crawlers.parsing import Shape
from crawlers.sources.sam_gov_bulk.parser import rows
from dev.rebuild import Recorder, write_sam

REPLAYS: Final = Path(__file__).parents[2] / "tests" / "replays" / "sam_gov_bulk"
FILE: Final = "reconstructed-ContractOpportunitiesFullCSV-13210-rows-cp1252.csv.gz"
CHOSEN: Final = (b"70CMSD26P00000034", b"RFP-002132", b"D-26-NE-0042", b"SPE7M526T036W", b"47QSMD20R0001")
"""Rows that hold one of these are kept: chains, a vehicle's open notice, deadlines, an award."""
EVERY: Final = 60
"""Of the other rows one in so many is kept."""
CUT: Final = "cut: one row in 60 and some chosen ones, not the whole file"


def build(samples: Path, folder: Path = REPLAYS) -> None:
    """Write the WARC file; if it is there already that is an error."""
    whole = gzip.decompress((samples / "sam-gov-bulk-csv" / FILE).read_bytes())
    found = list(rows(io.BytesIO(whole), Shape()))
    kept = [whole[: found[0].start]]
    for row in found:
        payload = whole[row.start : row.end]
        if row.index % EVERY == 0 or any(word in payload for word in CHOSEN):
            kept.append(payload)
    recorder = Recorder(
        "mgifford/sam_gov_md, commit 7b96cbbd", datetime(2026, 4, 25, 12, tzinfo=UTC),
        f"Rebuilt from rows of the daily file that the harvester saved ({FILE}), cut to {len(kept) - 1} rows; "
        "hour not recorded.",
    )  # fmt: skip
    with WarcWriter(folder, "", name="2026-04-25.warc.gz") as writer:
        write_sam(writer, b"".join(kept), recorder, [CUT])


if __name__ == "__main__":
    build(Path(sys.argv[1]))
