"""The acceptance demos, by HTTP, on the whole starter archive."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from archive.store import Archive
from noticewatch.settings import Settings
from tests.api.serving import served
from tests.api.test_family import figures
from watchlist.dictionary import Dictionary

pytestmark = pytest.mark.xdist_group("starter")


@pytest.fixture(scope="module")
def starter(starter_archive: Archive, dictionary: Dictionary) -> Iterator[TestClient]:
    settings = Settings(home=starter_archive.folder)
    with served(starter_archive, settings, dictionary) as client:
        yield client


def found(starter: TestClient, **parameters: str) -> list[dict[str, object]]:
    answer = starter.get("/api/v1/notices", params={"limit": "200"} | parameters).json()
    items: list[dict[str, object]] = answer["items"]
    assert len(items) == answer["total"]
    return items


def test_fivecast_finds_the_orders_through_panamerica(starter: TestClient) -> None:
    items = {item["procurement"]: item for item in found(starter, q="Fivecast")}
    assert {"award:7012:70CMSD23FR0000145", "award:7014:70B03C23F00001003"} <= items.keys()
    page = starter.get("/search?q=Fivecast").text
    assert "<mark>FIVECAST</mark>" in page
    assert "PANAMERICA COMPUTERS, INC." in page


def test_license_plate_and_ice_finds_west_thundercat_leonardo_and_motorola(starter: TestClient) -> None:
    items = found(starter, q='"license plate"', buyer="usg-dhs-ice")
    sellers = " ".join(str(item["suppliers"]) for item in items)
    assert "award:7012:70CDCR18P00000017" in {item["procurement"] for item in items}
    for name in ("WEST PUBLISHING", "THUNDERCAT", "LEONARDO", "MOTOROLA"):
        assert name in sellers.upper()


def test_the_drug_enforcement_notice_is_found_by_its_number(starter: TestClient) -> None:
    assert starter.get("/notices/D-26-NE-0042").status_code == 302
    assert found(starter, q="D-26-NE-0042")


def test_a_firm_that_only_sounds_alike_carries_no_tag_of_vigilant(starter: TestClient) -> None:
    items = found(starter, q="evigilant", lens="everything")
    assert items
    assert not [tag for item in items for tag in item["tags"] if tag["id"] == "vigilant-solutions"]  # type: ignore[attr-defined]  # JSON


def test_vigilant_has_a_page_that_says_no_order_is_held(starter: TestClient) -> None:
    assert (
        "The archive holds no order under the name Vigilant Solutions."
        in starter.get("/vendors/vigilant-solutions").text
    )


def test_the_tender_with_seven_numbers_is_one_notice(starter: TestClient) -> None:
    notice = starter.get(starter.get("/api/v1/notices/RFP-002132").headers["location"]).json()
    assert notice["versions"] == 7
    assert len(starter.get(f"/api/v1/notices/{notice['id']}/versions").json()["items"]) == 7


def test_a_vehicle_of_many_awards_is_not_one_notice(starter: TestClient) -> None:
    answer = starter.get("/api/v1/notices/47QSMD20R0001")
    assert answer.status_code == 300
    assert len(answer.json()["candidates"]) == 100


def test_giant_oaks_orders_are_one_result_each_with_the_known_part(starter: TestClient) -> None:
    page = starter.get("/vendors/giant-oak").text
    assert "11 notices of 9 contracts matched" in page
    assert "known part since" in page


@pytest.mark.parametrize("address", ["/", "/search", "/search?lens=everything", "/sources", "/vendors/giant-oak"])
def test_pages_of_the_whole_archive_say_what_was_rebuilt(starter: TestClient, address: str) -> None:
    page = starter.get(address).text
    assert "did not fetch it" in page or "by noticewatch" in page


def test_a_vendors_contracts_stand_in_the_order_of_the_days_they_show(starter: TestClient) -> None:
    days = [item["dated"] for item in starter.get("/api/v1/vendors/fivecast").json()["latest"]]
    assert len(days) > 3
    assert days == sorted(days, reverse=True)


def test_a_solicitation_whose_number_changed_is_linked_to_its_award_as_inferred(starter: TestClient) -> None:
    address = starter.get("/api/v1/notices/192126VHQ4CCC0014").headers["location"]
    (link,) = starter.get(f"{address}/related").json()["items"]
    assert (link["kind"], link["inferred"], link["procurement"]) == ("same_title", True, "award:7012:70CMSD26P00000034")
    (back,) = starter.get(f"/api/v1/notices/{link['notice']['id']}/related").json()["items"]
    assert back["inferred"]
    assert address.endswith(back["notice"]["id"])


def test_the_notices_of_one_schedule_are_linked_each_once_and_none_is_inferred(starter: TestClient) -> None:
    held = starter.get("/api/v1/notices/47QSMD20R0001").json()
    assert held["total"] == 115
    answer = starter.get(f"{held['candidates'][0]['url']}/related").json()
    assert answer["counts"] == {"same_solicitation": 114}
    assert (len(answer["items"]), answer["cut"]) == (114, [])


def test_a_notice_posted_again_differs_in_nothing_that_readers_see(starter: TestClient) -> None:
    address = starter.get("/api/v1/notices/RFP-002132").headers["location"]
    answer = starter.get(f"{address}/diff?from=1&to=2").json()
    assert {item["path"] for item in answer["items"]} == {"dates.posted", "links", "numbers.notice_id"}


def test_the_parts_of_every_family_add_up_to_the_vendors_own_pages(starter: TestClient, dictionary: Dictionary) -> None:
    told = 0
    for vendor in dictionary.vendors:
        family = starter.get(f"/api/v1/vendors/{vendor}").json()["family"] or {"members": [], "owners": []}
        for line in (*family["members"], *family["owners"]):
            own = starter.get(f"/api/v1/vendors/{line['id']}").json()
            assert figures(*(part["totals"] for part in line["parts"])) == figures(own["totals"]), line["id"]
            assert sum(part["notices"] for part in line["parts"]) == own["matched"]
            told += own["matched"]
    assert told, "a family of which something is held"
