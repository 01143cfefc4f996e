"""What a notice is linked to: on its page, in its answers, by the command."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest
from fastapi.testclient import TestClient

from api.related import KINDS
from archive.joins import Joiner
from archive.readers import drive
from archive.related import RelatedKind
from archive.store import Archive
from noticewatch.settings import Settings
from service.cli import main
from tests.api.serving import served
from tests.archive.making import append, open_archive, reading, title
from watchlist.dictionary import Dictionary

API = "/api/v1/notices"
OFFICE = {"role": "contracting", "name": "US IMMIGRATION AND CUSTOMS ENFORCEMENT", "buyer_id": "usg-dhs-ice-dallas",
          "codes": {"cgac": "070", "fpds": "7012", "aac": "70CMSD"}}  # fmt: skip
SECURITY = {"role": "contracting", "name": "HOMELAND SECURITY, DEPARTMENT OF", "buyer_id": "usg-dhs"}
VEHICLE = "70CMSD23D00000005"
ORDERS = 1_003
SELLER = [{"role": "supplier", "name": "FCN, INC."}]
POSTED = [{"role": "posted", "value": "2026-04-15"}]


def number(kind: str, plain: str, issuer: str | None = "7012") -> dict[str, Any]:
    return {"type": kind, "printed": plain, "plain": plain} | ({"issuer": issuer} if issuer else {})


def fill(archive: Archive) -> None:
    """A vehicle with 1,003 orders, a solicitation and the award that is probably the same, an order of a stranger."""
    orders = []
    for index in range(ORDERS):
        numbers = [number("piid", f"70CMSD26FR{index:07}"), number("modification", "0", None)]
        numbers.append(number("parent_piid", VEHICLE))
        called = "<b>Order</b>" if index == ORDERS - 1 else f"Order {index}"
        orders.append(
            reading(
                f"70CMSD26FR{index:07}:0", title(called, numbers=numbers, buyers=[OFFICE], parties=SELLER), index=index
            )
        )
    numbers = [number("piid", "70CMSD26FR9999999"), number("parent_piid", "47QTCA20D00AB", "4732")]
    orders.append(reading("strange:0", title("Under a vehicle of others", numbers=numbers), index=ORDERS))
    append(archive, orders)
    notices = [
        reading("vehicle", title("A vehicle", buyers=[OFFICE], numbers=[number("award", VEHICLE)])),
        reading("sought", title("Cellebrite Products and Services", kind="solicitation", buyers=[SECURITY])),
        reading("award", title("Cellebrite Products and Services", buyers=[OFFICE], dates=POSTED,
                               numbers=[number("award", "70CMSD26P00000034")])),
        reading("alone", title("Nothing else is like it", buyers=[OFFICE])),
    ]  # fmt: skip
    append(archive, notices, source="sam_gov_bulk", register="sam")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("related") / "data"
    archive = open_archive(folder)
    fill(archive)
    drive(archive, [Joiner()])
    archive.close()
    return folder


@pytest.fixture(scope="module")
def client(home: Path, dictionary: Dictionary) -> Iterator[TestClient]:
    settings = Settings(home=home)
    with closing(Archive.open(settings)) as archive, served(archive, settings, dictionary) as opened:
        yield opened


def test_a_page_names_the_latest_orders_counts_them_and_leads_to_all(client: TestClient) -> None:
    page = client.get("/notices/sam:vehicle").text
    section = page[page.index('id="related"') : page.index('id="versions"')]
    assert "Orders under this vehicle" in section
    assert "more than 1,000" in section
    assert section.count("<li>") == section.count("US IMMIGRATION AND CUSTOMS ENFORCEMENT ← FCN, INC.") == 10
    assert f'href="{API}/sam:vehicle/related"' in section
    assert "&lt;b&gt;Order&lt;/b&gt;" in section
    assert "<b>Order</b>" not in page


def test_the_answer_lists_a_thousand_of_a_kind_and_says_that_there_are_more(client: TestClient) -> None:
    answer = client.get(f"{API}/sam:vehicle/related").json()
    assert answer["procurement"] == f"award:7012:{VEHICLE}"
    assert answer["counts"] == {"order": 1_000}
    assert answer["cut"] == ["order"]
    assert len(answer["items"]) == 1_000
    assert answer["items"][0]["notice"]["title"] == "<b>Order</b>"
    assert {item["kind"] for item in answer["items"]} == {"order"}


def test_what_is_named_and_not_held_is_called_so(client: TestClient) -> None:
    page = client.get("/notices/us-action:strange:0").text
    assert "Vehicle it was ordered under" in page
    assert "47QTCA20D00AB: not held" in page
    assert "Federal Acquisition Service" in page
    (item,) = client.get(f"{API}/us-action:strange:0/related").json()["items"]
    assert (item["held"], item["notice"], item["inferred"]) == (False, None, False)


@pytest.mark.parametrize(("here", "there"), [("sought", "award"), ("award", "sought")])
def test_an_inferred_link_is_called_inferred_wherever_it_stands(client: TestClient, here: str, there: str) -> None:
    page = client.get(f"/notices/sam:{here}").text
    section = page[page.index('id="related"') : page.index('id="versions"')]
    assert "Probably the same" in section
    assert "inferred</small>" in section
    assert "no other candidate" in section
    assert f'href="/notices/sam:{there}"' in section
    for answer in (client.get(f"{API}/sam:{here}/related").json(), client.get(f"{API}/sam:{here}").json()["related"]):
        (item,) = answer["items"]
        assert (item["kind"], item["inferred"], item["notice"]["id"]) == ("same_title", True, f"sam:{there}")


def test_the_json_form_of_a_notice_holds_what_its_page_shows(client: TestClient) -> None:
    twin = client.get(f"{API}/sam:vehicle").json()["related"]
    assert len(twin["items"]) == 10
    assert twin["counts"] == {"order": 1_000}
    assert twin["cut"] == ["order"]
    assert client.get(twin["url"]).status_code == 200


def test_a_notice_that_is_linked_to_nothing_has_no_such_section(client: TestClient) -> None:
    assert 'id="related"' not in client.get("/notices/sam:alone").text
    assert client.get(f"{API}/sam:alone/related").json()["items"] == []


def test_links_of_what_is_not_held_are_a_problem_in_a_sentence(client: TestClient) -> None:
    answer = client.get(f"{API}/sam:nothing/related")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_answer_that_the_asker_has_is_not_sent_again(client: TestClient) -> None:
    tag = client.get(f"{API}/sam:award/related").headers["etag"]
    assert client.get(f"{API}/sam:award/related", headers={"if-none-match": tag}).status_code == 304


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_show_says_a_line_for_each_link(
    home: Path, client: TestClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NOTICEWATCH_HOME", str(home))
    _, said, _ = run(capsys, "show", "sam:sought")
    assert "Probably the same (inferred): Cellebrite Products and Services, 15 Apr 2026, US IMMIGRATION" in said
    _, said, _ = run(capsys, "show", "sam:vehicle")
    assert said.count("Order under this vehicle: ") == 10
    assert "Orders under this vehicle: more than 1,000, the 10 seen latest are named; --json has 1,000" in said
    _, said, _ = run(capsys, "show", "sam:award", "--json")
    assert [item["kind"] for item in orjson.loads(said)["related"]["items"]] == ["same_title"]


def test_every_kind_of_link_has_words() -> None:
    assert set(KINDS) == set(get_args(RelatedKind))
