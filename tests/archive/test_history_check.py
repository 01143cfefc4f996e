"""What tables say of versions beside their contents is held to what follows from these."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from archive import takedowns
from archive.proof import heads
from archive.store import Archive
from tests.archive.proving import ask, check, grow, named, proved, tamper

pytestmark = pytest.mark.both_databases

LAST = "(SELECT max(seq) FROM events)"
OLD = "2020-01-01T00:00:00.000000Z"


def amended(archive: Archive, titles: Sequence[str] = ("A", "B", "A", "C")) -> None:
    """One notice with a version a title, days apart."""
    for day, title in enumerate(titles):
        grow(archive, 500 + day, [title])


@pytest.mark.parametrize(
    ("change", "values", "said"),
    [
        (f"UPDATE events SET changed=? WHERE seq={LAST}", ('[["title",null,[{"text":"C"}]]]',), "What event "),
        (f"UPDATE events SET changed=? WHERE seq={LAST}", ('[["amounts.obligated",null,[]]]',), "What event "),
        ("UPDATE events SET changed=? WHERE seq=1", ('[["title",null,[{"text":"B"}]]]',), "What event 1 says"),
        (f"UPDATE events SET quiet=false WHERE seq={LAST}", (), "is held to be loud, which nothing of its kind is."),
        (f"UPDATE versions SET observed_at=? WHERE seq={LAST}", (OLD,), f"is held to be seen at {OLD}"),
        (f"UPDATE versions SET capture=1 WHERE seq={LAST}", (), "is held to be seen at "),
        ("UPDATE notices SET current_version=? WHERE versions>3", (2,), "Version 2 of us-action:N0 is held to be its"),
        ("UPDATE notices SET current_version=? WHERE versions=1", (2,), "is held to be its current one, and is not."),
    ],
)  # fmt: skip
def test_what_was_changed_beside_the_leaves_is_named(
    tmp_path: Path, change: str, values: tuple[object, ...], said: str
):
    with proved(tmp_path / "data") as archive:
        amended(archive)
        check(archive)
        tamper(archive, change, *values)
        assert said in named(archive)


def test_a_history_told_in_any_order_holds(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        for day in (503, 500, 502, 501, 499.5):
            grow(archive, day, [f"{day % 2}", "B"])
        assert ask(archive, "SELECT count(*) FROM versions WHERE superseded") >= 0
        check(archive)


def test_changes_against_a_content_that_was_taken_down_and_deleted_are_not_named(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        amended(archive)
        takedowns.take_down(archive, ["us-action:N0@3"], "A test.")
        number = ask(archive, "SELECT number FROM notices WHERE id='us-action:N0'")
        record = ask(archive, "SELECT record FROM versions WHERE notice=? AND version=3", number)
        tamper(archive, "UPDATE records SET content='' WHERE number=?", record)
        check(archive)


def test_lines_of_the_own_file_of_heads_that_changed_places_are_named(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        file = heads.file_of(archive)
        first, second, *rest = file.read_bytes().splitlines(keepends=True)
        file.write_bytes(b"".join([second, first, *rest]))
        assert named(archive) == f"Line 2 of {file} stands behind a later head; noticewatch only ever appends to it."
