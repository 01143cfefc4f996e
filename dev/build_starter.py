"""Builds the starter archive: ``python -m dev.build_starter SAMPLES``, once; what it writes is kept in ``starter/``.

SAMPLES holds the recorders' files in ``sam-gov-bulk-csv``, ``usaspending``, ``federal-register`` and ``dhs-apfs``; see
starter/PROVENANCE.md.
"""

import gzip
import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from archive.warc import WarcWriter
from crawlers.parsing import Shape
from crawlers.sources.sam_gov_bulk.parser import rows
from dev.rebuild import ASKED, Recorder, drift, read_rows, sam_pages_file, write_sam, write_transactions
from dev.recordings import dhs_apfs, federal_register

STARTER = Path(__file__).parent.parent / "starter"
COLLECTOR = "wrags81/cbp-ice-dashboard, commit 15b1aa27"
HARVESTER = "mgifford/sam_gov_md, commit 7b96cbbd"
AS_OF = datetime(2026, 8, 22, 12, tzinfo=UTC)
YEARS = (2021, 2022, 2024, 2025, 2026)
SAM_FILE = "reconstructed-ContractOpportunitiesFullCSV-13210-rows-cp1252.csv.gz"
SAM_PAGES = "surveillance-term-notices-from-pages.jsonl.gz"
CUT = "cut: only FY2023 rows matching a word search"
KEPT = "cut: the rows that a harvester kept of the days posted 3 March to 24 April 2026, not the whole file"
PAGES = "cut: only notices that name a surveillance vendor or term, with the fields that a page holds"
ENDED = {(2022, "ICE"), (2021, "CBP")}
"""Parts whose walk the collector's crawl did not finish: they end at a page edge, inside the zero amounts."""


def build(samples: Path, folder: Path = STARTER) -> None:
    """Write all WARC files of the starter archive below ``folder``; a file that is there already is an error."""
    _sam(samples / "sam-gov-bulk-csv", folder / "sam_gov_bulk")
    transactions = samples / "usaspending" / "cbp-ice-transactions"
    for year in YEARS:
        _year(transactions, year, folder / "usaspending_transactions")
    _cut_year(transactions, folder / "usaspending_transactions")
    _documents(samples, folder / "federal_register")
    _forecasts(samples, folder / "dhs_apfs")


def _sam(samples: Path, folder: Path) -> None:
    whole = gzip.decompress((samples / SAM_FILE).read_bytes())
    held = {row.source_number for row in rows(io.BytesIO(whole), Shape())}
    pages = [json.loads(line) for line in gzip.decompress((samples / SAM_PAGES).read_bytes()).splitlines()]
    file, damaged = sam_pages_file(page for page in pages if page["noticeId"] not in held)
    earlier = Recorder(
        HARVESTER, datetime(2026, 4, 25, 11, 59, tzinfo=UTC),
        f"Rebuilt from the harvester's pages ({SAM_PAGES}): only the columns that a page holds, "
        f"without the pages of notices that the file of this day holds whole; hour not recorded; "
        f"{damaged} rows hold characters outside Windows-1252, which became question marks.",
    )  # fmt: skip
    later = Recorder(
        HARVESTER, datetime(2026, 4, 25, 12, tzinfo=UTC),
        f"Rebuilt from rows of the daily file that the harvester saved ({SAM_FILE}); hour not recorded.",
    )  # fmt: skip
    with WarcWriter(folder, "", name="sam-gov-2026-04-25.warc.gz") as writer:
        write_sam(writer, file, earlier, [PAGES])
        write_sam(writer, whole, later, [KEPT])


def _year(samples: Path, year: int, folder: Path) -> None:
    name = f"CBP_ICE_FY{year}_Contract_Obligations"
    held = read_rows(samples / f"{name}_as-of-2026-08-22.csv.gz")
    gaps = {}
    for agency in ("CBP", "ICE"):
        part = [row for row in held if row["Agency"] == agency]
        ended = [f"walk ended before the last page: {agency} FY{year}"] if (year, agency) in ENDED else []
        gaps[agency] = [*ended, *drift(part, f"{agency} FY{year}")]
    recorder = Recorder(COLLECTOR, AS_OF, f"Rebuilt from {name}.csv; hour not recorded. {ASKED}")
    with WarcWriter(folder, "", name=f"fy{year}.warc.gz") as writer:
        print(f"FY{year}: {len(held):,} rows, {write_transactions(writer, held, recorder, gaps):,} answers")


def _cut_year(samples: Path, folder: Path) -> None:
    name = "surveillance-subset-FY2021-FY2026"
    held = [row for row in read_rows(samples / f"{name}.csv.gz") if row["FY"].endswith("2023")]
    recorder = Recorder(COLLECTOR, AS_OF, f"Rebuilt from {name}.csv; hour not recorded. {ASKED}")
    with WarcWriter(folder, "", name="fy2023-cut.warc.gz") as writer:
        answers = write_transactions(writer, held, recorder, {"CBP": [CUT], "ICE": [CUT]})
        print(f"FY2023 (cut): {len(held):,} rows, {answers:,} answers")


def _documents(samples: Path, folder: Path) -> None:
    held = federal_register.read_documents(samples)
    gaps = [federal_register.DERIVED, federal_register.CHOSEN]
    with WarcWriter(folder, "", name="documents-2020-to-2026.warc.gz") as writer:
        print(f"documents: {len(held):,}, {federal_register.write_derived(writer, held, gaps):,} answers")


def _forecasts(samples: Path, folder: Path) -> None:
    with WarcWriter(folder, "", name="forecasts-2024-03-12.warc.gz") as writer:
        dhs_apfs.write_list(writer, dhs_apfs.read_list(samples), [])


if __name__ == "__main__":
    build(Path(sys.argv[1]))
