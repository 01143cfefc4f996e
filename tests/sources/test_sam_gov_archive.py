"""Files of archived years: walked only when asked for, in either encoding, quiet, and archived is what they say."""

import csv
import io
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from archive import queries
from archive.store import Archive
from archive.warc import WarcWriter
from crawlers.engine import RunResult, crawl
from crawlers.importing import import_files
from crawlers.parsing import Shape, read
from crawlers.source import Source, read_source, source
from crawlers.sources.sam_gov_bulk import parser
from crawlers.sources.sam_gov_bulk.encoding import encoding_of
from crawlers.sources.sam_gov_bulk.spider import SamGovBulkSpider, fiscal_year, year_window
from dev.rebuild import Recorder, write_answer
from noticewatch.errors import UsageError
from noticewatch.models import Capture, Origin, Status, Verdict
from noticewatch.settings import Settings
from tests.databases import settings_at

SOURCE = source("sam_gov_bulk")
SPIDER = SamGovBulkSpider(SOURCE)
TODAY = date(2026, 4, 25)
COLUMNS = SOURCE.expectations.known
CAPTURE = Capture(
    id="c", source=SOURCE.name, url="u", status=200, fetched_at=datetime(2026, 4, 25, tzinfo=UTC), payload_sha256="",
    payload_length=0, origin=Origin.IMPORTED, recorder="a test",
)  # fmt: skip
USUAL = {
    "Title": "Licences – two years", "Sol#": "70CMSD24Q0001", "CGAC": "070", "FPDS Code": "7012",
    "PostedDate": "2024-02-01 10:00:00-05", "Type": "Solicitation", "Active": "No", "Link": "https://sam.gov/opp/1/view",
}  # fmt: skip


def file_of(count: int, encoding: str = "utf-8", line: str = "\r\n", **cells: str) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator=line)
    writer.writerow(COLUMNS)
    for number in range(count):
        given = {**USUAL, "NoticeId": f"{number:032x}", "Sol#": f"70CMSD24Q{number:04}", **cells}
        writer.writerow([given.get(column, "") for column in COLUMNS])
    return buffer.getvalue().encode(encoding)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_at(tmp_path / "data", contact="test@example.org")


@pytest.fixture
def archive(settings: Settings) -> Iterator[Archive]:
    opened = Archive.open(settings)
    yield opened
    opened.close()


@pytest.fixture
def small(tmp_path: Path) -> Source:
    """The source, content with files of one row."""
    folder = tmp_path / "sources" / SOURCE.name
    shutil.copytree(SOURCE.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    stated = (folder / "source.toml").read_text()
    (folder / "source.toml").write_text(stated.replace("least_rows = 5000", "least_rows = 1"))
    return read_source(folder)


def replay(
    archive: Archive, settings: Settings, given: Source, folder: Path, years: dict[int, bytes], days: tuple[date, date]
) -> RunResult:
    recorder = Recorder("a test", datetime(2026, 4, 25, 12, tzinfo=UTC), "made for a test")
    with WarcWriter(folder, "", name="years.warc.gz") as writer:
        for year, payload in years.items():
            (request,) = SPIDER.requests(year_window(year))
            write_answer(writer, SOURCE.name, request, payload, "text/csv", recorder, [])
    return crawl(archive, settings, given, kind="replay", recordings=folder, date_from=days[0], date_to=days[1])


def statuses(archive: Archive) -> list[Status]:
    with archive.reading() as connection:
        numbers = {event.notice_number for event in queries.events(connection, 0, 10_000)}
        return [row.notice.status for row in queries.notices(connection, numbers).values()]


def test_a_regular_crawl_never_walks_archived_years() -> None:
    assert [window.key for window in SPIDER.windows(None, None, TODAY)] == ["active"]


@pytest.mark.parametrize(
    ("first", "last", "years"),
    [
        (date(2024, 9, 30), date(2024, 10, 1), ["FY2024", "FY2025"]),
        (date(2024, 10, 1), date(2025, 9, 30), ["FY2025"]),
        (date(2001, 1, 1), date(2017, 1, 1), ["FY2017"]),
        (date(2025, 12, 1), None, ["FY2026"]),
        (None, date(2018, 1, 1), ["FY2017", "FY2018"]),
        (date(2026, 1, 1), date(2030, 1, 1), ["FY2026"]),
    ],
)
def test_days_are_found_in_the_files_of_their_fiscal_years(
    first: date | None, last: date | None, years: list[str]
) -> None:
    assert [window.key for window in SPIDER.windows(first, last, TODAY)] == years


def test_days_before_the_first_file_are_refused_in_one_sentence() -> None:
    with pytest.raises(UsageError, match="fiscal years 2017 to 2026"):
        SPIDER.windows(date(2001, 1, 1), date(2001, 2, 1), TODAY)


def test_a_fiscal_year_begins_in_october() -> None:
    assert (fiscal_year(date(2025, 9, 30)), fiscal_year(date(2025, 10, 1))) == (2025, 2026)


def test_a_year_is_asked_at_the_front_door_which_may_lead_to_storage() -> None:
    (request,) = SPIDER.requests(year_window(2025))
    assert request.url == (
        "https://sam.gov/api/prod/fileextractservices/v1/api/download/Contract%20Opportunities/Archived%20Data/"
        "FY2025_archived_opportunities.csv?privacy=Public"
    )
    assert request.purpose == "file"
    assert "sam.gov" in SOURCE.hosts
    assert "s3.amazonaws.com" in SOURCE.redirect_hosts
    assert SPIDER.window_of(CAPTURE.model_copy(update={"url": request.url})) == year_window(2025)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("line", ["\r\n", "\n"])
def test_a_year_is_read_in_either_encoding(encoding: str, line: str) -> None:
    payload = file_of(3, encoding, line, Description="“Curly” é – Â")
    shape = Shape()
    readings = list(read(parser, io.BytesIO(payload), CAPTURE, shape))
    assert [reading.notice.title[0].text for reading in readings] == ["Licences – two years"] * 3
    assert readings[0].notice.description[0].text == "“Curly” é – Â"
    assert shape.findings() == []
    assert readings[-1].end == len(payload)


def test_single_bytes_that_are_no_text_are_replaced_and_counted() -> None:
    payload = file_of(5).replace(b"two years", b"two\xff years", 1)
    shape = Shape()
    titles = [reading.notice.title[0].text for reading in read(parser, io.BytesIO(payload), CAPTURE, shape)]
    assert titles == ["Licences – two� years", *["Licences – two years"] * 4]
    assert shape.remarks == {"rows with bytes outside UTF-8": 1}


def test_a_file_whose_first_characters_come_late_is_read_right() -> None:
    payload = file_of(40, Description="a" * 20_000, Title="ASCII").replace(b'"ASCII"', '"– é"'.encode(), 1)
    payload += file_of(1, Title="– é")[len(file_of(0)) :]
    titles = {reading.notice.title[0].text for reading in read(parser, io.BytesIO(payload), CAPTURE)}
    assert titles == {"ASCII", "– é"}


@pytest.mark.parametrize(
    ("start", "encoding"),
    [
        (b"", "cp1252"),
        (b"plain", "cp1252"),
        ("Café – “q”".encode(), "utf-8"),
        ("Café – “q”".encode("cp1252"), "cp1252"),
        (b"\xef\xbb\xbfplain", "utf-8"),
        ("Â–".encode("cp1252"), "cp1252"),
        ("– ”".encode()[:-1], "utf-8"),
        (b"na\xc3\xafve " + "– ’ “ ”".encode("cp1252"), "cp1252"),
    ],
)  # fmt: skip
def test_the_encoding_is_told_by_what_makes_sense(start: bytes, encoding: str) -> None:
    assert encoding_of(start) == encoding


def test_a_notice_of_an_archived_year_is_archived_unless_it_was_cancelled() -> None:
    archived, cancelled = (
        next(iter(read(parser, io.BytesIO(file_of(1, Title=title, Type="Award Notice")), CAPTURE))).notice
        for title in ("Licences", "CANCELLED: licences")
    )
    assert (archived.status, archived.status_published) == (Status.ARCHIVED, "Active: No")
    assert cancelled.status is Status.CANCELLED


def test_asked_for_years_are_walked_and_quiet(
    archive: Archive, settings: Settings, small: Source, tmp_path: Path
) -> None:
    days = (date(2024, 9, 1), date(2024, 10, 31))
    for again in ("first", "second"):
        years = {2024: file_of(3), 2025: file_of(4)} if again == "first" else {2024: file_of(5), 2025: file_of(6)}
        result = replay(archive, settings, small, tmp_path / again, years, days)
        assert result.verdict is Verdict.COMPLETE
    with archive.reading() as connection:
        found = queries.events(connection, 0, 1_000)
    assert len(found) == 6
    assert all(event.quiet for event in found)
    assert set(statuses(archive)) == {Status.ARCHIVED}


def test_a_tiny_year_changes_nothing(archive: Archive, settings: Settings, tmp_path: Path) -> None:
    days = (date(2024, 1, 1), date(2024, 2, 1))
    result = replay(archive, settings, SOURCE, tmp_path / "tiny", {2024: file_of(0)}, days)
    assert result.verdict is Verdict.EMPTY_SUSPICIOUS
    assert statuses(archive) == []


def test_an_imported_year_is_quiet_and_an_active_notice_seen_later_is_current(
    archive: Archive, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "FY2024_archived_opportunities.csv"
    for active, day in (("Yes", 3), ("No", 2)):
        file.write_bytes(file_of(2, Active=active))
        moment = datetime(2024, 2, day, tzinfo=UTC)
        assert import_files(archive, settings, SOURCE, [file], captured_at=moment).verdict is Verdict.COMPLETE
    assert statuses(archive) == [Status.OPEN, Status.OPEN]
    with archive.reading() as connection:
        assert all(event.quiet for event in queries.events(connection, 0, 1_000))
