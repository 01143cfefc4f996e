"""Memory of a great bulk file: imported, then imported again as another day's, each under 400 MB.

``python -m bench.bulk_memory [ROWS]`` (default 60,000; the stated figure is of 400,000 rows, 1.2 GB, an archive year)
makes the file from the real rows and imports it in processes of their own, whose peak memory is printed.
"""

import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive.store import Archive
from bench.bulk_files import write
from crawlers.importing import import_files
from crawlers.source import source
from noticewatch.settings import Settings

LIMIT_MEGABYTES = 400.0
DAY_0 = datetime(2026, 11, 1, 12, tzinfo=UTC)


def main(folder: Path, rows: int) -> int:
    file = folder / "made.csv"
    write(file, rows, bytes_a_row=3_000)
    print(f"{rows:,} rows, {file.stat().st_size >> 20} MB", flush=True)
    peaks = [_apart(folder, file, day) for day in (0, 1)]
    print(f"greatest peak: {max(peaks):.0f} MB, {100 * max(peaks) / LIMIT_MEGABYTES:.0f} % of the limit")
    return 0 if max(peaks) <= LIMIT_MEGABYTES else 1


def _apart(folder: Path, file: Path, day: int) -> float:
    """Import in a process of its own; gives its peak memory in megabytes."""
    command = [sys.executable, "-m", "bench.bulk_memory", "import", str(folder), str(file), str(day)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    peak, seconds, rows, records = said.split()
    print(
        f"day {day + 1}: {float(peak):.0f} MB, {float(seconds):.0f} s, {rows} rows, {records} new records", flush=True
    )
    return float(peak)


def take(folder: Path, file: Path, day: int) -> None:
    """Import the file into the archive in the folder and print what it cost."""
    settings = Settings(home=folder / "data")
    archive = Archive.open(settings)
    began = time.perf_counter()
    result = import_files(
        archive, settings, source("sam_gov_bulk"), [file], captured_at=DAY_0 + timedelta(days=day)
    )  # fmt: skip
    archive.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 10 if sys.platform != "darwin" else 1 << 20)
    print(peak, time.perf_counter() - began, result.counts.rows, result.counts.records)


if __name__ == "__main__":
    if sys.argv[1:2] == ["import"]:
        take(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
    else:
        with tempfile.TemporaryDirectory(prefix="noticewatch-bench-") as temporary:
            sys.exit(main(Path(temporary), int(sys.argv[1]) if len(sys.argv) > 1 else 60_000))
