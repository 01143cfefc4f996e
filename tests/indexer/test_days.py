"""The days on which answers are due and purchases are planned: their order, and forecasts by when they may be."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from archive.queries import NoticeRow
from indexer.ast import Code
from indexer.engine import Order, Position, SearchEngine
from noticewatch.models import Content
from tests.engines import clear, engine_in, put
from tests.indexer.making import EPOCH, ask, documents, row

DUES = [None, "2026-11-28", "2026-11-29", "2026-11-30", "2027-05-01", "2019-01-01", None, "9999-12-31", "0001-01-01"]
PLANS: list[list[dict[str, str]]] = [
    [{"role": "planned_solicitation", "value": "2027-01-15"}, {"role": "planned_award", "value": "2027-06-01"}],
    [{"role": "planned_award", "value": "2027-Q1", "precision": "quarter"}],
    [{"role": "planned_award", "value": "2027-03", "precision": "month"}],
    [{"role": "planned_award", "value": "2027", "precision": "year"}],
    [{"role": "planned_solicitation", "value": "2025-01-01"}],
    [{"role": "planned_award", "value": "soon"}],
    [],
]


def due(number: int, value: str | None, status: str = "open") -> NoticeRow:
    content: Content = {"kind": "solicitation", "status": status}
    return row(number, content | ({"dates": [{"role": "due", "value": value}]} if value else {}))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, engine_kind: str) -> Iterator[SearchEngine]:
    """Notices 1 to 9 are open with a deadline each, 10 is closed, 11 to 17 are forecasts."""
    rows = [due(number, value) for number, value in enumerate(DUES, start=1)]
    rows.append(due(10, "2027-01-01", "closed"))
    rows += [row(number, {"kind": "forecast", "dates": plan}) for number, plan in enumerate(PLANS, start=11)]
    made = engine_in(engine_kind, tmp_path_factory.mktemp("index"))
    put(made, documents(rows), Position(EPOCH, len(rows)))
    yield made
    clear(made)


def walked(engine: SearchEngine, order: Order, limit: int, scope: str) -> list[int]:
    found: list[int] = []
    while True:
        answer = engine.find(Code("scope", scope), order, limit)
        assert answer.total == 17
        found += [number for _, number in answer.hits]
        if len(answer.hits) < limit:
            return found
        order = replace(order, after=answer.hits[-1][0])


@pytest.mark.both_engines
@pytest.mark.parametrize("scope", ["notice", "procurement"])
@pytest.mark.parametrize("limit", [1, 3, 50])
def test_the_earliest_day_comes_first_and_what_states_none_last(engine: SearchEngine, limit: int, scope: str) -> None:
    due = [9, 6, 2, 3, 4, 10, 5, 8, 1, 7, *range(11, 18)]
    assert walked(engine, Order("by_due", descending=False), limit, scope) == due
    planned = [15, 12, 14, 11, 13, *range(1, 11), 16, 17]
    assert walked(engine, Order("by_planned", descending=False), limit, scope) == planned


@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("planned:2027-01-15", {11, 12, 14}),
        ("planned:2027-03", {12, 13, 14}),
        ("planned:2027-04", {14}),
        ("planned:[2027-02-01 TO 2027-02-28]", {12, 14}),
        ("planned:<2027", {15}),
        ("planned:>=2026", {11, 12, 13, 14}),
        ("planned:>2027-03-31", {14}),
        ("planned:[* TO *]", {11, 12, 13, 14, 15}),
    ],
)
def test_a_plan_is_found_where_its_day_may_lie(engine: SearchEngine, query: str, expected: set[int]) -> None:
    assert ask(engine, query) == ask(engine, query, "procurement") == expected
