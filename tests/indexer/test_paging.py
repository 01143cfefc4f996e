"""Pages of results whose sort keys are neighbours, and amounts that differ by a cent."""

from decimal import Decimal
from pathlib import Path

import pytest

from indexer.ast import Code
from indexer.engine import Order, SearchEngine
from tests.engines import clear
from tests.indexer.making import filled, row

pytestmark = pytest.mark.both_engines

DAY = [{"role": "posted", "value": "2026-04-15"}]


def walked(engine: SearchEngine, order: Order, limit: int) -> list[int]:
    """Numbers of all pages, one after the other."""
    numbers: list[int] = []
    after = None
    while True:
        found = engine.find(
            Code("scope", "notice"), Order(order.field, descending=order.descending, after=after), limit
        )
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
