"""Answers of USAspending are read element by element, money exact, and refused where they are not what was due."""

import hashlib
import io
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.federal_actions import title_of
from crawlers.parsing import Row, Shape
from crawlers.source import source
from crawlers.sources.usaspending_transactions import downloads, parser
from crawlers.sources.usaspending_transactions.rotation import due
from crawlers.sources.usaspending_transactions.scanning import results
from crawlers.sources.usaspending_transactions.spider import UsaspendingTransactionsSpider
from crawlers.spider import Answer, PlannedRequest, Window
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Kind, Origin, Reading, to_paths

SPIDER = UsaspendingTransactionsSpider(source("usaspending_transactions"))
WINDOW = Window("7012", "2026-08-20", "2026-08-20", "2026-08-20")
VEHICLES = Window("7012-idv", "2026-08-20", "2026-08-20", "2026-08-20")
CAPTURE = Capture(
    id="c", source="usaspending_transactions", url="u", status=200, fetched_at=datetime(2026, 8, 22, tzinfo=UTC),
    payload_sha256="", payload_length=0, origin=Origin.IMPORTED, recorder="a test",
)  # fmt: skip
USUAL = {
    "Award ID": "70CMSD23FR0000145",
    "Mod": "0",
    "Action Date": "2023-09-22",
    "Transaction Amount": 1060000.1,
    "Transaction Description": "FIVECAST ONYX",
    "Recipient Name": "PANAMERICA COMPUTERS, INC.",
    "generated_internal_id": "CONT_AWD_70CMSD23FR0000145_7012_NNG15SD02B_8000",
}


def rows(*members: dict[str, Any], shape: Shape | None = None) -> list[Row]:
    payload = json.dumps({"limit": 100, "results": [{**USUAL, **one} for one in members]}).encode()
    return list(parser.rows(io.BytesIO(payload), shape or Shape()))


def reading(**members: Any) -> Reading:
    return parser.read_row(rows(members)[0], CAPTURE, Shape())


def answer(values: Any, request: PlannedRequest, status: int = 200, payload: bytes | None = None) -> Answer:
    held = orjson.dumps(values) if payload is None else payload
    return Answer(request, CAPTURE.model_copy(update={"status": status}), lambda: io.BytesIO(held))


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3), max_leaves=6
)


@given(st.lists(st.dictionaries(st.text(max_size=5), JSON, max_size=4), max_size=5), JSON, st.booleans(), st.booleans())
def test_elements_have_the_range_of_their_bytes_whatever_stands_around_them(
    elements: list[Any], around: Any, plain: bool, spaced: bool
) -> None:
    whole = {"before": around, "results": elements, "behind": around}
    payload = json.dumps(whole, ensure_ascii=plain, indent=2 if spaced else None).encode("utf-8", "surrogatepass")
    found = list(results(payload))
    assert [value for _, _, value in found] == elements
    assert [json.loads(payload[start:end]) for start, end, _ in found] == elements


def test_a_row_is_hashed_without_the_members_that_say_nothing_about_the_action() -> None:
    one, other, changed = rows({"internal_id": 24261000}, {"internal_id": "7"}, {"internal_id": 7, "Mod": "P00001"})
    assert one.sha256 == other.sha256 != changed.sha256


def test_a_row_without_such_members_has_the_hash_of_its_bytes() -> None:
    payload = json.dumps({"results": [USUAL]}).encode()
    row = next(parser.rows(io.BytesIO(payload), Shape()))
    assert row.sha256 == hashlib.sha256(payload[row.start : row.end]).hexdigest()


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"<html>Sorry</html>", "HTML"),
        (b"", "empty"),
        (b'{"results": [{"Mod": "0"}', "cut off"),
        (b'{"detail": "Missing value"}', "Missing value"),
        (b'{"results": 3}', "no list"),
        (b"[]", "no results"),
        (b'{"results": [3]}', "no object"),
        (b'{"results": [{"Mod": "0"}]}', "no generated id"),
        (b'{"results": ["\xff"]}', "broken JSON"),
    ],
)
def test_an_answer_that_is_not_what_was_due_is_refused_in_words(payload: bytes, said: str) -> None:
    with pytest.raises(SourceDrift, match=said):
        list(parser.rows(io.BytesIO(payload), Shape()))


@pytest.mark.parametrize("printed", [1060000.1, "1060000.10", "1060000.1"])
def test_money_is_exact_whether_printed_as_number_or_text(printed: object) -> None:
    amount = reading(**{"Transaction Amount": printed}).notice.amounts[0]
    assert amount.value == Decimal("1060000.1")
    assert (amount.kind, amount.basis, amount.of) == ("obligated", "change", "action")


def test_a_key_holds_the_vehicle_only_where_the_number_is_too_short() -> None:
    assert reading().key == "7012:70CMSD23FR0000145:0"
    short = reading(
        **{"Award ID": "0148", "generated_internal_id": "CONT_AWD_0148_9700_MDA22001D0002_9700", "Mod": "9"}
    )
    assert short.key == "9700:0148:9:MDA22001D0002"


def test_an_order_of_another_vehicle_keeps_its_key() -> None:
    moved = reading(generated_internal_id="CONT_AWD_70CMSD23FR0000145_7012_70B02C24A00000030_7014")
    assert moved.key == reading().key
    assert moved.notice != reading().notice


def test_kinds_follow_modification_and_vehicle() -> None:
    alone = "CONT_AWD_70CMSD23FR0000145_7012_-NONE-_-NONE-"
    assert reading().notice.kind is Kind.ORDER
    assert reading(generated_internal_id=alone).notice.kind is Kind.AWARD
    assert reading(Mod="P00002").notice.kind is Kind.MODIFICATION
    assert reading(**{"Mod": "P00002", "Action Type": "G"}).notice.reason == "exercise of an option"


def test_what_an_answer_does_not_hold_is_not_carried() -> None:
    assert "kind_published" not in reading().carried
    assert "kind_published" in reading(**{"Award Type": "DELIVERY ORDER"}).carried


def test_members_nobody_knows_are_reported() -> None:
    shape = Shape()
    rows({"Colour": "red", "internal_id": 1}, shape=shape)
    assert shape.unread == {"Colour"}


@given(st.text(max_size=300))
def test_a_title_is_short_and_begins_the_description(text: str) -> None:
    title = title_of(text)
    assert len(title) <= 120
    assert " ".join(text.split()).startswith(title.removesuffix("…"))


def test_windows_are_days_of_agencies_with_vehicles_apart_oldest_first() -> None:
    windows = list(SPIDER.windows(date(2026, 8, 20), date(2026, 8, 21), date(2026, 8, 22)))
    assert [(window.key, window.scope) for window in windows] == [
        (day, scope) for day in ("2026-08-20", "2026-08-21") for scope in ("7012", "7012-idv", "7014", "7014-idv")
    ]


@pytest.mark.parametrize("window", [WINDOW, VEHICLES, *SPIDER.split(WINDOW), *SPIDER.split(VEHICLES)])
def test_a_recorded_request_leads_back_to_its_window(window: Window) -> None:
    sent = SPIDER.page_request(window, 3)
    capture = CAPTURE.model_copy(update={"url": sent.url, "method": sent.method, "request_body": sent.body})
    assert SPIDER.window_of(capture) == window
    assert SPIDER.window_of(CAPTURE) is None


def test_a_request_is_the_same_text_each_time() -> None:
    sent = SPIDER.page_request(WINDOW, 1).body
    assert sent == SPIDER.page_request(WINDOW, 1).body
    assert orjson.loads(sent or "")["filters"]["award_type_codes"] == ["A", "B", "C", "D"]


def test_types_of_two_groups_are_never_asked_for_together() -> None:
    for window in (WINDOW, VEHICLES, *SPIDER.split(WINDOW), *SPIDER.split(VEHICLES)):
        types = orjson.loads(SPIDER.page_request(window, 1).body or "")["filters"]["award_type_codes"]
        assert len({code.startswith("IDV") for code in types}) == 1


@pytest.mark.parametrize(("window", "parts"), [(WINDOW, 4), (VEHICLES, 8)])
def test_a_day_too_large_splits_once_by_award_type(window: Window, parts: int) -> None:
    split = SPIDER.split(window)
    assert len({part.key for part in split}) == parts
    assert {(part.scope, part.begins, part.ends) for part in split} == {(window.scope, window.begins, window.ends)}
    assert [list(SPIDER.split(part)) for part in split] == [[]] * parts


def test_each_window_reads_the_count_of_its_own_group() -> None:
    counted = {"results": {"contracts": 112, "idvs": 3}}
    assert SPIDER.total(WINDOW, answer(counted, SPIDER.count_request(WINDOW))) == 112
    assert SPIDER.total(VEHICLES, answer(counted, SPIDER.count_request(VEHICLES))) == 3
    assert SPIDER.total(WINDOW, answer({"results": []}, SPIDER.page_request(WINDOW, 1))) is None
    with pytest.raises(SourceDrift, match="no count of idvs"):
        SPIDER.total(VEHICLES, answer({"results": {"contracts": 1}}, SPIDER.count_request(VEHICLES)))


@pytest.mark.parametrize("name", ["detail", "message"])
def test_what_the_source_says_in_an_error_is_told_whatever_its_shape(name: str) -> None:
    refused = SPIDER.problem(answer({name: "Page #501 is over the limit"}, SPIDER.page_request(WINDOW, 1), 422))
    assert refused is not None
    assert "422: Page #501 is over the limit" in refused.sentence
    assert not refused.blocked


@pytest.mark.parametrize("status", [403, 429, 503])
def test_a_refusal_is_told_by_its_status(status: int) -> None:
    assert SPIDER.problem(answer({"detail": "no"}, SPIDER.page_request(WINDOW, 1), status)) is None


def test_an_error_page_says_nothing_in_a_known_shape() -> None:
    assert SPIDER.problem(answer(None, SPIDER.page_request(WINDOW, 1), 502, b"<html>Bad gateway</html>")) is None


def test_advice_in_a_good_answer_is_a_remark() -> None:
    shape = Shape()
    payload = json.dumps({"results": [USUAL], "messages": ["Dates begin on 2007-10-01."]}).encode()
    assert len(list(parser.rows(io.BytesIO(payload), shape))) == 1
    assert shape.findings() == ["the source advises: Dates begin on 2007-10-01."]


def test_a_vehicle_is_a_kind_of_its_own() -> None:
    numbers = {"Award ID": "70CTD021A00000003", "generated_internal_id": "CONT_IDV_70CTD021A00000003_7012"}
    read = reading(**numbers, Mod="0")
    assert (read.key, read.notice.kind) == ("7012:70CTD021A00000003:0", Kind.VEHICLE)
    assert reading(**numbers, Mod="P00002").notice.kind is Kind.MODIFICATION


TODAY = date(2026, 8, 22)
SINCE = date(2020, 10, 1)
TURNS = [frozenset(due(TODAY + timedelta(days=ahead), since=SINCE, daily=60)) for ahead in range(30)]
"""What is read on thirty days one after the other."""


@given(st.integers(min_value=0, max_value=60), st.dates(date(2021, 12, 1), date(2030, 1, 1)))
def test_the_newest_days_are_read_each_day(ago: int, today: date) -> None:
    assert today - timedelta(days=ago) in set(due(today, since=SINCE, daily=60))


@given(st.dates(date(2024, 10, 1), TODAY))
def test_each_day_of_this_and_the_last_fiscal_year_is_read_within_a_week(day: date) -> None:
    assert any(day in turn for turn in TURNS[:7])


@given(st.dates(SINCE, date(2024, 9, 30)))
def test_each_older_day_is_read_once_in_thirty(day: date) -> None:
    assert sum(day in turn for turn in TURNS) == 1


def test_days_before_the_first_are_not_read() -> None:
    assert min(due(TODAY, since=SINCE, daily=60)) >= SINCE


def test_an_agency_published_late_is_read_where_its_newest_days_are() -> None:
    days = set(due(TODAY, since=SINCE, daily=60, late=90))
    assert max(days) == TODAY - timedelta(days=90)
    assert {TODAY - timedelta(days=90 + ago) for ago in range(61)} <= days


def test_a_crawl_stays_within_the_quarter_of_an_hour_that_its_traps_promise() -> None:
    counts = [len(list(SPIDER.windows(None, None, TODAY + timedelta(days=ahead)))) for ahead in range(7)]
    assert max(counts) * SPIDER.source.delay < 900


ROW = {
    "award_id_piid": "HSCEMD16J00021", "modification_number": "0", "transaction_number": "0",
    "awarding_sub_agency_code": "7012", "parent_award_id": "HSCEMD13D00001", "parent_award_agency_id": "7012",
    "federal_action_obligation": "72000", "current_total_value_of_award": "90000", "action_date": "29/06/2016",
    "award_description": "FORENSIC EXTRACTION DEVICE", "award_or_idv_flag": "AWARD",
}  # fmt: skip


def in_file(**cells: str) -> bytes:
    row = {**ROW, **cells}
    return (",".join(row) + "\r\n" + ",".join(row.values()) + "\r\n").encode()


def read_file(payload: bytes, shape: Shape | None = None) -> Reading:
    noted = shape if shape is not None else Shape()
    (row,) = parser.rows(io.BytesIO(payload), noted)
    return parser.read_row(row, CAPTURE, noted)


def test_an_action_of_a_downloaded_file_is_that_of_the_search() -> None:
    read = read_file(in_file())
    searched = reading(
        **{"Award ID": "HSCEMD16J00021", "generated_internal_id": "CONT_AWD_HSCEMD16J00021_7012_HSCEMD13D00001_7012"}
    )
    assert read.key == searched.key == "7012:HSCEMD16J00021:0"
    assert read.notice.kind is searched.notice.kind
    changes = [amount for amount in read.notice.amounts if amount.basis == "change"]
    assert [(amount.kind, amount.value) for amount in changes] == [("obligated", Decimal(72000))]
    assert to_paths(read.notice.content()).keys() <= read.carried


def test_actions_that_only_a_transaction_number_tells_apart_are_two() -> None:
    assert read_file(in_file(transaction_number="2")).key == "7012:HSCEMD16J00021:0:2"


def test_a_file_of_actions_without_a_header_line_is_known_by_the_number_of_its_columns() -> None:
    cells = dict.fromkeys(downloads.layout().bare[259], "") | ROW
    bare = (",".join(cells.values()) + "\r\n").encode()
    assert read_file(bare).notice == read_file(in_file()).notice


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"contract_award_unique_key,award_id_piid\r\nCONT_AWD_1_7012_-NONE-_-NONE-,1\r\n", "usaspending_awards"),
        (in_file(award_id_piid=""), "names no action"),
        (b"a,b\r\n1,2\r\n", "no header line"),
    ],
)
def test_a_file_that_holds_no_actions_is_refused_in_words(payload: bytes, said: str) -> None:
    with pytest.raises(SourceDrift, match=said):
        read_file(payload)


def test_a_member_of_another_type_is_told() -> None:
    shape = Shape()
    parser.read_row(rows({"Recipient Name": ["A", "B"]})[0], CAPTURE, shape)
    assert list(shape.types) == ["Recipient Name is a list where text was due"]
