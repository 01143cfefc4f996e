"""JSON objects read by name: nothing is lost in silence."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.award_numbers import action_key, award_key
from crawlers.members import Members
from crawlers.parsing import Shape

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3),
    max_leaves=8,
)


def test_members_nobody_asked_for_are_told_by_their_path() -> None:
    shape = Shape()
    row = Members({"id": "1", "award": {"date": "2026-01-01", "colour": "red"}, "size": 3}, shape)
    row.text("id")
    row.object("award").text("date")
    row.close()
    assert shape.unread == {"award.colour", "size"}


def test_declared_members_are_not_told() -> None:
    shape = Shape()
    row = Members({"id": "1", "page_views": {"count": 3}}, shape)
    row.ignore("id", "page_views")
    row.close()
    assert shape.unread == set()


@pytest.mark.parametrize(
    ("value", "finding"),
    [(["x"], "title is a list where text was due"), ({}, "title is an object where text was due"),
     (True, "title is a flag where text was due")],
)  # fmt: skip
def test_a_type_that_changed_is_told_and_reads_as_absent(value: Any, finding: str) -> None:
    shape = Shape()
    assert Members({"title": value}, shape).text("title") == ""
    assert dict(shape.types) == {finding: 1}
    assert finding in shape.findings()


def test_null_is_absent_and_no_finding() -> None:
    shape = Shape()
    row = Members({"a": None}, shape)
    assert (row.text("a"), row.number("a"), row.flag("a"), row.objects("a"), row.texts("a")) == ("", None, None, [], [])
    assert not row.object("a")
    assert shape == Shape()


@pytest.mark.parametrize(
    ("printed", "number"),
    [("87374.89", Decimal("87374.89")), ("$1,234.50", Decimal("1234.50")), (5, Decimal(5)), ("", None), (" ", None)],
)
def test_numbers_are_read_as_printed(printed: Any, number: Decimal | None) -> None:
    shape = Shape()
    assert Members({"n": printed}, shape).number("n") == number
    assert not shape.types


@pytest.mark.parametrize("printed", ["twelve", "NaN", "Infinity", "1e999999999999999999999"])
def test_what_is_no_number_is_told(printed: str) -> None:
    shape = Shape()
    assert Members({"n": printed}, shape).number("n") is None
    assert dict(shape.types) == {"n is no number": 1}


@given(VALUES)
def test_any_value_can_be_read_as_anything(value: Any) -> None:
    shape = Shape()
    row = Members({"a": value}, shape)
    row.text("a"), row.number("a"), row.flag("a"), row.texts("a")
    for below in (row.object("a"), *row.objects("a")):
        below.text("b")
    row.close()
    assert "a" not in shape.unread


@pytest.mark.parametrize(
    ("parts", "key"),
    [
        (("7012", "70CMSD23FR0000145", "P00001", "GS35F0119Y"), "7012:70CMSD23FR0000145:P00001"),
        (("7012", "0001", "0", "HSCETC-08-D-00001"), "7012:0001:0:HSCETC08D00001"),
        (("7012", "70CMSD23FR0000145", "0", "", "0"), "7012:70CMSD23FR0000145:0"),
        (("7012", "70CMSD23FR0000145", "0", "", "2"), "7012:70CMSD23FR0000145:0:2"),
    ],
)
def test_actions_are_named_by_what_tells_them_apart(parts: tuple[str, ...], key: str) -> None:
    assert action_key(*parts) == key


def test_awards_are_named_like_their_actions() -> None:
    assert award_key("7012", "0001", "HSCETC-08-D-00001") == "7012:0001:HSCETC08D00001"
    assert award_key("7012", "70CMSD23FR0000145", "GS35F0119Y") == "7012:70CMSD23FR0000145"
