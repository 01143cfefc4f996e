"""Addresses and telephones of officials stand nowhere that readers look, whatever a source's recordings hold: no page,
answer, download, feed, entry of the log or pack, and no word of the index. The archived row alone shows them, as
published. Names are masked behind the titles of those who buy (tests/noticewatch/test_contacts.py).
"""

import io
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from archive import tables
from archive.joins import Joiner
from archive.store import Archive
from noticewatch.contacts import mask
from noticewatch.settings import Settings
from tests.api.serving import served
from tests.sources.every import NAMES, Answered, Replayed, contact_values, strings
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

MAIL = re.compile(r"[\w.+'%-]+@[\w-]+(?:\.[\w-]+)+")
PHONE = re.compile(r"(?:\+?1[ .-]?)?\(?[2-9]\d\d\)?[ .-]?\d{3}[ .-]?\d{4}")
ALL = "lens=everything&scope=notice"
PAGES = 12
"""Notices of a source whose pages are asked for, spread over all of them."""
SEARCHED = 40
"""Contact values of a source that are searched for."""


@pytest.fixture
def client(
    request: pytest.FixtureRequest, replayed: Callable[[str], Replayed], tmp_path: Path, dictionary: Dictionary
) -> Iterator[TestClient]:
    """The application over a copy of a source's replayed recordings."""
    shutil.copytree(replayed(request.param).home, tmp_path / "home")
    settings = Settings(home=tmp_path / "home")
    archive = Archive.open(settings)
    with served(archive, settings, dictionary, [Joiner(), Tagger(Matcher(dictionary))]) as opened:
        yield opened
    archive.close()


def every_source(function: Any) -> Any:
    """The test for each source, with the application over its recordings."""
    cases = [pytest.param(name, name, marks=pytest.mark.xdist_group(f"source {name}")) for name in NAMES]
    return pytest.mark.parametrize(("name", "client"), cases, indirect=["client"])(function)


def private(answers: list[Answered]) -> set[str]:
    """Addresses and telephones of officials in the recorded answers of a source."""
    values = {value for answer in answers for value in contact_values(answer.payload)}
    return {value for value in values if MAIL.search(value) or PHONE.fullmatch(value)}


def files(client: TestClient, notice: str) -> Iterator[tuple[str, str]]:
    """What the evidence pack of a notice says to readers; its rows are as published, and say so."""
    answered = client.get(f"/api/v1/notices/{notice}/evidence")
    with zipfile.ZipFile(io.BytesIO(answered.content)) as packed:
        for name in packed.namelist():
            if name.startswith(("evidence/", "versions/", "diffs/", "proof/")) and not name.endswith(".py"):
                yield f"{notice}: {name}", packed.read(name).decode()


def log(client: TestClient) -> Iterator[str]:
    """The whole log as mirrors get it."""
    address: str | None = "/api/v1/events?limit=1000"
    while address:
        answered = client.get(address)
        yield answered.text
        address = answered.json()["next"]


def told(client: TestClient) -> Iterator[tuple[str, str]]:
    """Everything that readers are told of the notices of an archive, by where."""
    lines = client.get(f"/api/v1/notices.jsonl?{ALL}").text
    yield "jsonl", lines
    for address in (f"/api/v1/notices.csv?{ALL}", f"/feeds/search.atom?{ALL}", f"/feeds/search.json?{ALL}"):
        yield address, client.get(address).text
    yield from (("events", page) for page in log(client))
    ids = [orjson.loads(line)["id"] for line in lines.splitlines()]
    assert ids
    for notice in ids[:: max(1, len(ids) // PAGES)]:
        for address in (f"/notices/{notice}", f"/api/v1/notices/{notice}", f"/api/v1/notices/{notice}/versions"):
            yield address, client.get(address).text
    yield from files(client, ids[0])


@every_source
def test_no_reader_is_told_contact_data_of_officials(
    name: str, client: TestClient, read: Callable[[str], list[Answered]]
) -> None:
    values = private(read(name))
    for where, text in told(client):
        assert not MAIL.search(text), (where, MAIL.search(text))
        found = {value for value in values if value in text}
        assert not found, (where, found)


@every_source
def test_no_contact_of_an_official_can_be_searched_for(
    name: str, client: TestClient, read: Callable[[str], list[Answered]]
) -> None:
    values = sorted(value for value in private(read(name)) if '"' not in value)
    for value in values[:: max(1, len(values) // SEARCHED)]:
        found = client.get("/api/v1/notices", params={"q": f'"{value}"', "lens": "everything", "facets": ""})
        assert found.json()["total"] == 0, value


def test_the_recordings_hold_contact_data_of_officials(read: Callable[[str], list[Answered]]) -> None:
    """Without this the tests above would pass on recordings that hold none."""
    assert sum(bool(private(read(name))) for name in ("sam_gov_bulk", "dhs_apfs", "sam_gov_opportunities")) >= 2


@pytest.mark.xdist_group("starter")
def test_nothing_is_left_to_be_masked_in_any_version_of_the_starter_archive(starter_archive: Archive) -> None:
    v, r = tables.versions.c, tables.records.c
    query = select(v.notice, func.coalesce(v.content, r.content)).join(tables.records, r.number == v.record)
    with starter_archive.reading() as connection:
        for notice, stored in connection.execute(query.execution_options(yield_per=1_000)):
            content = orjson.loads(stored)
            assert not MAIL.search(stored), (notice, MAIL.search(stored))
            for text in strings([content.get(field) for field in ("title", "description", "documents", "hearings")]):
                assert mask(text) == text, (notice, text)
