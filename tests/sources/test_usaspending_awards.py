"""Awards of USAspending are read by name from every form, named like their actions, and never added to them."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.joins import award_id
from archive.totals import running_total
from crawlers.importing import import_files
from crawlers.parsing import Row, Shape
from crawlers.source import source
from crawlers.sources.usaspending_awards import parser
from crawlers.sources.usaspending_awards.columns import CARRIES, DUE, layout
from crawlers.sources.usaspending_awards.days import day
from crawlers.sources.usaspending_awards.identity import Identity
from crawlers.sources.usaspending_awards.spider import UsaspendingAwardsSpider
from crawlers.sources.usaspending_transactions import parser as transactions
from crawlers.spider import Answer, PlannedRequest, Window
from indexer.documents import Member, notice_document, procurement_document
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Kind, Notice, Origin, Reading, from_paths, notice_from, to_paths
from noticewatch.settings import Settings
from tests.faults.state import state_of
from tests.indexer.making import row as notice_row
from tests.sources.every import archive_in

SPIDER = UsaspendingAwardsSpider(source("usaspending_awards"))
WINDOW = Window("7012", "2026-08-20", "2026-08-20", "2026-08-20")
VEHICLES = Window("7012-idv", "2026-08-20", "2026-08-20", "2026-08-20")
CAPTURE = Capture(
    id="c", source="usaspending_awards", url="u", status=200, fetched_at=datetime(2026, 8, 22, tzinfo=UTC),
    payload_sha256="", payload_length=0, origin=Origin.IMPORTED, recorder="a test",
)  # fmt: skip
SUMMARY = {
    "contract_award_unique_key": "CONT_AWD_70CMSD23FR0000145_7012_NNG15SD02B_8000",
    "award_id_piid": "70CMSD23FR0000145",
    "total_obligated_amount": "1060000.10",
    "current_total_value_of_award": "1060000.10",
    "potential_total_value_of_award": "2120000",
    "award_base_action_date": "2023-09-22",
    "prime_award_base_transaction_description": "FIVECAST ONYX",
    "recipient_name": "PANAMERICA COMPUTERS, INC.",
    "last_modified_date": "2024-05-01",
}
YEARLY = {
    "award_id_piid": "HSCETC14C00002", "modification_number": "0", "action_date": "25/09/2014",
    "awarding_sub_agency_code": "7012", "award_or_idv_flag": "AWARD", "potential_total_value_of_award": "41000000",
    "award_description": "CASE MANAGEMENT",
}  # fmt: skip
SEARCHED = {
    "Award ID": "70CMSD23FR0000145", "Recipient Name": "PANAMERICA COMPUTERS, INC.", "Award Amount": 1060000.1,
    "Awarding Sub Agency": "U.S. Immigration and Customs Enforcement", "Last Modified Date": "2026-08-20",
    "generated_internal_id": "CONT_AWD_70CMSD23FR0000145_7012_NNG15SD02B_8000", "internal_id": 7,
}  # fmt: skip


def file(rows: Sequence[Mapping[str, str]], *, header: bool = True, encoding: str = "utf-8") -> bytes:
    names = list(rows[0])
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerows([names] if header else [])
    writer.writerows([[row.get(name, "") for name in names] for row in rows])
    return out.getvalue().encode(encoding)


def found(payload: bytes, shape: Shape | None = None) -> list[Row]:
    return list(parser.rows(io.BytesIO(payload), shape if shape is not None else Shape()))


def read(payload: bytes, shape: Shape | None = None) -> list[Reading]:
    noted = shape if shape is not None else Shape()
    return [parser.read_row(row, CAPTURE, noted) for row in found(payload, noted)]


def answer(*rows: Mapping[str, Any], more: bool = False) -> bytes:
    return json.dumps({"results": rows, "page_metadata": {"page": 1, "hasNext": more}}).encode()


def answered(payload: bytes, request: PlannedRequest) -> Answer:
    return Answer(request, CAPTURE, lambda: io.BytesIO(payload))


def amounts(notice: Notice) -> dict[str, tuple[str, Decimal | None]]:
    return {amount.kind.value: (amount.basis, amount.value) for amount in notice.amounts}


def test_columns_are_read_by_name_in_whatever_order_they_stand() -> None:
    turned = dict(reversed(SUMMARY.items()))
    assert read(file([SUMMARY]))[0].notice == read(file([turned]))[0].notice


def test_totals_are_states_and_what_an_award_may_become_is_a_limit() -> None:
    assert amounts(read(file([SUMMARY]))[0].notice) == {
        "obligated": ("state", Decimal("1060000.10")),
        "base_and_exercised": ("state", Decimal("1060000.10")),
        "base_and_all_options": ("limit", Decimal(2120000)),
    }


def test_a_column_nobody_knows_is_told_once() -> None:
    shape = Shape()
    read(file([{**SUMMARY, "colour_of_the_sky": "blue"}, SUMMARY]), shape)
    assert shape.unread == {"colour_of_the_sky"}


def test_every_column_is_read_or_declared_unread_but_never_both() -> None:
    assert not set(layout().unread) & set(CARRIES)
    bare = layout().bare[259]
    assert len(set(bare)) == 259
    assert set(bare) <= set(layout().unread) | set(CARRIES)


def test_a_file_without_a_header_line_is_known_by_the_number_of_its_columns() -> None:
    row = dict.fromkeys(layout().bare[259], "") | YEARLY
    headed, bare = read(file([row])), read(file([row], header=False))
    assert [one.notice for one in headed] == [one.notice for one in bare]
    assert bare[0].notice.description[0].text == "CASE MANAGEMENT"


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"", "empty"),
        (b"<html>Sorry</html>", "HTML"),
        (b"one,two\r\n1,2\r\n", "no header line"),
        (file([SUMMARY])[:-20], "cut off"),
        (file([SUMMARY]) + b'"never closed', "inside a quoted cell"),
        (b"award_id_piid,award_id_piid\r\n", "twice"),
        (b"award_id_piid,award_type\r\n,A\r\n", "names no award"),
        (b'{"detail": "Missing value"}', "Missing value"),
        (b'{"results": [{"Sub-Award ID": "1"}]}', "usaspending_subawards"),
        (b'{"results": [{"Award ID": "1"}]}', "no generated id"),
        (b'{"results": [3]}', "no generated id"),
        (answer(SEARCHED)[:-9], "cut off"),
    ],
)
def test_what_is_no_answer_of_the_source_is_refused_in_words(payload: bytes, said: str) -> None:
    with pytest.raises(SourceDrift, match=said):
        found(payload)


def test_a_last_row_without_an_end_is_told_because_it_may_be_cut() -> None:
    shape = Shape()
    read(file([SUMMARY, SUMMARY])[:-3], shape)
    assert "the last row has no end, so the file may be cut off" in shape.findings()


def test_a_file_that_holds_a_header_alone_has_no_rows() -> None:
    assert found(file([SUMMARY]).splitlines(keepends=True)[0]) == []


def test_rows_in_another_encoding_are_read_and_told() -> None:
    shape = Shape()
    one = read(file([{**SUMMARY, "recipient_name": "CAFÉ"}], encoding="cp1252"), shape)[0]
    assert one.notice.parties[0].name == "CAFÉ"
    assert shape.remarks == {"rows that are not UTF-8, read as Windows-1252": 1}


CELLS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=20)


@given(st.lists(CELLS, min_size=1, max_size=5))
def test_a_row_has_the_range_and_the_cells_of_its_bytes(texts: list[str]) -> None:
    payload = file([{**SUMMARY, "prime_award_base_transaction_description": text} for text in texts])
    rows = found(payload)
    assert [row.raw[1][0].get("prime_award_base_transaction_description", "") for row in rows] == [
        text.strip() for text in texts
    ]
    for row in rows:
        assert next(csv.reader([payload[row.start : row.end].decode()]))[0] == SUMMARY["contract_award_unique_key"]


def test_a_name_in_front_of_the_first_column_is_read_without_its_mark_of_order() -> None:
    assert read(b"\xef\xbb\xbf" + file([SUMMARY]))[0].notice == read(file([SUMMARY]))[0].notice


@pytest.mark.parametrize(
    ("printed", "day_first", "meant"),
    [
        ("2023-05-10", False, "2023-05-10"), ("2030-02-28 00:00:00", False, "2030-02-28"),
        ("5/10/23", False, "2023-05-10"), ("5/31/21 0:00", False, "2021-05-31"),
        ("25/07/13 00:00", True, "2013-07-25"), ("04/05/2018", True, "2018-05-04"),
        ("25/07/2013", False, "2013-07-25"), ("7/25/2013", True, "2013-07-25"), ("1/1/99", False, "1999-01-01"),
        ("31/02/2018", True, None), ("soon", False, None), ("", False, None),
    ],
)  # fmt: skip
def test_days_are_read_as_downloads_and_spreadsheets_print_them(
    printed: str, day_first: bool, meant: str | None
) -> None:
    assert day(printed, day_first=day_first) == meant


@pytest.mark.parametrize(
    ("generated", "key", "kind"),
    [
        ("CONT_AWD_70CMSD23FR0000145_7012_NNG15SD02B_8000", "7012:70CMSD23FR0000145", Kind.ORDER),
        ("CONT_AWD_70CDCR18P00000017_7012_-NONE-_-NONE-", "7012:70CDCR18P00000017", Kind.AWARD),
        ("CONT_AWD_0007_9700_FA870215D0001_9700", "9700:0007:FA870215D0001", Kind.ORDER),
        ("CONT_IDV_80JSC019C0012_8000", "8000:80JSC019C0012", Kind.VEHICLE),
    ],
)
def test_an_award_is_named_by_the_rule_of_its_actions(generated: str, key: str, kind: Kind) -> None:
    identity = Identity.of(generated)
    assert identity is not None
    assert (identity.key, identity.kind) == (key, kind)


def test_numbers_of_defense_stand_under_one_agency_and_lost_zeros_come_back() -> None:
    defense = Identity.printed("5700", "0007", "FA870215D0001", "9700", vehicle=False)
    assert defense is not None
    assert defense.key == "9700:0007:FA870215D0001"
    other = Identity.printed("300", "46", "GAO13SB0011", "559", vehicle=False)
    assert other is not None
    assert (other.agency, other.parent_agency) == ("0300", "0559")
    assert Identity.printed("", "46", "", "", vehicle=False) is None
    assert Identity.of("ASST_NON_NNM11AA01A_080") == Identity(
        "080", "NNM11AA01A", assistance=True, generated="ASST_NON_NNM11AA01A_080"
    )


def test_loans_are_no_grants_and_their_face_value_is_no_obligation() -> None:
    row = {"generated_internal_id": "ASST_NON_P268K115150_091", "Award Type": "DIRECT LOAN (E)", "Loan Value": 5}
    one = read(answer(row))[0].notice
    assert (one.kind, one.amounts) == (Kind.OTHER, ())
    grant = {**row, "Award Type": "COOPERATIVE AGREEMENT (B)"}
    assert read(answer(grant))[0].notice.kind is Kind.GRANT


def test_a_row_of_the_search_is_hashed_without_what_changes_when_the_source_rebuilds_itself() -> None:
    one, other, changed = found(answer(SEARCHED, {**SEARCHED, "internal_id": 8}, {**SEARCHED, "Award Amount": 2}))
    assert one.sha256 == other.sha256 != changed.sha256


def test_a_row_of_the_search_carries_what_was_asked_for_alone() -> None:
    assert "dates.signed" not in read(answer(SEARCHED))[0].carried
    asked = {**SEARCHED, "Base Obligation Date": None}
    assert "dates.signed" in read(answer(asked))[0].carried


def test_members_nobody_knows_and_members_of_another_type_are_told() -> None:
    shape = Shape()
    read(answer({**SEARCHED, "Colour": "red", "Award Amount": ["1"]}), shape)
    assert shape.unread == {"Colour"}
    assert list(shape.types) == ["Award Amount is a list where a number was due"]


def test_rows_of_files_of_actions_are_states_in_order_of_their_days_in_one_file_and_in_several(tmp_path: Path) -> None:
    later = {**YEARLY, "modification_number": "P00014", "action_date": "04/05/2018",
             "potential_total_value_of_award": "53148388.39"}  # fmt: skip
    said = []
    for name, files in {"one": [[later, YEARLY]], "two": [[later], [YEARLY]]}.items():
        folder = tmp_path / name
        folder.mkdir()
        for number, rows in enumerate(files):
            (folder / f"{number}.csv").write_bytes(file(rows))
        with archive_in(folder / "home") as archive:
            taken = datetime(2018, 7, 2, tzinfo=UTC)
            import_files(
                archive, Settings(home=folder / "home"), SPIDER.source, sorted(folder.glob("*.csv")), captured_at=taken
            )
            said.append(state_of(archive).notices)
    assert said[0].keys() == {"us-award:7012:HSCETC14C00002"}
    assert said[0] == said[1]
    newest = read(file([later]))[0].notice
    assert amounts(newest)["base_and_all_options"] == ("limit", Decimal("53148388.39"))


def test_a_summary_stands_above_every_row_of_a_file_of_actions() -> None:
    assert found(file([SUMMARY]))[0].revision > found(file([{**YEARLY, "action_date": "31/12/2099"}]))[0].revision


ACTIONS = [
    {
        "Award ID": "70CMSD23FR0000145", "Mod": mod, "Action Date": on, "Transaction Amount": amount,
        "generated_internal_id": "CONT_AWD_70CMSD23FR0000145_7012_NNG15SD02B_8000",
    }
    for mod, on, amount in (("0", "2023-09-22", 1000000), ("P00001", "2024-05-01", 60000.1))
]  # fmt: skip


def test_an_award_stands_beside_its_actions_and_is_never_added_to_them() -> None:
    actions = [
        transactions.read_row(row, CAPTURE, Shape()).notice
        for row in transactions.rows(io.BytesIO(answer(*ACTIONS)), Shape())
    ]
    award = read(file([SUMMARY]))[0].notice
    assert len({award_id(notice.content()) for notice in (*actions, award)}) == 1
    rows = [notice_row(number, notice, 1) for number, notice in enumerate((*actions, award), start=1)]
    (total,) = running_total(rows, lambda _: True)
    assert (total.value, total.actions) == (Decimal("1060000.1"), 2)
    whole = procurement_document(1, [Member(row, (), notice_document(row, ())) for row in rows])
    assert whole.numbers["amount_obligated"] == whole.numbers["least"] == whole.numbers["most"] == 106000010
    assert whole.codes["kind"][0] == "order"
    alone = notice_document(notice_row(1, award, 1), ())
    assert "amount_obligated" not in alone.numbers
    assert alone.numbers["least"] == alone.numbers["most"] == 106000010


def test_content_splits_into_paths_that_the_file_can_carry() -> None:
    for one in (*read(file([SUMMARY])), *read(file([YEARLY])), *read(answer(SEARCHED))):
        content = one.notice.content()
        assert notice_from(from_paths(to_paths(content))) is not None
        assert to_paths(content).keys() <= one.carried


def test_windows_are_days_of_agencies_with_vehicles_apart() -> None:
    windows = list(SPIDER.windows(date(2026, 8, 20), date(2026, 8, 20), date(2026, 8, 22)))
    assert [window.scope for window in windows] == ["7012", "7012-idv", "7014", "7014-idv"]
    assert len(list(SPIDER.windows(None, None, date(2026, 8, 22)))) == 3 * 4


@pytest.mark.parametrize("window", [WINDOW, VEHICLES, *SPIDER.split(WINDOW), *SPIDER.split(VEHICLES)])
def test_a_recorded_request_leads_back_to_its_window(window: Window) -> None:
    sent = SPIDER.page_request(window, 2)
    assert SPIDER.window_of(CAPTURE.model_copy(update={"url": sent.url, "request_body": sent.body})) == window
    filters = orjson.loads(sent.body or "")["filters"]
    assert filters["time_period"][0]["date_type"] == "last_modified_date"


def test_what_no_crawl_asks_for_is_a_window_of_its_own_that_asks_for_it_again() -> None:
    for url, body in (
        ("https://api.usaspending.gov/api/v2/awards/CONT_IDV_1_7012/", None),
        ("https://x/y", '{"a": 1}'),
    ):
        window = SPIDER.window_of(CAPTURE.model_copy(update={"url": url, "request_body": body}))
        assert window is not None
        (request,) = SPIDER.requests(window)
        assert (request.url, request.body) == (url, body)


@pytest.mark.parametrize(
    ("member", "value"), [("Awarding Sub Agency", "FIVECAST ONYX"), ("Last Modified Date", "2026-08-19")]
)
def test_an_answer_about_other_awards_than_were_asked_for_is_refused(member: str, value: str) -> None:
    request = SPIDER.page_request(WINDOW, 1)
    assert list(SPIDER.follow(WINDOW, answered(answer(SEARCHED), request))) == []
    with pytest.raises(SourceDrift, match="was due"):
        list(SPIDER.follow(WINDOW, answered(answer({**SEARCHED, member: value}), request)))


def test_a_longer_window_asks_for_the_count_and_the_next_page() -> None:
    first = answered(answer(SEARCHED, more=True), SPIDER.page_request(WINDOW, 1))
    count, second = SPIDER.follow(WINDOW, first)
    assert (count.purpose, count.optional, second.page) == ("count", True, 2)
    counted = answered(orjson.dumps({"results": {"contracts": 3, "idvs": 2}}), count)
    assert (SPIDER.total(WINDOW, counted), SPIDER.total(VEHICLES, counted)) == (3, 2)
    with pytest.raises(SourceDrift, match="no count"):
        SPIDER.total(WINDOW, answered(b"{}", count))


def test_columns_that_a_file_lacks_are_named_by_the_sort_of_file_it_is_nearest_to() -> None:
    for due in DUE:
        shape = Shape()
        whole = {**dict.fromkeys(sorted(due), ""), **{name: "7012" for name in due if name.endswith("agency_code")}}
        named = {"award_id_piid": "X1", "contract_award_unique_key": "CONT_AWD_X1_7012_-NONE-_-NONE-"}
        named |= {"assistance_award_unique_key": "ASST_NON_X1_070"}
        row = {name: named.get(name, value) for name, value in whole.items()}
        read(file([row]), shape)
        assert shape.missing == set()
        lacking = {name: value for name, value in row.items() if name != "recipient_name"}
        read(file([lacking]), shape)
        assert shape.missing == {"recipient_name"}


def test_files_without_a_header_lack_nothing_that_is_due() -> None:
    assert layout().missing(layout().bare[259]) == set()


def test_what_a_vehicle_stands_under_is_stated_and_names_it_not() -> None:
    under = {"parent_award_id_piid": "GS07F0305M", "parent_award_agency_id": "4730"}
    vehicle = {**SUMMARY, "contract_award_unique_key": "CONT_IDV_HSCEGS05P02GCD0009_7012", **under}
    [reading] = read(file([vehicle]))
    [number] = [number for number in reading.notice.numbers if number.type == "parent_piid"]
    assert (number.printed, number.issuer) == ("GS07F0305M", "4730")
    assert (reading.key, reading.notice.kind) == ("7012:HSCEGS05P02GCD0009", Kind.VEHICLE)
