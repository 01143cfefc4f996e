"""What was taken down is shown nowhere: every address of the application is asked, and every pack is opened."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from wacz.main import main as wacz

from api.related import Relations
from archive import queries
from archive.evidence import verify
from service.commands.archive import _stated, notice_lines, version_lines
from tests.api.test_evidence import manifest_anew, unpack
from tests.api.withholding import (
    API,
    AWARD,
    BOTH,
    FIRST,
    PAGE,
    REASON,
    SECOND,
    SHA256,
    SOW,
    TENDER,
    House,
    everything_said,
    telling,
)
from tests.archive.documents.shelving import answer
from watchlist.dictionary import Dictionary

pytestmark = pytest.mark.both_databases


@pytest.fixture
def house(tmp_path: Path, dictionary: Dictionary) -> Iterator[House]:
    with closing(House(tmp_path / "home", dictionary)) as made:
        yield made


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    with TestClient(house.app, follow_redirects=True) as opened:
        yield opened


def test_a_notice_that_was_taken_down_is_told_by_no_address_until_it_is_restored(
    house: House, client: TestClient
) -> None:
    answers = everything_said(house, client)
    before = {word: telling(answers, word) for word in (BOTH, FIRST, SECOND, "Blueprint", "%PDF-1.7")}
    shown = before[BOTH]
    assert {PAGE, API, f"{API}/evidence", "/api/v1/notices.csv?q=OSINT&lens=everything&scope=notice"} <= shown
    assert {"/feeds/search.atom?q=OSINT&lens=everything&scope=notice", f"{API}/versions/1"} <= shown
    assert any("/records/" in address for address in shown)
    assert "/api/v1/events?limit=1000" in before[FIRST]
    assert f"{API}/documents/1/pages" in before["Blueprint"]
    assert f"/api/v1/captures/{house.document_capture}/payload" in before["%PDF-1.7"]
    house.take_down(TENDER)
    answers = everything_said(house, client)
    assert {word: telling(answers, word) for word in before} == {word: set() for word in before}
    assert "Cellebrite Products and Services" in answers[f"/notices/{AWARD}"], "its neighbours stand"
    house.restore(TENDER)
    answers = everything_said(house, client)
    assert {word: telling(answers, word) for word in before} == before


def test_a_tombstone_says_why_and_gives_the_hash(house: House, client: TestClient) -> None:
    with house.archive.reading() as connection:
        row = queries.notice(connection, TENDER)
    assert row is not None
    house.take_down(TENDER)
    page = client.get(PAGE)
    assert page.status_code == 410
    assert all(
        part in page.text for part in (REASON, row.content_sha256, "correction 1", 'href="/corrections?before=2#c1"')
    )
    form = client.get(API)
    assert (form.status_code, form.headers["content-type"]) == (410, "application/problem+json")
    stated = form.json()
    assert (stated["reason"], stated["correction"], stated["content_sha256"]) == (REASON, 1, row.content_sha256)
    assert stated["detail"] == f"{TENDER} was taken down by correction 1: {REASON}"
    listed = client.get(f"{API}/versions").json()["items"]
    assert [(one["version"], one["taken_down"]["reason"], one["changed"]) for one in listed] == [
        (1, REASON, []), (2, REASON, []),
    ]  # fmt: skip
    assert client.get(f"{PAGE}/versions/1").status_code == client.get(f"{API}/versions/1").status_code == 410
    records = client.get(f"{API}/captures").json()["records"]
    assert [one["taken_down"]["correction"] for one in records] == [1, 1]


def test_search_downloads_and_feeds_show_the_tombstone(house: House, client: TestClient) -> None:
    house.take_down(TENDER)
    for question in ("RFP-002132", "OSINT"):
        assert client.get("/api/v1/notices", params={"q": question, "lens": "everything"}).json()["items"] == []
    found = client.get("/api/v1/notices", params={"q": "is:taken_down"}).json()["items"]
    assert [(one["id"], one["taken_down"]["reason"], one["title"], one["tags"]) for one in found] == [
        (TENDER, REASON, None, []),
    ]  # fmt: skip
    last = client.get("/api/v1/notices", params={"lens": "everything", "scope": "notice"}).json()["items"][-1]
    assert last["id"] == TENDER, "it has no day: it is last in that order"
    assert (
        f"{REASON} (content SHA-256 {found[0]['taken_down']['content_sha256']})"
        in client.get("/search", params={"q": "is:taken_down"}).text
    )
    lines = list(csv.DictReader(io.StringIO(client.get("/api/v1/notices.csv?q=is:taken_down").text)))
    assert [(line["id"], REASON in line["taken_down"], line["title"]) for line in lines] == [(TENDER, True, "")]
    line = json.loads(client.get("/api/v1/notices.jsonl?q=is:taken_down").text)
    assert (line["content"], line["taken_down"]["correction"]) == (None, 1)
    feed = client.get("/feeds/search.json?q=is:taken_down").json()["items"]
    assert [(one["title"], REASON in one["content_text"]) for one in feed] == [(f"Taken down: {TENDER}", True)]
    assert f"Taken down: {TENDER}" in client.get("/feeds/search.atom?q=is:taken_down").text


def test_one_version_is_withheld_and_the_others_stand(house: House, client: TestClient) -> None:
    house.take_down(f"{TENDER}@1")
    assert telling(everything_said(house, client), FIRST) == set()
    assert client.get(PAGE).status_code == 200
    assert client.get(f"{API}/versions/1").status_code == client.get(f"{PAGE}/versions/1").status_code == 410
    assert client.get(f"{API}/diff?from=1&to=2").status_code == 410
    assert SECOND in client.get(f"{API}/versions/2").text
    assert "Taken down " in client.get(PAGE).text
    history = client.get(f"{API}/versions").json()["items"]
    assert ["taken_down" in one for one in history] == [True, False]
    house.restore(f"{TENDER}@1")
    assert FIRST in client.get(f"{API}/versions/1").text


def test_a_withheld_current_version_leaves_a_tombstone_and_earlier_ones_stand(house: House, client: TestClient) -> None:
    house.take_down(f"{TENDER}@2")
    assert telling(everything_said(house, client), SECOND) == set()
    page = client.get(PAGE)
    assert (page.status_code, f'href="{PAGE}/versions/1"' in page.text) == (410, True)
    assert FIRST in client.get(f"{PAGE}/versions/1").text
    assert client.get("/api/v1/notices", params={"q": "OSINT", "lens": "everything"}).json()["items"] == []


def test_a_file_is_withheld_and_its_notice_stands(house: House, client: TestClient) -> None:
    house.take_down(f"sha256:{SHA256}")
    answers = everything_said(house, client)
    assert telling(answers, "Blueprint") | telling(answers, "%PDF-1.7") == set()
    listed = client.get(f"{API}/documents").json()["items"]
    assert [(one["file"]["sha256"], one["taken_down"]["reason"]) for one in listed] == [(SHA256, REASON)]
    assert REASON in client.get(PAGE).text
    gone = client.get(f"/api/v1/captures/{house.document_capture}/payload")
    assert (gone.status_code, gone.json()["reason"]) == (410, REASON)
    assert client.get(f"{API}/documents/1/files").json()["items"][0]["taken_down"]["correction"] == 1


@pytest.mark.parametrize(
    ("named", "kept", "with_file"),
    [(TENDER, [], False), (f"{TENDER}@1", ["versions/2.json"], False), (f"{TENDER}@2", ["versions/1.json"], True),
     (f"sha256:{SHA256}", ["versions/1.json", "versions/2.json"], False)],
)  # fmt: skip
def test_a_pack_holds_hashes_in_the_place_of_what_was_taken_down_and_verifies(
    house: House, client: TestClient, tmp_path: Path, named: str, kept: list[str], with_file: bool
) -> None:
    house.take_down(named)
    path = tmp_path / "pack.zip"
    path.write_bytes(client.get(f"{API}/evidence").content)
    lines = verify.check(path)
    assert "Everything holds that this pack can prove." in lines
    assert wacz(["validate", "-f", str(path)]) == 0
    assert sum("was taken down (entry " in line for line in lines) == 2 - len(kept)
    with zipfile.ZipFile(path) as packed:
        held = packed.namelist()
        report, stated = packed.read("evidence/report.html").decode(), json.loads(packed.read("proof/leaves.json"))
    assert [name for name in held if name.startswith("versions/") and name.endswith(".json")] == kept
    assert sum(name.startswith("records/") for name in held) == len(kept)
    assert any(name.startswith("documents/") for name in held) == with_file
    assert (REASON in report) == (len(kept) < 2)
    assert ("A file from" in report) == (named == f"sha256:{SHA256}")
    told = [one for group in ("versions", "documents") for one in stated[group] if "taken_down" in one]
    assert len(told) == (1 if len(kept) else 2), "the events that took it down are among the leaves"


def test_a_pack_that_leaves_out_what_stands_does_not_hold(house: House, client: TestClient, tmp_path: Path) -> None:
    house.take_down(f"{TENDER}@1")
    unpack(client.get(f"{API}/evidence").content, tmp_path / "pack")
    leaves = tmp_path / "pack" / "proof" / "leaves.json"
    stated = json.loads(leaves.read_bytes())
    first, second = stated["versions"]
    for changed, named_at in (
        ({**second, "taken_down": first["taken_down"]}, "nothing says that version 2"),
        ({name: value for name, value in second.items() if name != "file"}, "states no file"),
        ({**second, "taken_down": second["event"]}, "nothing says that version 2"),
    ):
        leaves.write_bytes(verify.canonical({**stated, "versions": [first, changed]}))
        manifest_anew(tmp_path / "pack")
        with pytest.raises(verify.DoesNotHold, match=named_at):
            verify.check(tmp_path / "pack")
    rows = [one if "taken_down" in one else {**one, "taken_down": True} for one in stated["rows"]]
    leaves.write_bytes(verify.canonical({**stated, "rows": rows}))
    manifest_anew(tmp_path / "pack")
    with pytest.raises(verify.DoesNotHold):
        verify.check(tmp_path / "pack")


def test_commands_show_the_tombstone(house: House) -> None:
    house.take_down(f"{TENDER}@2")
    with house.archive.reading() as connection:
        row = queries.notice(connection, TENDER)
        assert row is not None
        now, then = (_stated(connection, row, version, Relations((), {})) for version in (None, 1))
        history = queries.versions(connection, row.number)
    shown = "\n".join(notice_lines(now))
    assert REASON in shown and row.content_sha256 in shown and SECOND not in shown
    assert FIRST in "\n".join(notice_lines(then))
    assert REASON in "\n".join(version_lines(history[1]))


def test_archived_bytes_are_asked_for_again_by_whoever_kept_them(house: House, client: TestClient) -> None:
    with house.archive.reading() as connection:
        capture = queries.captures_of(connection, house.number)[0]
        row = next(one for one in queries.capture_rows(connection, capture.number) if one.notice_id == TENDER)
    address = f"/api/v1/captures/{capture.capture.id}/records/{row.row}"
    answered = client.get(address)
    assert answered.headers["cache-control"] == "no-cache"
    kept = {"If-None-Match": answered.headers["etag"]}
    assert client.get(address, headers=kept).status_code == 304
    house.take_down(TENDER)
    assert client.get(address, headers=kept).status_code == 410


def test_a_withheld_file_that_comes_again_stays_withheld_and_out_of_packs(
    house: House, client: TestClient, tmp_path: Path
) -> None:
    house.take_down(f"sha256:{SHA256}")
    answer(house.archive, SOW, day=9)
    house.settle()
    assert client.get(f"{API}/documents").json()["items"][0]["taken_down"]["correction"] == 1
    (tmp_path / "pack.zip").write_bytes(client.get(f"{API}/evidence").content)
    assert "Everything holds that this pack can prove." in verify.check(tmp_path / "pack.zip")
    with zipfile.ZipFile(tmp_path / "pack.zip") as packed:
        assert not [name for name in packed.namelist() if name.startswith("documents/")]
    answers = everything_said(house, client)
    assert telling(answers, "Blueprint") | telling(answers, "%PDF-1.7") == set()


def test_a_contract_goes_on_without_the_action_that_was_taken_down(
    house: House, client: TestClient, tmp_path: Path
) -> None:
    first, last = "us-action:7012:70CMSD23FR0000145:0", "us-action:7012:70CMSD23FR0000145:P00002"
    house.take_down(last)
    item = client.get("/api/v1/notices", params={"q": "70CMSD23FR0000145", "lens": "everything"}).json()["items"][0]
    assert (item["id"], item["members"], item["members_taken_down"], item["taken_down"]) == (first, 3, 1, None)
    assert (item["headline"]["value"], item["dated"]) == ("1342810.5", "2024-02-15")
    assert item["headline"]["called"].startswith("known part")
    asked = {"q": "70CMSD23FR0000145", "scope": "notice"}
    tombstones = [one["id"] for one in client.get("/api/v1/notices", params=asked).json()["items"] if one["taken_down"]]
    assert tombstones == [last]
    page = client.get(f"/notices/{first}").text
    assert re.search(rf"Taken down \d+ \w+ \d{{4}}: {REASON}", page)
    assert f'href="/notices/{last}"' in page
    assert "1,394,790" not in page
    members = client.get(f"/api/v1/notices/{first}").json()["procurement"]["notices"]
    assert [(one["id"], "taken_down" in one) for one in members if "taken_down" in one] == [(last, True)]
    path = tmp_path / "pack.zip"
    path.write_bytes(client.get(f"/api/v1/notices/{first}/evidence?scope=procurement").content)
    assert any("was taken down (entry " in line for line in verify.check(path))
    with zipfile.ZipFile(path) as packed:
        assert not any(b"1394790" in packed.read(name) for name in packed.namelist())


def test_a_search_for_contracts_says_that_a_single_notice_was_taken_down(house: House, client: TestClient) -> None:
    asked = {"q": "70CMSD23FR0000145"}
    link = "/search?q=70CMSD23FR0000145&amp;scope=notice"
    last = "us-action:7012:70CMSD23FR0000145:P00002"
    assert link not in client.get("/search", params=asked).text
    house.take_down(last)
    said = "A single notice that matches was taken down; scope=notice shows its tombstone."
    page = client.get("/search", params=asked).text
    assert said in page and link in page
    assert client.get("/api/v1/notices", params=asked).json()["query"]["warnings"] == [said]
    assert last in client.get("/search", params=asked | {"scope": "notice"}).text
    for other in ({"q": "Cellebrite"}, asked | {"scope": "notice"}, {"q": "is:taken_down", "source": "sam_gov_bulk"}):
        assert said not in client.get("/search", params=other).text
    house.restore(last)
    assert link not in client.get("/search", params=asked).text
