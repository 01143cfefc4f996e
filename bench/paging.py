"""Parsing a page costs the same for page 10 and page 500.

``python -m bench.paging [PAGES]`` (default 500) reads pages of 100 actions, made from recorded ones of USAspending, and
compares the last ten pages with pages 10 to 19.
"""

import io
import statistics
import sys
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from archive.warc import Recorded, recorded
from crawlers.loading import load_parser
from crawlers.parsing import Shape, read
from crawlers.source import source

RECORDED = Path(__file__).parents[1] / "starter" / "usaspending_transactions" / "fy2026.warc.gz"
SIZE = 100
LIMIT = 1.2


def main(pages: int) -> int:
    parser = load_parser(source("usaspending_transactions"))
    first, *_ = answers = list(_answers())
    taken: list[float] = []
    for payload in islice(_pages(answers), pages):
        began = time.process_time()
        rows = sum(1 for _ in read(parser, payload, first.capture, Shape()))
        taken.append(time.process_time() - began)
        assert rows == SIZE
    early, late = statistics.median(taken[9:19]), statistics.median(taken[-10:])
    print(f"pages 10 to 19: {1e3 * early:.1f} ms a page; pages {pages - 9} to {pages}: {1e3 * late:.1f} ms a page")
    print(f"ratio {late / early:.2f} (limit {LIMIT})")
    return 0 if late <= LIMIT * early else 1


def _answers() -> Iterator[Recorded]:
    return (answer for answer in recorded(RECORDED) if answer.capture.url.endswith("/spending_by_transaction/"))


def _pages(answers: list[Recorded]) -> Iterator[BinaryIO]:
    """Pages without end, each ten the same thousand actions, so that all that differs is how far on they are."""
    actions: list[Any] = []
    for answer in answers:
        with answer.open() as stream:
            actions += orjson.loads(stream.read())["results"]
        if len(actions) >= 10 * SIZE:
            break
    for page in count(1):
        begin = page % 10 * SIZE
        metadata = {"page": page, "hasNext": True}
        yield io.BytesIO(orjson.dumps({"page_metadata": metadata, "results": actions[begin : begin + SIZE]}))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 500))
