"""Evidence packs of versions whose row stands in a large bulk file: under two seconds each.

``python -m bench.evidence [ROWS]`` takes a made bulk file of ROWS rows (default 75,000: 214 MB) and makes the pack of
the first row's version (twice: the first pack of a process also loads templates and parsers) and
of the last row's, which costs the most.
"""

import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import select

from api.evidence import write_pack
from archive import queries
from archive.evidence.verify import check
from archive.proof import heads
from archive.store import Archive
from archive.tables import records
from bench.bulk_files import write
from bench.unchanged import captured, taken
from noticewatch.settings import Settings

LIMIT = 2.0


def main(folder: Path, rows: int) -> int:
    settings = Settings(home=folder / "data")
    archive = Archive.open(settings)
    file = folder / "file.csv"
    write(file, rows)
    print(f"{rows:,} rows, {file.stat().st_size / 1e6:.0f} MB")
    taken(archive, captured(archive, file, 0))
    file.unlink()
    with archive.reading() as connection:
        ends = [
            connection.scalar(select(records.c.notice).order_by(order).limit(1))
            for order in (records.c.row, records.c.row.desc())
        ]
        assert heads.latest(connection) is not None
        notices = list(queries.notices(connection, [int(number or 0) for number in ends]).values())
    worst = 0.0
    for what, notice in (("first row", notices[0]), ("first row again", notices[0]), ("last row", notices[-1])):
        path = folder / "pack.zip"
        began = time.perf_counter()
        with path.open("wb+") as target:
            write_pack(archive, settings, notice, 1, target)
        made = time.perf_counter() - began
        began = time.perf_counter()
        check(path)
        checked = time.perf_counter() - began
        print(f"  {what:<16} {made:6.2f} s, checked in {checked:5.2f} s, {path.stat().st_size / 1e3:.0f} kB")
        worst = max(worst, made)
    archive.close()
    return 0 if worst < LIMIT else 1


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="noticewatch-bench-") as temporary:
        sys.exit(main(Path(temporary), int(sys.argv[1]) if len(sys.argv) > 1 else 75_000))
