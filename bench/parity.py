"""The starter archive, searched on both engines: the same answers to the same questions, and how long each takes.

``python -m bench.parity URL [FOLDER]``: URL names an Elasticsearch; FOLDER an archive (default: one loaded for this).
The index is built on the server, compared, and built in the data folder again.
"""

import random
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from itertools import product
from pathlib import Path

from archive.store import Archive
from bench.search import QUERIES
from indexer.engine import SearchEngine
from indexer.engines import embedded, engine_at
from indexer.requests import SearchAnswer, SearchRequest
from indexer.search import Search
from indexer.upkeep import rebuild
from noticewatch.settings import Settings
from service import starter
from service.assembly import open_archive
from service.readers import settle

RANDOM = 2_000
WORDS = (
    "license", "plate", "reader", "camera", "drone", "cellebrite", "palantir", "software", "support", "facial",
    "recognition", "border", "maintenance", "renewal", "mobile", "forensic", "radio", "monitoring",
)  # fmt: skip
ORDERS = ("dated", "found", "amount", "due")


def main(url: str, folder: Path) -> int:
    settings = Settings(home=folder, search_index="parity")
    with open_archive(settings) as archive:
        starter.load(archive, settings, starter.starter_folder(settings))
    settle(settings)
    with open_archive(settings) as archive:
        engines = (embedded(archive), engine_at(settings, archive, url))
        rebuild(archive, engines[1])
        there = _compare(archive, engines)
        rebuild(archive, engines[0])
        back = _compare(archive, engines)
    return 1 if there or back else 0


def _compare(archive: Archive, engines: tuple[SearchEngine, ...]) -> int:
    searches = [Search(archive, engine) for engine in engines]
    corpus = [
        SearchRequest(query=query, lens=lens, scope=scope, sort=sort, limit=50)
        for query, lens, scope, sort in product(QUERIES, ("watchlist", "everything"), ("procurement", "notice"), ORDERS)
    ]
    differences, taken = 0, [list[float]() for _ in engines]
    requests = [*corpus, *_random(RANDOM)]
    for request in requests:
        answers = []
        for search, times in zip(searches, taken, strict=True):
            began = time.perf_counter()
            answers.append(search.search(request))
            times.append(1000 * (time.perf_counter() - began))
        if len({_told(answer) for answer in answers}) > 1:
            differences += 1
            print(f"differs: {request}")
    print(f"queries: {len(corpus)}, random cases: {len(requests) - len(corpus)}, differences = {differences}")
    for engine, times in zip(engines, taken, strict=True):
        ordered = sorted(times)
        p50, p95 = statistics.median(ordered), ordered[int(len(ordered) * 0.95)]
        print(f"{engine.label}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, with facets")
    return differences


def _told(answer: SearchAnswer) -> str:
    """All that an answer says, the place of the index in the log aside."""
    return repr(replace(answer, next_cursor=None))


def _random(count: int) -> list[SearchRequest]:
    chance = random.Random(20261128)
    return [
        SearchRequest(
            query=_question(chance, 3), lens=chance.choice(("watchlist", "everything")), sort=chance.choice(ORDERS),
            scope=chance.choice(("procurement", "notice")), limit=chance.choice((1, 20, 200)),
        )
        for _ in range(count)
    ]  # fmt: skip


def _question(chance: random.Random, depth: int) -> str:
    if depth == 0 or chance.random() < 0.3:
        first, second = chance.sample(WORDS, 2)
        return chance.choice(
            (first, f'"{first} {second}"', f"{first[:4]}*", f'"{first} {second}"~{chance.randint(0, 6)}',
             f"title:{first}", f"-{first}", f"{first} {second}", "amount:>100000", "dated:2024", "is:award")
        )  # fmt: skip
    left, right = _question(chance, depth - 1), _question(chance, depth - 1)
    return f"({left} {chance.choice(('AND', 'OR', 'AND NOT'))} {right})"


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit(main(sys.argv[1], Path(sys.argv[2])))
    with tempfile.TemporaryDirectory(prefix="noticewatch-bench-") as temporary:
        sys.exit(main(sys.argv[1], Path(temporary)))
