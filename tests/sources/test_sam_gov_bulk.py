"""The daily file of SAM.gov is read row by row, by bytes, and refused where it is not what was due."""

import csv
import hashlib
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.parsing import Row, Shape
from crawlers.source import source
from crawlers.sources.sam_gov_bulk import parser
from crawlers.sources.sam_gov_bulk.awardee import company
from crawlers.sources.sam_gov_bulk.columns import KNOWN, UNREAD
from noticewatch.errors import SourceDrift
from noticewatch.models import Capture, Notice, Origin, Status

ID = "93ff6984aa124180ac68e67f7d1ab55d"
CAPTURE = Capture(
    id="c", source="sam_gov_bulk", url="u", status=200, fetched_at=datetime(2026, 4, 25, tzinfo=UTC),
    payload_sha256="", payload_length=0, origin=Origin.IMPORTED, recorder="a test",
)  # fmt: skip
USUAL = {"NoticeId": ID, "Title": "Licences", "PostedDate": "2026-04-24 23:24:04.649-04", "Type": "Solicitation"}


COLUMNS = source("sam_gov_bulk").expectations.known


def file_of(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([{**USUAL, **row}.get(column, "") for column in columns])
    return buffer.getvalue().encode("cp1252")


def found(payload: bytes, shape: Shape | None = None) -> list[Row]:
    return list(parser.rows(io.BytesIO(payload), shape or Shape()))


def notice(**cells: str) -> Notice:
    row = found(file_of({name: cells[name] for name in cells}))[0]
    return parser.read_row(row, CAPTURE, Shape()).notice


def test_all_columns_of_the_source_are_read_or_declared_unread() -> None:
    assert set(COLUMNS) == set(KNOWN)
    assert len(KNOWN) == 47


def test_contacts_of_officials_are_never_read() -> None:
    assert {column for column in KNOWN if "Contact" in column} <= UNREAD.keys()


@given(st.lists(st.text("ab,;\"'\r\n–éÂ 0", max_size=40), min_size=1, max_size=6))
def test_a_row_has_the_range_and_hash_of_its_bytes_whatever_stands_in_it(texts: list[str]) -> None:
    payload = file_of(*({"Description": text, "NoticeId": f"{ID}{place}"} for place, text in enumerate(texts)))
    rows = found(payload)
    assert [row.source_number for row in rows] == [f"{ID}{place}" for place in range(len(texts))]
    for row, text in zip(rows, texts, strict=True):
        raw = payload[row.start : row.end]
        assert row.sha256 == hashlib.sha256(raw).hexdigest()
        assert next(csv.reader(io.StringIO(raw.decode("cp1252"), newline="")))[-1] == text
    assert rows[-1].end == len(payload)


def test_a_file_cut_off_inside_a_row_is_refused() -> None:
    payload = file_of({"Description": "one"}, {"Description": "two " * 30})
    for cut in (40, 5, 10):
        with pytest.raises(SourceDrift, match="cut off"):
            found(payload[:-cut])


def test_files_put_one_behind_another_are_refused_since_a_header_is_no_notice() -> None:
    with pytest.raises(SourceDrift, match="behind row 2 stands the header once more"):
        found(file_of({}, {}) + file_of({}))


def test_a_page_in_html_is_refused() -> None:
    with pytest.raises(SourceDrift, match="HTML"):
        found(b"<!doctype html>\n<p>Sorry</p>")


def test_an_empty_answer_is_refused() -> None:
    with pytest.raises(SourceDrift, match="empty"):
        found(b"")


def test_a_header_without_notice_ids_is_refused() -> None:
    with pytest.raises(SourceDrift, match="lacks NoticeId"):
        found(file_of(columns=("Title", "PostedDate", "Type")))


def test_fewer_columns_carry_fewer_fields_and_are_reported() -> None:
    shape = Shape()
    row = found(file_of({}, columns=("NoticeId", "Title", "PostedDate", "Type", "Colour")), shape)[0]
    carried = parser.read_row(row, CAPTURE, shape).carried
    assert "dates.posted" in carried
    assert "dates.due" not in carried
    assert "ResponseDeadLine" in shape.missing
    assert shape.unread == {"Colour"}


def test_revisions_sort_by_the_moment_posted_in_utc() -> None:
    summer, winter = "2026-03-08 03:30:00-04", "2026-03-08 02:59:59.99-05"
    rows = found(file_of({"PostedDate": summer}, {"PostedDate": winter}, {"PostedDate": "2026-10-06 03:42:50"}))
    assert [row.revision for row in rows] == [
        f"2026-03-08T07:30:00.000Z {ID}",
        f"2026-03-08T07:59:59.990Z {ID}",
        f"2026-10-06T07:42:50.000Z {ID}",
    ]


@pytest.mark.parametrize("printed", ["null", "NULL", "null 28542-0002", "null Jacksonville NC 28542 USA"])
def test_an_awardee_without_a_name_is_no_supplier(printed: str) -> None:
    assert notice(Awardee=printed).parties == ()


def test_an_awardee_that_is_called_so_is_one() -> None:
    assert [party.name for party in notice(Awardee="Nullarbor Systems INC").parties] == ["Nullarbor Systems INC"]


def test_an_award_amount_that_is_no_number_is_a_finding_and_no_amount() -> None:
    shape = Shape()
    row = found(file_of({"Award$": "see text"}))[0]
    assert parser.read_row(row, CAPTURE, shape).notice.amounts == ()
    assert shape.remarks["award amounts that are no number"] == 1


@pytest.mark.parametrize(
    ("printed", "value"),
    [("37000744.00", "37000744"), ("929", "929"), ("0", "0"), ("$1,054.5", "1054.5"), ("280851.24000000", "280851.24")],
)
def test_an_award_amount_is_exact_and_a_limit(printed: str, value: str) -> None:
    amount = notice(**{"Award$": printed}).content()["amounts"][0]
    assert (amount["value"], amount["kind"], amount["basis"], amount["currency"]) == (
        value,
        "announced",
        "limit",
        "USD",
    )


def test_a_cancellation_is_read_from_the_title_and_quotes_it() -> None:
    read = notice(Title="CANCELLED: Thomson Causeway")
    assert (read.status, read.status_published) == (Status.CANCELLED, "CANCELLED")
    assert notice(Title="Order cancelled goods").status is Status.OPEN


def test_a_set_aside_written_as_a_list_is_read_as_its_code() -> None:
    competition = notice(SetASideCode='["SBA"]').competition
    assert competition is not None
    assert competition.set_aside_code == "SBA"


def test_the_most_specific_buyer_known_is_stated() -> None:
    row = {
        "CGAC": "070",
        "FPDS Code": "7012",
        "AAC Code": "70CMSD",
        "Sub-Tier": "US IMMIGRATION AND CUSTOMS ENFORCEMENT",
    }
    assert notice(**row).buyers[0].buyer_id == "usg-dhs-ice-dallas"
    assert notice(**{**row, "AAC Code": "XXXXXX"}).buyers[0].buyer_id == "usg-dhs-ice"
    assert notice(**{"Department/Ind.Agency": "JUSTICE, DEPARTMENT OF"}).buyers[0].buyer_id == "usg-doj"


def test_an_office_of_another_department_is_not_believed() -> None:
    assert notice(**{"CGAC": "015", "AAC Code": "70CMSD"}).buyers[0].buyer_id == "usg-doj"


def test_markup_stays_as_published_and_contacts_in_it_are_masked() -> None:
    text = notice(Description="<p>Write to <b>jane.doe@ice.dhs.gov</b></p>").description[0].text
    assert text == "<p>Write to <b>████████████████████</b></p>"


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("FCN, INC. Rockville MD 20852 USA", "FCN, INC."),
        ("IDENTITY ONE LLC Atlanta GA 30314 USA", "IDENTITY ONE LLC"),
        ("SAVE AGAIN.COM 28027 LINDA LN Santa Clarita CA 91350 USA", "SAVE AGAIN.COM"),
        ("TOWN OF NANTUCKET Nantucket MA 02554 USA", "TOWN OF NANTUCKET"),
        ("KAMPI COMPONENTS CO INC  ", "KAMPI COMPONENTS CO INC"),
        ("3DB LABS INC West Chester OH 45069 USA", "3DB LABS INC"),
        ("HYPERION BIOTECHNOLOGY, INC. SAN ANTONIO 78216", "HYPERION BIOTECHNOLOGY, INC."),
        ("PROGRESSIVE TRACTOR CO., L.L.C. 5017 I 49 RD Opelousas LA 70570 USA", "PROGRESSIVE TRACTOR CO., L.L.C."),
        ("The Dutra Group San Rafael CA 94901 USA", "The Dutra Group San Rafael CA 94901 USA"),
    ],
)
def test_a_company_name_is_cut_out_only_where_it_surely_ends(printed: str, name: str) -> None:
    assert company(printed) == name


@given(st.text(max_size=80))
def test_a_company_name_is_always_part_of_what_is_printed(printed: str) -> None:
    assert company(printed) in " ".join(printed.split())
