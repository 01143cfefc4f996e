"""Memory and time of crawling one large answer over HTTP: fetched, spooled, archived, parsed, read back.

``python -m bench.large_answer [MEGABYTES]`` (default 1,200, the size of SAM.gov's greatest file) serves an answer that
is made as it is sent, crawls it live in a process of its own, and prints that process's peak memory against the limit.
The answer is sent packed with gzip as well, so that unpacking is measured too.
"""

import json
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sqlalchemy import select

from archive import tables
from archive.captures import open_payload
from archive.store import Archive
from archive.warc import recorded
from crawlers.engine import crawl
from crawlers.source import read_source
from noticewatch.settings import Settings

LIMIT_MEGABYTES = 400.0
ROWS = 2_000
"""Rows of the answer; everything between them is filler that the parser steps over."""

SOURCE = """
name = "large"
title = "Large"
register = "us-action"
publisher = "A bench"
jurisdiction = "us"
home = "http://127.0.0.1/"
terms = "none"
schedule = "24h"
hosts = ["127.0.0.1"]
delay = 0
max_megabytes = 4096
parser_version = 1
last_verified = 2026-11-25
verified_how = "It is made by the bench."
"""

SPIDER = """
from crawlers.spider import BulkFileSpider


class LargeSpider(BulkFileSpider):
    name = "large"
    address = "{address}"
"""

PARSER = """
import hashlib

from crawlers.parsing import Row
from noticewatch.models import Kind, Notice, Reading, Text


def rows(stream, shape):
    start = index = 0
    for line in stream:
        if not line.startswith(b"#"):
            number, _, title = line.decode().rstrip().partition(",")
            digest = hashlib.sha256(line).hexdigest()
            yield Row(index, start, start + len(line), digest, number, "", title)
            index += 1
        start += len(line)


def read_row(row, capture, shape):
    notice = Notice(kind=Kind.AWARD, title=(Text(text=row.raw),))
    carried = frozenset({"kind", "title"})
    number = row.source_number
    return Reading(number, number, "", notice, carried, row.index, row.start, row.end, row.sha256)
"""


def body(megabytes: int) -> Iterator[bytes]:
    """An answer of that size, about as compressible as a CSV file of awards."""
    each = (megabytes << 20) // ROWS
    for number in range(ROWS):
        row = f"N{number},title {number}\n".encode()
        lines = (
            f"#{(number * 7919 + step) ** 5 % (1 << 61):x},{step * 104729 % 999983},DEPT OF A\n" for step in range(900)
        )
        filler = "".join(lines).encode()
        block = row + filler * (each // len(filler) + 1)
        yield block[: each - 1].rpartition(b"\n")[0] + b"\n"


def serve(megabytes: int, packed: bool) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/robots.txt":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/csv")
            if packed:
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            packing = zlib.compressobj(1, wbits=zlib.MAX_WBITS + 16)
            for block in body(megabytes):
                self.wfile.write(packing.compress(block) if packed else block)
            if packed:
                self.wfile.write(packing.flush())

        def log_message(self, *_: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def crawl_it(folder: Path, read_back: bool) -> None:
    """In a process of its own: crawl, or read the archived answer back; prints what it took."""
    settings = Settings(home=folder / "data", contact="bench@example.org")
    archive = Archive.open(settings)
    before = _peak()
    began = time.perf_counter()
    if read_back:
        lengths = [found.capture.payload_length for found in recorded(archive.warc_folder)]
        with archive.reading() as connection:
            capture = connection.execute(select(tables.captures).order_by(tables.captures.c.number.desc())).first()
        with open_payload(archive, capture) as stream:
            while stream.read(1 << 20):
                pass
        told = f"{max(lengths):,} bytes"
    else:
        result = crawl(archive, settings, read_source(folder / "large"))
        told = f"{result.verdict}, {result.counts.rows:,} rows" + "".join(f"; {reason}" for reason in result.reasons)
    print(json.dumps({"seconds": time.perf_counter() - began, "peak": _peak(), "before": before, "told": told}))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 10 if sys.platform != "darwin" else 1 << 20)


def _apart(folder: Path, what: str) -> dict[str, object]:
    command = [sys.executable, "-m", "bench.large_answer", what, str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main(megabytes: int) -> int:
    worst = 0.0
    for packed in (False, True):
        with tempfile.TemporaryDirectory(prefix="noticewatch-bench-") as temporary:
            folder, server = Path(temporary), serve(megabytes, packed)
            serving = multiprocessing.get_context("fork").Process(target=server.serve_forever, daemon=True)
            serving.start()
            (folder / "large").mkdir()
            (folder / "large" / "source.toml").write_text(SOURCE)
            address = f"http://127.0.0.1:{server.server_port}/file.csv"
            (folder / "large" / "spider.py").write_text(SPIDER.format(address=address))
            (folder / "large" / "parser.py").write_text(PARSER)
            for what in ("crawl", "read-back"):
                told = _apart(folder, what)
                worst = max(worst, float(str(told["peak"])))
                kind = "gzip" if packed else "plain"
                print(f"{megabytes:,} MB {kind:<6}{what:<10} {told['seconds']:6.1f} s, peak {told['peak']:.0f} MB "
                      f"({told['before']:.0f} MB before); {told['told']}")  # fmt: skip
            serving.terminate()
            server.server_close()
    print(f"peak memory {worst:.0f} MB, {100 * worst / LIMIT_MEGABYTES:.0f} % of the limit")
    return 0 if worst <= LIMIT_MEGABYTES else 1


if __name__ == "__main__":
    if len(sys.argv) == 3:
        sys.exit(crawl_it(Path(sys.argv[2]), sys.argv[1] == "read-back"))
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_200))
