"""Sub-awards of USAspending: each report is a version, the one touched last is current, and nothing is added up."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from api.profile import totals
from archive.joins import award_id
from crawlers.parsing import Shape
from crawlers.source import source
from crawlers.sources.usaspending_subawards import parser
from crawlers.sources.usaspending_subawards.spider import UsaspendingSubawardsSpider
from indexer.documents import notice_document
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Kind, Origin, Reading, to_paths
from tests.indexer.making import row as notice_row
from tests.sources.test_usaspending_awards import file

SPIDER = UsaspendingSubawardsSpider(source("usaspending_subawards"))
CAPTURE = Capture(
    id="c", source=SPIDER.name, url="u", status=200, fetched_at=datetime(2026, 8, 22, tzinfo=UTC),
    payload_sha256="", payload_length=0, origin=Origin.IMPORTED, recorder="a test",
)  # fmt: skip
REPORT = {
    "prime_award_unique_key": "CONT_AWD_70CMSD20FR0000219_7012_GS35F0001_4732", "subaward_number": "p-1 7",
    "subaward_amount": "18800.00", "subaward_action_date": "2021-09-05", "subaward_fsrs_report_id": "A7AE4E14",
    "subaward_fsrs_report_last_modified_date": "2021-09-23 00:00:00+00", "subawardee_name": "FEDS UNITED, LLC",
    "prime_awardee_name": "LUKOS, LLC", "subaward_description": "CASE COORDINATION", "subaward_type": "sub-contract",
}  # fmt: skip
SEARCHED = {
    "prime_award_generated_internal_id": "CONT_AWD_70CMSD20FR0000219_7012_GS35F0001_4732", "Sub-Award ID": "P-17",
    "Sub-Award Amount": 12000.5, "Sub-Award Date": "2021-06-05", "Sub-Awardee Name": "FEDS UNITED, LLC",
}  # fmt: skip


def read(payload: bytes, shape: Shape | None = None) -> list[Reading]:
    noted = shape if shape is not None else Shape()
    return [parser.read_row(row, CAPTURE, noted) for row in parser.rows(io.BytesIO(payload), noted)]


def answer(**members: Any) -> bytes:
    return json.dumps({"results": [{**SEARCHED, **members}]}).encode()


def test_a_subaward_is_named_by_the_award_above_it_and_its_number_in_every_form() -> None:
    assert read(file([REPORT]))[0].key == read(answer())[0].key == "7012:70CMSD20FR0000219:P-17"


def test_reports_of_one_subaward_are_records_of_their_own_in_order_of_their_last_touch() -> None:
    later = {**REPORT, "subaward_fsrs_report_id": "A0", "subaward_fsrs_report_last_modified_date": "2023-11-06"}
    first, second = read(file([later, REPORT]))[::-1]
    assert first.key == second.key
    assert first.source_number != second.source_number
    assert first.revision < second.revision


def test_the_company_that_passes_work_on_is_the_reseller() -> None:
    notice = read(file([REPORT]))[0].notice
    assert notice.kind is Kind.SUBAWARD
    assert [(party.role, party.name) for party in notice.parties] == [
        ("supplier", "FEDS UNITED, LLC"), ("reseller", "LUKOS, LLC"),
    ]  # fmt: skip
    assert notice.amounts[0].value == Decimal(18800)


def test_a_subaward_is_no_part_of_its_award_s_procurement_and_in_no_sum() -> None:
    notice = read(file([REPORT]))[0].notice
    assert award_id(notice.content()) is None
    row = notice_row(1, notice)
    numbers = notice_document(row, ()).numbers
    assert "amount_awarded" not in numbers
    assert numbers["least"] == numbers["most"] == 1880000
    (line,) = totals([row])
    assert (line.kind, line.count) == ("Sub-awards", 1)


def test_content_splits_into_paths_that_the_form_can_carry() -> None:
    for one in (*read(file([REPORT])), *read(answer())):
        assert to_paths(one.notice.content()).keys() <= one.carried


def test_what_nobody_knows_is_told() -> None:
    shape = Shape()
    read(file([{**REPORT, "colour": "blue"}]), shape)
    read(answer(Colour="blue"), shape)
    assert shape.unread == {"colour", "Colour"}


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"", "empty"),
        (b"<html>", "HTML"),
        (b"award_id_piid,award_type\r\nA,B\r\n", "no header line that names subaward_number"),
        (file([REPORT])[:-20], "cut off"),
        (file([{**REPORT, "prime_award_unique_key": "?"}]), "names no sub-award"),
        (answer(**{"Sub-Award ID": None}), "names no sub-award"),
        (b'{"results": [3]}', "no object"),
        (b'{"message": "no"}', "but says: no"),
    ],
)
def test_what_is_no_answer_of_the_source_is_refused_in_words(payload: bytes, said: str) -> None:
    with pytest.raises(SourceDrift, match=said):
        read(payload)


def test_a_recorded_answer_is_a_window_of_its_own_that_asks_for_it_again() -> None:
    window = SPIDER.window_of(CAPTURE.model_copy(update={"url": "https://example.org/a", "request_body": '{"b": 1}'}))
    (request,) = SPIDER.requests(window)
    assert (request.url, request.method, request.body) == ("https://example.org/a", "POST", '{"b": 1}')
