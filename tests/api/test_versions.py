"""The list of versions on a notice's page."""

from datetime import UTC, datetime, timedelta

from api.versions import version_views
from archive.rows import RecordPlace, VersionRow
from archive.withheld import Tombstone
from noticewatch.models import EventKind, Origin

DAY_0 = datetime(2026, 8, 1, tzinfo=UTC)


def row(number: int, *, down: bool = False) -> VersionRow:
    stone = Tombstone(1, "A reason.", DAY_0, whole=False) if down else None
    return VersionRow(
        number, "", DAY_0 + timedelta(days=number), f"c{number}", Origin.LIVE, "a test", {}, f"{number:064x}",
        (EventKind.AMENDED,), quiet=True, late=False, seq=number, record=RecordPlace(f"c{number}", 0, 0, 1, "0" * 64),
        changed=(), tombstone=stone,
    )  # fmt: skip


def test_of_many_versions_the_newest_are_listed_and_the_current_one_is_among_them():
    views = version_views([row(number) for number in range(1, 100)], 99, 60)
    assert [view.number for view in views] == list(range(99, 39, -1))
    assert [view.number for view in views if view.current] == [99]
    assert views[-1].before == 39


def test_a_version_is_compared_with_the_last_one_before_it_that_was_not_taken_down():
    views = version_views([row(1), row(2, down=True), row(3, down=True), row(4), row(5)], 5)
    assert [(view.number, view.before) for view in views] == [(5, 4), (4, 1), (3, None), (2, None), (1, None)]
