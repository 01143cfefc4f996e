"""The page of the watchlist says what is on it, why, what is not, and how to object."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from noticewatch import words
from noticewatch.settings import Settings
from tests.api.serving import served
from tests.archive.making import append, reading
from tests.watchlist.changing import changed_dictionary, spoil
from watchlist.current import Watchlist
from watchlist.dictionary import Dictionary
from watchlist.retag import Retagger
from watchlist.tagger import Tagger

pytestmark = pytest.mark.both_databases


def test_it_names_everything_that_is_looked_for_with_its_notices(client: TestClient, dictionary: Dictionary) -> None:
    form = client.get("/watchlist.json").json()
    assert {line["id"] for line in form["technologies"]} == set(dictionary.technologies)
    assert {line["id"]: line["kind"] for line in form["vendors"]} == {v.id: v.kind for v in dictionary.vendors.values()}
    held = {line["id"]: line for line in client.get("/api/v1/vendors").json()["items"]}
    for line in form["vendors"]:
        assert (line["matched"], line["to_be_checked"]) == (
            held[line["id"]]["matched"],
            held[line["id"]]["to_be_checked"],
        )
    assert sum(line["matched"] for line in form["vendors"]) > 0
    assert form["version"] == dictionary.version
    page = client.get("/watchlist").text
    for line in form["vendors"]:
        assert f'href="{line["href"]}"' in page


def test_the_page_and_the_api_say_the_same(client: TestClient) -> None:
    form = client.get("/api/v1/watchlist").json()
    assert client.get("/watchlist.json").json() == form
    assert client.get("/watchlist", headers={"accept": "application/json"}).json() == form


def test_it_says_what_is_not_on_it_and_how_to_object(client: TestClient, dictionary: Dictionary) -> None:
    page = client.get("/watchlist").text
    for said in (
        "What is not on it",
        "How to object",
        "write to the operator",
        "A tag is a reason to look, not a finding",
    ):
        assert said in page
    assert len(dictionary.clauses) == len(client.get("/watchlist.json").json()["left_out"]) > 0


def test_facts_that_nobody_has_checked_are_not_on_it(client: TestClient, dictionary: Dictionary) -> None:
    page, form = client.get("/watchlist").text, client.get("/watchlist.json").text
    unchecked = [one.value for vendor in dictionary.vendors.values() for one in vendor.facts if not one.checked]
    sites = [value for value in unchecked if "." in value]
    assert sites
    assert not [value for value in sites if re.search(rf"\b{re.escape(value)}\b", page + form)]


def test_what_it_holds_of_vendors_is_said_not_to_be_checked(client: TestClient) -> None:
    for address in ("/watchlist", "/vendors/vigilant-solutions", "/vendors/giant-oak"):
        assert words.UNCHECKED in client.get(address).text
        assert client.get(f"{address}.json").json()["unchecked"] == words.UNCHECKED
    assert client.get("/api/v1/vendors").json()["unchecked"] == words.UNCHECKED
    assert "what each of them sells was not checked one by one" in client.get("/technologies/lpr").text


def test_no_word_of_it_accuses(client: TestClient) -> None:
    page = client.get("/watchlist").text.lower()
    assert not re.findall(r"\b(?:illegal|suspicious|guilty|spying|notorious|shady|abuse|culprit|blacklist)\w*", page)


def test_other_pages_lead_to_it(client: TestClient) -> None:
    assert all('href="/watchlist"' in client.get(address).text for address in ("/", "/about", "/vendors"))


def test_a_changed_dictionary_is_shown_with_its_history_and_one_that_cannot_be_used_is_said(
    archive: Archive, tmp_path: Path, dictionary: Dictionary
) -> None:
    folder = tmp_path / "watchlist"
    settings = Settings(home=archive.folder)
    append(archive, [reading("a", "Cellebrite UFED")])
    drive(archive, [Joiner(), Tagger(Watchlist())])
    watchlist = Watchlist(changed_dictionary(folder))
    with served(archive, settings, watchlist, []) as client:
        before = client.get("/watchlist.json").json()
        assert (before["history"], before["changed_files_refused"]) == ([], False)
        assert "It has not changed since" in client.get("/watchlist").text
        retagger = Retagger(watchlist)
        while retagger.advance(archive):
            pass
        after = client.get("/watchlist.json").json()
        ((told),) = after["history"]
        assert (told["version"], told["notices"], told["began_at"][-1]) == (watchlist.dictionary.version, 1, "Z")
        assert watchlist.dictionary.version in client.get("/watchlist").text
        spoil(folder)
        assert not (watchlist.refresh() or watchlist.refresh())
        said = client.get("/watchlist").text
        assert "cannot be used as they are" in said
        assert str(folder) not in said
        assert client.get("/watchlist.json").json()["version"] == after["version"]
