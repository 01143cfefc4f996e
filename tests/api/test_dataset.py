"""Data sets: the same notices in every form, with amounts and dates that can be computed with, and nothing withheld."""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, select
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from api.context import Context
from api.dataset import Form, Written, manifest, write
from archive import takedowns
from archive.captures import read_range
from archive.joins import Joiner
from archive.queries import capture
from archive.store import Archive
from archive.tables import notices
from indexer.requests import SearchRequest
from tests.api.serving import served
from tests.databases import settings_at
from tests.small_archive import fill
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

pytestmark = pytest.mark.both_databases

EVERYTHING = SearchRequest(lens="everything")


@pytest.fixture
def held(app: FastAPI) -> Context:
    return app.state.context  # type: ignore[no-any-return]


def made(held: Context, form: Form, request: SearchRequest = EVERYTHING) -> tuple[bytes, Written]:
    file = io.BytesIO()
    told: list[tuple[int, int]] = []
    written = write(held, request, form, file, lambda done, total: told.append((done, total)))
    assert told == [(done, written.notices) for done in range(1, written.notices + 1)]
    return file.getvalue(), written


def ids(form: Form, data: bytes) -> list[str]:
    if form is Form.CSV:
        return [row["id"] for row in csv.DictReader(io.StringIO(data.decode()))]
    if form is Form.JSONL:
        return [json.loads(line)["id"] for line in data.splitlines()]
    if form is Form.OCDS:
        return [one["noticewatch"]["id"] for one in json.loads(data)["releases"]]
    return [row["id"] for row in parquet(data)]


def parquet(data: bytes) -> list[dict[str, Any]]:
    return pyarrow.parquet.read_table(io.BytesIO(data)).to_pylist()  # type: ignore[no-any-return]


def records(data: bytes) -> Iterator[tuple[Any, bytes]]:
    return ((record.rec_headers, record.content_stream().read()) for record in ArchiveIterator(io.BytesIO(data)))


def test_every_form_holds_the_same_notices_in_the_order_they_were_found(held: Context) -> None:
    wanted = ids(Form.JSONL, made(held, Form.JSONL)[0])
    assert len(wanted) == len(set(wanted)) == 10
    for form in (Form.CSV, Form.PARQUET, Form.OCDS):
        data, written = made(held, form)
        assert (ids(form, data), written.notices) == (wanted, 10), form


def test_the_same_question_to_the_same_log_gives_the_same_bytes(held: Context) -> None:
    for form in (Form.CSV, Form.JSONL, Form.PARQUET):
        assert made(held, form)[0] == made(held, form)[0], form


def test_parquet_holds_what_csv_says_with_types(held: Context) -> None:
    rows = {row["id"]: row for row in parquet(made(held, Form.PARQUET)[0])}
    flat = {row["id"]: row for row in csv.DictReader(io.StringIO(made(held, Form.CSV)[0].decode()))}
    award = next(row for name, row in rows.items() if name.startswith("sam:d72dd"))
    assert award["announced"] == Decimal("948620.64")
    assert award["rebuilt"] is True
    assert isinstance(award["first_seen"], datetime)
    for name, row in rows.items():
        assert row["suppliers"] == [part for part in flat[name]["suppliers"].removeprefix("'").split(" | ") if part]
        for column in ("obligated", "announced", "headline_value"):
            assert row[column] == (Decimal(flat[name][column]) if flat[name][column] else None), (name, column)


def test_a_release_states_totals_as_values_and_what_an_action_alone_says_as_neither(held: Context) -> None:
    package = json.loads(made(held, Form.OCDS)[0])
    assert {"uri", "version", "publishedDate", "publisher", "releases"} <= package.keys()
    found = {one["noticewatch"]["id"]: one for one in package["releases"]}
    assert len({one["id"] for one in found.values()}) == len(found), "ids of releases are unique"
    award = next(one for name, one in found.items() if name.startswith("sam:d72dd"))
    assert award["tag"] == ["award"]
    assert award["awards"][0]["value"] == {"amount": 948620.64, "currency": "USD"}
    actions = [one for name, one in found.items() if name.startswith("us-action:")]
    assert len({one["ocid"] for one in actions if "70CMSD23FR0000145" in one["noticewatch"]["id"]}) == 1
    for action in actions:
        assert not [one for one in (*action["awards"], *action.get("contracts", ())) if "value" in one]
        assert {amount["basis"] for amount in action["noticewatch"]["amounts"]} == {"change"}
        named = {party["id"] for party in action["parties"]}
        assert {one["id"] for one in action["awards"][0]["suppliers"]} <= named
        assert action["buyer"]["id"] in named
        assert {one["awardID"] for one in action.get("contracts", ())} <= {action["awards"][0]["id"]}
    assert any("contracts" in action for action in actions)


def test_a_warc_file_holds_the_bytes_that_the_notices_were_read_from(held: Context) -> None:
    data, written = made(held, Form.WARC)
    found = list(records(data))
    assert found[0][0].get_header("WARC-Type") == "warcinfo"
    rows = found[1:]
    assert len(rows) == written.notices == 10
    with held.archive.reading() as connection:
        for headers, body in rows:
            of = capture(connection, headers.get_header("WARC-Refers-To").removeprefix("<urn:uuid:").rstrip(">"))
            assert of is not None
            start, end = (int(headers.get_header(f"Noticewatch-{name}")) for name in ("Start", "End"))
            assert body == read_range(held.archive, of, start, end)


def test_a_warc_file_passes_the_checks_of_others(held: Context, tmp_path: Path) -> None:
    path = tmp_path / "notices.warc.gz"
    path.write_bytes(made(held, Form.WARC)[0])
    checked = Checker(type("Arguments", (), {"inputs": [str(path)], "verbose": False})())
    checked.process_all()
    assert checked.exit_value == 0


def test_the_manifest_says_what_was_asked_of_which_state_and_names_the_file_by_its_hash(held: Context) -> None:
    request = SearchRequest(query="fivecast", lens="everything")
    data, written = made(held, Form.CSV, request)
    sha256 = hashlib.sha256(data).hexdigest()
    stated = manifest(held, written, "fivecast.csv", len(data), sha256)
    assert stated["resources"][0]["hash"] == f"sha256:{sha256}"
    assert stated["resources"][0]["schema"]["fields"][0] == {"name": "id"}
    assert stated["query"] == {"asked": "fivecast", "understood": "fivecast", "warnings": [], "lens": "everything"}
    assert stated["as_of"] == stated["until"] == held.head()
    assert stated["epoch"] == held.archive.epoch
    assert stated["notices"] == len(ids(Form.CSV, data)) > 0
    assert stated["coverage"]["sentence"]
    for said in (sha256, "3 notices", f"event {held.head()}", "https://notices.example"):
        assert said in stated["citation"], said


def test_nothing_of_what_was_taken_down_is_in_any_form(tmp_path: Path, dictionary: Dictionary) -> None:
    settings = settings_at(tmp_path / "home")
    archive = Archive.open(settings)
    fill(archive)
    with archive.reading() as connection:
        (hostile,) = [one for one in notice_ids(connection) if "70B03C26P00000666" in one]
    takedowns.take_down(archive, [hostile], "A private person.")
    with served(archive, settings, dictionary, [Joiner(), Tagger(Matcher(dictionary))]) as client:
        held: Context = client.app.state.context  # type: ignore[attr-defined]
        for form in Form:
            data, written = made(held, form)
            said = text_of(form, data)
            assert "HYPERLINK" not in said, form
            assert "GIANT OAK" in said, form
            assert written.taken_down == (hostile,)
            assert ("A private person." in said) is (form not in {Form.OCDS, Form.WARC}), form
    archive.close()


def text_of(form: Form, data: bytes) -> str:
    if form is Form.PARQUET:
        return "\n".join(map(str, parquet(data)))
    return "\n".join(body.decode() for _, body in records(data)) if form is Form.WARC else data.decode()


def notice_ids(connection: Connection) -> list[str]:
    return list(connection.scalars(select(notices.c.id)))
