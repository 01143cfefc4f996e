"""Pages and answers of technologies and public bodies: whose money stands where, and how it rolls up."""

import html
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from archive import takedowns
from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from indexer.sync import IndexReader
from noticewatch.models import Reading
from tests.api.serving import served
from tests.archive.making import WHOLE, append, reading
from tests.databases import settings_at
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

pytestmark = pytest.mark.both_databases


def totals(client: TestClient, address: str) -> dict[str, tuple[str, int, str]]:
    """Totals of a profile by kind: sum, notices, and how much of it is shared."""
    stated = client.get(address).json()["totals"]
    return {total["kind"]: (total["value"], total["count"], total["shared"]) for total in stated}


def test_a_public_body_counts_what_its_parts_bought(client: TestClient) -> None:
    whole = client.get("/buyers/usg-dhs.json").json()
    ice, cbp = (client.get(f"/buyers/{part}.json").json() for part in ("usg-dhs-ice", "usg-dhs-cbp"))
    assert (ice["above"][0], cbp["above"][0]) == ("usg-dhs", "usg-dhs")
    assert {"usg-dhs-ice", "usg-dhs-cbp"} <= set(whole["parts"])
    assert (ice["matched"], cbp["matched"], whole["matched"]) == (6, 2, 8)
    # 1,342,810.50 + 0 + 1,394,790 + 347,999.40 + 474,310.32 of ICE; 599,998 - 5 of CBP
    assert totals(client, "/buyers/usg-dhs-ice.json")["Obligated"] == ("$3,559,910.22", 5, "")
    assert totals(client, "/buyers/usg-dhs-cbp.json")["Obligated"] == ("$599,993", 2, "")
    assert totals(client, "/buyers/usg-dhs.json")["Obligated"] == ("$4,159,903.22", 7, "")


def test_a_body_that_is_a_whole_state_counts_the_bodies_below_it(client: TestClient) -> None:
    assert totals(client, "/buyers/usg.json") == totals(client, "/buyers/us.json")
    assert client.get("/buyers/us.json").json()["matched"] == 9
    listed = {body["id"]: body for body in client.get("/api/v1/buyers").json()["items"]}
    assert (listed["usg-dhs"]["on_watchlist"], listed["usg-doj"]["on_watchlist"], listed["us"]["on_watchlist"]) == (
        5,
        1,
        6,
    )
    assert listed["usg-dhs"]["held"] == 6, "one contract of ICE is about something else"


def test_announced_money_is_counted_and_never_added_to_what_is_obligated(client: TestClient) -> None:
    found = totals(client, "/buyers/usg-dhs-ice.json")
    assert found["Announced"] == ("not added", 1, "")
    page = client.get("/buyers/usg-dhs-ice").text
    assert "948,620.64" not in page.partition('id="orders"')[0]


def test_the_money_of_a_body_is_stacked_by_seller_and_that_of_a_technology_by_buyer(client: TestClient) -> None:
    years = client.get("/buyers/usg-dhs.json").json()["obligated_by_fiscal_year"]
    assert years["sellers"]["PANAMERICA COMPUTERS, INC."] == {"2023": "1342810.5", "2024": "1394790"}
    assert "Obligated by fiscal year and seller" in client.get("/buyers/usg-dhs").text
    years = client.get("/technologies/device_forensics.json").json()["obligated_by_fiscal_year"]
    assert years["currency"] == "USD" and list(years["buyers"]) == [
        "Immigration and Customs Enforcement (ICE)", "Customs and Border Protection (CBP)",
    ]  # fmt: skip


def test_money_that_stands_at_two_vendors_is_told_at_each(client: TestClient) -> None:
    """Fivecast's orders are Panamerica's too; of Cellebrite's two one names no seller who is a vendor."""
    assert totals(client, "/vendors/fivecast.json")["Obligated"] == ("$2,737,600.50", 3, "$2,737,600.50")
    assert totals(client, "/vendors/cellebrite.json")["Obligated"] == ("$474,305.32", 2, "$474,310.32")
    assert "$474,310.32 of it shared with other vendors or sellers" in client.get("/vendors/cellebrite").text
    assert totals(client, "/technologies/device_forensics.json")["Obligated"] == ("$474,305.32", 2, "")


def test_it_is_told_who_sells_whose_product(client: TestClient) -> None:
    line = {"maker": "Fivecast", "url": "/vendors/fivecast", "seller": "PANAMERICA COMPUTERS, INC.", "count": 3}
    for address in ("/vendors/fivecast.json", "/vendors/panamerica-computers.json", "/buyers/usg-dhs-ice.json"):
        assert line in client.get(address).json()["through"], address


@pytest.mark.parametrize(
    ("address", "quoted"),
    [
        ("/vendors/fcn", {"FCN, INC"}),
        ("/vendors/cellebrite", {"Cellebrite"}),
        ("/technologies/drones", {"DRONE"}),
        ("/technologies/osint", {"OSINT", "FIVECAST", "GIANT OAK"}),
    ],
)
def test_a_page_quotes_the_words_for_which_a_row_stands_on_it(
    client: TestClient, address: str, quoted: set[str]
) -> None:
    assert set(re.findall("<mark>(.*?)</mark>", client.get(address).text)) == quoted


@pytest.mark.parametrize(
    ("name", "leads_to"),
    [
        ("/buyers/ICE", "/buyers/usg-dhs-ice"), ("/buyers/Customs and Border Protection", "/buyers/usg-dhs-cbp"),
        ("/technologies/Social media monitoring", "/technologies/social_media_monitoring"),
    ],
)  # fmt: skip
def test_other_names_lead_to_the_page(client: TestClient, name: str, leads_to: str) -> None:
    answer = client.get(name)
    assert (answer.status_code, answer.headers["location"]) == (302, leads_to)


@pytest.mark.parametrize(
    ("address", "way_out"), [("/buyers/nobody", "/buyers lists"), ("/technologies/x", "/technologies")]
)
def test_an_unknown_name_is_told_with_a_way_out(client: TestClient, address: str, way_out: str) -> None:
    for asked in (address, f"{address}.json", f"/api/v1{address}"):
        answer = client.get(asked)
        assert answer.status_code == 404 and way_out in re.sub("</?a[^>]*>", "", answer.text)


def test_a_body_that_no_source_covers_says_so_and_one_that_is_covered_does_not(client: TestClient) -> None:
    said = "No source that noticewatch knows publishes what is bought in its jurisdiction (US-CA)"
    county = next(b["id"] for b in client.get("/api/v1/buyers").json()["items"] if b["jurisdiction"] == "US-CA")
    assert said in client.get(f"/buyers/{county}").text
    state = client.get("/buyers/usg-state").text
    assert "The archive holds no order on the watchlist" in state and "No source that noticewatch knows" not in state


def test_rows_facets_and_tags_lead_to_the_profiles(client: TestClient) -> None:
    page = client.get("/search", params={"q": "cellebrite", "buyer": "ICE"}).text
    for link in ("/buyers/usg-dhs-ice", "/vendors/cellebrite", "/vendors/fcn", "/technologies/device_forensics"):
        assert f'href="{link}"' in page, link
    assert re.search(r'In total and by year: <a href="/buyers/usg-dhs-ice">', page)
    notice = client.get("/notices/us-action:7012:70CMSD23FR0000145:0").text
    assert 'href="/buyers/usg-dhs-ice"' in notice
    front = client.get("/").text
    for link in ("/buyers", "/vendors", "/technologies"):
        assert f'href="{link}"' in front, link


def test_a_profile_is_read_anew_when_the_log_has_grown_and_else_kept(client: TestClient) -> None:
    first = client.get("/api/v1/buyers/usg-dhs")
    again = client.get("/api/v1/buyers/usg-dhs", headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code) == (200, 304)


def money(kind: str, basis: str, value: str, currency: str = "USD") -> dict[str, str]:
    return {"kind": kind, "basis": basis, "value": value, "currency": currency}


def bought(piid: str, signed: str, amounts: list[dict[str, str]], *sellers: str, mod: str | None = "0") -> Reading:
    """What ICE bought of Cellebrite: an action, or where ``mod`` is None an award without actions."""
    numbers: list[dict[str, Any]] = [{"type": "piid", "printed": piid, "plain": piid, "issuer": "7012"}]
    if mod is not None:
        numbers.append({"type": "modification", "printed": mod, "plain": mod})
    content = {
        "kind": "award", "title": [{"text": "CELLEBRITE PRODUCTS"}], "numbers": numbers, "amounts": amounts,
        "buyers": [{"role": "contracting", "name": "ICE", "buyer_id": "usg-dhs-ice"}],
        "parties": [{"role": "supplier", "name": seller} for seller in sellers or ("ACME",)],
        "dates": [{"role": "signed", "value": signed}],
    }  # fmt: skip
    return reading(f"7012:{piid}:{mod or signed}", content, carried=WHOLE | {"buyers"})


def test_a_name_is_called_ambiguous_only_where_it_is_not_taken_for_the_vendor_alone(client: TestClient) -> None:
    strong, doubtful = (client.get(f"/api/v1/vendors/{one}").json() for one in ("accessdata", "ande"))
    assert (strong["ambiguous"], strong["note"]) == (False, "access data (plain words);access database")
    assert doubtful["ambiguous"] is True


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory, dictionary: Dictionary) -> Iterator[TestClient]:
    """Contracts with two sellers, in two currencies, without actions, and with amounts that may not be added."""
    settings = settings_at(tmp_path_factory.mktemp("mixed"))
    readings = [
        bought("70CMSD26FR0000001", "2025-10-01", [money("obligated", "change", "1000")], "ACME", "BETA"),
        bought("70CMSD26FR0000002", "2025-09-30", [money("obligated", "change", "200")]),
        bought("70CMSD26FR0000003", "2026-01-01", [money("obligated", "change", "700", "EUR")]),
        bought("70CMSD26FR0000004", "2026-01-01", [money("awarded", "state", "4000")], mod=None),
        bought("70CMSD26FR0000004", "2026-02-01", [money("awarded", "state", "5000")], mod=None),
        bought("70CMSD26FR0000002", "2026-02-01", [money("awarded", "state", "9000"), money("ceiling", "limit", "8")],
               mod="P1"),
    ]  # fmt: skip
    with closing(Archive.open(settings)) as archive:
        append(archive, readings)
        with served(archive, settings, dictionary, [Joiner(), Tagger(Matcher(dictionary))]) as opened:
            yield opened


def test_sums_are_of_one_kind_and_one_currency_and_an_award_with_actions_is_not_added_to_them(
    mixed: TestClient,
) -> None:
    stated = mixed.get("/buyers/usg-dhs-ice.json").json()["totals"]
    assert [(total["kind"], total["value"], total["count"]) for total in stated] == [
        ("Obligated", "€700", 1), ("Obligated", "$1,200", 2), ("Awarded", "$5,000", 1), ("Ceiling", "not added", 1),
    ]  # fmt: skip


def test_one_value_of_several_sellers_counts_once_as_shared(mixed: TestClient) -> None:
    years = mixed.get("/buyers/usg-dhs-ice.json").json()["obligated_by_fiscal_year"]
    assert (years["currency"], years["not_in_it"]) == ("USD", ["EUR"])
    assert years["sellers"] == {"several sellers together": {"2026": "1000"}, "ACME": {"2025": "200"}}
    assert "What is obligated in EUR stands in the table above only." in mixed.get("/buyers/usg-dhs-ice").text
    assert ("Obligated", "$1,200", "$1,000") in [
        (total["kind"], total["value"], total["shared"])
        for total in mixed.get("/vendors/cellebrite.json").json()["totals"]
    ]


def test_a_profile_follows_what_is_added_to_it_and_to_its_contracts(tmp_path: Path, dictionary: Dictionary) -> None:
    settings, readers = settings_at(tmp_path / "home"), [Joiner(), Tagger(Matcher(dictionary))]
    first = bought("70CMSD26FR0000001", "2026-01-01", [money("obligated", "change", "1000")])
    later = bought("70CMSD26FR0000001", "2026-03-01", [money("obligated", "change", "1")], mod="P2")
    vague = reading(
        "7012:70CMSD26FR0000001:P3",
        {**later.notice.content(), "title": [{"text": "CHANGE OF ADDRESS"}],
         "numbers": [first.notice.content()["numbers"][0], {"type": "modification", "printed": "P3", "plain": "P3"}],
         "dates": [{"role": "signed", "value": "2026-04-01"}]},
        carried=WHOLE | {"buyers"},
    )  # fmt: skip
    with closing(Archive.open(settings)) as archive:
        append(archive, [first])
        with served(archive, settings, dictionary, readers) as client:

            def told() -> list[tuple[Any, ...]]:
                read = [IndexReader(client.app.state.context.search.engine)]  # type: ignore[attr-defined]  # FastAPI's
                drive(archive, [*readers, *read])
                answers = [client.get(f"/{of}.json").json() for of in ("buyers/usg-dhs-ice", "vendors/cellebrite")]
                return [(a["matched"], a["totals"][0]["value"], a["latest"][0]["dated"]) for a in answers]

            assert told() == [(1, "$1,000", "2026-01-01")] * 2
            append(archive, [later], day=1)
            assert told() == [(2, "$1,001", "2026-03-01")] * 2
            append(archive, [vague], day=2)
            assert told() == [(3, "$1,002", "2026-04-01")] * 2  # the tags of its order pass down to it
            takedowns.take_down(archive, ["us-action:7012:70CMSD26FR0000001:P2"], "A test.")
            assert told() == [(2, "$1,001", "2026-04-01")] * 2


def test_a_long_list_of_words_is_folded_away_and_whole(client: TestClient, dictionary: Dictionary) -> None:
    page = client.get("/technologies/lpr").text
    told = html.unescape(page.partition("<dt>Words looked for</dt>")[2].partition("</dd>")[0])
    terms = dictionary.terms_of("lpr")
    assert [term for term in terms if term not in told] == []
    assert f"and {len(terms) - 6} more</summary>" in told
    assert "<summary>" not in client.get("/technologies/surveillance").text.partition("<dt>Not meant</dt>")[0][-400:]
