"""The log append at the start and far on: at least 8,000 notices a second, at a million as at none.

``python -m bench.append [NOTICES]`` (default 100,000; the stated figure is of 1,000,000) appends made notices to a new
SQLite archive, end to end from readings on: models, canonical JSON, hashes, records, versions, events.
Then it appends to archives of 1,000 and to the large one in turn, in pages of 100 as crawls do and in batches of 1,000
as imports do.
"""

import hashlib
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from archive import captures, ledger, log
from archive.batches import WindowBatch
from archive.processes import few_collections
from archive.store import Archive
from archive.warc import Placed
from noticewatch.database import BATCH
from noticewatch.models import (
    Amount,
    AmountKind,
    Buyer,
    Capture,
    DateValue,
    Kind,
    Notice,
    Number,
    Origin,
    Party,
    Reading,
    Status,
    Text,
    Verdict,
)
from noticewatch.settings import Settings

LIMIT = 8_000
SMALL, TURN, ROUNDS = 1_000, 10_000, 10
PAGE = 100
OFFICES = 97
SOURCE, REGISTER = "usaspending_transactions", "us-action"
CARRIED = frozenset({"kind", "status", "title", "buyers", "parties", "amounts", "numbers", "dates"})


def main(folder: Path, notices: int) -> int:
    large = Made(folder / "large")
    part = max(BATCH, notices // 10)
    rates = []
    for first in range(0, notices, part):
        began, worked = time.perf_counter(), time.process_time()
        large.append_up_to(min(first + part, notices))
        rates.append(min(part, notices - first) / (time.perf_counter() - began))
        alone = min(part, notices - first) / (time.process_time() - worked)
        print(
            f"{large.held:>9,} notices held: {rates[-1]:8,.0f} a second, {alone:8,.0f} a second of processor time",
            flush=True,
        )  # fmt: skip
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 10 if sys.platform != "darwin" else 1 << 20)
    print(f"slowest: {min(rates) / LIMIT:.2f} of the limit of {LIMIT:,} a second; peak memory {megabytes:.0f} MB")
    for size in (PAGE, BATCH):
        small, far = in_turn(folder, large, size)
        print(
            f"in turn, {ROUNDS * TURN:,} each, {size:,} a transaction: {small:,.0f} a second where {SMALL:,} are held, "
            f"{far:,.0f} where {large.held:,} are: {far / small:.2f}"
        )
    large.close()
    return 0 if min(rates) >= LIMIT else 1


def in_turn(folder: Path, large: "Made", size: int) -> tuple[float, float]:
    """Notices a second that go to archives of 1,000 and to the large one, so many a transaction, a little to either in
    turn: what the machine does meanwhile concerns both.
    """
    spent = [0.0, 0.0]
    for index in range(ROUNDS):
        small = Made(folder / f"small{index}")
        small.append_up_to(SMALL)
        for side, made_archive in enumerate((small, large)):
            began = time.perf_counter()
            made_archive.append_up_to(made_archive.held + TURN, size)
            spent[side] += time.perf_counter() - began
        small.close()
        shutil.rmtree(folder / f"small{index}")
    return ROUNDS * TURN / spent[0], ROUNDS * TURN / spent[1]


class Made:
    """A new archive of made notices, one run of one window."""

    def __init__(self, folder: Path) -> None:
        self._archive = Archive.open(Settings(home=folder))
        self._run = ledger.start_run(self._archive, SOURCE, "import")
        self._capture = the_capture()
        with self._archive.writing() as connection:
            self._number = captures.add(connection, self._run.number, self._capture, Placed("none.warc.gz", 0, 1))
            self._window = ledger.plan_window(connection, self._run, "made", "made", None, None)
        self.held = 0

    def append_up_to(self, notices: int, size: int = BATCH) -> None:
        """Append until so many are held, at most ``size`` a transaction."""
        for begin in range(self.held, notices, size):
            self.append(made(begin, min(begin + size, notices)))
        self.held = notices

    def append(self, readings: Iterable[Reading]) -> None:
        """Append readings in one transaction."""
        rows = [(self._number, self._capture, seen) for seen in readings]
        batch = WindowBatch(self._window, "made", "made", None, rows, Verdict.COMPLETE, [], walked=True, last=False)
        log.append(
            self._archive, self._run, [batch], register=REGISTER, parser_version=1, late_after=lambda _: 30,
            reread=lambda *_: {},
        )  # fmt: skip

    def close(self) -> None:
        ledger.finish_run(self._archive, self._run, Verdict.COMPLETE)
        self._archive.close()


def the_capture() -> Capture:
    """The capture from which all readings are made."""
    return Capture(
        id="made", source=SOURCE, url="https://made.invalid/", status=200, fetched_at=datetime(2026, 11, 1, tzinfo=UTC),
        payload_sha256="", payload_length=1, origin=Origin.IMPORTED, recorder="a measurement",
    )  # fmt: skip


def made(begin: int, end: int) -> Iterator[Reading]:
    """Readings of actions of usual size; their numbers are those of 97 offices that number their orders one by one."""
    for index in range(begin, end):
        piid = f"70{index % OFFICES:02}CB26F{index // OFFICES:08}"
        sha256 = hashlib.sha256(piid.encode()).hexdigest()
        key = f"7012:{piid}:0"
        yield Reading(key, key, "", notice(index, piid), CARRIED, index, index, index + 1, sha256)


def notice(index: int, key: str) -> Notice:
    """An action as USAspending's transactions give it."""
    return Notice(
        kind=Kind.AWARD, kind_published="A", status=Status.AWARDED,
        title=(Text(text=f"SOFTWARE LICENCES AND SUPPORT FOR OFFICE {index}, BASE YEAR WITH FOUR OPTIONS"),),
        title_from="made from description",
        buyers=(Buyer(role="contracting", name="U.S. IMMIGRATION AND CUSTOMS ENFORCEMENT", codes={"fpds": "7012"}),),
        parties=(Party(role="supplier", name=f"SUPPLIER {index % 5_000} INC"),),
        amounts=(
            Amount(kind=AmountKind.OBLIGATED, basis="change", value=Decimal(index) / 100, currency="USD"),
        ),
        numbers=(Number(type="piid", printed=key, plain=key), Number(type="modification", printed="0", plain="0")),
        dates=(DateValue(role="signed", value="2026-10-30"), DateValue(role="start", value="2026-11-01")),
    )  # fmt: skip


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="noticewatch-bench-") as temporary:
        with few_collections():  # as every run does
            code = main(Path(temporary), int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
        sys.exit(code)
