"""Search times on the starter archive against the limit: 50 milliseconds at the 95th percentile.

``python -m bench.search [FOLDER]`` uses the archive in FOLDER (default: one that is loaded for this).
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from indexer.requests import SearchRequest
from indexer.results import items
from noticewatch.settings import Settings
from service import starter
from service.assembly import House, open_archive, open_house
from service.readers import settle

LIMIT_MILLISECONDS = 50.0
ROUNDS = 5
QUERIES = (
    "", "Fivecast", '"license plate"', "license plate reader", "LPR", "drone AND NOT boat", "surveil*",
    "70CMSD26P00000034", "RFP-002132", "title:camera", "amount:>1000000", "is:award",
    "dated:[2024-01-01 TO 2024-12-31]",
    '"facial recognition" OR "face recognition"', "software maintenance renewal", "the",
)  # fmt: skip


def main(folder: Path) -> int:
    settings = Settings(home=folder)
    with open_archive(settings) as archive:
        starter.load(archive, settings, starter.starter_folder(settings))
    settle(settings)
    with open_house(settings) as house:
        taken = sorted(_milliseconds(house, request) for _ in range(ROUNDS) for request in _requests())
    p50, p95 = statistics.median(taken), taken[int(len(taken) * 0.95)]
    for name, value in (("p50", p50), ("p95", p95), ("worst", taken[-1])):
        print(f"{name:<6} {value:7.1f} ms  {100 * value / LIMIT_MILLISECONDS:5.1f} % of the limit")
    print(f"{len(taken)} searches with facets and items, {len(QUERIES)} queries, both lenses and scopes")
    return 0 if p95 <= LIMIT_MILLISECONDS else 1


def _requests() -> list[SearchRequest]:
    return [
        SearchRequest(query=query, lens=lens, scope=scope)
        for query in QUERIES
        for lens in ("watchlist", "everything")
        for scope in ("procurement", "notice")
    ]


def _milliseconds(house: House, request: SearchRequest) -> float:
    search = house.search()
    began = time.perf_counter()
    items(house.archive, search.search(request))
    return 1000 * (time.perf_counter() - began)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1])))
    with tempfile.TemporaryDirectory(prefix="noticewatch-bench-") as temporary:
        sys.exit(main(Path(temporary)))
