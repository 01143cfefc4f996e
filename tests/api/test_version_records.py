"""Every version leads to the bytes it was read from: capture, row and byte range."""

import hashlib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from archive.store import Archive
from crawlers.importing import import_files
from crawlers.source import source
from tests.api.serving import served
from tests.databases import settings_at
from watchlist.dictionary import Dictionary

NUMBER = "70B03C26R00000077"
POSTED = {"a1" * 16: "2026-04-01 09:00:00.000-04", "b2" * 16: "2026-04-02 09:00:00.000-04", "c3" * 16: ""}
OLDER = POSTED | {"c3" * 16: "2026-04-03 09:00:00.000-04"}


def file_of(folder: Path, name: str, postings: dict[str, str]) -> Path:
    """A file of SAM.gov with postings of one tender that are dated."""
    rows = ["NoticeId,Title,Sol#,CGAC,PostedDate,Type,Active"]
    listed = {posting: day for posting, day in postings.items() if day}
    rows += [f"{posting},Drone detection,{NUMBER},070,{day},Solicitation,Yes" for posting, day in listed.items()]
    path = folder / f"{name}.csv"
    path.write_text("\n".join([*rows, ""]))
    return path


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, dictionary: Dictionary) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("records")
    settings = settings_at(folder / "home")
    with closing(Archive.open(settings)) as archive:
        for day, postings in ((9, POSTED), (10, OLDER), (8, OLDER)):
            file, seen = file_of(folder, f"{day}", postings), datetime(2026, 4, day, tzinfo=UTC)
            import_files(archive, settings, source("sam_gov_bulk"), [file], captured_at=seen)
        with served(archive, settings, dictionary) as opened:
            yield opened


def test_each_version_names_the_row_it_was_read_from_also_where_an_answer_holds_several(client: TestClient) -> None:
    notice = f"sam:{next(iter(POSTED))}"
    versions = client.get(f"/api/v1/notices/{notice}/versions").json()["items"]
    page = client.get(f"/notices/{notice}").text
    assert len(versions) == 3
    for version, posting in zip(versions, OLDER, strict=True):
        record = version["record"]
        read = client.get(record["url"]).content
        assert read.decode().startswith(posting)
        assert (len(read), hashlib.sha256(read).hexdigest()) == (record["end"] - record["start"], record["sha256"])
        capture = client.get(f"/api/v1/captures/{record['capture']}").json()
        assert (record["row"], record["start"]) in {(one["row"], one["start"]) for one in capture["records"]}
        assert client.get(version["url"] + ".json").json()["record"] == record
        assert f'href="{record["url"]}" rel="nofollow">Bytes it was read from' in page
