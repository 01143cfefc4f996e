"""Open windows: nothing is loud before its scope was walked whole, and a gap caught up fires each thing once."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.windows import Openness, fully_walked, is_quiet
from noticewatch.models import RunKind, Verdict
from tests.archive.making import DAY_0, append, events, loud, open_archive, reading

pytestmark = pytest.mark.both_databases

OPEN = Openness({"7012": datetime(2026, 8, 10, 12, tzinfo=UTC)}, frozenset({("7012", "2026-07-01")}))


@pytest.mark.parametrize(
    ("kind", "scope", "key", "begins", "quiet"),
    [
        ("crawl", "7012", "2026-08-11", "2026-08-11", False),
        ("replay", "7012", "2026-08-11", "2026-08-11", False),
        ("crawl", "7012", "2026-08-10", "2026-08-10", True),
        ("crawl", "7012", "2026-07-01", "2026-07-01", False),
        ("crawl", "7012", "2026-07-02", "2026-07-02", True),
        ("crawl", "7014", "2026-08-11", "2026-08-11", True),
        ("crawl", "7012", "active", None, True),
        ("import", "7012", "2026-08-11", "2026-08-11", True),
        ("starter", "7012", "2026-08-11", "2026-08-11", True),
        ("accept", "7012", "2026-08-11", "2026-08-11", False),
        ("reparse", "7012", "2026-08-11", "2026-08-11", True),
    ],
)
def test_a_window_is_loud_only_where_it_is_open(
    kind: RunKind, scope: str, key: str, begins: str | None, *, quiet: bool
) -> None:
    assert is_quiet(kind, OPEN, scope, key, begins) is quiet


def test_a_scope_is_walked_only_with_all_its_windows() -> None:
    planned = [("a", "1"), ("a", "2"), ("b", "1")]
    assert fully_walked(planned, [("a", "1"), ("b", "1")]) == {"b"}
    assert fully_walked([], [("a", "1")]) == set()


def test_a_file_without_dates_is_loud_from_its_second_whole_crawl() -> None:
    file = Openness({"file": datetime(2026, 8, 10, tzinfo=UTC)}, frozenset({("file", "active")}))
    assert not is_quiet("crawl", file, "file", "active", None)


runs = st.lists(
    st.tuples(
        st.sampled_from(["starter", "import", "replay", "replay", "replay"]),
        st.sampled_from(["complete", "partial", "failed"]),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=7,
)


def day_of(day: int) -> str:
    return (DAY_0 + timedelta(days=day)).date().isoformat()


def published(day: int) -> dict[str, list[str]]:
    """What the source lists on a day: two things for every day up to then."""
    return {day_of(past): [f"{past}a", f"{past}b"] for past in range(day + 1)}


def walked_days(outcome: str, days: Iterable[str], skip: int) -> list[str]:
    known = list(days)
    if outcome == "complete":
        return known
    return [] if outcome == "failed" else [day for index, day in enumerate(known) if index != skip % len(known)]


@pytest.mark.sqlite_suffices
@settings(max_examples=60)
@given(sequence=runs)
def test_nothing_is_loud_before_the_first_full_walk_and_everything_fires_at_most_once(
    sequence: list[tuple[RunKind, str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    archive = open_archive(tmp_path_factory.mktemp("runs") / "data")
    full_walk_on: int | None = None
    for day, (kind, outcome, skip) in enumerate(sequence):
        listed = published(day)
        whole = walked_days(outcome, listed, skip)
        for wanted, verdict in ((True, Verdict.COMPLETE), (False, Verdict.FAILED)):
            days = [one for one in listed if (one in whole) is wanted]
            rows = {one: [reading(name, name) for name in listed[one]] if wanted else [] for one in days}
            if rows and wanted:
                append(
                    archive, [], windows=rows, day=day, kind=kind, verdict=verdict, walked=True,
                    regular=len(days) == len(listed),
                )  # fmt: skip
        if full_walk_on is None:
            assert loud(archive) == []
        if kind in {"crawl", "replay"} and outcome == "complete" and full_walk_on is None:
            full_walk_on = day
    fired = Counter(event.notice_id for event in loud(archive))
    assert all(count == 1 for count in fired.values())
    if full_walk_on is not None:
        held = {event.notice_id for event in events(archive)}
        quietly = {event.notice_id for event in events(archive) if event.quiet}
        assert fired.keys() == held - quietly
    archive.close()


def test_a_gap_caught_up_fires_each_thing_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    archive = open_archive(tmp_path_factory.mktemp("gap") / "data")

    def crawl(day: int, days: range) -> None:
        rows = {day_of(one): [reading(f"{one}a", f"{one}a")] for one in days}
        append(archive, [], windows=rows, day=day, kind="replay")

    crawl(0, range(1))
    crawl(5, range(6))
    crawl(6, range(7))
    assert [event.notice_id for event in loud(archive)] == [f"us-action:{day}a" for day in range(1, 7)]
    archive.close()


def test_a_replay_opens_its_scope_as_of_the_recorded_day(tmp_path_factory: pytest.TempPathFactory) -> None:
    archive = open_archive(tmp_path_factory.mktemp("replay") / "data")
    append(archive, [], windows={day_of(0): [reading("a", "a")]}, day=0, kind="replay")
    append(archive, [], windows={day_of(0): [], day_of(1): [reading("b", "b")]}, day=1, kind="replay")
    assert [event.notice_id for event in loud(archive)] == ["us-action:b"]
    archive.close()
