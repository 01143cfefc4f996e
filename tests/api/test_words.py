"""The words that stand for codes, and what is kept of readers."""

import logging
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.access_log import PrivateAccessFormatter, cut_address, cut_path
from api.chart import chart
from api.profile import Obligations, fiscal_year
from noticewatch import addresses, words
from noticewatch.addresses import escaped, notice
from noticewatch.changes import compare
from noticewatch.models import AmountKind, DateValue, EventKind, Kind, Origin, Verdict


@pytest.mark.parametrize(
    ("value", "currency", "said"),
    [
        ("948620.64", "USD", "$948,620.64"), ("0", "USD", "$0"), ("-5.5", "USD", "−$5.50"),
        ("12", "CAD", "CAD\u00a012"), ("7", None, "7 (currency not stated)"),
    ],
)  # fmt: skip
def test_money_is_said_with_its_currency(value: str, currency: str | None, said: str) -> None:
    assert words.money(Decimal(value), currency) == said


def test_a_time_keeps_the_zone_that_was_published() -> None:
    due = DateValue(role="due", value="2026-04-15T15:46:25.300-04:00", precision="time", zone="-04:00")
    assert words.date_words(due) == "15 April 2026, 15:46 (UTC−04:00)"
    assert words.date_words(DateValue(role="due", value="2026-04-15T15:46:25", precision="time")) == (
        "15 April 2026, 15:46 (time zone not stated)"
    )
    assert words.date_words(DateValue(role="end", value="2026-04", precision="month")) == "April 2026"


def test_a_reason_is_told_to_readers_without_the_mark_for_programs() -> None:
    said = "exact doubles: 3, so as many rows were missed"
    assert words.reason_words(f"drift: {said}") == words.reason_words(said) == said


def test_bytes_are_called_published_only_where_noticewatch_fetched_them() -> None:
    assert [origin for origin in Origin if words.WORDINGS[origin] == "as published"] == [Origin.LIVE]


def test_names_with_commas_of_their_own_are_told_apart_in_a_list() -> None:
    assert words.listed([]) == ""
    assert words.listed(["a"]) == "a"
    assert words.listed(["a, x", "b"]) == "a, x and b"
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert words.listed(["a", "b, x", "c"]) == "a; b, x; and c"


def test_every_code_has_words() -> None:
    assert set(words.KINDS) == set(Kind)
    assert set(words.AMOUNT_KINDS) == set(AmountKind)
    assert set(words.VERDICTS) == set(Verdict)
    assert set(words.EVENTS) == set(EventKind)


def test_identifiers_are_one_segment_of_an_address() -> None:
    assert notice("us-action:7012:A B/C:0") == "/notices/us-action:7012:A%20B%2FC:0"


@given(st.text())
def test_no_identifier_leaves_its_segment(identifier: str) -> None:
    assert "/" not in escaped(identifier)
    assert "?" not in escaped(identifier)


@given(st.text(max_size=80), st.text(max_size=80))
def test_a_word_difference_holds_both_texts(old: str, new: str) -> None:
    segments = compare(old, new)
    assert "".join(s.text for s in segments if s.kind != "come") == old
    assert "".join(s.text for s in segments if s.kind != "gone") == new


@pytest.mark.parametrize(
    ("client", "kept"),
    [("203.0.113.77:5123", "203.0.113.0"), ("2001:db8:aa:bb:cc::1", "2001:db8:aa::"), ("[2001:db8:aa:bb::1]:80",
      "2001:db8:aa::"), ("nonsense", "-")],
)  # fmt: skip
def test_addresses_of_readers_are_cut(client: str, kept: str) -> None:
    assert cut_address(client) == kept


@pytest.mark.parametrize(
    "path",
    [addresses.alert_manage("secret"), addresses.alert_confirm("secret"), addresses.alert_unsubscribe("secret"),
     addresses.alert_replay("secret"), f"{addresses.saved_search_api('secret')}/targets?secret"],
)  # fmt: skip
def test_the_access_log_holds_no_token_of_a_saved_search(path: str) -> None:
    assert "secret" not in cut_path(path)
    assert cut_path(path).startswith(path.partition("secret")[0])


def test_the_access_log_holds_no_question() -> None:
    assert cut_path("/search?q=secret") == "/search"
    assert cut_path("/api/v1/searches/preview?q=secret") == "/api/v1/searches/preview"
    assert cut_path("/alerts/preview?q=secret") == "/alerts/preview"
    record = logging.LogRecord("uvicorn.access", logging.INFO, "", 0, '%s - "%s %s HTTP/%s" %d', None, None)
    record.args = ("203.0.113.77:5123", "GET", "/search?q=secret", "1.1", 200)
    line = PrivateAccessFormatter('%(client_addr)s "%(request_line)s" %(status_code)s', use_colors=False).format(record)
    assert "secret" not in line
    assert "203.0.113.0" in line
    assert "77" not in line


def test_a_federal_fiscal_year_begins_in_october() -> None:
    assert (fiscal_year("2020-09-30"), fiscal_year("2020-10-01")) == (2020, 2021)


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=5),
        st.dictionaries(st.integers(2019, 2026), st.decimals(-(10**9), 10**9, places=2), min_size=1),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_a_chart_stays_in_its_frame(by_buyer: dict[str, dict[int, Decimal]]) -> None:
    drawn = chart(Obligations("USD", tuple(range(2019, 2027)), by_buyer))
    for bar in drawn.bars:
        assert bar.x >= drawn.left
        assert bar.x + bar.width <= drawn.width + 0.1
        assert bar.y >= 0
        assert bar.y + bar.height <= drawn.height
