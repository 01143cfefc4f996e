"""Files and feeds that others read."""

import csv
import io
import json
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient
from hypothesis import example, given
from hypothesis import strategies as st

from api.exports import row_of, safe_cell
from indexer import results
from tests.indexer.making import row

pytestmark = pytest.mark.both_databases

ATOM = "{http://www.w3.org/2005/Atom}"
EVERYTHING = "lens=everything"


def test_a_csv_export_is_complete_in_single_notices(client: TestClient) -> None:
    answer = client.get(f"/api/v1/notices.csv?{EVERYTHING}")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 10
    award = next(row for row in rows if row["id"].startswith("sam:d72dd"))
    assert award["announced"] == "948620.64"
    assert award["headline_kind"] == "announced"
    assert award["rebuilt"] == "yes"
    actions = [row for row in rows if row["id"].startswith("us-action:")]
    assert actions
    for action in actions:
        award_number, modification = action["id"].split(":")[2:]
        assert action["modification"] == modification
        assert award_number in action["numbers"].split(" | ")
        assert modification not in action["numbers"].split(" | ")


@pytest.mark.parametrize("part", ["limit=2", "cursor=abc"])
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_download_holds_all_results_and_says_so_to_who_asks_for_some(
    client: TestClient, kind: str, part: str
) -> None:
    answer = client.get(f"/api/v1/notices.{kind}?{EVERYTHING}&{part}")
    assert answer.status_code == 400
    assert "A download holds all results" in answer.json()["detail"]
    assert answer.json()["parameter"] == part.partition("=")[0]


def test_an_amount_that_is_a_range_stands_in_two_columns() -> None:
    estimate = {"kind": "estimate", "basis": "plan", "minimum": "1000000", "maximum": "5000000", "currency": "USD"}
    held = row(1, {"kind": "forecast", "amounts": [estimate]})
    cells = row_of(results.item([held], {}, single=True), held, "https://notices.example")
    assert (cells["headline_kind"], cells["headline_currency"], cells["headline_value"]) == ("estimate", "USD", None)
    assert (cells["headline_minimum"], cells["headline_maximum"]) == (Decimal(1_000_000), Decimal(5_000_000))


def test_no_cell_of_an_export_is_a_formula(client: TestClient) -> None:
    rows = list(csv.reader(io.StringIO(client.get(f"/api/v1/notices.csv?{EVERYTHING}").text)))
    cells = [cell for row in rows for cell in row]
    assert any("HYPERLINK" in cell for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "@", "+"))]
    assert "-5" in cells


@given(st.text())
@example("\x00=1+1")
@example("\x00\x00@SUM(1)")
@example("\t=1+1")
@example("-1+1")
@example("+1+1")
def test_a_safe_cell_keeps_its_words_and_runs_nothing(text: str) -> None:
    cell = safe_cell(text)
    assert text.replace("\x00", "") in cell.replace("\x00", "")
    assert not cell.startswith(("=", "@", "\t", "\r"))
    assert not cell.startswith(("+", "-")) or cell.lstrip("+-").replace(".", "", 1).isdecimal()


def test_json_lines_hold_whole_notices(client: TestClient) -> None:
    lines = client.get(f"/api/v1/notices.jsonl?{EVERYTHING}").text.splitlines()
    notices = [json.loads(line) for line in lines]
    assert len(notices) == 10
    assert all(notice["content"]["kind"] for notice in notices)


def test_an_atom_feed_is_well_formed_and_its_ids_are_permanent_addresses(client: TestClient) -> None:
    answer = client.get(f"/feeds/search.atom?{EVERYTHING}")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.content)
    for name in ("id", "title", "updated"):
        assert feed.find(f"{ATOM}{name}") is not None
    entries = feed.findall(f"{ATOM}entry")
    ids = [entry.findtext(f"{ATOM}id") or "" for entry in entries]
    assert len(ids) == len(set(ids)) == 10
    for entry, address in zip(entries, ids, strict=True):
        assert address.startswith("https://notices.example/notices/")
        assert entry.findtext(f"{ATOM}updated")
        assert client.get(address.removeprefix("https://notices.example")).status_code == 200


def test_a_feed_is_the_same_while_nothing_changes(client: TestClient) -> None:
    first = client.get("/feeds/search.atom?q=fivecast")
    again = client.get("/feeds/search.atom?q=fivecast", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304


def test_a_json_feed_has_what_its_version_asks_for(client: TestClient) -> None:
    answer = client.get("/feeds/search.json?q=fivecast")
    assert answer.headers["content-type"] == "application/feed+json"
    feed = answer.json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == "https://notices.example/feeds/search.json?q=fivecast"
    assert len(feed["items"]) == 3
    for item in feed["items"]:
        assert item["id"]
        assert "noticewatch did not fetch it" in item["content_text"]
        assert "Fivecast" in item["content_text"]


@pytest.mark.parametrize("name", ["search.atom", "search.json"])
def test_a_feed_is_the_same_under_the_address_of_the_api(client: TestClient, name: str) -> None:
    plain = client.get(f"/feeds/{name}?q=fivecast")
    assert client.get(f"/api/v1/feeds/{name}?q=fivecast").content == plain.content


def test_contacts_of_officials_are_in_no_export_and_no_feed(client: TestClient) -> None:
    for address in ("/api/v1/notices.csv", "/api/v1/notices.jsonl", "/feeds/search.atom", "/feeds/search.json"):
        body = client.get(f"{address}?{EVERYTHING}").text
        assert "GALLOWAY" not in body
        assert "703-235-3420" not in body
