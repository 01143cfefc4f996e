"""The history of a notice in a log of 1,000,000 events: under 20 ms, by query and by the API; and one of 500 versions.

``python -m bench.history [EVENTS] [DATABASE_URL]`` appends 10,000 made notices, one of them with 500 versions, and
copies their rows within the database until the log has so many events (default 1,000,000); prints medians and query
plans.
"""

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

from fastapi.testclient import TestClient
from sqlalchemy import Column, Connection, Table, func, insert, literal, select

from api.app import create_app
from archive import captures, ledger, log, queries, tables
from archive.batches import WindowBatch
from archive.processes import few_collections
from archive.store import Archive
from archive.warc import Placed
from bench.append import REGISTER, SOURCE, made
from indexer.engines import open_engine
from indexer.search import Search
from noticewatch.models import Capture, Origin, Reading, Verdict
from noticewatch.settings import Settings
from service.commands.archive import find_notices
from watchlist.dictionary import load_dictionary

LIMIT: Final = 20.0
NOTICES, VERSIONS, ROUNDS = 10_000, 500, 40
_COPIED: Final = {
    tables.notices: {"number": "notices", "first_seen_seq": "seq"},
    tables.aliases: {"notice": "notices"},
    tables.records: {"number": "records", "notice": "notices"},
    tables.versions: {"notice": "notices", "record": "records", "seq": "seq"},
    tables.events: {"seq": "seq", "notice": "notices"},
}
"""Columns of the tables whose rows are copied that are moved on with each copy, and by how much of what there is."""
_NAMED: Final = {tables.notices: "id", tables.aliases: "number", tables.records: "source_number"}


def main(folder: Path, events: int, url: str | None) -> int:
    settings = Settings(home=folder, database_url=url)
    with closing(Archive.open(settings)) as archive:
        began = time.perf_counter()
        long = fill(archive)
        multiply(archive, events)
        with archive.reading() as connection:
            held, name = log.head(connection), connection.dialect.name
        print(f"{held:,} events on {name}, made in {time.perf_counter() - began:.0f} s", flush=True)
        return measure(archive, settings, long)


def fill(archive: Archive) -> str:
    """Append notices, the first of them with many versions; gives its id."""
    readings = list(made(0, NOTICES))
    append(archive, 0, readings)
    first = readings[0]
    for version in range(1, VERSIONS):
        amount = replace_value(first, Decimal(version))
        append(archive, version, [amount])
    return f"{REGISTER}:{first.key}"


def replace_value(reading: Reading, value: Decimal) -> Reading:
    """The reading with another amount."""
    amount = reading.notice.amounts[0].model_copy(update={"value": value})
    notice = reading.notice.model_copy(update={"amounts": (amount,)})
    return replace(reading, notice=notice, sha256=f"{int(value):064x}")


def append(archive: Archive, day: int, readings: Sequence[Reading]) -> None:
    """A run of one capture."""
    run = ledger.start_run(archive, SOURCE, "import")
    capture = Capture(
        id=f"made-{day:04}", source=SOURCE, url="https://made.invalid/", status=200,
        fetched_at=run.started_at + timedelta(days=day), payload_sha256="", payload_length=1, origin=Origin.IMPORTED,
        recorder="a measurement",
    )  # fmt: skip
    with archive.writing() as connection:
        number = captures.add(connection, run.number, capture, Placed("none.warc.gz", 0, 1))
        window = ledger.plan_window(connection, run, "made", str(day), None, None)
    rows = [(number, capture, one) for one in readings]
    batch = WindowBatch(window, "made", str(day), None, rows, Verdict.COMPLETE, [], walked=True)
    log.append(
        archive, run, [batch], register=REGISTER, parser_version=1, late_after=lambda _: 30, reread=lambda *_: {}
    )
    ledger.finish_run(archive, run, Verdict.COMPLETE)


def multiply(archive: Archive, events: int) -> None:
    """Copy the rows of the log within the database, moved on, until it has so many events."""
    with archive.reading() as connection:
        step = {
            "notices": _most(connection, tables.notices.c.number),
            "records": _most(connection, tables.records.c.number),
            "seq": log.head(connection),
        }
    for copy in range(1, -(-events // step["seq"])):
        with archive.writing() as connection:
            for table, moved in _COPIED.items():
                selected = [_moved(table, column, moved, step, copy) for column in table.columns]
                of_first = [table.c[name] <= step[what] for name, what in moved.items()]
                connection.execute(insert(table).from_select(list(table.columns), select(*selected).where(*of_first)))
    with archive.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _moved(table: Table, column: Column[object], moved: dict[str, str], step: dict[str, int], copy: int) -> object:
    if column.name in moved:
        return column + literal(copy * step[moved[column.name]])
    return column + literal(f"C{copy}") if column.name == _NAMED.get(table) else column


def _most(connection: Connection, column: Column[int]) -> int:
    return int(connection.scalar(select(func.max(column))) or 0)


def measure(archive: Archive, settings: Settings, long: str) -> int:
    """Ask for histories by query and by the API."""
    chance = random.Random(0)
    with archive.reading() as connection:
        last = _most(connection, tables.notices.c.number)
        numbers = [chance.randint(1, last) for _ in range(ROUNDS)]
        ids = list(connection.scalars(select(tables.notices.c.id).where(tables.notices.c.number.in_(numbers))))
    with closing(open_engine(settings, archive)) as engine:
        dictionary = load_dictionary()
        client = TestClient(create_app(archive, Search(archive, engine, dictionary), settings, dictionary))
        slow = [
            timed("history of a notice, by query", lambda one: history(archive, one), ids),
            timed("history of a notice, by the API", lambda one: asked(client, f"{one}/versions"), ids),
        ]
        timed("a notice, by the API", lambda one: asked(client, one), ids)
        often = [long] * ROUNDS
        timed(f"history of {VERSIONS} versions, by query", lambda one: history(archive, one), often)
        timed(f"history of {VERSIONS} versions, by the API", lambda one: asked(client, f"{one}/versions"), often)
        timed(f"a notice of {VERSIONS} versions, by the API", lambda one: asked(client, one), often)
    plans(archive)
    return int(any(slow))


def history(archive: Archive, notice: str) -> int:
    """What ``noticewatch history`` asks."""
    with archive.reading() as connection:
        [row] = find_notices(connection, notice)
        return len(queries.versions(connection, row.number))


def asked(client: TestClient, path: str) -> None:
    assert client.get(f"/api/v1/notices/{path}").status_code == 200


def timed(words: str, ask: Callable[[str], object], of: Iterable[str]) -> bool:
    """Print the median and the slowest; True where the median is above the limit in milliseconds."""
    took, worked = [], []
    for one in of:
        began, busy = time.perf_counter(), time.process_time()
        ask(one)
        took.append(1000 * (time.perf_counter() - began))
        worked.append(1000 * (time.process_time() - busy))
    median = statistics.median(took)
    print(
        f"{words}: median {median:.1f} ms ({statistics.median(worked):.1f} of processor time), "
        f"slowest {max(took):.1f} ms", flush=True,
    )  # fmt: skip
    return median > LIMIT


def plans(archive: Archive) -> None:
    """Print how the database answers the query of a history."""
    asked = queries._versions().where(tables.versions.c.notice == 1, tables.versions.c.superseded.is_(False))
    compiled = asked.compile(archive.engine, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if archive.engine.dialect.name == "sqlite" else "EXPLAIN"
    with archive.reading() as connection:
        for row in connection.exec_driver_sql(f"{explain} {compiled}"):
            print(f"  {row[-1]}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="noticewatch-bench-") as temporary:
        with few_collections():
            code = main(
                Path(temporary), int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000,
                sys.argv[2] if len(sys.argv) > 2 else None,
            )  # fmt: skip
        sys.exit(code)
