"""The append against ``sqlite-utils insert`` of the same rows, in one run: at most three times its time is the aim.

``python -m bench.append_peer [NOTICES]`` (default 20,000) makes readings, writes them as JSON lines, and lets both put
them into a new SQLite database, one after the other, three times. The peer keeps rows by their id; the append keeps
records, versions, events, aliases, hashes and leaves of the proof, and forces each 1,000 to the disk. The peer runs
once as the command, which parses the lines and puts them in by 100, and once as a library on rows that are parsed
already, by 1,000 as the append does.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import sqlite_utils

from archive.processes import few_collections
from bench.append import Made, made
from noticewatch.database import BATCH
from noticewatch.models import Reading

AIM = 3.0
ROUNDS = 3


def main(folder: Path, notices: int) -> int:
    ours, command, library = [], [], []
    readings = list(made(0, notices))
    rows = [
        {"id": one.source_number, **orjson.loads(orjson.dumps(one.notice.content(), default=str))} for one in readings
    ]
    lines = folder / "rows.jsonl"
    lines.write_bytes(b"\n".join(map(orjson.dumps, rows)) + b"\n")
    for number in range(ROUNDS):
        ours.append(appended(folder / f"ours-{number}", readings))
        command.append(inserted_by_command(folder / f"command-{number}.db", lines))
        library.append(inserted(folder / f"library-{number}.db", rows))
    print(f"{notices:,} notices, median of {ROUNDS}:")
    for name, seconds in (("append", ours), ("sqlite-utils insert", command), ("  as a library", library)):
        print(f"  {name:<20} {median(seconds):6.2f} s, {notices / median(seconds):9,.0f} a second")
    ratio = median(ours) / median(command)
    print(f"append takes {ratio:.2f} times as long as sqlite-utils insert (aim: {AIM:.0f}), ", end="")
    print(f"{median(ours) / median(library):.2f} times as long as the library alone")
    return 0 if ratio <= AIM else 1


def appended(folder: Path, readings: Sequence[Reading]) -> float:
    """Seconds of the append of readings to a new archive."""
    archive = Made(folder)
    began = time.perf_counter()
    for begin in range(0, len(readings), BATCH):
        archive.append(readings[begin : begin + BATCH])
    seconds = time.perf_counter() - began
    archive.close()
    return seconds


def inserted_by_command(file: Path, lines: Path) -> float:
    """Seconds of the command, without those that it takes to start."""
    command = [sys.executable, "-m", "sqlite_utils"]
    began = time.perf_counter()
    subprocess.run([*command, "--version"], check=True, stdout=subprocess.DEVNULL)
    started = time.perf_counter()
    subprocess.run([*command, "insert", str(file), "notices", str(lines), "--nl", "--pk", "id"], check=True)
    return time.perf_counter() - started - (started - began)


def inserted(file: Path, rows: Sequence[dict[str, Any]]) -> float:
    """Seconds of the library, in batches as large as those of the append."""
    database = sqlite_utils.Database(file)
    began = time.perf_counter()
    database["notices"].insert_all(rows, pk="id", batch_size=BATCH)
    seconds = time.perf_counter() - began
    database.close()
    return seconds


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="noticewatch-bench-") as temporary:
        with few_collections():  # as every run does
            code = main(Path(temporary), int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
        sys.exit(code)
