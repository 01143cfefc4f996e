"""Dates keep what was printed: the day, the precision and the offset."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noticewatch.dates import bare_date, date_value, dated, instant, is_time_of
from noticewatch.models import DateValue, Kind, Notice


@pytest.mark.parametrize(
    ("printed", "value", "zone"),
    [
        ("2026-04-24 23:24:04.649-04", "2026-04-24T23:24:04.649-04:00", "-04:00"),
        ("2026-02-24 23:24:04-05", "2026-02-24T23:24:04-05:00", "-05:00"),
        ("2026-10-06 03:42:50", "2026-10-06T03:42:50", None),
        ("2026-05-01T16:30:00-07:00", "2026-05-01T16:30:00-07:00", "-07:00"),
        ("2026-05-01T16:30:00Z", "2026-05-01T16:30:00+00:00", "+00:00"),
    ],
)
def test_a_time_keeps_its_offset_and_decimals(printed: str, value: str, zone: str | None) -> None:
    assert date_value("due", printed) == DateValue(role="due", value=value, precision="time", zone=zone)


def test_a_bare_day_is_a_day() -> None:
    assert date_value("due", " 2026-05-01 ") == DateValue(role="due", value="2026-05-01")
    assert bare_date("signed", "4/24/2026") == DateValue(role="signed", value="2026-04-24")


@pytest.mark.parametrize("printed", ["", "2026-02-30", "2026-13-01 10:00:00", "soon", "2026-05-01T25:00:00", "2026"])
def test_what_is_no_date_is_none(printed: str) -> None:
    assert date_value("due", printed) is None


@given(st.text(max_size=40))
def test_no_text_makes_an_error(printed: str) -> None:
    found = date_value("posted", printed)
    assert found is None or instant(found.value) is not None


def test_a_time_without_offset_is_of_the_zone_given() -> None:
    assert instant("2026-10-06T03:42:50", "America/New_York") == datetime(2026, 10, 6, 7, 42, 50, tzinfo=UTC)


def test_a_notice_is_dated_by_posted_then_signed_then_first_seen_as_printed() -> None:
    seen = datetime(2026, 4, 26, 1, tzinfo=UTC)
    posted = DateValue(role="posted", value="2026-04-24T23:24:04.649-04:00", precision="time", zone="-04:00")
    signed = DateValue(role="signed", value="2026-04-15")
    assert dated(Notice(kind=Kind.AWARD, dates=(signed, posted)), seen) == ("2026-04-24", "posted")
    assert dated(Notice(kind=Kind.AWARD, dates=(signed,)), seen) == ("2026-04-15", "signed")
    assert dated(Notice(kind=Kind.AWARD), seen) == ("2026-04-26", "first_seen")


@pytest.mark.parametrize(
    ("value", "day", "whether"),
    [
        ("2026-04-24T23:24:04-04:00", "2026-04-24", True),
        ("2026-04-25T03:24:04Z", "2026-04-24", False),
        ("2026-04-24", "2026-04-24", False),
        ("2026-04-24T23:24:04", "2026-04", False),
        (None, "2026-04-24", False),
    ],
)
def test_a_time_is_one_of_its_printed_day(value: object, day: object, whether: bool) -> None:
    assert is_time_of(value, day) is whether
