"""The text of files of every format, with the places by which it is cited."""

import io
from datetime import date

import pytest

from archive.documents.pages import FileText, FindingKind, Format
from archive.documents.reader import read_file
from noticewatch.contacts import mask
from tests.archive.documents import making


def read(data: bytes, name: str = "") -> FileText:
    return read_file(io.BytesIO(data), name)


def texts(found: FileText) -> list[str]:
    return [page.text.strip() for page in found.pages]


def test_pages_of_a_pdf_are_numbered_as_they_are_printed() -> None:
    found = read(making.pdf(["Statement of work"], ["Second page", "Licence plate readers (LPR)"], []), "sow.pdf")
    assert found.format is Format.PDF
    assert found.declared == 3
    assert texts(found) == ["Statement of work", "Second page\nLicence plate readers (LPR)", ""]
    assert [page.words for page in found.pages] == ["page 1", "page 2", "page 3"]
    assert found.findings == ()


def test_a_word_that_is_parted_at_the_end_of_a_line_of_a_pdf_is_one_word() -> None:
    assert texts(read(making.pdf(["Social media sur-", "veillance"]))) == ["Social media surveillance"]


def test_what_somebody_wrote_into_a_form_is_text() -> None:
    assert texts(read(making.form_pdf("Contractor:", "Example Analytics LLC"))) == [
        "Contractor:\nExample Analytics LLC"
    ]


def test_a_scan_is_said_to_be_one() -> None:
    (finding,) = read(making.scanned_pdf(3), "scan.pdf").findings
    assert (finding.kind, finding.words) == (FindingKind.NO_TEXT, "No text: 3 pages of images.")


def test_pages_without_text_among_others_are_named() -> None:
    made = making.Pdf()
    made.text_page("Cover")
    made.image_page()
    made.image_page()
    made.text_page("Annex")
    made.image_page()
    (finding,) = read(made.bytes()).findings
    assert (finding.kind, finding.words) == (FindingKind.PARTLY_NO_TEXT, "Pages 2 to 3, 5 are images without text.")


def test_a_file_inside_a_pdf_is_read_and_cited_by_its_name() -> None:
    found = read(making.pdf_with_file("prices.txt", b"Price list"))
    assert [(page.words, page.text.strip()) for page in found.pages] == [
        ("page 1", "Cover letter"), ("prices.txt", "Price list"),
    ]  # fmt: skip


@pytest.mark.parametrize("shown", [False, True])
def test_pages_of_a_word_document_are_those_that_a_program_showed_or_its_author_broke(shown: bool) -> None:
    found = read(making.word(["First", "page"], ["Second page"], header="Draft", shown=shown), "sow.docx")
    assert found.format is Format.WORD
    assert texts(found) == ["First\npage", "Second page", "Draft"]
    assert [page.words for page in found.pages] == ["page 1", "page 2", "headers, footers and notes"]


def test_cells_of_a_table_in_a_word_document_stay_apart() -> None:
    (page,) = read(making.word_table(["Item", "Price"], ["Reader", "120"])).pages
    assert [line.split() for line in page.text.splitlines() if line.strip()] == [
        ["Item"],
        ["Price"],
        ["Reader"],
        ["120"],
    ]


def test_sheets_of_a_workbook_are_its_pages() -> None:
    found = read(
        making.workbook(
            {"Prices": [["Item", "Price"], ["Reader", 120.0], [None, date(2026, 8, 21)]], "Notes": [["x"]]}
        ),
        "prices.xlsx",
    )
    assert found.format is Format.WORKBOOK
    assert texts(found) == ["Item\tPrice\nReader\t120\n\t2026-08-21", "x"]
    assert [page.words for page in found.pages] == ["sheet Prices", "sheet Notes"]


def test_a_sheet_that_understates_its_own_size_is_read_whole() -> None:
    made = making.workbook({"Prices": [["Item", "Price"], ["Reader", 120]]})
    sheet = b'<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>far</t></is></c></row><row r="9">' \
        b'<c r="C9" t="inlineStr"><is><t>away</t></is></c></row></sheetData></worksheet>'  # fmt: skip
    start = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1"/>'
    (page,) = read(making.replaced(made, "xl/worksheets/sheet1.xml", start + sheet)).pages
    assert page.text.split() == ["far", "away"]


def test_a_web_page_is_read_without_its_scripts() -> None:
    found = read("<!doctype html><title>Türen</title><script>no</script><p>Body &amp; soul</p><!-- no -->".encode())
    assert found.format is Format.HTML
    assert texts(found) == ["Türen\nBody & soul"]


def test_xml_is_read_as_text() -> None:
    found = read(b'<?xml version="1.0"?><RULE><SUBJECT>Border <E>cameras</E></SUBJECT><P>Text.</P></RULE>')
    assert found.format is Format.XML
    assert texts(found) == ["Border\ncameras\nText."]


@pytest.mark.parametrize(
    ("data", "guessed"),
    [
        ("Württemberg – 5 €".encode(), False),
        ("Württemberg – 5 €".encode("utf-8-sig"), False),
        ("Württemberg – 5 €".encode("utf-16"), False),
        ("Württemberg – 5 €".encode("utf-16-le"), False),
        ("Württemberg – 5 €".encode("utf-16-be"), False),
        ("Württemberg – 5 €".encode("utf-32"), False),
        ("Württemberg – 5 €".encode("windows-1252"), True),
    ],
)
def test_plain_text_is_read_in_its_encoding_and_a_guess_is_said(data: bytes, guessed: bool) -> None:
    found = read(data, "notes.txt")
    assert found.format is Format.TEXT
    assert texts(found) == ["Württemberg – 5 €"]
    assert [finding.kind for finding in found.findings] == [FindingKind.ENCODING] * guessed


def test_form_feeds_part_the_pages_of_a_plain_text() -> None:
    assert [(page.words, page.text) for page in read(b"one\n\ftwo\n\f").pages] == [
        ("page 1", "one\n"),
        ("page 2", "two\n"),
    ]


def test_members_of_a_zip_are_read_by_their_own_formats() -> None:
    inner = making.zipped({"deep/notes.txt": b"Deep"})
    found = read(
        making.zipped({"a/sow.pdf": making.pdf(["One"], ["Two"]), "b.docx": making.word(["Word"]), "c.zip": inner})
    )
    assert found.format is Format.ZIP
    assert [(page.words, page.text.strip()) for page in found.pages] == [
        ("a/sow.pdf, page 1", "One"), ("a/sow.pdf, page 2", "Two"), ("b.docx", "Word"),
        ("c.zip/deep/notes.txt", "Deep"),
    ]  # fmt: skip


def test_contact_data_of_officials_are_masked_at_the_same_length() -> None:
    line = "Contracting Officer: Pat Example, pat@agency.example, (202) 555-0143"
    (page,) = read(making.pdf([line])).pages
    assert page.text == mask(line) != line
    assert len(page.text) == len(line)


def test_what_no_reader_sees_is_left_out_of_a_text() -> None:
    (page,) = read(b"Plain\x1b text\r\nnext\rlast\xef\xbb\xbf").pages
    assert page.text == "Plain text\nnext\nlast"
