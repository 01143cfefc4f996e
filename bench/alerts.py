"""Matching saved searches with new notices: ``python -m bench.alerts [FOLDER [NOTICES]]`` (default: a new archive).

500 notices of the starter archive come again under other numbers, as news. 1,000, 10,000 and 100,000 saved searches,
narrow ones and broad ones (see bench/alert_searches.py), are matched with them, by the reader of the log as it runs:
reading, indexing in memory, matching, and writing of matches and of rows of the outbox, each search having one target.
Limits: 100,000 in 3 seconds of processor time and 1 GB, measured in a process of its own. Beside it stands what the
same searches cost one by one on the main index, whose size is told, and on one of NOTICES made ones (bench/million.py)
where that is given: what they find is not even read there, nor written. At last: how long a message takes from the
commit of its news to a webhook on loopback; limit 3 seconds.
"""

import hashlib
import logging
import resource
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import delete, func, select, update

from alerts.matching import AlertReader
from alerts.models import Terms
from alerts.searches import compiled
from alerts.tables import alert_groups, alert_targets, matches, outbox, saved_searches, search_revisions
from archive import captures, ledger, log, tables
from archive.batches import WindowBatch
from archive.queries import notices
from archive.readers import drive, set_cursor
from archive.store import Archive
from archive.times import stamp
from archive.warc import Placed
from bench import alert_latency, million
from bench.alert_searches import broad, narrow
from bench.append import SOURCE, the_capture
from crawlers.source import source
from indexer.embedded import EmbeddedEngine
from indexer.engine import Order, Position, Searching
from indexer.names import Names
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
FOUND = (outbox, matches, alert_groups)
_FOUND = Order("by_found", descending=False)


def main(folder: Path, made: int) -> int:
    settings = Settings(home=folder)
    with open_house(settings) as house:
        starter.load(house.archive, settings, starter.starter_folder(settings))
    settle(settings)
    with open_house(settings) as house:
        rows = [row.notice for row in _some(house.archive, 5_000)]
        names = Names(house.dictionary)
        asked = {"narrow": narrow(rows, names, max(SIZES)), "broad": broad(rows, names, max(SIZES))}
        with TemporaryDirectory(prefix="noticewatch-bench-", dir=folder) as beside:
            engines = {_held(house.archive): house.engine}
            if made:
                engines[made] = _made_index(house, made, Path(beside))
            alone = {
                kind: {held: _on_index(engine, names, some[:SAMPLE]) for held, engine in engines.items()}
                for kind, some in asked.items()
            }
        _crawl(house.archive, rows[:1], "open", 0)
        drive(house.archive, house.log_readers())
        before = _head(house.archive)
        _crawl(house.archive, rows[:: len(rows) // NEW][:NEW], "news", 1)
        drive(house.archive, house.log_readers()[:-1])
        good = [_measure(house, kind, asked.pop(kind), before, alone[kind]) for kind in ("narrow", "broad")]
        return 0 if _latency(house, rows[0]) and all(good) else 1


def _latency(house: House, row: Notice) -> bool:
    """From commit to webhook, beside all the searches; what these found is not delivered."""
    with house.archive.writing() as connection:
        for table in FOUND:
            connection.execute(delete(table))
        connection.execute(update(alert_targets).values(state="paused"))
    cold, *taken = alert_latency.measure(
        house, row, lambda notice, day: _crawl(house.archive, [notice], "soon", 2 + day)
    )
    limit = alert_latency.LIMIT_SECONDS
    print(
        f"from commit to a delivered webhook: {statistics.median(taken):.2f} s, at most {max(taken):.2f} s of "
        f"{limit:.0f} s; {cold:.1f} s in a process that has just started and compiles {max(SIZES):,} searches first"
    )
    return max(taken) <= limit


def _measure(house: House, kind: str, asked: Sequence[Terms], before: int, alone: Mapping[int, float]) -> bool:
    with house.archive.writing() as connection:
        for table in (*FOUND, alert_targets, search_revisions, saved_searches):
            connection.execute(delete(table))
    for size in SIZES:
        _save(house.archive, asked[:size], before)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone_with_it:
            cold, taken, found, megabytes = alone_with_it.submit(_matched, house.settings.home, before).result()
        print(
            f"{size:>7,} {kind} searches × {NEW} new notices: {taken:6.2f} s ({cold:.2f} s where none was compiled "
            f"yet), {found:,} matches, {taken / found * 1e6:,.0f} µs a match; peak memory {megabytes:.0f} MB",
            *(
                f"each on an index of {held:,} notices {each * size:.1f} s, {each * size / taken:.1f} times as long"
                for held, each in alone.items()
            ),
            sep="; ", flush=True,
        )  # fmt: skip
    print(f"{taken / LIMIT_SECONDS:.0%} of the limit of {LIMIT_SECONDS:.0f} s")
    return taken <= LIMIT_SECONDS and megabytes <= LIMIT_MEGABYTES


def _matched(folder: Path, before: int) -> tuple[float, float, int, float]:
    """In a process of its own: seconds of a reader that has just started, of one that has compiled the searches, how
    many matches there are, and the megabytes of memory that it took.
    """
    logging.disable(logging.WARNING)
    with open_house(Settings(home=folder)) as house:
        reader = AlertReader(Matcher(house.dictionary))
        cold, taken = (_advance(house.archive, reader, before) for _ in range(2))
        with house.archive.reading() as connection:
            found = int(connection.scalar(select(func.count()).select_from(matches)) or 0)
    return cold, taken, found, _peak_megabytes()


def _peak_megabytes() -> float:
    """Of this process alone: on Linux ``ru_maxrss`` begins with what the process had that started it."""
    if sys.platform == "linux":
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _made_index(house: House, count: int, folder: Path) -> Searching:
    """An index of so many made notices."""
    position = Position(house.archive.epoch, count)
    million.build(house.archive, million.corpus(house.settings.home), count, folder, position)
    return EmbeddedEngine(folder / "index")


def _on_index(engine: Searching, names: Names, asked: Sequence[Terms]) -> float:
    """Seconds of processor time that a search takes there."""
    nodes = [compiled(terms, names)[0] for terms in asked]
    began = time.process_time()
    for node in nodes:
        engine.find(node, _FOUND, NEW)
    return (time.process_time() - began) / len(nodes)


def _some(archive: Archive, count: int) -> list:  # type: ignore[type-arg]  # of notices as they are held
    with archive.reading() as connection:
        held = list(connection.scalars(select(tables.notices.c.number)))
        return list(notices(connection, held[:: max(1, len(held) // count)]).values())


def _held(archive: Archive) -> int:
    with archive.reading() as connection:
        return int(connection.scalar(select(func.count()).select_from(tables.notices)) or 0)


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
    """Bring the number of saved searches, each with a target, up to so many: in one transaction, not in one each."""
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
        insert_many(connection, alert_targets, [
            {"id": str(n), "search": n, "channel": "file", "address": f"/alerts/{n}", "secret": "", "state": "active",
             "why": "", "made_at": at} for n in numbers])  # fmt: skip


def _advance(archive: Archive, reader: AlertReader, before: int) -> float:
    """Match the news once, as if it had not been matched; gives the seconds of processor time."""
    with archive.writing() as connection:
        for table in FOUND:
            connection.execute(delete(table))
        set_cursor(connection, "alerts", before)
    began = time.process_time()
    while reader.advance(archive):
        pass
    return time.process_time() - began


def _head(archive: Archive) -> int:
    with archive.reading() as connection:
        return log.head(connection)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
    with TemporaryDirectory(prefix="noticewatch-bench-") as temporary:
        sys.exit(main(Path(temporary), 0))
