"""Listings held to a naive model over random walks and imports, in whatever order they come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from archive import tables as t
from archive.log import Reread, Seen, Sighting, latest_hashes
from archive.store import Archive
from archive.times import stamp
from noticewatch.models import EventKind, Listing, Reading, RunKind, Verdict
from tests.archive.making import DAY_0, SOURCE, append, events, open_archive, reading
from tests.archive.test_listing import KEY, RULES, listing

pytestmark = pytest.mark.both_databases


class Naive:
    """The rule as a person would say it, over everything that has been seen so far."""

    def __init__(self) -> None:
        self.seen: dict[str, list[tuple[float, str]]] = {}
        self.complete: dict[str, list[float]] = {}
        self.gone: dict[str, float] = {}
        self.told: list[str] = []

    def take(self, run: "Ran") -> None:
        if run.kind in {"import", "starter"}:
            return
        for name in run.names:
            self.seen.setdefault(name, []).append((run.day, run.key))
            if name in self.gone and run.day > self.gone[name]:
                del self.gone[name]
                self.told.append(f"{name} relisted")
        if run.verdict is not Verdict.COMPLETE:
            return
        days = self.complete.setdefault(run.key, [])
        days.append(run.day)
        for name in sorted(self.seen) if run.day == max(days) else ():
            last, key = max(self.seen[name])
            if name not in self.gone and key == run.key and sum(day > last for day in days) >= 3:
                self.gone[name] = run.day
                self.told.append(f"{name} unlisted")


@dataclass(frozen=True)
class Ran:
    """A run of one window that brings notices, each in one of two wordings."""

    kind: RunKind
    verdict: Verdict
    day: int
    key: str
    names: dict[str, int]


RUNS = st.lists(
    st.builds(
        Ran,
        st.sampled_from(["crawl", "crawl", "replay", "accept", "import", "starter"]),
        st.sampled_from([*[Verdict.COMPLETE] * 4, Verdict.PARTIAL, Verdict.FAILED, Verdict.CANCELLED]),
        st.integers(0, 30),
        st.sampled_from([KEY, KEY, KEY, "2026-07-06"]),
        st.dictionaries(st.sampled_from("abc"), st.integers(0, 1), max_size=2),
    ),
    min_size=5, max_size=14, unique_by=lambda run: run.day,
)  # fmt: skip


def readings(names: dict[str, int]) -> list[Reading]:
    return [reading(name, f"{name}{word}", index=index) for index, (name, word) in enumerate(names.items(), start=1)]


def as_seen(archive: Archive, names: dict[str, int]) -> list[Seen]:
    """Rows as a crawl hands them over: those whose latest bytes are the same as sightings."""
    rows: list[Seen] = []
    with archive.reading() as connection:
        held = {
            number: (sha256, record) for number, sha256, _, record in latest_hashes(connection, SOURCE, sorted(names))
        }
    for row in readings(names):
        sha256, record = held.get(row.source_number, ("", 0))
        known = Sighting(row.source_number, row.index, row.start, row.end, row.sha256, record)
        rows.append(known if sha256 == row.sha256 else row)
    return rows


def from_book(archive: Archive, book: Sequence[Ran]) -> Reread:
    """Reads rows again as they were when their capture was made."""

    def reread(capture: int, rows: Sequence[int]) -> dict[int, Reading]:
        with archive.reading() as connection:
            at = connection.scalar(select(t.captures.c.fetched_at).where(t.captures.c.number == capture))
        run = next(run for run in book if stamp(DAY_0 + timedelta(days=run.day)) == at)
        return {row.index: row for row in readings(run.names) if row.index in rows}

    return reread


@pytest.mark.sqlite_suffices
@settings(max_examples=60)
@given(RUNS, st.data())
def test_only_complete_walks_in_their_order_change_a_listing(runs: list[Ran], data: st.DataObject) -> None:
    """Against the rule in its plainest words; most sequences go forward in time, some go back."""
    if data.draw(st.booleans()):
        runs = sorted(runs, key=lambda run: run.day)
    with TemporaryDirectory() as folder:
        archive, naive = open_archive(Path(folder) / "data"), Naive()
        for run in runs:
            append(
                archive, [], day=run.day, kind=run.kind, windows={run.key: as_seen(archive, run.names)},
                verdict=run.verdict, walked=run.verdict is Verdict.COMPLETE, rules=RULES,
                reread=from_book(archive, runs),
            )  # fmt: skip
            naive.take(run)
            gone = {name for name in "abc" if listing(archive, name) == Listing.UNLISTED}
            assert gone == naive.gone.keys()
        assert sorted(
            f"{event.notice_id[-1]} {kind}" for event in events(archive) for kind in event.kinds
            if kind in {EventKind.UNLISTED, EventKind.RELISTED}
        ) == sorted(naive.told)  # fmt: skip
        archive.close()
