"""Verification of whole archives against gunzip and sha256sum of the same WARC files: at least half their speed.

``python -m bench.verify [ROWS]`` verifies an archive of daily states of a made bulk file of ROWS rows (default 20,000;
300 rows change a day), then the starter archive, both in full: WARC files, leaves, records, events, contents of
versions, heads. The limit holds for both; the starter archive is the harder one, small and well packed files with many
records, where the log is three quarters of the work. It also tells how long proofs take in a tree of 1,000,000 leaves.
"""

import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from sqlalchemy import select

from archive import merkle
from archive.proof import tree
from archive.proof.tree import StoredTree
from archive.proof.verify import Verified, verify
from archive.store import Archive
from archive.tables import captures
from bench.bulk_files import write
from bench.unchanged import CHANGED, captured, taken
from crawlers.engine import crawl
from crawlers.source import source
from noticewatch.settings import Settings

LIMIT = 0.5
DAYS = 5
LEAVES = 1_000_000
STARTER = Path(__file__).parents[1] / "starter"


def main(folder: Path, rows: int) -> int:
    archive = Archive.open(Settings(home=folder / "bulk"))
    for day in range(DAYS):
        file = folder / f"{day}.csv"
        write(file, rows, changed=range(day, rows, max(1, rows // CHANGED)) if day else ())
        taken(archive, captured(archive, file, day))
        file.unlink()
    archive.close()
    ratio = alone(folder / "bulk", f"{DAYS} daily files of {rows:,} rows")
    settings = Settings(home=folder / "starter")
    archive = Archive.open(settings)
    for recorded in sorted(path for path in STARTER.iterdir() if path.is_dir()):
        crawl(archive, settings, source(recorded.name), kind="starter", recordings=recorded)
    archive.close()
    ratio = min(ratio, alone(folder / "starter", "the starter archive"))
    proofs(folder / "tree")
    return 0 if ratio >= LIMIT else 1


def alone(home: Path, what: str) -> float:
    """The median of three comparisons in a process of its own, as the command is one: what filled an archive has much
    garbage to collect.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return statistics.median(pool.submit(_comparisons, home, what).result())


def _comparisons(home: Path, what: str) -> list[float]:
    archive = Archive.open(Settings(home=home))
    return [compared(archive, what) for _ in range(3)]


def compared(archive: Archive, what: str) -> float:
    """Speed of a full verification against that of gunzip and sha256sum of its WARC files."""
    with archive.reading() as connection:
        files = sorted(set(connection.scalars(select(captures.c.warc_file))))
    began = time.perf_counter()
    for file in files:
        with subprocess.Popen(["gzip", "-dc", archive.warc_folder / file], stdout=subprocess.PIPE) as unpacking:
            subprocess.run(["sha256sum"], stdin=unpacking.stdout, stdout=subprocess.DEVNULL, check=True)
    peer = time.perf_counter() - began
    phases: dict[str, float] = {}
    began = last = time.perf_counter()

    def tell(text: str, _done: int, _total: int) -> None:
        nonlocal last
        now = time.perf_counter()
        phases[text] = phases.get(text, 0.0) + now - last
        last = now

    found: Verified = verify(archive, tell, full=True)
    seconds = time.perf_counter() - began
    print(f"{what}: {found.leaves:,} leaves, {found.events:,} events, {found.bytes / 1e6:.1f} MB of WARC files")
    print(f"  gunzip and sha256sum {peer:6.2f} s; verified {seconds:6.2f} s: {peer / seconds:.2f} of their speed")
    print("  of it: " + ", ".join(f"{text} {took:.2f} s" for text, took in phases.items()))
    return peer / seconds


def proofs(folder: Path) -> None:
    """Milliseconds of a proof in a large tree."""
    archive = Archive.open(Settings(home=folder))
    began = time.perf_counter()
    with archive.writing() as connection:
        held = tree.size(connection)
        for begin in range(held, LEAVES, 10_000):
            hashes = [merkle.leaf_hash(b"%d" % place) for place in range(begin, min(begin + 10_000, LEAVES))]
            tree.grow(connection, begin, hashes)
    print(f"a tree of {LEAVES:,} leaves: grown at {LEAVES / (time.perf_counter() - began):,.0f} leaves a second")
    for what in ("inclusion", "consistency", "root"):
        began = time.perf_counter()
        for place in range(100):
            with archive.reading() as connection:
                stored = StoredTree(connection)
                if what == "inclusion":
                    merkle.inclusion(stored.node, place * 9_973, LEAVES)
                elif what == "consistency":
                    merkle.consistency(stored.node, 1 + place * 9_973, LEAVES)
                else:
                    stored.root_at(LEAVES - place)
        print(f"  {what:<12} {(time.perf_counter() - began) * 10:6.2f} ms")
    archive.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="noticewatch-bench-") as temporary:
        sys.exit(main(Path(temporary), int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
