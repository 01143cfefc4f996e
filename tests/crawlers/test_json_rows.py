"""Elements of JSON lists have the range of their bytes, whatever stands around them; anything else is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.json_rows import decoded, elements, elements_in, elements_of
from noticewatch.errors import SourceDrift

JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3), max_leaves=6
)
ROWS = st.lists(st.dictionaries(st.text(max_size=5), JSON, max_size=4), max_size=5)
MARK = b"\xef\xbb\xbf"


def encoded(value: Any, *, plain: bool, spaced: bool, mark: bool) -> bytes:
    text = json.dumps(value, ensure_ascii=plain, indent=2 if spaced else None)
    return (MARK if mark else b"") + text.encode("utf-8", "replace")


@given(ROWS, JSON, st.booleans(), st.booleans(), st.booleans())
def test_elements_have_the_range_of_their_bytes(rows: Any, around: Any, plain: bool, spaced: bool, mark: bool) -> None:
    payload = encoded({"before": around, "results": rows, "behind": around}, plain=plain, spaced=spaced, mark=mark)
    found = list(elements_of(payload, "results"))
    assert [json.loads(payload[start:end]) for start, end, _ in found] == [value for _, _, value in found]
    assert len(found) == len(rows)
    bare = encoded(rows, plain=plain, spaced=spaced, mark=mark)
    assert [json.loads(bare[start:end]) for start, end, _ in elements(bare)] == [one for _, _, one in elements(bare)]


def test_of_two_members_of_one_name_the_last_counts_as_for_every_reader_of_json() -> None:
    payload = b'{"results": [1, 2], "results": [{"id": 3}]}'
    assert list(elements_of(payload, "results")) == [(32, 41, {"id": 3})]


def test_a_member_of_that_name_further_in_is_another() -> None:
    assert list(elements_of(b'{"page": {"results": [1]}, "results": []}', "results")) == []


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"", "empty"),
        (MARK, "empty"),
        (b" <html>", "HTML"),
        (b'{"results": [1', "cut off"),
        (b'{"results": ["\xff"]}', "cut off or broken"),
        (b"[" * 100_000, "cut off or broken"),
        (b'{"results": [' + b"1" * 5_000 + b"]}", "cut off or broken"),
        (b'{"error": "no such page"}', "holds no results, but says: no such page"),
        ('{"results": []}'.encode("utf-16"), "The answer is UTF-16 where JSON in UTF-8 was due"),
        (b"[]", "holds no results"),
        (b'{"results": {}}', "no list"),
    ],
)
def test_an_answer_without_the_list_is_refused_in_words(payload: bytes, said: str) -> None:
    with pytest.raises(SourceDrift, match=said):
        list(elements_of(payload, "results"))


def test_an_object_may_lack_the_list_where_the_source_leaves_it_out() -> None:
    assert list(elements_of(b'{"count": 0}', "results", may_lack=True)) == []
    with pytest.raises(SourceDrift, match="no list"):
        list(elements(b'{"count": 0}'))


@pytest.mark.parametrize(
    "found",
    [lambda payload: elements_of(payload, "rows"), lambda payload: elements_in(payload, *decoded(payload), ("rows",))],
)
def test_half_a_character_is_no_text_and_ends_nothing(found: Any) -> None:
    payload = b'{"rows": [{"a\\ud800": "x\\udc00y", "whole": "\\ud83d\\ude00"}]}'
    ((start, end, value),) = found(payload)
    assert value == {"a\ufffd": "x\ufffdy", "whole": "\U0001f600"}
    assert payload[start:end].startswith(b'{"a')


def test_a_lone_object_at_the_end_of_a_path_is_a_list_of_one_and_anything_else_none() -> None:
    payload = b'{"\xc3\xa9": 1, "whole": {"rows": {"id": 3}}}'
    assert list(elements_in(payload, *decoded(payload), ("whole", "rows"))) == [(28, 37, {"id": 3})]
    for path in (("rows",), ("whole", "rows", "id"), ("whole", "rows", "id", "x")):
        with pytest.raises(SourceDrift, match=f"holds no {'.'.join(path)}"):
            list(elements_in(payload, *decoded(payload), path))
