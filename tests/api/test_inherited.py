"""A tag that passes on from another notice names that notice, with its address and the words there."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from fastapi.testclient import TestClient

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
