"""Rows found by their bytes are those that ``csv.reader`` finds, wherever a block ends, whatever stands in a field."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.parsing import Shape
from crawlers.sources.sam_gov_bulk import parser, scanning
from crawlers.sources.sam_gov_bulk.mapping import revision
from crawlers.sources.sam_gov_bulk.scanning import Scanner
from noticewatch.errors import SourceDrift

HEADER = b'"a","b","c"\r\n'
COLUMNS = 3

quoted = st.text("ab,;\"'\r\n\x00 –é", max_size=12).map(lambda text: '"' + text.replace('"', '""') + '"')
bare = st.text("ab;' \"\x00é", max_size=6)
fields = st.one_of(quoted, quoted, bare)
ends = st.sampled_from(["\r\n", "\n"])
lines = st.builds(lambda cells, end: ",".join(cells) + end, st.lists(fields, min_size=1, max_size=4), ends)
files = st.lists(st.one_of(lines, lines, ends, st.text('ab",\r\n', max_size=8)), max_size=8).map("".join)


class Short(io.BytesIO):
    """A stream that gives few bytes at a time, so that rows lie across blocks."""

    few = 7

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(self.few if size == scanning._BLOCK else size)


def by_reader(payload: bytes) -> Iterator[tuple[list[str], bytes]]:
    """Rows as ``csv.reader`` finds them, with their bytes. Raises csv.Error."""
    kept: list[bytes] = []

    def decoded() -> Iterator[str]:
        for line in io.BytesIO(payload):
            kept.append(line)
            yield line.decode("cp1252", "replace")

    for cells in csv.reader(decoded(), strict=True):
        raw = b"".join(kept)
        kept.clear()
        yield cells, raw


def read(rows: Iterator[tuple[list[str], bytes]]) -> tuple[list[tuple[list[str], bytes]], str]:
    """Rows up to the error, and the error."""
    found = []
    try:
        for row in rows:
            found.append(row)
    except csv.Error as error:
        return found, str(error)
    return found, ""


def by_scanner(payload: bytes, few: int) -> Iterator[tuple[list[str], bytes]]:
    stream = Short(payload)
    stream.few = few
    scanner = Scanner(stream)
    header = scanner.header()
    assert header == ["a", "b", "c"]
    for start, raw, cells, texts in scanner.rows(COLUMNS, (2, 0, 1)):
        assert payload[start : start + len(raw)] == raw
        yield list(cells) if cells is not None else [texts[1], texts[2], texts[0]], raw
    assert scanner.place == len(payload)
    assert scanner.whole is payload.endswith(b"\n")


@given(files, st.integers(1, 40))
def test_any_file_has_the_rows_that_the_csv_reader_finds(text: str, few: int) -> None:
    payload = HEADER + text.encode("cp1252")
    expected, error = read(by_reader(payload))
    found, scanned_error = read(by_scanner(payload, few))
    assert found == [(cells, raw) for cells, raw in expected[1:] if cells]
    assert scanned_error == error


def test_a_field_longer_than_a_field_may_be_is_refused_wherever_its_lines_end() -> None:
    line = b"x" * 1_000_000 + b"\n"
    payload = b'"NoticeId","Title","PostedDate","Type"\r\n"1","' + line * 9 + b'","2","3"\r\n'
    with pytest.raises(SourceDrift, match="field larger than field limit"):
        list(parser.rows(io.BytesIO(payload), Shape()))


@pytest.mark.parametrize("ended", [b"\n", b""])
def test_a_line_longer_than_a_line_may_be_is_refused_with_and_without_its_end(ended: bytes) -> None:
    payload = b'"NoticeId","Title","PostedDate","Type"\r\n"1","' + b"x" * 8_000_000 + ended
    with pytest.raises(SourceDrift, match="a line of more than 8,000,000 bytes"):
        list(parser.rows(io.BytesIO(payload), Shape()))


def test_a_file_that_is_marked_as_utf_8_is_read_as_that() -> None:
    payload = b"\xef\xbb\xbf" + '"NoticeId","Title","PostedDate","Type"\r\n"ä–","2","3","4"\r\n'.encode()
    shape = Shape()
    (row,) = parser.rows(io.BytesIO(payload), shape)
    assert row.source_number == "ä–"
    assert not shape.remarks


def test_bytes_outside_windows_1252_are_remarked_once_a_row() -> None:
    row = b'"1","\x81 and \x9d","2026-01-01","Solicitation"\r\n'
    shape = Shape()
    found = list(parser.rows(io.BytesIO(b'"NoticeId","Title","PostedDate","Type"\r\n' + row * 2), shape))
    assert len(found) == 2
    assert shape.remarks == {"rows with bytes outside Windows-1252": 2}


moments = st.integers(946_684_800, 2_208_988_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(moments, st.integers(0, 999), st.integers(0, 23), st.sampled_from("+-"))
def test_a_revision_found_the_short_way_is_the_one_found_the_long_way(
    moment: datetime, thousandths: int, offset: int, sign: str
) -> None:
    printed = f"{moment:%Y-%m-%d %H:%M:%S}.{thousandths:03}{sign}{offset:02}"
    short = parser._usual_revision(printed, "1")
    assert short in {None, revision(printed, "1")}
    same_day = (moment + timedelta(hours=offset)).date() == moment.date()
    assert (short is not None) == (sign == "-" and offset < 20 and same_day)


@pytest.mark.parametrize("printed", ["2026-02-30 01:00:00.000-04", "0000-01-01 01:00:00.000-04", "", "2026-01-01"])
def test_a_day_of_no_calendar_is_left_to_the_long_way(printed: str) -> None:
    assert parser._usual_revision(printed, "1") is None
