"""Models: canonical JSON, stable hashes, and the split into paths."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from noticewatch.models import (
    Amount,
    Buyer,
    Classification,
    DateValue,
    Link,
    Notice,
    Number,
    Party,
    Place,
    Text,
    Verdict,
    canonical_json,
    carries,
    content_hash,
    difference,
    from_paths,
    notice_from,
    ordered,
    to_paths,
    worst,
)

words = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
money = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12)
amounts = st.builds(
    Amount,
    kind=st.sampled_from(["obligated", "announced", "ceiling"]),
    basis=st.sampled_from(["change", "limit"]),
    value=money,
    currency=st.sampled_from(["USD", None]),
)
buyers = st.builds(Buyer, role=st.sampled_from(["contracting", "funding"]), name=words)
parties = st.builds(Party, role=st.just("supplier"), name=words, uei=st.none() | words)
notices = st.builds(
    Notice,
    kind=st.sampled_from(["award", "solicitation", "modification"]),
    status=st.sampled_from(["open", "awarded", "unknown"]),
    title=st.lists(st.builds(Text, text=words), max_size=2).map(tuple),
    buyers=st.lists(buyers, max_size=3).map(tuple),
    parties=st.lists(parties, max_size=2).map(tuple),
    amounts=st.lists(amounts, max_size=3).map(tuple),
    numbers=st.lists(
        st.builds(Number, type=st.sampled_from(["piid", "solicitation"]), printed=words, plain=words), max_size=3
    ).map(tuple),
    dates=st.lists(
        st.builds(DateValue, role=st.sampled_from(["posted", "due"]), value=st.just("2026-01-01")), max_size=3
    ).map(tuple),
    classifications=st.lists(st.builds(Classification, scheme=st.just("naics"), code=words), max_size=2).map(tuple),
    places=st.lists(st.builds(Place, city=words), max_size=2).map(tuple),
    links=st.lists(st.builds(Link, url=words), max_size=2).map(tuple),
)  # fmt: skip


@given(notices)
def test_a_notice_comes_back_from_its_content(notice: Notice) -> None:
    assert notice_from(notice.content()) == notice


@given(notices)
def test_equal_notices_have_equal_hashes_however_they_were_built(notice: Notice) -> None:
    content = notice.content()
    shuffled = dict(reversed(content.items()))
    assert canonical_json(content) == canonical_json(shuffled)
    assert content_hash(notice_from(shuffled).content()) == content_hash(content)


@given(notices)
def test_paths_give_the_content_back_in_one_order(notice: Notice) -> None:
    paths = to_paths(notice.content())
    assert to_paths(from_paths(paths)) == paths
    assert from_paths(to_paths(from_paths(paths))) == from_paths(paths)
    assert ordered(notice.content()) == from_paths(paths)


@given(notices, notices)
def test_a_difference_names_exactly_the_paths_that_differ(one: Notice, other: Notice) -> None:
    old, new = to_paths(one.content()), to_paths(other.content())
    named = {path: (before, after) for path, before, after in difference(one.content(), other.content())}
    assert named == {
        path: (old.get(path), new.get(path)) for path in old.keys() | new.keys() if old.get(path) != new.get(path)
    }


def test_the_hash_of_a_known_notice_never_changes() -> None:
    notice = Notice(
        kind="award",
        title=(Text(text="Cellebrite"),),
        amounts=(Amount(kind="announced", basis="limit", value=Decimal("948620.640"), currency="USD"),),
    )
    assert canonical_json(notice.content()) == (
        b'{"amounts":[{"basis":"limit","currency":"USD","kind":"announced","value":"948620.64"}],"kind":"award",'
        b'"title":[{"text":"Cellebrite"}]}'
    )
    assert content_hash(notice.content()) == "a49a8c20089889884d4df2d951f5273db627f1f5bca06dfcc988e0b7db691c08"


@pytest.mark.parametrize(
    ("given_value", "printed"),
    [("0.00", "0"), ("-0", "0"), ("100", "100"), ("1E+3", "1000"), ("12.50", "12.5"), ("-5.50", "-5.5"), (0.1, "0.1")],
)
def test_equal_money_is_printed_alike(given_value: Any, printed: str) -> None:
    amount = Amount.model_validate({"kind": "paid", "basis": "change", "value": given_value})
    assert amount.model_dump(mode="json")["value"] == printed


def test_a_misspelt_field_is_refused() -> None:
    with pytest.raises(ValidationError, match="titel"):
        notice_from({"kind": "award", "titel": []})


def test_an_answer_carries_a_path_by_itself_or_by_its_field() -> None:
    assert carries({"dates.due"}, "dates.due")
    assert carries({"dates"}, "dates.due")
    assert not carries({"dates.posted"}, "dates.due")


def test_the_worst_verdict_counts() -> None:
    assert worst([Verdict.COMPLETE, Verdict.FAILED, Verdict.PARTIAL]) is Verdict.FAILED
    assert worst([]) is Verdict.NOT_STARTED
