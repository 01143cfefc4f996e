"""Pages of results whose sort keys are neighbours, amounts that differ by a cent, and pages of an index that moves."""

import random
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from archive.queries import NoticeRow
from indexer.ast import Code
from indexer.engine import Order, Position, SearchEngine
from tests.engines import clear, put
from tests.indexer.making import EPOCH, documents, filled, row

pytestmark = pytest.mark.both_engines

DAY = [{"role": "posted", "value": "2026-04-15"}]


def walked(engine: SearchEngine, order: Order, limit: int, scope: str = "notice") -> list[int]:
    """Numbers of all pages, one after the other."""
    numbers: list[int] = []
    after = None
    while True:
        found = engine.find(Code("scope", scope), Order(order.field, descending=order.descending, after=after), limit)
        numbers += [number for _, number in found.hits]
        if len(found.hits) < limit:
            return numbers
        after = found.hits[-1][0]


@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("descending", [True, False])
def test_notices_of_one_day_with_neighbouring_numbers_come_once(
    tmp_path: Path, engine_kind: str, limit: int, descending: bool
) -> None:
    rows = [row(number, {"kind": "award", "dates": DAY}) for number in range(1, 8)]
    engine = filled(tmp_path, rows, kind=engine_kind)
    numbers = walked(engine, Order("by_dated", descending=descending), limit)
    assert numbers == sorted(range(1, 8), reverse=descending)
    clear(engine)


def test_amounts_are_in_order_to_the_cent_on_both_sides_of_zero(tmp_path: Path, engine_kind: str) -> None:
    values = ["25650.56", "-0.01", "25650.96", "0", "0.01", "-12.5", "2594040000", "-9000000000.25", "9000001000.25"]
    rows = [
        row(number, {"kind": "award", "dates": DAY, "amounts": [
            {"kind": "obligated", "basis": "change", "value": value, "currency": "USD"}]})
        for number, value in enumerate(values, start=1)
    ]  # fmt: skip
    engine = filled(tmp_path, rows, kind=engine_kind)
    numbers = walked(engine, Order("by_amount", descending=True), 4)
    assert [values[number - 1] for number in numbers] == sorted(values, key=Decimal, reverse=True)
    clear(engine)


@pytest.mark.parametrize("limit", [1, 2, 50])
@pytest.mark.parametrize("scope", ["notice", "procurement"])
def test_a_range_stands_among_the_amounts_by_its_lower_end(
    tmp_path: Path, engine_kind: str, scope: str, limit: int
) -> None:
    """Greatest first: one that states no lower end may be nothing, and other currencies and no amount come last."""
    stated: list[dict[str, object]] = [
        {"minimum": "100000000"}, {"value": "99999999.99"}, {"minimum": "50000.01", "maximum": "900000000"},
        {"value": "50000"}, {"minimum": "0.01", "maximum": "0.02"}, {"maximum": "150000"}, {"value": "-0.01"},
        {"minimum": "7000000", "currency": "EUR"}, {},
    ]  # fmt: skip
    amounts = [[{"kind": "estimate", "basis": "plan", "currency": "USD", **one}] if one else [] for one in stated]
    order = [3, 8, 1, 6, 0, 7, 2, 5, 4]  # they are not held in the order that is expected
    rows = [row(number, {"kind": "forecast", "dates": DAY, "amounts": amounts[at]}) for number, at in enumerate(order)]
    engine = filled(tmp_path, rows, kind=engine_kind)
    found = [order[number] for number in walked(engine, Order("by_amount", descending=True), limit, scope)]
    assert found[:7] == list(range(7))
    assert set(found[7:]) == {7, 8}
    clear(engine)


def test_a_contract_whose_forecast_states_a_range_goes_by_what_was_obligated(tmp_path: Path, engine_kind: str) -> None:
    planned = {"kind": "estimate", "basis": "plan", "currency": "USD", "minimum": "900"}
    spent = {"kind": "obligated", "basis": "change", "currency": "USD", "value": "5"}
    rows = [
        row(1, {"kind": "forecast", "dates": DAY, "amounts": [planned]}, procurement=1),
        row(2, {"kind": "award", "dates": DAY, "amounts": [spent]}, procurement=1),
        row(3, {"kind": "forecast", "dates": DAY, "amounts": [planned | {"minimum": "6"}]}, procurement=3),
        row(4, {"kind": "forecast", "dates": DAY, "amounts": [planned | {"minimum": "7"}]}, procurement=3),
    ]
    engine = filled(tmp_path, rows, kind=engine_kind)
    assert walked(engine, Order("by_amount", descending=True), 1, "procurement") == [3, 1]
    clear(engine)


def posted(chance: random.Random, number: int) -> NoticeRow:
    """A notice as it is posted, or posted again: day, deadline and amount may be others, its first sight stays."""
    dates = [
        {"role": role, "value": f"2026-0{chance.randint(1, 9)}-{chance.randint(10, 28)}"} for role in ("posted", "due")
    ]
    amount = {"kind": "obligated", "basis": "change", "value": str(chance.randint(-99, 999)), "currency": "USD"}
    return row(number, {"kind": "award", "dates": dates, "amounts": [amount]})


@pytest.mark.parametrize("scope", ["notice", "procurement"])
@pytest.mark.parametrize(
    ("field", "descending"), [("by_dated", True), ("by_found", False), ("by_amount", True), ("by_due", False)]
)
def test_while_notices_are_added_and_posted_again_what_keeps_its_place_comes_exactly_once(
    tmp_path: Path, engine_kind: str, field: str, descending: bool, scope: str
) -> None:
    chance = random.Random(f"{field} {scope}")
    held = 60
    engine = filled(tmp_path, [posted(chance, number) for number in range(1, held + 1)], kind=engine_kind)
    seen, moved, seq, after = Counter[int](), set[int](), held, None
    while True:
        found = engine.find(Code("scope", scope), Order(field, descending=descending, after=after), 7)
        seen.update(number for _, number in found.hits)
        if len(found.hits) < 7:
            break
        after = found.hits[-1][0]
        seq += 5
        again = {*chance.sample(range(1, held + 1), 3), *((seq, seq + 1) if seq < 2 * held else ())}
        moved |= again
        put(engine, documents([posted(chance, number) for number in sorted(again)]), Position(EPOCH, seq))
    stayed = range(1, held + 1) if field == "by_found" else set(range(1, held + 1)) - moved
    assert len(stayed) > held // 3
    assert {number: seen[number] for number in stayed} == dict.fromkeys(stayed, 1)
    clear(engine)
