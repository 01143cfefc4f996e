"""The ledger of runs and what happens to runs whose process died."""

import pytest

from archive import ledger, queries
from archive.store import Archive
from noticewatch.models import Verdict
from noticewatch.settings import Settings
from tests.archive.making import SOURCE, append, reading
from tests.databases import settings_at
from tests.forking import FORKED
from tests.waiting import PATIENCE

pytestmark = pytest.mark.both_databases


def _begin_and_die(settings: Settings) -> None:
    ledger.start_run(Archive.open(settings), SOURCE, "crawl")


def test_a_run_whose_process_died_is_closed_as_failed(archive: Archive) -> None:
    living = ledger.start_run(archive, SOURCE, "crawl")
    child = FORKED.Process(target=_begin_and_die, args=(settings_at(archive.folder),))
    child.start()
    child.join(PATIENCE)
    assert ledger.close_dead_runs(archive) == 1
    assert ledger.close_dead_runs(archive) == 0
    with archive.reading() as connection:
        dead, alive = queries.runs(connection)
    assert (dead.verdict, dead.reasons) == (Verdict.FAILED, ("process ended",))
    assert (alive.id, alive.ended_at) == (living.id, None)


def test_a_window_planned_twice_is_one(archive: Archive) -> None:
    run = ledger.start_run(archive, SOURCE, "crawl")
    first = ledger.plan_window(archive, run, "7012", "2026-08-01", "2026-08-01", "2026-08-01")
    assert ledger.plan_window(archive, run, "7012", "2026-08-01", "2026-08-01", "2026-08-01") == first


def test_a_run_says_how_far_it_is_and_how_it_ended(archive: Archive) -> None:
    run = ledger.start_run(archive, SOURCE, "crawl", "2026-08-01", "2026-08-02")
    ledger.set_progress(archive, run, {"windows": 3})
    with archive.reading() as connection:
        assert queries.runs(connection, SOURCE)[0].progress == {"windows": 3}
    ledger.finish_run(archive, run, Verdict.PARTIAL, ["page 3 is missing"], ["column new: X"])
    with archive.reading() as connection:
        row = queries.sources_status(connection)[SOURCE].last_run
    assert row is not None
    assert (row.verdict, row.reasons, row.findings, row.progress) == (
        Verdict.PARTIAL, ("page 3 is missing",), ("column new: X",), None,
    )  # fmt: skip


def test_coverage_counts_each_window_as_it_was_judged_last(archive: Archive) -> None:
    rows = {"2026-08-01": [reading("A", "T")], "2026-08-02": []}
    append(archive, [], windows=rows, kind="crawl", verdict=Verdict.PARTIAL)
    append(archive, [], windows={"2026-08-01": [reading("A", "T")]}, kind="crawl")
    with archive.reading() as connection:
        [held] = queries.coverage(connection)
    assert (held.first, held.last, held.windows, held.complete, held.partial) == ("2026-08-01", "2026-08-02", 2, 1, 1)
