"""Size of an archive of the starter data against gzip of what was recorded: at most 1.3 times for its WARC files.

``python -m bench.size [HOME]`` loads the starter archive (into HOME, where it stays, default a temporary folder) and
prints its WARC files against each recorded message (request with its body, answer with its payload) packed by itself,
against the payloads of the answers alone, and against all payloads packed as one; then where the bytes go, each part as
what the files would be smaller without it, and what the database takes. The stated figure is the first: a record a
member is what lets one answer be read and proved without the others, so packing over several is no choice, and requests
are part of what was recorded. Payloads alone are the harder measure, all in one the hardest. The database is a working
copy that can be made again from the WARC files, and is told apart.
"""

import gzip
import sys
import tempfile
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from archive.store import Archive
from archive.warc_reading import recorded
from bench.verify import STARTER
from crawlers.engine import crawl
from crawlers.source import source
from noticewatch.settings import Settings

LIMIT = 1.3
_MEMBER = zlib.MAX_WBITS | 16
_BLANK = b"\r\n\r\n"
_PROVENANCE = (b"Noticewatch-Recorder:", b"Noticewatch-Note:", b"Noticewatch-Gaps:")


def main(folder: Path) -> int:
    settings = Settings(home=folder)
    archive = Archive.open(settings)
    for one in sorted(path for path in STARTER.iterdir() if path.is_dir()):
        crawl(archive, settings, source(one.name), kind="starter", recordings=one)
    files = sorted(archive.warc_folder.rglob("*.warc.gz"))
    warc = sum(file.stat().st_size for file in files)
    taken: Counter[str] = Counter()
    for file in files:
        taken.update(parts(file))
    payloads, whole = inputs(files)
    messages = taken["requests alone, packed"] + taken["answers alone, packed"]
    ratio = warc / messages
    print(f"{taken['answers']:,} answers, WARC files {mb(warc)}, payloads {mb(taken['payloads'])} unpacked")
    print(f"  {ratio:5.2f} times gzip of each recorded request and answer ({mb(messages)}); limit {LIMIT}")
    print(f"  {warc / payloads:5.2f} times gzip of each payload alone ({mb(payloads)})")
    print(f"  {warc / whole:5.2f} times gzip of all payloads as one ({mb(whole)})")
    table(taken, payloads)
    database(archive, messages)
    archive.close()
    return 0 if ratio <= LIMIT else 1


def table(taken: Counter[str], payloads: int) -> None:
    """Print where the bytes of the WARC files go."""
    parts_of_all = {
        "payloads of answers": payloads,
        "status lines and headers of answers": taken["answers alone, packed"] - payloads,
        "requests as sent": taken["requests alone, packed"],
        "WARC headers of requests": taken["request members"] - taken["requests alone, packed"],
        "WARC headers of answers": taken["answers without provenance"] - taken["answers alone, packed"],
        "provenance of answers": taken["answer members"] - taken["answers without provenance"],
    }
    for name, size in parts_of_all.items():
        print(f"  {name:<36} {mb(size):>8}  {size / payloads:5.2f} of the payloads")


def parts(file: Path) -> Counter[str]:
    """Bytes of the parts of a WARC file, and how many answers it holds."""
    found: Counter[str] = Counter()
    held, at = file.read_bytes(), 0
    while at < len(held):
        member = zlib.decompressobj(_MEMBER)
        plain = member.decompress(held[at:])
        length = len(held) - at - len(member.unused_data)
        at += length
        head, _, http = plain.partition(_BLANK)
        if b"WARC-Type: request" in head:
            found["request members"] += length
            found["requests alone, packed"] += len(gzip.compress(http, 9, mtime=0))
            continue
        found["answers"] += 1
        found["payloads"] += len(http.partition(_BLANK)[2]) - len(_BLANK)
        found["answers alone, packed"] += len(gzip.compress(http.removesuffix(_BLANK), 9, mtime=0))
        found["answer members"] += length
        bare = b"\r\n".join(line for line in head.split(b"\r\n") if not line.startswith(_PROVENANCE))
        found["answers without provenance"] += len(gzip.compress(bare + _BLANK + http, 9, mtime=0))
    return found


def inputs(files: list[Path]) -> tuple[int, int]:
    """Bytes of all payloads packed by gzip, each by itself and all as one."""
    each, one, packed = 0, zlib.compressobj(9, zlib.DEFLATED, _MEMBER), 0
    for file in files:
        for found in recorded(file):
            with found.open() as stream:
                payload = stream.read()
            each += len(gzip.compress(payload, 9, mtime=0))
            packed += len(one.compress(payload))
    return each, packed + len(one.flush())


def database(archive: Archive, messages: int) -> None:
    """Print what the database takes, and which of its tables and indexes most."""
    file = Path(str(archive.engine.url.database))
    with archive.reading() as connection:
        print(f"database {mb(file.stat().st_size)}, {file.stat().st_size / messages:.1f} times the same; of it")
        query = "SELECT name, sum(pgsize), sum(unused) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 8"
        try:
            rows: Any = connection.execute(text(query)).all()
        except OperationalError:  # an SQLite without dbstat
            rows = []
    for name, size, unused in rows:
        print(f"  {name:<28} {mb(size):>10}, of which unused {mb(unused)}")


def mb(size: float) -> str:
    """Megabytes in words."""
    return f"{size / 1e6:.1f} MB"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1])))
    with tempfile.TemporaryDirectory(prefix="noticewatch-bench-") as temporary:
        sys.exit(main(Path(temporary)))
