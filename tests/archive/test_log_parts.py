"""The log checked in parts: wherever it is cut, the same holds, and the same is named where it does not."""

from contextlib import closing
from pathlib import Path

import pytest

from archive.proof.extent import DoesNotHold, extent
from archive.proof.log_check import LogCheck
from archive.store import Archive
from tests.archive.grouping import assert_whole, say
from tests.archive.making import append, open_archive, reading
from tests.archive.proving import ask, grow, proved, tamper

pytestmark = pytest.mark.both_databases


def said(archive: Archive, parts: int) -> str:
    """What a check of the log in so many parts names first; empty where all holds."""
    with archive.reading() as connection:
        end = extent(connection)
    check = LogCheck(archive, 0, end)
    try:
        cut = check.parts(parts, least=1)
        assert len(cut) > parts // 3
        for part in cut:
            check.follow(part.run(archive, lambda _: None))
        check.settle()
    except DoesNotHold as error:
        return str(error)
    return ""


def same(archive: Archive) -> str:
    """What is named first, however the log is cut."""
    [named] = {said(archive, parts) for parts in range(1, int(ask(archive, "SELECT count(*) FROM leaves")) + 1)}
    return named


def test_a_log_holds_however_it_is_cut_also_where_an_older_observation_moved_its_records(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        for day in (5, 3, 4, 1):
            grow(archive, day)
        moved = "SELECT count(*) FROM leaves WHERE kind='records' AND capture=(SELECT max(number) FROM captures)"
        assert ask(archive, moved) == 1
        assert same(archive) == ""


@pytest.mark.parametrize(
    ("change", "value", "expected"),
    [
        ("UPDATE events SET kinds='[\"amended\"]' WHERE seq=?", 7, "Event 7 ("),
        ("UPDATE records SET content='{}' WHERE number=?", 5, "The content of "),
        ("UPDATE records SET row=row+1 WHERE number=?", 2, "Record 2 (row "),
        ("UPDATE leaves SET leaves=leaves+1 WHERE number=?", 1, "Leaf 3 of the log is missing."),
        ("DELETE FROM leaves WHERE number=?", 4, "Leaf 4 of the log is missing."),
    ],
)
def test_what_does_not_hold_is_named_alike_however_the_log_is_cut(
    tmp_path: Path, change: str, value: int, expected: str
):
    with proved(tmp_path / "data") as archive:
        tamper(archive, change, value)
        assert expected in same(archive)


def test_of_two_things_that_do_not_hold_the_first_in_the_log_is_named(tmp_path: Path):
    with proved(tmp_path / "data") as archive:
        tamper(archive, "UPDATE events SET committed_at='2026-01-01T00:00:00.000000Z' WHERE seq=?", 9)
        tamper(archive, "UPDATE records SET content='{}' WHERE number=(SELECT record FROM versions WHERE seq=?)", 4)
        assert "(event 4), is not the proved one" in same(archive)


def test_a_version_of_which_an_older_answer_of_another_source_turned_out_to_say_the_same_holds(tmp_path: Path):
    with closing(open_archive(tmp_path / "data")) as archive:
        append(archive, [reading("N0", "Radio sets")], day=5)
        first = "SELECT record FROM versions WHERE version=1 AND seq=?"
        record = ask(archive, first, 1)
        append(archive, [reading("N0", "Radio sets")], day=3, source="fpds_atom")
        assert ask(archive, first, 1) != record
        assert same(archive) == ""


def test_a_version_holds_whose_content_the_history_comes_to_say_at_a_record_that_was_received_later(tmp_path: Path):
    whole, text = "sam_gov_opportunities", "text"
    told = [
        (2, "bb", text, "Generator"), (5, "dd", whole, "Radio sets"), (4, "bb", "sam_gov_bulk", "Generator"),
        (1, "bb", text, "Road salt"), (6, "aa", whole, "Generator"), (0, "aa", text, "Road salt"),
    ]  # fmt: skip
    with closing(open_archive(tmp_path / "data")) as archive:
        for day, number, source, name in told:
            say(archive, day, number, source, "70CDCR26R00001", name)
            assert_whole(archive)
