"""A bulk file that has not changed: read and compared in at most 2 times what reading and hashing its rows costs.

``python -m bench.unchanged [ROWS]`` (default 75,000) loads a file made from the real rows, then the same file on three
later days, then one with 300 changed rows. Peer, in the same run: the lines of the same archived capture, decoded from
Windows-1252, cut by ``csv.reader``, SHA-256 of each row's joined cells.
Measured are the crawl's own steps from the archived capture on: writing the capture is left out.
"""

import csv
import hashlib
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from archive import ledger
from archive.store import Archive
from archive.warc import WarcWriter, open_at
from bench.bulk_files import write
from crawlers.appending import Appender
from crawlers.engine import closing_run
from crawlers.held import Held
from crawlers.loading import load_parser
from crawlers.parsing import Parser, Row, Shape
from crawlers.source import source
from crawlers.walk import walk_of_capture
from noticewatch.identifiers import new_id
from noticewatch.models import Capture, Origin, Reading
from noticewatch.settings import Settings

LIMIT = 2.0
CHANGED = 300
DAY_0 = datetime(2026, 11, 1, 12, tzinfo=UTC)
SOURCE = source("sam_gov_bulk")


def main(folder: Path, rows: int) -> int:
    archive = Archive.open(Settings(home=folder / "data"))
    whole, other = folder / "whole.csv", folder / "other.csv"
    write(whole, rows)
    write(other, rows, changed=range(0, rows, max(1, rows // CHANGED))[:CHANGED])
    print(f"{rows:,} rows, {whole.stat().st_size >> 20} MB")
    first = taken(archive, captured(archive, whole, 0))
    again, peers = [], []
    for day in (1, 2, 3):  # by turns, for a machine that is not always as fast
        held = captured(archive, whole, day)
        peers.append(read_and_hash(held))
        again.append(taken(archive, held))
    peer, peer_worked = min(seconds for seconds, _ in peers), min(worked for _, worked in peers)
    changed = taken(archive, captured(archive, other, 4))
    archive.close()
    seconds = min(one.seconds for one in again)
    tell("loaded for the first time", first.seconds, rows)
    tell("csv.reader and SHA-256 of each row", peer, rows)
    tell("unchanged: read, compared, noted", seconds, rows)
    tell(f"{CHANGED} rows changed", changed.seconds, rows)
    print(f"unchanged against csv.reader and SHA-256: {seconds / peer:.2f} times (limit {LIMIT:.0f})")
    print(f"the same in processor time: {min(one.worked for one in again) / peer_worked:.2f} times")
    print(f"changed: {changed.parsed} rows parsed, {changed.versions} versions written")
    exact = changed.parsed == changed.versions == CHANGED and not any(one.parsed + one.versions for one in again)
    return 0 if seconds <= LIMIT * peer and exact else 1


class Taken:
    """What one file brought."""

    def __init__(self) -> None:
        self.seconds, self.worked, self.parsed, self.versions = 0.0, 0.0, 0, 0


def taken(archive: Archive, held: Held) -> Taken:
    """Take a captured file as a crawl's window, timed."""
    result = Taken()
    parser = load_parser(SOURCE)
    counted = Counting(parser)
    began, worked = time.perf_counter(), time.process_time()
    run = ledger.start_run(archive, SOURCE.name, "replay")
    appender = Appender(archive, run, SOURCE, counted, sized=False)
    with closing_run(archive, run, appender):
        appender.take(walk_of_capture(archive, run, held, "file"))
        appender.flush()
    result.seconds, result.worked = time.perf_counter() - began, time.process_time() - worked
    result.parsed, result.versions = counted.parsed, appender.counts.versions
    return result


class Counting:
    """A parser that counts the rows it reads."""

    def __init__(self, parser: Parser) -> None:
        self.parser, self.parsed = parser, 0

    def rows(self, stream: BinaryIO, shape: Shape) -> Iterator[Row]:
        """The rows as the parser finds them."""
        return self.parser.rows(stream, shape)

    def read_row(self, row: Row, capture: Capture, shape: Shape) -> Reading:
        """The reading of a row, counted."""
        self.parsed += 1
        return self.parser.read_row(row, capture, shape)


def captured(archive: Archive, path: Path, day: int) -> Held:
    """A file as an archived capture of a day."""
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        stream.seek(0)
        capture = Capture(
            id=new_id(), source=SOURCE.name, url="https://made.invalid/file.csv", status=200,
            fetched_at=DAY_0 + timedelta(days=day), payload_sha256=sha256, payload_length=path.stat().st_size,
            origin=Origin.IMPORTED, recorder="a measurement",
        )  # fmt: skip
        with closing(WarcWriter(archive.warc_folder, f"made-{day}")) as writer:
            placed = writer.write(capture, (), (), stream)
            writer.sync()
    return Held(capture, placed, lambda: open_at(archive.warc_folder / placed.file, placed.offset))


def read_and_hash(held: Held) -> tuple[float, float]:
    """Seconds, and those worked, that the file costs anybody: unpacked, decoded, cut into cells, each row hashed."""
    began, worked = time.perf_counter(), time.process_time()
    with held.open() as stream:
        for cells in csv.reader(line.decode("cp1252", "replace") for line in stream):
            hashlib.sha256("\x1f".join(cells).encode()).digest()
    return time.perf_counter() - began, time.process_time() - worked


def tell(what: str, seconds: float, rows: int) -> None:
    print(f"{what:<40} {seconds:7.2f} s  {rows / seconds:9,.0f} rows a second")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="noticewatch-bench-") as temporary:
        sys.exit(main(Path(temporary), int(sys.argv[1]) if len(sys.argv) > 1 else 75_000))
