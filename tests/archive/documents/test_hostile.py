"""Files that are broken or meant ill: each ends in findings, none in an error, and what could be read is kept."""

import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.documents.pages import FileText, Finding, FindingKind, Format, Limits
from archive.documents.reader import read_file
from archive.documents.reading import read as read_here
from tests.archive.documents import making
from tests.waiting import SOON

MEGABYTE = 1 << 20


def read(data: bytes, name: str = "", limits: Limits | None = None) -> FileText:
    return read_file(io.BytesIO(data), name, limits=limits or Limits())


def kinds(found: FileText) -> list[FindingKind]:
    return [finding.kind for finding in found.findings]


def test_an_empty_file_is_said_to_be_empty() -> None:
    assert read(b"", "a.pdf").findings == (Finding(FindingKind.EMPTY, "It is empty: 0 bytes."),)


def test_an_encrypted_pdf_is_said_to_be_one() -> None:
    assert read(making.encrypted_pdf()).findings == (
        Finding(FindingKind.ENCRYPTED, "It is encrypted and opens with a password only."),
    )


def test_an_encrypted_member_is_named_and_the_others_are_read() -> None:
    found = read(making.encrypted_zip("secret.txt", b"x"))
    assert [finding.words for finding in found.findings] == ["secret.txt: It is encrypted."]


def test_names_of_members_are_told_without_characters_that_no_reader_sees() -> None:
    found = read(making.encrypted_zip("se\x07c\x1bret\u202e.txt", b"x"))
    assert [finding.member for finding in found.findings] == ["secret\u202e.txt"]
    (page,) = read(making.zipped({"no\x07te.txt": b"x"})).pages
    assert page.member == "note.txt"


def test_of_ten_thousand_pages_the_first_are_read_and_the_rest_is_counted() -> None:
    found = read(making.pdf(*[["A page"]] * 10_000))
    assert len(found.pages) == 2_000
    assert [finding.words for finding in found.findings] == ["It has 10,000 pages, of which the first 2,000 are read."]


def test_a_file_with_another_name_is_read_as_what_it_is() -> None:
    found = read(making.pdf(["Statement"]), "statement.docx")
    assert found.pages[0].text == "Statement"
    assert [finding.words for finding in found.findings] == ["Its name ends in .docx; by its bytes it is a PDF."]


def test_a_page_to_log_in_in_place_of_a_document_is_said_to_be_one() -> None:
    found = read(b"<html><form><input name=user><input type=password></form></html>", "sow.pdf")
    assert FindingKind.LOG_IN in kinds(found)
    assert FindingKind.OTHER_NAME in kinds(found)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "It is a file of an old Office program, which is not read."),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "It is an image, which is not read."),
        (b"Rar!\x1a\x07\x01\x00", "It is an archive of a kind other than ZIP, which is not read."),
        (bytes(range(256)), "It is of an unknown format, which is not read."),
        (making.zipped({"[Content_Types].xml": b"", "ppt/presentation.xml": b""}),
         "It is a presentation, which is not read."),
    ],
    ids=["old Office", "PNG", "RAR", "any byte", "presentation"],
)  # fmt: skip
def test_a_format_that_is_not_read_is_named(data: bytes, words: str) -> None:
    found = read(data)
    assert [finding.words for finding in found.findings] == [words]
    assert found.pages == ()


WHOLE = {
    "pdf": making.pdf(["Page one"], ["Page two"]),
    "docx": making.word(["Text"]),
    "xlsx": making.workbook({"Sheet": [["Text"]]}),
    "zip": making.zipped({"a.txt": b"Text"}, zipfile.ZIP_STORED),
}


@pytest.mark.parametrize("suffix", WHOLE)
def test_a_file_that_breaks_off_is_a_finding(suffix: str) -> None:
    data = WHOLE[suffix]
    found = read(data[: len(data) // 2], f"a.{suffix}")
    assert FindingKind.BROKEN in kinds(found) or found.pages, found


@settings(max_examples=150)
@given(st.sampled_from(["docx", "xlsx", "zip"]), st.data())
def test_a_file_with_changed_bytes_never_makes_reading_raise(suffix: str, data: st.DataObject) -> None:
    whole = bytearray(WHOLE[suffix])
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    told = list(read_here(io.BytesIO(bytes(whole)), f"a.{suffix}", Limits()))
    assert isinstance(told[0], Format)


def test_changed_bytes_of_pdfs_never_end_in_an_error() -> None:
    whole, made = WHOLE["pdf"], []
    for place in range(0, len(whole), len(whole) // 12):
        changed = bytearray(whole)
        changed[place : place + 7] = b"\xff<<[(\x00/"
        made.append(read(bytes(changed), "a.pdf"))
    assert all(found.pages or found.findings for found in made)


def test_a_zip_bomb_is_refused_by_its_declared_size() -> None:
    found = read(making.zip_of_zeros("bomb.txt", 600 * MEGABYTE))
    assert [finding.words for finding in found.findings] == [
        "bomb.txt: It unpacks to 629 MB; 537 of at most 537 are left."
    ]


def test_many_members_that_are_large_together_are_refused_from_the_first_that_is_too_much() -> None:
    members = {f"{number}.txt": b"word " * 200_000 for number in range(5)}
    found = read(making.zipped(members), limits=Limits(unpacked=3_500_000))
    assert [page.member for page in found.pages] == ["0.txt", "1.txt", "2.txt"]
    assert kinds(found) == [FindingKind.TOO_LARGE] * 2


def test_a_member_that_lies_about_its_size_gives_no_more_than_it_declared() -> None:
    found = read(making.lying_zip("a.txt", 50 * MEGABYTE, 10))
    assert kinds(found) == [FindingKind.BROKEN]
    assert found.pages == ()


@pytest.mark.parametrize("part", ["word/document.xml", "xl/workbook.xml"])
def test_an_office_file_that_is_a_bomb_is_refused(part: str) -> None:
    made = making.zip_of_zeros(part, 600 * MEGABYTE)
    with zipfile.ZipFile(buffer := io.BytesIO(made), "a") as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
    found = read(buffer.getvalue())
    assert kinds(found) == [FindingKind.TOO_LARGE]


def test_cells_far_out_leave_room_for_the_other_rows() -> None:
    rows = "".join(f'<row r="{n}"><c r="XFD{n}" t="inlineStr"><is><t>far</t></is></c></row>' for n in range(1, 3_001))
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}'
    made = making.replaced(WHOLE["xlsx"], "xl/worksheets/sheet1.xml", f"{sheet}</sheetData></worksheet>".encode())
    found = read(made, limits=Limits(characters=100_000))
    assert found.findings == ()
    assert found.pages[0].text.split() == ["far"] * 3_000


@pytest.mark.parametrize(
    "data",
    [b"<html>" + b"<div>" * 50_000 + b"deep", b'<?xml version="1.0"?>' + b"<a>" * 50_000 + b"deep"],
    ids=["html", "xml"],
)
def test_elements_inside_elements_without_end_are_read_or_told(data: bytes) -> None:
    found = read(data)
    assert found.findings or [page.text for page in found.pages] == ["deep"]


def test_archives_inside_archives_are_followed_to_a_depth() -> None:
    assert read(making.zip_in_zip(3, b"inmost")).pages[0].text == "inmost"
    (finding,) = read(making.zip_in_zip(4, b"inmost")).findings
    assert finding.kind is FindingKind.TOO_DEEP
    assert (
        finding.words
        == "level-1.zip/level-2.zip/level-3.zip/level-4.txt: It is inside 4 archives; it is not looked at."
    )


def test_of_very_many_members_the_first_are_read() -> None:
    found = read(making.zipped({f"{number}.txt": b"x" for number in range(600)}))
    assert len(found.pages) == 500
    assert [finding.words for finding in found.findings] == [
        "It holds 600 files, of which the first 500 are looked at."
    ]


def test_members_of_archives_inside_count_together() -> None:
    inner = making.zipped({f"{number}.txt": b"x" for number in range(300)})
    found = read(making.zipped({"a.zip": inner, "b.zip": inner}))
    assert len(found.pages) == 498
    assert FindingKind.TOO_MANY_MEMBERS in kinds(found)


WORD_BODY = (
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r>'
    "<w:t>before &e9; after</w:t></w:r></w:p></w:body></w:document>"
)
SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
    '<c r="A1" t="inlineStr"><is><t>&e9;</t></is></c></row></sheetData></worksheet>'
)


@pytest.mark.parametrize(
    "data",
    [
        making.replaced(WHOLE["docx"], "word/document.xml", making.entity_bomb("w:document", WORD_BODY)),
        making.replaced(WHOLE["xlsx"], "xl/worksheets/sheet1.xml", making.entity_bomb("worksheet", SHEET)),
        making.replaced(WHOLE["xlsx"], "xl/workbook.xml", making.entity_bomb("workbook", "<workbook>&e9;</workbook>")),
        making.entity_bomb("a", "<a>before &e9; after</a>"),
    ],
    ids=["docx", "sheet", "workbook", "xml"],
)
def test_entities_of_entities_are_never_written_out(data: bytes) -> None:
    began = time.monotonic()
    found = read(data)
    assert time.monotonic() - began < SOON
    assert sum(len(page.text) for page in found.pages) < 10_000


def test_xml_never_reads_other_files(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("keep this")
    asked = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]><a>before &x; after</a>'
    assert "keep this" not in "".join(page.text for page in read(asked.encode()).pages)


def test_a_file_that_takes_too_long_is_given_up_and_what_was_read_is_kept() -> None:
    far = '<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>far</t></is></c></row>'
    made = making.workbook({f"Sheet {number}": [["x"]] for number in range(1, 30)})
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{far}</sheetData></worksheet>'
    for number in range(2, 30):
        made = making.replaced(made, f"xl/worksheets/sheet{number}.xml", sheet.encode())
    began = time.monotonic()
    found = read(made, limits=Limits(seconds=8))
    assert time.monotonic() - began < SOON
    assert found.pages[0].text == "x"
    assert found.findings[-1].kind is FindingKind.TOO_SLOW
    assert found.findings[-1].words.startswith("Reading it takes more than 8 seconds. What was read up to sheet ")


def test_a_file_that_takes_too_much_memory_is_a_finding() -> None:
    heavy = WORD_BODY.replace("&e9;", "word " * (20 * MEGABYTE)).encode()
    data = making.replaced(WHOLE["docx"], "word/document.xml", heavy)
    found = read(data, limits=Limits(memory=300 * MEGABYTE))
    assert kinds(found)[0] in {FindingKind.TOO_MUCH_MEMORY, FindingKind.READER_ENDED, FindingKind.BROKEN}
    assert found.pages == ()


def test_of_a_very_long_text_the_beginning_is_read() -> None:
    found = read(b"word " * 1_000_000, limits=Limits(characters=1_000_000))
    assert len(found.pages[0].text) == 1_000_000
    assert kinds(found) == [FindingKind.TOO_MUCH_TEXT]


def test_a_file_above_the_greatest_size_is_not_read() -> None:
    found = read(bytes(2 * MEGABYTE), limits=Limits(size=MEGABYTE))
    assert [finding.words for finding in found.findings] == ["It has more than the 1 MB that are read."]


def _program(code: str) -> list[str]:
    return [sys.executable, "-c", code]


PAGE = '{"page":1,"text":"kept","unit":"page","name":"","member":""}'


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (f"import os,signal; print('{PAGE}', flush=True); os.kill(os.getpid(), signal.SIGSEGV)",
         FindingKind.READER_ENDED,
         "It made its reader break off (SIGSEGV, perhaps for want of memory). What was read up to page 1 is kept."),
        (f"import sys; print('{PAGE}', flush=True); sys.exit(3)", FindingKind.READER_ENDED,
         "It made its reader break off (exit code 3). What was read up to page 1 is kept."),
        (f"print('{PAGE}')", FindingKind.READER_ENDED,
         "It made its reader break off (exit code 0). What was read up to page 1 is kept."),
        (f"print('{PAGE}'); print('nonsense'); print('{{\"end\":true}}')", FindingKind.READER_ENDED,
         "It made its reader break off (exit code 0). What was read up to page 1 is kept."),
        (f"print('{PAGE}', flush=True)\nwhile True: pass", FindingKind.TOO_SLOW,
         "Reading it takes more than 5 seconds. What was read up to page 1 is kept."),
        (f"print('{PAGE}', flush=True)\nwhile True: print('x' * 100000)", FindingKind.TOO_MUCH_TEXT,
         "It holds more text than is read. What was read up to page 1 is kept."),
    ],
    ids=["crash", "exit", "silence", "nonsense", "hang", "flood"],
)  # fmt: skip
def test_a_reader_that_a_file_brings_down_is_a_finding_and_its_pages_are_kept(
    code: str, kind: FindingKind, words: str
) -> None:
    limits = Limits(seconds=5, characters=100_000) if kind is FindingKind.TOO_SLOW else Limits(characters=100_000)
    found = read_file(io.BytesIO(b"x"), limits=limits, command=_program(code))
    assert [page.text for page in found.pages] == ["kept"]
    assert [(finding.kind, finding.words) for finding in found.findings] == [(kind, words)]


def test_the_reader_is_told_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTICEWATCH_SOURCES__SAM__KEY", "a key")
    code = "import os,json; print(json.dumps({'page':1,'text':repr(dict(os.environ)),'unit':'','name':'','member':''}))"
    (page,) = read_file(io.BytesIO(b"x"), command=_program(code)).pages
    assert "a key" not in page.text


def test_a_reader_can_write_no_file_and_ends_with_its_parent(tmp_path: Path) -> None:
    target = tmp_path / "written"
    confined = (
        "import sys; sys.argv[1:] = []\n"
        "from archive.documents.child import confine; from archive.documents.pages import Limits\n"
        f"confine(Limits())\nopen({str(target)!r}, 'w').write('x' * 10)"
    )
    found = read_file(io.BytesIO(b"x"), command=_program(confined))
    assert kinds(found) == [FindingKind.READER_ENDED]
    assert not target.exists() or not target.read_bytes()
    child = (
        "import os,time; from archive.documents.child import confine; from archive.documents.pages import Limits\n"
        "confine(Limits()); print(os.getpid(), flush=True); time.sleep(600)"
    )
    reads, writes = os.pipe()
    parent = (
        f"import subprocess,sys,os; subprocess.Popen([sys.executable, '-c', {child!r}], stdout={writes})\nos.read(0, 1)"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, pass_fds=[writes]) as started:
        os.close(writes)
        with os.fdopen(reads) as told:
            assert int(told.readline())
            started.send_signal(signal.SIGKILL)
            assert told.read() == ""  # the pipe is closed when its last holder has ended
