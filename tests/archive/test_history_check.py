"""What tables say of versions beside their contents is held to what follows from these."""

from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest

from archive import takedowns
from archive.proof import answers, heads
from archive.store import Archive
from tests.archive.proving import ask, check, forget_lineages, grow, named, proved, tamper

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
        (f"UPDATE events SET changed='[]' WHERE seq={LAST}", (), "is held to have changed nothing, and its leaf says"),
        ("UPDATE events SET changed=? WHERE seq=1", ('[["title",null,[{"text":"B"}]]]',), "held to have changed somet"),
        (f"UPDATE events SET quiet=false WHERE seq={LAST}", (), "is not what leaf "),
        ("UPDATE events SET quiet=false WHERE seq=1", (), "Event 1 ("),
        ("UPDATE events SET late=NOT late WHERE seq=1", (), "Event 1 ("),
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


@pytest.mark.parametrize(
    ("change", "values", "said"),
    [
        ("UPDATE events SET changed=? WHERE seq=1", ('[["title",null,[{"text":"B"}]]]',), "What event 1 says"),
        (f"UPDATE events SET changed=? WHERE seq={LAST}", ('[["title",null,[{"text":"C"}]]]',), "from another one."),
        (f"UPDATE events SET quiet=false WHERE seq={LAST}", (), "is held to be loud, which nothing of its kind is."),
    ],
)
def test_what_leaves_of_earlier_programs_do_not_say_is_held_to_what_follows(
    tmp_path: Path, change: str, values: tuple[object, ...], said: str
):
    with proved(tmp_path / "data") as archive:
        amended(archive)
        forget_lineages(archive)
        check(archive)
        tamper(archive, change, *values)
        assert said in named(archive)


def test_leaves_of_earlier_programs_and_those_that_say_more_hold_together_and_are_both_proved(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        amended(archive)
        forget_lineages(archive)
        grow(archive, 510, ["D"])
        assert check(archive).events == ask(archive, f"SELECT {LAST}")
        with archive.reading() as connection:
            first, last = (
                orjson.loads(answers.of_event(connection, seq).data) for seq in (1, ask(archive, f"SELECT {LAST}"))
            )
        assert {"quiet", "late", "row", "against"}.isdisjoint(first)
        assert last["against"] == ask(archive, f"SELECT content_sha256 FROM versions WHERE seq={LAST}-1")
        assert (last["row"], last["quiet"], last["late"]) == (0, True, False)


def test_a_change_told_against_another_version_than_the_one_before_it_is_named(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        amended(archive)
        told = [["title", [{"text": "A"}], [{"text": "C"}]]]
        assert orjson.loads(ask(archive, f"SELECT changed FROM events WHERE seq={LAST}")) == told
        told[0][1] = [{"text": "B"}]
        tamper(archive, f"UPDATE events SET changed=? WHERE seq={LAST}", orjson.dumps(told).decode())
        assert named(archive).endswith("is not how its version 4 differs from the one that its leaf names.")
        forget_lineages(archive)
        check(archive)


def test_what_an_event_says_that_changed_that_brought_no_version_is_proved(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        amended(archive)
        takedowns.take_down(archive, ["us-action:N0@3"], "A test.")
        check(archive)
        tamper(archive, f"UPDATE events SET changed=? WHERE seq={LAST}", '[["listing","listed","gone"]]')
        assert "is not what leaf " in named(archive)
        forget_lineages(archive)
        check(archive)


def test_a_change_told_against_what_came_before_it_but_stands_behind_it_is_named(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        for day, title in ((500, "A"), (502, "C"), (501, "B")):
            grow(archive, day, [title])
        told = [["title", [{"text": "A"}], [{"text": "B"}]]]
        number = ask(archive, "SELECT number FROM notices WHERE id='us-action:N0'")
        last = ask(archive, "SELECT seq FROM versions WHERE notice=? AND version=3", number)
        assert orjson.loads(ask(archive, "SELECT changed FROM events WHERE seq=?", last)) == told
        told[0][1] = [{"text": "C"}]
        tamper(archive, "UPDATE events SET changed=? WHERE seq=?", orjson.dumps(told).decode(), last)
        assert named(archive).endswith("is not how its version 3 differs from the one that its leaf names.")


def test_a_version_is_held_to_the_row_from_which_its_leaf_says_that_it_was_read(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        grow(archive, 500, ["A", "A"])
        first, second = (ask(archive, f"SELECT record FROM versions WHERE seq={LAST}-{back}") for back in (1, 0))
        for member in ("content", "capture"):
            assert (
                len({ask(archive, f"SELECT {member} FROM records WHERE number=?", one) for one in (first, second)}) == 1
            )
        tamper(archive, f"UPDATE versions SET record=? WHERE seq={LAST}", first)
        assert f"is held to be read from record {first}, which no leaf places in" in named(archive)
        forget_lineages(archive)
        check(archive)


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
