"""Procurements by contract number, and the running total of an award."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from archive import queries
from archive.joins import Joiner, award_id
from archive.readers import drive, readers_lock
from archive.rows import NoticeRow
from archive.store import Archive
from archive.totals import complete_since, running_total, stated_totals
from archive.withheld import NOTHING, Tombstone
from noticewatch.models import Verdict
from tests.archive.making import append, head, kinds, reading, title

pytestmark = pytest.mark.both_databases


def number(kind: str, plain: str, issuer: str | None = None) -> dict[str, Any]:
    return {"type": kind, "printed": plain, "plain": plain} | ({"issuer": issuer} if issuer else {})


def action(piid: str, modification: str, value: str = "10", day: str = "2026-08-01", **more: Any) -> dict[str, Any]:
    amount = {"kind": "obligated", "basis": "change", "value": value, "currency": "USD", "of": "action", "as_of": day}
    numbers = [number("piid", piid, "7012"), number("modification", modification)]
    return title(f"{piid} {modification}", numbers=numbers, amounts=[amount], **more)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([number("piid", "70CMSD26P00000034", "7012")], "award:7012:70CMSD26P00000034"),
        ([number("piid", "70CMSD26P00000034", "7012"), number("parent_piid", "X1")], "award:7012:70CMSD26P00000034"),
        ([number("piid", "0001", "7012"), number("parent_piid", "HSCE1", "7012")], "award:7012:0001:HSCE1"),
        ([number("award", "70CMSD26P00000034", "7012")], "award:7012:70CMSD26P00000034"),
        ([number("award", "VARIOUS", "7012")], None),
        ([number("award", "SEEATTACHMENTBELOW", "7012")], None),
        ([number("award", "70CMSD26P00000034")], None),
        ([number("piid", "70CMSD26P00000034")], None),
        ([number("solicitation", "70CMSD26P00000034", "7012")], None),
        ([], None),
    ],
)  # fmt: skip
def test_only_a_strong_number_with_its_issuer_joins(numbers: list[dict[str, Any]], expected: str | None) -> None:
    assert award_id(title("T", numbers=numbers)) == expected


def members(archive: Archive) -> dict[str, list[str]]:
    """Notice ids by procurement id."""
    drive(archive, [Joiner()])
    with archive.reading() as connection:
        rows = queries.notices(connection, range(1, 50))
    found: dict[str, list[str]] = {}
    for row in rows.values():
        found.setdefault(row.procurement_id, []).append(row.id)
    return found


def test_actions_of_one_award_are_one_procurement_and_strangers_stand_alone(archive: Archive) -> None:
    rows = [reading("P:0", action("70CMSD26P00000034", "0")), reading("P:1", action("70CMSD26P00000034", "P00001"))]
    append(archive, [*rows, reading("X", "no number")])
    since = head(archive)
    assert members(archive) == {
        "award:7012:70CMSD26P00000034": ["us-action:P:0", "us-action:P:1"],
        "us-action:X": ["us-action:X"],
    }
    assert head(archive) == since


def test_a_notice_that_moves_to_another_award_says_so_quietly(archive: Archive) -> None:
    append(archive, [reading("P:0", action("70CMSD26P00000034", "0"))])
    members(archive)
    append(archive, [reading("P:0", action("70CMSD26P00000099", "0"))], day=1)
    since = head(archive)
    assert list(members(archive)) == ["award:7012:70CMSD26P00000099"]
    assert kinds(archive, since) == [("joined",)]
    with archive.reading() as connection:
        [event] = queries.events(connection, since, 10)
    assert event.quiet
    assert event.changed == (("procurement", "award:7012:70CMSD26P00000034", "award:7012:70CMSD26P00000099"),)


def test_members_come_in_bulk(archive: Archive) -> None:
    rows = [reading(f"P:{number}", action("70CMSD26P00000034", str(number))) for number in range(3)]
    append(archive, rows)
    members(archive)
    with archive.reading() as connection:
        procurement = queries.procurement_of(connection, [1, 2, 3])
        held = queries.members(connection, set(procurement.values()))
    assert [[row.id for row in group] for group in held.values()] == [
        ["us-action:P:0", "us-action:P:1", "us-action:P:2"]
    ]


def test_the_readers_lock_is_held_by_one_at_a_time(archive: Archive) -> None:
    with readers_lock(archive) as first:
        assert first
        with readers_lock(archive, timeout=0) as second:
            assert not second
        assert drive(archive, [Joiner()], timeout=0) is None


def rows_of(archive: Archive) -> list[NoticeRow]:
    with archive.reading() as connection:
        return list(queries.notices(connection, range(1, 50)).values())


def test_a_sum_is_a_total_only_with_action_0_and_every_window_since(archive: Archive) -> None:
    rows = [
        reading("P:0", action("70CMSD26P00000034", "0", "100.25", "2026-08-01")),
        reading("P:1", action("70CMSD26P00000034", "P00001", "-0.25", "2026-08-02")),
    ]
    append(archive, rows)
    [total] = running_total(rows_of(archive), lambda _: True)
    assert (total.value, total.currency, total.actions, total.label) == (Decimal(100), "USD", 2, "total")
    [part] = running_total(rows_of(archive), lambda _: False)
    assert part.label == "known part since 2026-08-01"
    [part] = running_total(rows_of(archive)[1:], lambda _: True)
    assert part.label == "known part since 2026-08-02, earlier actions not held"
    first, second = rows_of(archive)
    stone = Tombstone(1, "It names a person.", first.first_seen, whole=True)
    [part] = running_total([first, replace(second, notice=NOTHING, tombstone=stone)], lambda _: True)
    assert (part.value, part.label) == (Decimal("100.25"), "known part since 2026-08-01")


def test_what_a_source_states_of_the_whole_stands_beside_the_sum_and_is_never_added(archive: Archive) -> None:
    def stated(value: str, as_of: str, **more: Any) -> dict[str, Any]:
        return {"kind": "obligated", "basis": "state", "value": value, "currency": "USD", "as_of": as_of, **more}

    award = action("70CMSD26P00000034", "0", "100.25", "2026-08-01")
    append(archive, [reading("P:0", award), reading("A:1", title("T", amounts=[stated("150", "2026-08-20")])),
                     reading("A:2", title("T", amounts=[stated("120", "2026-08-10")])),
                     reading("S", title("T", amounts=[stated("9", "2026-08-30")]) | {"kind": "subaward"})])  # fmt: skip
    rows = rows_of(archive)
    [total] = running_total(rows, lambda _: True)
    assert total.value == Decimal("100.25")
    [own] = stated_totals(rows)
    assert (own.value, own.currency, own.as_of, own.notice) == (Decimal(150), "USD", "2026-08-20", "us-action:A:1")


def test_announced_amounts_never_count(archive: Archive) -> None:
    announced = {"kind": "announced", "basis": "limit", "value": "948620.64", "currency": "USD"}
    append(archive, [reading("S", title("T", amounts=[announced]))])
    assert running_total(rows_of(archive), lambda _: True) == []


def test_windows_since_a_day_are_complete_only_without_a_gap(archive: Archive) -> None:
    windows: dict[str, list[Any]] = {"2026-08-01": [], "2026-08-02": []}
    append(archive, [], windows=windows, kind="crawl")
    append(archive, [], windows={"2026-08-04": []}, kind="crawl")
    append(archive, [], windows={"2026-08-05": []}, kind="crawl")
    append(archive, [], windows={"2026-08-06": []}, kind="crawl", verdict=Verdict.PARTIAL)
    with archive.reading() as connection:
        assert not complete_since(connection, "usaspending_transactions", "7012", "2026-08-01")
        assert not complete_since(connection, "usaspending_transactions", "7012", "2026-08-04")
    append(archive, [], windows={"2026-08-06": []}, kind="crawl")
    with archive.reading() as connection:
        assert complete_since(connection, "usaspending_transactions", "7012", "2026-08-04")
        assert not complete_since(connection, "usaspending_transactions", "7012", "2026-08-01")
        assert not complete_since(connection, "usaspending_transactions", "7014", "2026-08-04")
