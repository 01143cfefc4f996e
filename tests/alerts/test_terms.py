"""What a search asks for is read again whole, or as far as it is understood, whatever the database holds."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from alerts.models import Reason, Terms
from alerts.terms import UNREAD, read
from noticewatch.models import EventKind

_WHOLE = Terms(
    query="drone", lens="everything", filters={"buyer": ("ICE",)}, amount_min=Decimal("1000.50"),
    reasons=(Reason.NEW, Reason.AMENDED), changes=(EventKind.DEADLINE_MOVED,), due_days=(1, 14),
)  # fmt: skip
_VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=8,
)


def test_what_this_version_writes_it_reads_whole() -> None:
    assert read(_WHOLE.model_dump_json()) == (_WHOLE, "")


@pytest.mark.parametrize("name", sorted(Terms.model_fields))
def test_what_is_not_understood_of_a_search_is_left_out_and_the_rest_is_shown(name: str) -> None:
    held = json.loads(_WHOLE.model_dump_json())
    terms, why = read(json.dumps(held | {name: {"of": {"another": "version"}}, "colour": "red"}))
    rest = {each: value for each, value in _WHOLE if each != name}
    assert (terms, why) == (Terms(**rest), UNREAD)


@pytest.mark.parametrize("written", ["", "null", "[]", "[" * 10_000, "{", '{"query": "\\ud800"}', '"drone"'])
def test_what_is_no_search_at_all_is_read_as_an_empty_one(written: str) -> None:
    assert read(written) == (Terms(), UNREAD)


@given(some.dictionaries(some.sampled_from([*Terms.model_fields, "colour"]), _VALUES))
def test_whatever_stands_there_is_read(held: dict[str, Any]) -> None:
    terms, why = read(json.dumps(held))
    assert why in {"", UNREAD}
    assert read(terms.model_dump_json())[1] == ""
