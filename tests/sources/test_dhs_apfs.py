"""Forecasts: ranges, quarters of the fiscal year, contract numbers with typing errors, no contact data of officials."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from crawlers.parsing import Row, Shape
from crawlers.source import source
from crawlers.sources.dhs_apfs import parser
from crawlers.sources.dhs_apfs.mapping import calendar_quarter, contract_numbers, dollar_range
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Notice, Origin, Status

CAPTURE = Capture(
    id="c", source="dhs_apfs", url="u", status=200, fetched_at=datetime(2026, 8, 22, tzinfo=UTC), payload_sha256="",
    payload_length=0, origin=Origin.LIVE, recorder="a test",
)  # fmt: skip
USUAL = {
    "id": 65214, "apfs_number": "F2024065214", "organization": "USCIS", "requirements_title": "Listening software",
}  # fmt: skip


def rows(*forecasts: dict[str, Any], shape: Shape | None = None) -> list[Row]:
    payload = json.dumps([{**USUAL, **one} for one in forecasts]).encode()
    return list(parser.rows(io.BytesIO(payload), shape or Shape()))


def notice(shape: Shape | None = None, **members: Any) -> Notice:
    return parser.read_row(rows(members)[0], CAPTURE, shape or Shape()).notice


@pytest.mark.parametrize(
    ("printed", "least", "greatest"),
    [
        ("$250K to $500K", 250_000, 500_000),
        ("$1M to $2M", 1_000_000, 2_000_000),
        ("$500K to $1M", 500_000, 1_000_000),
        ("$1.5M - $2B", 1_500_000, 2_000_000_000),
        ("$150,000 to $250,000", 150_000, 250_000),
        ("Over $100M", 100_000_000, None),
        ("> $100M", 100_000_000, None),
        ("$100M+", 100_000_000, None),
        ("Up to $250K", None, 250_000),
        ("TBD", None, None),
        ("$5M to $2M", None, None),
        ("", None, None),
    ],
)
def test_a_range_in_words_becomes_its_two_ends(printed: str, least: int | None, greatest: int | None) -> None:
    ends = tuple(None if end is None else Decimal(end) for end in (least, greatest))
    assert dollar_range(printed) == ends


@pytest.mark.parametrize(("printed", "told"), [("Q5 2024", 1), ("spring 2025", 1), ("TBD", 0), ("Q4 2024", 0)])
def test_an_award_quarter_that_is_none_is_told(printed: str, told: int) -> None:
    shape = Shape()
    notice(shape, award_quarter=printed)
    assert shape.remarks["award quarters that are none"] == told


def test_a_range_is_a_planned_estimate_and_never_a_value() -> None:
    [amount] = notice(dollar_range={"display_name": "$1M to $2M", "display_order": 5}).amounts
    assert (amount.kind, amount.basis, amount.value, amount.currency) == ("estimate", "plan", None, "USD")


def test_a_range_that_is_none_is_a_finding_and_no_amount() -> None:
    shape = Shape()
    assert notice(shape, dollar_range={"display_name": "a lot"}).amounts == ()
    assert shape.findings() == ["dollar ranges that are none"]


@pytest.mark.parametrize(
    ("printed", "calendar"),
    [("Q1 2025", "2024-Q4"), ("Q2 2024", "2024-Q1"), ("Q4 2024", "2024-Q3"), ("Q5 2024", None), ("TBD", None)],
)
def test_quarters_of_the_fiscal_year_become_those_of_the_calendar(printed: str, calendar: str | None) -> None:
    assert calendar_quarter(printed) == calendar


@pytest.mark.parametrize(
    ("printed", "found"),
    [
        ("70CMSD20FR0000093", ["70CMSD20FR0000093"]),
        ("70B06c24f00000099", ["70B06c24f00000099"]),
        ("GS-10-F-0837BA / 70RSAT20FR0000160", ["GS-10-F-0837BA", "70RSAT20FR0000160"]),
        ("BPA 70Z0G319APBY04100 / Call Order 70Z0G321FBOD30001", ["70Z0G319APBY04100", "70Z0G321FBOD30001"]),
        ("70FB8018D00000010, 70FB8018D00000011, 70F", ["70FB8018D00000010", "70FB8018D00000011"]),
        ("MAC 70RFP218DEC000018//70RFP221FREC00034", ["70RFP218DEC000018", "70RFP221FREC00034"]),
        ("PRIOR # 70B01C19D00000053", ["70B01C19D00000053"]),
        ("70FA2019A00000001 Prepared by:", ["70FA2019A00000001"]),
        ("04C23F0232", ["04C23F0232"]),
        ("Multiple- 27 different contract numbers", []),
        ("KAMBRIAN CORPORATION", []),
        ("FY23 TBD", []),
        ("", []),
    ],
)
def test_contract_numbers_are_read_out_of_what_people_typed(printed: str, found: list[str]) -> None:
    assert contract_numbers(printed) == found


@pytest.mark.parametrize(
    ("code", "status"), [("NEW", Status.UNKNOWN), ("REC", Status.UNKNOWN), ("NLR", Status.CANCELLED)]
)
def test_no_longer_required_is_cancelled(code: str, status: Status) -> None:
    assert notice(contract_status=code).status is status


def test_a_status_nobody_knows_is_a_finding() -> None:
    shape = Shape()
    assert notice(shape, contract_status="XYZ").status is Status.UNKNOWN
    assert shape.findings() == ["contract status not known: XYZ"]


def test_a_forecast_published_again_keeps_its_number_and_key() -> None:
    first, again = rows({}, {"apfs_number": "*F2024065214"})
    read = [parser.read_row(row, CAPTURE, Shape()) for row in (first, again)]
    assert {one.key for one in read} == {"65214"}
    assert {number.printed for one in read for number in one.notice.numbers} == {"F2024065214"}


@pytest.mark.parametrize(
    ("organization", "buyer"),
    [
        ("ICE/HSI", "usg-dhs-ice-hsi"), ("ICE/M&A/CIO", "usg-dhs-ice-ma"), ("ICE/Something new", "usg-dhs-ice"),
        ("CBP/OIT/EDME/EDCOG", "usg-dhs-cbp-oit"), ("USCG/SFLC", "usg-dhs-uscg"), ("New Office", None),
    ],
)  # fmt: skip
def test_an_organisation_is_the_lowest_body_that_is_known(organization: str, buyer: str | None) -> None:
    contracting = notice(organization=organization).buyer()
    assert contracting is not None
    assert (contracting.name, contracting.buyer_id) == (organization, buyer)


def test_contacts_of_officials_are_dropped_and_masked_and_html_is_cleaned() -> None:
    read = notice(
        requirement="<p>Write to jane.roe@dhs.gov</p><p>Ends &amp; means</p>",
        requirements_contact_first_name="Jane", requirements_contact_last_name="Roe",
        requirements_contact_email="jane.roe@dhs.gov", alternate_contact_phone="(202) 555-0143",
    )  # fmt: skip
    said = json.dumps(read.content(), ensure_ascii=False)
    assert not [word for word in ("Jane", "Roe", "jane.roe", "555-0143", "<p>") if word in said]
    assert read.description[0].text.splitlines() == ["Write to ████████████████", "Ends & means"]


def test_a_planned_award_is_never_a_signed_one() -> None:
    read = notice(
        anticipated_award_date="09/30/2024", award_quarter="Q4 2024", published_date="02/13/2024",
        last_updated_date="02/13/2024", estimated_solicitation_release_date="04/30/2024",
    )  # fmt: skip
    assert [(one.role, one.value, one.precision) for one in read.dates] == [
        ("posted", "2024-02-13", "day"), ("planned_solicitation", "2024-04-30", "day"),
        ("planned_award", "2024-09-30", "day"), ("planned_award", "2024-Q3", "quarter"),
    ]  # fmt: skip


def test_fields_that_are_new_are_reported() -> None:
    shape = Shape()
    notice(shape, colour="red")
    assert shape.unread == {"colour"}


def test_all_fields_known_so_far_are_read_or_declared() -> None:
    shape = Shape()
    notice(shape, **dict.fromkeys(set(source("dhs_apfs").expectations.known) - USUAL.keys()))
    assert not shape.unread


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"<html>Maintenance</html>", "HTML"),
        (b"", "empty"),
        (b'{"detail": "Not found."}', "Not found"),
        (b'[{"id": 1}, {"id"', "cut off"),
        (b"[3]", "no object"),
        (b'[{"apfs_number": "F1"}]', "no id"),
    ],
)
def test_an_answer_that_is_not_what_was_due_is_refused_in_words(payload: bytes, said: str) -> None:
    with pytest.raises(SourceDrift, match=said):
        list(parser.rows(io.BytesIO(payload), Shape()))


def test_an_empty_list_has_no_rows_and_is_left_to_the_expectations() -> None:
    assert list(parser.rows(io.BytesIO(b" [ ] "), Shape())) == []
    assert source("dhs_apfs").expectations.least_rows > 0
