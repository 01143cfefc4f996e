"""Where the sources of one notice differ, its page says what each of them says, and whose word it follows."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from archive import queries
from archive.joins import Joiner
from archive.store import Archive
from archive.witnesses import contradict, witnesses
from crawlers.importing import import_files
from crawlers.source import source
from tests.api.serving import served
from tests.databases import settings_at
from tests.sources.one_action import AMOUNT, AWARDS, FPDS, ID, PAYLOADS, USASPENDING, record
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

SAID = {
    USASPENDING: PAYLOADS[USASPENDING](seller="PANAMERICA COMPUTERS, INC."),
    FPDS: PAYLOADS[FPDS](amount="1060000.00", seller="Panamerica  Computers, Inc."),
    AWARDS: PAYLOADS[AWARDS](seller="PANAMERICA COMPUTERS LLC"),
}


def filled(folder: Path, payloads: dict[str, bytes]) -> Archive:
    settings = settings_at(folder / "home")
    archive = Archive.open(settings)
    for day, (name, payload) in enumerate(payloads.items(), start=1):
        import_files(archive, settings, source(name), [record(folder / "recordings", name, payload, day)])
    return archive


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with closing(filled(tmp_path_factory.mktemp("three"), SAID)) as archive:
        yield archive


@pytest.fixture(scope="module")
def client(held: Archive, dictionary: Dictionary) -> Iterator[TestClient]:
    settings = settings_at(held.folder)
    with served(held, settings, dictionary, [Joiner(), Tagger(Matcher(dictionary))]) as opened:
        yield opened


def section(page: str) -> str:
    found = re.search(r'<section aria-labelledby="witnesses">.*?</section>', page, re.DOTALL)
    return found[0] if found else ""


def test_the_page_tells_each_sources_word_where_they_differ(client: TestClient) -> None:
    said = section(client.get(f"/notices/{ID}").text)
    assert "PANAMERICA COMPUTERS LLC" in said
    assert "$1,060,000.10" in said
    assert "$1,060,000 " in said
    assert "Amount obligated" in said
    assert "What each source says" in said


def test_what_only_adds_to_the_other_or_differs_in_letter_case_is_no_difference(client: TestClient) -> None:
    rows = re.findall(r'<th scope="row">(.*?)</th>', section(client.get(f"/notices/{ID}").text))
    assert rows == ["Amount obligated", "Seller"]


def test_the_page_marks_whose_word_it_follows_and_links_the_record(client: TestClient) -> None:
    seller = re.findall(r"<tr>.*?</tr>", section(client.get(f"/notices/{ID}").text), re.DOTALL)[-1]
    cells = re.findall(r"<td.*?</td>", seller, re.DOTALL)
    assert ["Shown above" in cell for cell in cells] == [True, False, True]
    for cell in cells:
        address = re.search(r'href="([^"]+)"', cell)
        assert address is not None
        assert client.get(address[1]).status_code == 200


def test_the_json_twin_lists_all_witnesses_with_their_differing_words(client: TestClient) -> None:
    for address in (f"/api/v1/notices/{ID}", f"/notices/{ID}.json"):
        listed = client.get(address).json()["witnesses"]
        assert [one["source"] for one in listed] == [USASPENDING, AWARDS, FPDS]
        values = {one["source"]: {part["path"]: part for part in one["differs"]} for one in listed}
        assert values[AWARDS]["parties.supplier"]["value"][0]["name"] == "PANAMERICA COMPUTERS LLC"
        assert [values[name]["parties.supplier"]["shown"] for name in (USASPENDING, AWARDS)] == [True, False]
        assert values[USASPENDING]["amounts.obligated"]["value"][0]["value"] == AMOUNT


def test_an_old_version_and_a_notice_of_one_source_have_no_such_table(client: TestClient, tmp_path: Path) -> None:
    assert not section(client.get(f"/notices/{ID}/versions/1").text)
    with closing(filled(tmp_path, {FPDS: SAID[FPDS]})) as archive, archive.reading() as connection:
        row = queries.notice(connection, ID)
        assert row is not None
        assert [one.source for one in witnesses(connection, row.number, {})] == [FPDS]


def test_all_witnesses_come_from_one_query(held: Archive) -> None:
    asked: list[str] = []
    with held.reading() as connection:
        row = queries.notice(connection, ID)
        assert row is not None
        event.listen(connection, "before_cursor_execute", lambda *given: asked.append(given[2]))
        assert len(witnesses(connection, row.number, {USASPENDING: 1})) == 3
    assert len(asked) == 1


def test_every_source_of_a_notice_finds_it(client: TestClient) -> None:
    for name in (USASPENDING, FPDS, AWARDS):
        assert client.get(f"/api/v1/notices?q=fivecast&source={name}").json()["total"] == 1


@pytest.mark.parametrize(
    ("path", "one", "other", "differ"),
    [
        ("status", "awarded", "withdrawn", True),
        ("status", "awarded", None, False),
        ("description", [{"text": "A  b"}], [{"text": "a B"}], False),
        ("description", [{"text": "a"}], [{"text": "b"}], True),
        ("classifications.psc", [{"scheme": "psc", "label": "X"}], [{"scheme": "psc", "code": "1"}], False),
        ("classifications.psc", [{"scheme": "psc", "code": "2"}], [{"scheme": "psc", "code": "1"}], True),
        ("buyers.contracting", [{"name": "A", "codes": {"fpds": "1"}}], [{"name": "B", "codes": {"fpds": "1"}}], False),
        ("buyers.contracting", [{"name": "A", "codes": {"fpds": "1"}}], [{"name": "A", "codes": {"fpds": "2"}}], True),
        ("amounts.obligated", [{"basis": "change", "value": "1"}], [{"basis": "state", "value": "2"}], False),
        ("amounts.obligated", [{"basis": "change", "value": "1"}], [{"basis": "change", "value": "2"}], True),
        ("competition", {"offers": 1}, {"extent": "A"}, False),
        ("competition", {"offers": 1}, {"offers": 2, "extent": "A"}, True),
    ],
)  # fmt: skip
def test_only_what_cannot_both_be_true_is_a_difference(path: str, one: object, other: object, differ: bool) -> None:
    assert contradict(path, one, other) is differ
    assert contradict(path, other, one) is differ
