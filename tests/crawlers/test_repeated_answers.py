"""Crawls whose publisher gives the same answer again: it is archived as a repetition, and everything reads it."""

import io
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from wacz.main import main as wacz

from api.evidence import write_pack
from archive import queries
from archive.captures import read_record
from archive.evidence import verify
from archive.tables import captures
from crawlers.engine import crawl
from crawlers.importing import import_files
from crawlers.source import read_source
from noticewatch.models import Verdict
from noticewatch.settings import Settings
from tests.archive.making import open_archive
from tests.archive.proving import check
from tests.crawlers.apart import HERE, crawl_apart
from tests.crawlers.wires import Wires, http, wires
from tests.faults.crawling import as_recorded
from tests.small_archive import _AWARD, _TENDER, _file

ROWS = b"id,title\n" + b"".join(b"A%d,title %d\n" % (number, number) for number in range(200))
DAY = datetime(2026, 4, 24, 12, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[Wires]:
    with wires() as told:
        told.answers = lambda asked: http(200, ROWS)
        yield told


def test_a_second_crawl_of_the_same_file_keeps_little_and_can_be_replayed_with_the_first(
    server: Wires, tmp_path: Path
) -> None:
    data, addresses = tmp_path / "data", [f"{server.address}/file"]
    first = crawl_apart(tmp_path / "1", addresses, data=data)
    second = crawl_apart(tmp_path / "2", addresses, data=data)
    assert (first.verdict, second.verdict) == ("complete", "complete")
    files = [one for one in second.captures if one.url.endswith("/file")]
    assert [one.payload_file for one in files] == [None, files[0].warc_file]
    assert files[1].warc_length < files[0].warc_length
    assert second.payload("/file") == ROWS
    assert check(second.archive).captures == len(second.captures)
    settings = Settings(home=tmp_path / "other", contact="test@example.org")
    tiny = read_source(HERE / "tiny_asks").model_copy(update={"options": {"addresses": addresses}})
    other = open_archive(settings.home)
    result = crawl(other, settings, tiny, kind="replay", recordings=data / "warc")
    assert result.verdict is Verdict.COMPLETE
    assert read_record(other, files[1].id, 3) == ROWS.splitlines(keepends=True)[4]
    check(other)
    other.close()


def test_two_crawls_at_once_of_one_payload_refer_to_nothing_that_is_not_archived(server: Wires, tmp_path: Path) -> None:
    data = tmp_path / "data"
    open_archive(data).close()
    addresses = [[f"{server.address}/{who}{number}" for number in range(12)] for who in "ab"]
    with ThreadPoolExecutor(2) as pool:
        names = ["tiny_one", "tiny_two"]
        crawls = [
            pool.submit(crawl_apart, tmp_path / name, own, data=data, name=name)
            for name, own in zip(names, addresses, strict=True)
        ]
        crawled = [one.result() for one in crawls]
    archive = crawled[0].archive
    with archive.reading() as connection:
        held = connection.execute(select(captures).order_by(captures.c.number)).all()
    whole = {(one.warc_file, one.warc_offset): one.number for one in held if one.payload_file is None}
    repeated = [one for one in held if one.payload_file is not None]
    assert len(held) == 2 * (12 + 1)  # with robots.txt
    assert len(repeated) >= 12
    assert all(whole[one.payload_file, one.payload_offset] < one.number for one in repeated)
    assert check(archive).captures == len(held)
    archive.close()


def test_packs_hold_the_bytes_of_rows_and_documents_that_were_archived_as_repetitions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = open_archive(tmp_path / "data")
    settings = Settings(home=archive.folder, contact="test@example.org")
    for day, row in enumerate([_TENDER, _TENDER | {"ResponseDeadLine": "2026-04-10T14:00:00-04:00"}, _TENDER]):
        file = tmp_path / "opportunities.csv"
        file.write_bytes(_file([_AWARD, row]))
        import_files(archive, settings, as_recorded("sam_gov_bulk"), [file], captured_at=DAY + timedelta(days=day))
    identity = f"sam:{_TENDER['NoticeId']}"
    with archive.reading() as connection:
        row = queries.notice(connection, identity)
        assert row is not None
        last = queries.versions(connection, row.number)[-1]
        capture = queries.capture(connection, last.capture_id)
    assert capture is not None
    assert capture.payload_file is not None
    for version in (None, last.version):
        file = io.BytesIO()
        write_pack(archive, settings, row, version, file)
        path = tmp_path / f"{version}.wacz"
        path.write_bytes(file.getvalue())
        assert any("Everything holds" in line for line in verify.check(path))
        assert wacz(["validate", "-f", str(path)]) == 0
        assert "Validation succeeded" in capsys.readouterr().out
        with zipfile.ZipFile(path) as packed:
            rows = [packed.read(name) for name in packed.namelist() if name.startswith("records/")]
        assert all(b"Specialized OSINT Tools" in one for one in rows)
    archive.close()
