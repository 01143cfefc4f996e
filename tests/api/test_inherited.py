"""A tag that passes on from another notice names that notice, with its address and the words there."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from archive import takedowns
from archive.joins import Joiner
from archive.store import Archive
from tests.api.serving import served
from tests.archive.making import append
from tests.databases import settings_at
from tests.watchlist.test_vehicles import BPA, order, vehicle
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

pytestmark = [pytest.mark.both_databases, pytest.mark.sqlite_suffices]

VEHICLE, ORDER = f"us-action:7012:{BPA}:0", "us-action:7012:70CMSD26F00000001:0"


@pytest.fixture(scope="module")
def bought(tmp_path_factory: pytest.TempPathFactory, dictionary: Dictionary) -> Iterator[TestClient]:
    settings = settings_at(tmp_path_factory.mktemp("bought"))
    with closing(Archive.open(settings)) as archive:
        append(archive, [vehicle(), order(1)])
        with served(archive, settings, dictionary, [Joiner(), Tagger(Matcher(dictionary))]) as client:
            yield client


def test_the_answer_of_an_order_names_the_vehicle_that_is_quoted(bought: TestClient) -> None:
    answer = bought.get(f"/api/v1/notices/{ORDER}").json()
    pieces = [piece for tag in answer["tags"] for piece in tag["evidence"]]
    assert pieces
    assert {(piece["notice"], piece["by"]) for piece in pieces} == {(VEHICLE, "inheritance")}
    assert {bought.get(piece["notice_url"]).status_code for piece in pieces} == {200}
    own = [piece for tag in bought.get(f"/api/v1/notices/{VEHICLE}").json()["tags"] for piece in tag["evidence"]]
    assert {piece["notice"] for piece in own} == {None}


def test_the_page_of_an_order_leads_to_the_vehicle_and_says_that_it_is_for_review(bought: TestClient) -> None:
    page = bought.get(f"/notices/{ORDER}").text
    why = page.partition('id="why"')[2].partition("</section>")[0]
    assert f'of <a href="/notices/{VEHICLE}">another notice</a>' in why
    assert "no more than 200 orders, so for review" in why


def test_search_says_in_which_notice_the_words_stand(bought: TestClient) -> None:
    items = bought.get("/api/v1/notices", params={"scope": "notice", "tier": "review"}).json()["items"]
    (item,) = [one for one in items if one["id"] == ORDER]
    assert {piece["notice"] for tag in item["tags"] for piece in tag["evidence"]} == {VEHICLE}


def test_no_count_of_tags_holds_one_that_rests_on_a_withheld_notice_alone(
    tmp_path: Path, dictionary: Dictionary
) -> None:
    """Its vehicle is taken down: neither the watchlist nor a list counts what an order has from it alone, as no page of
    a vendor or technology does; what its own words say is counted on.
    """
    settings = settings_at(tmp_path / "home")
    with closing(Archive.open(settings)) as archive:
        append(archive, [vehicle(), order(1), order(2, text="GIANT OAK SEARCH TECHNOLOGY (GOST)")])
        with served(archive, settings, dictionary, [Joiner(), Tagger(Matcher(dictionary))]) as client:
            before = _counted(client)
            assert [held for held, _ in before.values()].count(2) > 0, "an order has it from the vehicle"
            takedowns.take_down(archive, [VEHICLE], "A test.")
            after = _counted(client)
            for kind, name in before:
                page = client.get(f"/{_LISTS[kind]}/{name}.json").json()
                shown = page["matched"] + page["to_be_checked"], page["matched"]
                assert after.get((kind, name), (0, 0)) == shown, (kind, name)
            assert after["vendor", "giant-oak"] == before["vendor", "giant-oak"] == (1, 1)
            assert after.keys() < before.keys()
            takedowns.restore(archive, [VEHICLE], "Agreed.")
            assert _counted(client) == before


_LISTS = {"vendor": "vendors", "technology": "technologies"}


def _counted(client: TestClient) -> dict[tuple[str, str], tuple[int, int]]:
    """How many notices are counted at each tag in all, and how many matched: by the watchlist and the lists alike."""
    shown = client.get("/watchlist.json").json()
    found = {}
    for kind, plural in _LISTS.items():
        lines = {line["id"]: (line["matched"], line["to_be_checked"]) for line in shown[plural]}
        listed = client.get(f"/{plural}.json").json()["items"]
        assert lines == {line["id"]: (line["matched"], line["to_be_checked"]) for line in listed}
        found |= {(kind, name): (sum(counts), counts[0]) for name, counts in lines.items() if sum(counts)}
    return found
