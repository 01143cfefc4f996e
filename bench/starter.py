"""Time of a whole starter load by stage, and peak memory, against the limits: 60 seconds on two cores in total.

``python -m bench.starter [FOLDER]`` loads into FOLDER (default a temporary one) in one process, so the sum of the
stages is an upper bound: ``noticewatch run`` loads in one process and indexes in another at the same time.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from archive import queries
from noticewatch.settings import Settings
from service import starter
from service.assembly import open_archive, open_house

LIMIT_SECONDS = 60.0
LIMIT_MEGABYTES = 1_000.0


def main(folder: Path) -> int:
    settings = Settings(home=folder)
    stages: dict[str, float] = {}
    with open_archive(settings) as archive:
        for name in starter.starter_state(archive, starter.starter_folder(settings)).due:
            stages[f"capture, parse, append: {name}"] = _load(settings, name)
    with open_house(settings) as house:
        for reader in house.readers():
            began = time.perf_counter()
            while reader.advance(house.archive):
                pass
            stages[f"follow the log: {reader.name}"] = time.perf_counter() - began
        with house.archive.reading() as connection:
            held = queries.counts(connection)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 10 if sys.platform != "darwin" else 1 << 20)
    total = sum(stages.values())
    for name, seconds in stages.items():
        print(f"{name:<60} {seconds:7.1f} s  {100 * seconds / LIMIT_SECONDS:5.1f} % of the limit")
    print(f"{'all':<60} {total:7.1f} s  {100 * total / LIMIT_SECONDS:5.1f} % of the limit")
    print(f"peak memory {megabytes:.0f} MB, {100 * megabytes / LIMIT_MEGABYTES:.0f} % of the limit")
    print(f"{held.notices:,} notices, {held.versions:,} versions, {held.procurements:,} procurements")
    return 0 if total <= LIMIT_SECONDS and megabytes <= LIMIT_MEGABYTES else 1


def _load(settings: Settings, name: str) -> float:
    began = time.perf_counter()
    with open_archive(settings) as archive:
        starter.load_source(archive, settings, starter.starter_folder(settings), name)
    return time.perf_counter() - began


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1])))
    with tempfile.TemporaryDirectory(prefix="noticewatch-bench-") as temporary:
        sys.exit(main(Path(temporary)))
