"""An archive of which something is taken down, and every address that could still tell of it."""

import atexit
import hashlib
import importlib
import io
import pkgutil
import re
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import closing
from functools import cache
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import insert, select

from alerts import searches
from alerts.models import Target, Terms
from alerts.tokens import Tokens
from api import routes
from api.app import create_app
from archive import queries, takedowns
from archive import tables as t
from archive.documents import texts
from archive.documents.tables import documents
from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from indexer.engines import open_engine
from indexer.names import Names
from indexer.search import Search
from indexer.sync import IndexReader
from noticewatch.settings import Settings
from tests.archive.documents import making
from tests.archive.documents.shelving import answer
from tests.databases import copied, kept, kind, settings_at
from tests.dictionary import matcher
from tests.small_archive import crawl_tender, fill
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

MODULES = [importlib.import_module(f"api.routes.{found.name}") for found in pkgutil.iter_modules(routes.__path__)]

TENDER = "sam:f4ce3f0421184c4bb6ed5aa8d7dbc24d"
AWARD = "sam:d72dd40bd5ce47149836c17e9024ede0"
PAGE, API = f"/notices/{TENDER}", f"/api/v1/notices/{TENDER}"
FIRST, SECOND, BOTH = "Multiple-Award", "single-award", "Specialized OSINT Tools IDIQ"
IN_FILE = "Blueprint of the tools"
SOW = making.pdf([IN_FILE])
SHA256 = hashlib.sha256(SOW).hexdigest()
URL = "https://files.example/sow.pdf"
REASON = "Names a private person."


@cache
def _prepared(_kind: str) -> Settings:
    """An archive in a kind of database in which one notice has two versions, the first with a document; it is joined
    and has been tagged. Copy it.
    """
    folder = Path(tempfile.mkdtemp(prefix="noticewatch-house-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with kept():
        settings = settings_at(folder)
    with closing(Archive.open(settings)) as archive:
        fill(archive)
        crawl_tender(archive)
        with archive.writing() as connection:
            number = queries.numbers_of(connection, [TENDER])[TENDER]
            connection.execute(insert(documents).values(notice=number, url=URL, place=0, added=1, removed=2))
        answer(archive, SOW)
        texts.read_waiting(archive)
        drive(archive, [Joiner(), Tagger(matcher())])
    return settings


class House:
    """A copy of that archive with its application and its readers."""

    def __init__(self, folder: Path, dictionary: Dictionary) -> None:
        prepared = _prepared(kind())
        self.settings = settings_at(copied(prepared.home, folder, prepared), public_url="https://notices.example")
        self.archive = Archive.open(self.settings)
        with self.archive.reading() as connection:
            self.number = queries.numbers_of(connection, [TENDER])[TENDER]
        self.engine = open_engine(self.settings, self.archive)
        self._readers = [Joiner(), Tagger(Matcher(dictionary)), IndexReader(self.engine)]
        self.app = create_app(
            self.archive, Search(self.archive, self.engine, dictionary), self.settings, dictionary
        )  # fmt: skip
        self.settle()
        with self.archive.writing() as connection:
            terms = Terms(query="OSINT", lens="everything")
            asks = [(Target("webhook", "https://desk.example/hook"), "active")]
            self.token = searches.create(connection, Tokens(self.archive.folder), Names(dictionary), terms, asks)[1]

    def settle(self) -> None:
        drive(self.archive, self._readers)

    def take_down(self, *named: str) -> None:
        takedowns.take_down(self.archive, named, REASON)
        self.settle()

    def restore(self, *named: str) -> None:
        takedowns.restore(self.archive, named, "Agreed.")
        self.settle()

    def close(self) -> None:
        self.engine.close()
        self.archive.close()

    def given(self) -> Mapping[str, list[str]]:
        """What stands in the place of each parameter of an address."""
        with self.archive.reading() as connection:
            captures = [row.capture.id for row in queries.captures_of(connection, self.number)]
        return {
            "notice_id": [TENDER, "RFP-002132", AWARD], "number": ["0", "1", "2"],
            "capture_id": [*captures, self.document_capture], "vendor_id": ["cellebrite"], "technology_id": ["osint"],
            "buyer_id": ["usg-doj-fbi"], "name": ["search"], "run_id": ["none"], "rest": ["x"],
            "token": [self.token], "delivery_id": ["none"],
        }  # fmt: skip

    @property
    def document_capture(self) -> str:

        with self.archive.reading() as connection:
            return str(connection.scalar(select(t.captures.c.id).where(t.captures.c.url == URL)))


QUESTIONS = (
    "",
    "q=OSINT",
    f"q={FIRST}",
    f"q={SECOND}",
    'q="Blueprint of the tools"',
    "q=RFP-002132",
    "q=is:taken_down",
)
SEARCHES = ("/search", "/search.json", "/api/v1/notices", "/api/v1/notices.csv", "/api/v1/notices.jsonl",
            "/feeds/search.atom", "/feeds/search.json")  # fmt: skip
ASKED = {
    *(f"{address}?{question}&lens=everything&scope=notice" for address in SEARCHES for question in QUESTIONS),
    *(f"{address}?{question}&lens=everything" for address in SEARCHES[:3] for question in QUESTIONS),
    *(f"/alerts/new?{question}&lens=everything" for question in QUESTIONS),
    *SEARCHES, f"{PAGE}/diff?from=1&to=2", f"{API}/diff?from=2&to=1", f"{PAGE}?q=Blueprint",
    f"{API}/evidence?version=1", f"{API}/evidence?scope=procurement", f"{API}/evidence?version=2",
    "/api/v1/events?limit=1000", f"{PAGE}?version=1", f"{PAGE}?version=2",
}  # fmt: skip


def addresses(house: House) -> set[str]:
    """Every address that the application answers, its parameters filled in; and every question asked of the search."""
    given, found = house.given(), set(ASKED)
    for route in (route for module in MODULES for route in module.router.routes):
        if "GET" not in route.methods:
            continue
        filled = {route.path}
        for name in re.findall(r"\{(\w+)(?::path)?\}", route.path):
            pattern = re.compile(rf"\{{{name}(?::path)?\}}")
            filled = {pattern.sub(value, path) for path in filled for value in given[name]}
        found |= filled
    return found


def everything_said(house: House, client: TestClient) -> dict[str, str]:
    """What every address answers, without what was asked."""
    return {address: said(client, address) for address in addresses(house)}


def said(client: TestClient, address: str) -> str:
    """All that an answer says; of a zip file what is in it."""
    answered = client.get(address)
    assert answered.status_code < 500, address
    if answered.headers.get("content-type") != "application/zip":
        text = answered.text + answered.content.decode("latin-1")
        for asked in re.findall(r"q=\"?([\w-]+)", address):
            text = text.replace(f"q={asked}", "").replace(f'value="{asked}"', "")
        return text
    with zipfile.ZipFile(io.BytesIO(answered.content)) as packed:
        return "\n".join([*packed.namelist(), *(packed.read(name).decode("latin-1") for name in packed.namelist())])


def telling(answers: Mapping[str, str], word: str) -> set[str]:
    """Addresses whose answer says a word."""
    return {address for address, text in answers.items() if word in text and word not in address}
