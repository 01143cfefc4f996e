"""Matching saved searches with new notices: ``python -m bench.alerts [FOLDER]`` (default: a new archive in a folder).

500 notices of the starter archive come again under other numbers, as news. 1,000, 10,000 and 100,000 saved searches
made of words of the archive are matched with them, by the reader of the log as it runs: reading, indexing in memory,
matching, writing. Limits: 100,000 in 3 seconds of processor time and 1 GB. Beside it stands what the same searches cost
one by one on the main index, which holds few notices here and would take longer with more. At last: how long a message
takes from the commit of its news to a webhook on loopback; limit 3 seconds.
"""

import hashlib
import random
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, func, select

from alerts import searches
from alerts.matching import AlertReader
from alerts.models import Terms
from alerts.searches import compiled
from alerts.tables import alert_groups, matches, outbox, saved_searches, search_revisions
from archive import captures, ledger, log, tables
from archive.batches import WindowBatch
from archive.queries import notices
from archive.readers import drive, set_cursor
from archive.store import Archive
from archive.times import stamp
from archive.warc import Placed
from bench import alert_latency
from bench.append import SOURCE, the_capture
from crawlers.source import source
from indexer.engine import Order
from indexer.names import Names
from indexer.tokens import tokens
from noticewatch.database import insert_many
from noticewatch.identifiers import new_id, now
from noticewatch.models import Notice, Reading, Verdict
from noticewatch.settings import Settings
from service import starter
from service.assembly import House, open_house
from service.readers import settle
from watchlist.matcher import Matcher

NEW = 500
SIZES = (1_000, 10_000, 100_000)
LIMIT_SECONDS, LIMIT_MEGABYTES = 3.0, 1_000.0
SAMPLE = 300
_FOUND = Order("by_found", descending=False)


def main(folder: Path) -> int:
    settings = Settings(home=folder)
    with open_house(settings) as house:
        starter.load(house.archive, settings, starter.starter_folder(settings))
    settle(settings)
    with open_house(settings) as house:
        rows = [row.notice for row in _some(house.archive, 5_000)]
        asked = made(rows, max(SIZES))
        alone = _on_main_index(house, asked[:SAMPLE])
        with house.archive.writing() as connection:
            searches.remove(connection, list(connection.scalars(select(saved_searches.c.number))))
        _crawl(house.archive, rows[:1], "open", 0)
        drive(house.archive, house.log_readers())
        before = _head(house.archive)
        _crawl(house.archive, rows[:: len(rows) // NEW][:NEW], "news", 1)
        drive(house.archive, house.log_readers()[:-1])
        good = _measure(house, asked, before, alone)
        return 0 if _latency(house, rows[0]) and good else 1


def _latency(house: House, row: Notice) -> bool:
    """From commit to webhook, beside all the searches."""
    cold, *taken = alert_latency.measure(
        house, row, lambda notice, day: _crawl(house.archive, [notice], "soon", 2 + day)
    )
    limit = alert_latency.LIMIT_SECONDS
    print(
        f"from commit to a delivered webhook: {statistics.median(taken):.2f} s, at most {max(taken):.2f} s of "
        f"{limit:.0f} s; {cold:.1f} s in a process that has just started and compiles {max(SIZES):,} searches first"
    )
    return max(taken) <= limit


def _measure(house: House, asked: Sequence[Terms], before: int, alone: float) -> bool:
    good = True
    for size in SIZES:
        _save(house.archive, asked[:size], before)
        reader = AlertReader(Matcher(house.dictionary))
        began = time.process_time()
        _advance(house.archive, reader, before)
        cold = time.process_time() - began
        began = time.process_time()
        _advance(house.archive, reader, before)
        taken = time.process_time() - began
        with house.archive.reading() as connection:
            found = int(connection.scalar(select(func.count()).select_from(matches)) or 0)
        ratio = alone * size / taken
        print(
            f"{size:>7,} searches × {NEW} new notices: {taken:6.2f} s ({cold:.2f} s where none was compiled yet), "
            f"{found:,} matches; each on the main index {alone * size:7.1f} s, {ratio:.1f} times as long", flush=True,
        )  # fmt: skip
        good = size < max(SIZES) or taken <= LIMIT_SECONDS
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 10 if sys.platform != "darwin" else 1 << 20)
    print(f"{taken / LIMIT_SECONDS:.0%} of the limit of {LIMIT_SECONDS:.0f} s; peak memory {megabytes:.0f} MB")
    return good and megabytes <= LIMIT_MEGABYTES


def made(rows: Sequence[Notice], count: int) -> list[Terms]:
    """Searches as people write them, of words, neighbouring words and names of what is held; no two are the same."""
    chance = random.Random(20261128)
    texts = [tokens(" ".join(text.text for text in (*row.title, *row.description))) for row in rows]
    seen = Counter(word for words in texts for word in set(words))
    texts = [words for words in texts if len(words) > 5]
    found: dict[str, Terms] = {}
    while len(found) < count:
        words = chance.choice(texts)
        at = min(chance.sample(range(len(words) - 1), 4), key=lambda place: seen[words[place]])
        one, two = words[at], words[at + 1]
        other = min(chance.sample(words, 4), key=lambda word: seen[word])
        query = chance.choices(
            (f'"{one} {two}"', f"{one} {other}", f"{one} {two} {other}", f"{one} -{other}", f"({one} OR {other}) {two}",
             f'"{one} {two}"~4', f"{(one + other)[:6]}*", f"{one}", f"-{one}"),
            (40, 28, 14, 4, 6, 4, 2, 1.99, 0.01),
        )[0]  # fmt: skip
        filters = {"buyer": (chance.choice(("ICE", "CBP", "DHS", "FBI")),)} if chance.random() < 0.2 else {}
        lens = "watchlist" if chance.random() < 0.5 else "everything"
        found[f"{query} {filters} {lens}"] = Terms(query=query, lens=lens, filters=filters)
    return list(found.values())


def _on_main_index(house: House, asked: Sequence[Terms]) -> float:
    """Seconds of processor time that a search takes there."""
    names = Names(house.dictionary)
    nodes = [compiled(terms, names)[0] for terms in asked]
    began = time.process_time()
    for node in nodes:
        house.engine.find(node, _FOUND, NEW)
    return (time.process_time() - began) / len(nodes)


def _some(archive: Archive, count: int) -> list:  # type: ignore[type-arg]  # of notices as they are held
    with archive.reading() as connection:
        held = list(connection.scalars(select(tables.notices.c.number)))
        return list(notices(connection, held[:: max(1, len(held) // count)]).values())


def _crawl(archive: Archive, rows: Sequence[Notice], name: str, day: int) -> None:
    run, name = ledger.start_run(archive, SOURCE, "crawl"), f"{name}{new_id()}"
    capture = the_capture()
    capture = capture.model_copy(
        update={"id": f"{capture.id}{name}", "fetched_at": capture.fetched_at + timedelta(day)}
    )
    with archive.writing() as connection:
        number = captures.add(connection, run.number, capture, Placed("none.warc.gz", 0, 1))
        window = ledger.plan_window(connection, run, "bench", "w", None, None)
    seen = [
        (
            number,
            capture,
            Reading(
                f"{name}{i}",
                f"{name}{i}",
                "",
                row,
                frozenset({"kind"}),
                i,
                0,
                1,
                hashlib.sha256(f"{name}{i}".encode()).hexdigest(),
            ),
        )
        for i, row in enumerate(rows)
    ]
    batch = WindowBatch(window, "bench", "w", None, seen, Verdict.COMPLETE, [], walked=True)
    log.append(
        archive, run, [batch], register="us-action", parser_version=source(SOURCE).parser_version,
        late_after=lambda _: 10_000, reread=lambda *_: {},
    )  # fmt: skip
    ledger.finish_run(archive, run, Verdict.COMPLETE, regular=True, overlap=timedelta(0))


def _save(archive: Archive, asked: Sequence[Terms], before: int) -> None:
    """Bring the number of saved searches up to so many; the way of the command takes one transaction each."""
    with archive.writing() as connection:
        held = int(connection.scalar(select(func.max(saved_searches.c.number))) or 0)
        numbers = range(held + 1, len(asked) + 1)
        at = stamp(now())
        insert_many(connection, saved_searches, [
            {"number": n, "id": str(n), "name": "", "rhythm": "at_once", "local_time": "08:00", "weekday": 0,
             "zone": "UTC", "made_at": at} for n in numbers])  # fmt: skip
        insert_many(connection, search_revisions, [
            {"search": n, "revision": 1, "terms": asked[n - 1].model_dump_json(), "active_from_seq": before + 1,
             "made_at": at} for n in numbers])  # fmt: skip


def _advance(archive: Archive, reader: AlertReader, before: int) -> None:
    """Match the news once, as if it had not been matched."""
    with archive.writing() as connection:
        for table in (outbox, matches, alert_groups):
            connection.execute(delete(table))
        set_cursor(connection, "alerts", before)
    while reader.advance(archive):
        pass


def _head(archive: Archive) -> int:
    with archive.reading() as connection:
        return log.head(connection)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1])))
    with tempfile.TemporaryDirectory(prefix="noticewatch-bench-") as temporary:
        sys.exit(main(Path(temporary)))
