"""Contact data of officials: whatever is recorded, none stands readable in what the program keeps, searches and gives.

All recordings of all sources are imported into one archive. A detector of its own (tests/contacts.py) then reads every
text of the database, of the index, of answers, pages, feeds, exports and evidence packs; only the rows as published may
hold contacts.
"""

import html
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import pytest
from fastapi.testclient import TestClient
from pyarrow.parquet import read_table
from sqlalchemy import LargeBinary, select, union_all

from api.dataset import Form, write
from archive import tables
from archive.documents.listing import DocumentLister
from archive.joins import Joiner
from archive.log import head
from archive.store import Archive
from archive.warc import recorded
from crawlers.importing import import_files
from indexer.requests import SearchRequest
from indexer.sync import touched
from indexer.tokens import exact_stream
from noticewatch.database import metadata
from noticewatch.settings import Settings
from tests.api.serving import served
from tests.archive.making import events
from tests.contacts import Found, contacts
from tests.faults.crawling import REPLAYS, as_recorded
from tests.sources.every import NAMES, contact_values
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

SEED: Final = 8
SAMPLED: Final = 60
"""Notices whose pages and answers are read; lists, feeds and exports hold all of them."""
PACKED: Final = 8
_ORDINARY: Final = re.compile(r"(?<![\w'.@-])[a-z]{2,}(?![\w@])")
"""Words in small letters: those of the language. Names are capitalised."""


@dataclass
class Held:
    """An archive of all that is recorded. ordinary: words of the language in it, in small letters."""

    archive: Archive
    client: TestClient
    ordinary: frozenset[str]
    payloads: list[str]

    def found(self, text: str) -> list[Found]:
        return list(contacts(text, self.ordinary.__contains__))


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory, dictionary: Dictionary) -> Iterator[Held]:
    settings = Settings(home=tmp_path_factory.mktemp("contacts"))
    payloads = []
    with closing(Archive.open(settings)) as archive:
        for name in NAMES:
            for file in sorted((REPLAYS / name).glob("*.warc.gz")):
                import_files(archive, settings, as_recorded(name), [file])
                payloads += [_text(one.open) for one in recorded(file)]
        words = Counter(word for payload in payloads for word in _ORDINARY.findall(payload))
        ordinary = frozenset(word for word, count in words.items() if count >= 3)
        with served(archive, settings, dictionary, [Joiner(), Tagger(Matcher(dictionary)), DocumentLister()]) as client:
            yield Held(archive, client, ordinary, payloads)


def _text(opened: Callable[[], Any]) -> str:
    with opened() as stream:
        return str(stream.read().decode("utf-8", "replace"))


@pytest.mark.xdist_group("contacts")
def test_the_detector_sees_what_was_published(held: Held) -> None:
    found = Counter(one.what for payload in held.payloads for one in held.found(_plain(payload)))
    assert found["mail"] > 100
    assert found["phone"] > 100
    assert found["name"] > 10


@pytest.mark.xdist_group("contacts")
def test_no_text_of_the_database_holds_any(held: Held) -> None:
    looked = 0
    for table in metadata.sorted_tables:
        columns = [column for column in table.columns if not isinstance(column.type, LargeBinary)]
        with held.archive.reading() as connection:
            for row in connection.execute(select(*columns)):
                for column, value in zip(columns, row, strict=True):
                    if isinstance(value, str) and len(value) > 6:
                        looked += 1
                        assert held.found(value) == [], (table.name, column.name)
    assert looked > 10_000


@pytest.mark.xdist_group("contacts")
def test_the_index_holds_none_of_the_contacts_that_were_published(held: Held) -> None:
    private = {one.text for payload in held.payloads for one in held.found(_plain(payload)) if one.what != "name"}
    for name in NAMES:
        for file in sorted((REPLAYS / name).glob("*.warc.gz")):
            for one in recorded(file):
                with one.open() as stream:
                    private |= {value for value in contact_values(stream.read()) if _tells(value, held.ordinary)}
    assert len(private) > 200
    sought = {f" {tokens} " for value in private if (tokens := exact_stream([value])).count(" ") > 1}
    with held.archive.reading() as connection:
        documents, _ = touched(connection, events(held.archive), head(connection))
    assert len(documents) > 1_000
    for document in documents:
        for name, stream in document.streams.items():
            padded = f" {stream} "
            assert [tokens for tokens in sought if tokens in padded] == [], (document.key, name)


@pytest.mark.xdist_group("contacts")
def test_lists_feeds_and_exports_hold_none(held: Held) -> None:
    whole = "lens=everything&scope=notice"
    for address in ("notices.csv", "notices.jsonl"):
        answer = held.client.get(f"/api/v1/{address}?{whole}")
        assert answer.status_code == 200
        assert answer.text.count("\n") > 1_000
        for line in answer.text.splitlines():
            assert held.found(line) == [], address
    for form in (Form.OCDS, Form.PARQUET):
        file = io.BytesIO()
        write(held.client.app.state.context, SearchRequest(lens="everything"), form, file, lambda *_: None)
        rows = json.loads(file.getvalue())["releases"] if form is Form.OCDS else read_table(file).to_pylist()
        assert len(rows) > 1_000
        for row in rows:
            assert held.found(str(row)) == [], form
    for address in (f"/feeds/search.atom?{whole}", f"/feeds/search.json?{whole}", f"/api/v1/notices?{whole}&limit=100"):
        answer = held.client.get(address)
        assert answer.status_code == 200
        assert held.found(_plain(answer.text)) == [], address


@pytest.mark.xdist_group("contacts")
def test_pages_and_answers_of_notices_hold_none(held: Held) -> None:
    for notice in _sampled(held, SAMPLED):
        for address in (f"/notices/{notice}", f"/api/v1/notices/{notice}", f"/api/v1/notices/{notice}/versions"):
            answer = held.client.get(address)
            assert answer.status_code == 200, address
            assert held.found(_plain(answer.text)) == [], address


@pytest.mark.xdist_group("contacts")
def test_evidence_packs_hold_none_outside_of_the_rows_as_published(held: Held) -> None:
    read = 0
    for notice in _sampled(held, PACKED):
        answer = held.client.get(f"/api/v1/notices/{notice}/evidence")
        assert answer.status_code == 200, notice
        with zipfile.ZipFile(io.BytesIO(answer.content)) as pack:
            for name in pack.namelist():
                if name.endswith((".html", ".json", ".jsonl")) and not name.startswith("rows/"):
                    read += 1
                    assert held.found(_plain(pack.read(name).decode())) == [], (notice, name)
    assert read > 4 * PACKED


@pytest.mark.xdist_group("starter")
def test_no_record_of_the_starter_archive_holds_any(starter_archive: Archive) -> None:
    r, v = tables.records.c, tables.versions.c
    query = union_all(select(r.content), select(v.content).where(v.content.is_not(None)))
    with starter_archive.reading() as connection:
        texts = list(connection.scalars(query))
    words = Counter(word for text in texts for word in _ORDINARY.findall(text))
    ordinary = frozenset(word for word, count in words.items() if count >= 3)
    assert len(texts) > 60_000
    assert [found for text in texts for found in contacts(text, ordinary.__contains__)] == []


def _tells(value: str, ordinary: frozenset[str]) -> bool:
    """Whether the value of a contact's field is an address, a number or a name, and not words such as ``no calls``."""
    words = re.findall(r"[^\W\d_]+", value)
    return "@" in value or sum(letter.isdigit() for letter in value) > 6 or not ordinary & {w.lower() for w in words}


def _sampled(held: Held, count: int) -> list[str]:
    """Notices of each source alike, by chance."""
    n, r = tables.notices.c, tables.records.c
    query = select(r.source, n.id).join(tables.records, r.notice == n.number).order_by(n.number)
    by_source: dict[str, list[str]] = {}
    with held.archive.reading() as connection:
        for source, notice in connection.execute(query):
            by_source.setdefault(source, []).append(notice)
    chance = Random(SEED)
    each = -(-count // len(by_source))
    return sorted({notice for all_of in by_source.values() for notice in chance.sample(all_of, min(each, len(all_of)))})


def _plain(text: str) -> str:
    """What a reader sees of a page."""
    return html.unescape(re.sub(r"<[^>]{1,2000}>", " ", text))
