"""The page of results: what was understood, where else to look, and filters, on real rows."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from noticewatch.identifiers import now

pytestmark = pytest.mark.both_databases


def test_a_question_that_cannot_be_read_is_answered_with_its_place_and_a_hint(client: TestClient) -> None:
    answer = client.get('/search?q="abc')
    assert answer.status_code == 400
    assert "<mark>&#34;</mark>" in answer.text
    assert 'role="alert"' in answer.text


def test_coverage_of_results_is_a_line_that_opens(client: TestClient) -> None:
    page = client.get("/search", params={"q": "fivecast"}).text
    opened = re.search(r"<details[^>]*><summary>(Held:.*?)</summary>(.*?)</details>", page, re.DOTALL)
    assert opened
    line, rest = opened.groups()
    assert line == "Held: 10 notices from 2 sources; no complete crawl yet"
    assert "The archive holds 10 notices" in rest and "Known gaps of" in rest


def test_nothing_found_says_what_is_covered_and_what_to_try(client: TestClient) -> None:
    page = client.get("/search?q=zeppelin").text
    assert "Nothing found" in page
    assert "The archive holds 10 notices" in page
    assert "search everything" in page
    assert "(nothing matches there either)" in page


def test_what_is_found_beside_the_watchlist_alone_is_counted_where_nothing_is_on_it(client: TestClient) -> None:
    wanted = {"q": "NOT tier:alert NOT tier:review"}
    total = client.get("/search.json", params=wanted | {"lens": "everything"}).json()["total"]
    page = client.get("/search", params=wanted).text
    assert total == 1 and "Nothing found" in page
    assert "(1 contract or notice matches there)" in page


@pytest.mark.parametrize(
    ("asked", "any_of"),
    [
        ("fivecast rekor", "fivecast OR rekor"),
        ('"giant oak" AND zeppelin', '"giant oak" OR zeppelin'),
        ("zeppelin", ""),
        ("fivecast NOT onyx", ""),
        ("fivecast title:zeppelin", ""),
        ("fivecast (rekor OR zeppelin)", ""),
    ],
)
def test_where_not_all_words_are_found_together_any_of_them_can_be_asked_for(
    client: TestClient, asked: str, any_of: str
) -> None:
    page = html.unescape(client.get("/search", params={"q": asked, "lens": "everything"}).text)
    links = re.findall(r'<a href="([^"]*)">search for any of them', page)
    assert [parse_qs(urlsplit(link).query)["q"] for link in links] == ([[any_of]] if any_of else [])
    if any_of:
        assert "Nothing found" not in client.get(links[0]).text


@pytest.mark.parametrize("name", ["Vigilant Solutions", '"Vigilant Solutions"', "vigilant solutions"])
def test_a_vendor_asked_for_by_name_is_led_to_even_where_no_words_are_found(client: TestClient, name: str) -> None:
    page = client.get("/search", params={"q": name}).text
    assert '<a href="/vendors/vigilant-solutions">Vigilant Solutions</a> is a vendor on the watchlist' in page


@pytest.mark.parametrize("address", ["/search?q=zeppelin", "/search", "/search?q=fivecast&vendor=fivecast"])
def test_no_vendor_is_led_to_that_was_not_asked_for(client: TestClient, address: str) -> None:
    assert "is a vendor on the watchlist" not in client.get(address).text


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ("vigilant", ["/vendors/vigilant-solutions"]),
        ("licence-plate reader", ["/technologies/lpr"]),
        ("customs AND enforcement", ["/buyers/usg-dhs-ice"]),
        ('"giant oaks"', ["/vendors/giant-oak"]),
        ("west publishing", ["/vendors/thomson-reuters"]),
        ("us ice", []),
        ("giant oak", []),
        ("vigila", []),
        ("enforcement customs", []),
        ("vigilant -solutions", []),
        ("title:vigilant", []),
        ("vigilant OR oak", []),
        ("", []),
    ],
)
def test_pages_of_what_is_called_by_the_words_asked_for_stand_beside_the_results(
    client: TestClient, asked: str, named: list[str]
) -> None:
    page = client.get("/search", params={"q": asked}).text
    line = re.findall(r'<p class="small">See also (.*?)</p>', page)
    assert re.findall(r'href="([^"]*)"', "".join(line)) == named


def test_what_is_asked_for_by_a_filter_is_not_named_again(client: TestClient) -> None:
    assert "See also" not in client.get("/search?q=vigilant&vendor=vigilant-solutions").text


def test_figures_that_add_up_to_more_than_the_results_are_explained(client: TestClient) -> None:
    said = "figures may add up to more than there are results"
    assert said in client.get("/search?lens=everything").text
    assert said not in client.get("/search?q=zeppelin").text


def test_a_filter_in_force_is_a_chip_that_can_be_taken_away(client: TestClient) -> None:
    page = client.get("/search?vendor=fivecast&q=onyx").text
    assert "Vendor: Fivecast" in page
    assert 'href="/search?q=onyx"' in page


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("vendor", "vigilant-solutions", "Vendor: Vigilant Solutions"),
        ("technology", "lpr", "Technology: Licence plate readers"),
        ("buyer", "usg-commerce", "Buyer: Department of Commerce"),
        ("kind", "meeting", "Kind: Meeting"),
        ("status", "open", "Status: open"),
        ("listing", "archived_by_source", "Listing: archived by source"),
        ("jurisdiction", "us", "Jurisdiction: US"),
        ("year", "1999", "Year: 1999"),
        ("month", "2019-01", "Month: 2019-01"),
        ("band", "10m_up", "Amount: $10 million and more"),
        ("tier", "review", "Match: "),
    ],
)
def test_a_filter_that_no_result_has_is_a_chip_too(client: TestClient, name: str, value: str, said: str) -> None:
    page = client.get(f"/search?{name}={value}")
    assert page.status_code == 200
    assert said in page.text


def test_the_second_page_of_results_names_the_filters_in_force(client: TestClient) -> None:
    first = client.get("/search?vendor=Fivecast&technology=osint&scope=notice&limit=1").text
    following = re.search(r'href="(/search\?[^"]*cursor=[^"]*)"', first)
    assert following is not None
    second = client.get(html.unescape(following[1]))
    assert second.status_code == 200
    assert "Vendor: Fivecast" in second.text


def test_a_result_says_until_when_it_can_be_answered(client: TestClient) -> None:
    page = client.get("/search", params={"lens": "everything", "sort": "due"}).text
    assert re.search(r"<span>responses due 10 Apr 2026</span>", page)
    assert '<option value="due" selected>Due soonest</option>' in page


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ({"q": "is:open"}, "(is:open) -due:<{}"),
        ({"status": "open"}, "-due:<{}"),
        ({"sort": "due"}, "-due:<{}"),
        ({"sort": "due", "q": "camera OR record"}, "(camera OR record) -due:<{}"),
        ({"sort": "planned"}, "planned:>={}"),
        ({"sort": "due", "q": "due:>=2020"}, None),
        ({"q": "camera"}, None),
    ],
)
def test_what_is_past_can_be_left_out_where_it_would_stand_first(
    client: TestClient, asked: dict[str, str], left: str | None
) -> None:
    page = html.unescape(client.get("/search", params={"lens": "everything"} | asked).text)
    links = re.findall(r'<a href="([^"]*)" rel="nofollow">Leave out what is past', page)
    today = now().date().isoformat()
    assert [parse_qs(urlsplit(link).query)["q"] for link in links] == ([[left.format(today)]] if left else [])
    for link in links:
        narrowed = client.get(link).text
        assert "Leave out what is past" not in narrowed
        assert "responses due 10 Apr 2026" not in narrowed
