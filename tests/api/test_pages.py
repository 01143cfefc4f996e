"""What a reader sees, on real rows."""

import html
import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.pages import environment, linked
from noticewatch.settings import Settings

pytestmark = pytest.mark.both_databases

AWARD = "/notices/sam:d72dd40bd5ce47149836c17e9024ede0"
TENDER = "/notices/sam:f4ce3f0421184c4bb6ed5aa8d7dbc24d"
ORDER = "/notices/us-action:7012:70CMSD23FR0000145:0"
HOSTILE = "/notices/us-action:7014:70B03C26P00000666:0"
PAGES = ("/", "/search", "/search?lens=everything", AWARD, TENDER, ORDER, "/vendors", "/vendors/giant-oak", "/sources",
         "/technologies", "/technologies/osint", "/buyers", "/buyers/usg-dhs", "/buyers/usg-dhs-ice",
         "/renewals", "/new", "/watchlist", "/docs", "/docs/search",
         "/about", "/docs/api")  # fmt: skip


@pytest.mark.parametrize("address", PAGES)
def test_every_page_answers_with_headers_that_keep_readers_safe(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "unsafe-inline" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "style=" not in answer.text


@pytest.mark.parametrize(
    ("address", "member"), [("/docs/api", "paths"), ("/alerts", "preview"), ("/alerts/new", "weeks")]
)
def test_pages_of_words_and_forms_have_a_twin_too(client: TestClient, address: str, member: str) -> None:
    by_header = client.get(f"{address}?q=drone", headers={"accept": "application/json"})
    by_name = client.get(f"{address}.json?q=drone")
    assert by_header.status_code == by_name.status_code == 200
    assert by_header.json().keys() == by_name.json().keys()
    assert member in by_name.json()


def test_pages_read_no_template_once_the_server_runs(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    environment.cache_clear()
    held = environment()

    def changed(*_: object) -> None:
        raise AssertionError("the file of another program")

    monkeypatch.setattr(held.loader, "get_source", changed)
    assert [client.get(address).status_code for address in (*PAGES, "/nowhere")] == [200] * len(PAGES) + [404]


@pytest.mark.parametrize(
    "address", ["/", "/search", AWARD, ORDER, "/vendors/giant-oak", "/vendors", "/watchlist", "/sources", "/about"]
)
def test_every_page_has_a_json_twin_by_the_accept_header(client: TestClient, address: str) -> None:
    answer = client.get(address, headers={"accept": "application/json"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json()


@pytest.mark.parametrize("address", ["/search.json", f"{AWARD}.json", "/vendors/giant-oak.json", "/sources.json"])
def test_every_page_has_a_json_twin_by_its_ending(client: TestClient, address: str) -> None:
    assert client.get(address).headers["content-type"].startswith("application/json")


def test_an_announced_value_is_called_announced_and_a_limit(client: TestClient) -> None:
    page = client.get(AWARD).text
    assert "$948,620.64" in page
    assert "announced, limit" in page
    assert "FCN, INC." in page
    assert "Cellebrite" in page


def test_announced_and_signed_meet_in_one_timeline_and_are_not_added(client: TestClient) -> None:
    page = client.get(AWARD).text
    assert "$474,310.32 obligated by 1 held action: known part since 15 April 2026." in page


def test_an_order_says_maker_seller_and_the_words_that_say_so(client: TestClient) -> None:
    page = client.get(ORDER).text
    assert "PANAMERICA COMPUTERS, INC. → Fivecast" in page
    assert "<mark>FIVECAST ONYX</mark>" in page
    assert "$2,737,600.50 obligated by 3 held actions: known part since 5 September 2023." in page


@pytest.mark.parametrize("address", [AWARD, ORDER, "/search?q=fivecast&lens=everything", "/", "/vendors/giant-oak"])
def test_a_rebuilt_notice_is_called_so_wherever_it_stands(client: TestClient, address: str) -> None:
    page = client.get(address).text
    assert "noticewatch did not fetch it" in page
    assert "another collector, commit 0000000" in page


def test_versions_show_the_words_that_went_and_came(client: TestClient) -> None:
    page = client.get(TENDER).text
    assert "<del>Multiple</del><ins>single</ins>" in page.replace("\n", "") or "<ins>single</ins>" in page
    assert "responses due" in page.lower()
    assert client.get(f"{TENDER}/versions/1").status_code == 200
    assert "This is version 1, one of 2 held" in client.get(f"{TENDER}/versions/1").text


@pytest.mark.parametrize("number", ["RFP-002132", "rfp002132", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"])
def test_every_number_of_a_notice_leads_to_its_page(client: TestClient, number: str) -> None:
    answer = client.get(f"/notices/{number}")
    assert answer.status_code == 302
    assert answer.headers["location"] == TENDER


def test_a_number_of_several_notices_gives_a_choice(client: TestClient) -> None:
    answer = client.get("/notices/70-CMSD-26P00000034")
    assert answer.status_code == 300
    assert AWARD in answer.text
    assert "They belong to one contract" in answer.text


def test_the_page_of_a_vendor_without_orders_says_so_and_what_is_covered(client: TestClient) -> None:
    page = client.get("/vendors/vigilant-solutions").text
    assert "The archive holds no order under the name Vigilant Solutions." in page
    assert "The archive holds 10 notices" in page
    assert "proves nothing" in page


@pytest.mark.parametrize("name", ["vigilant-solutions", "motorola-solutions", "rekor", "giant-oak"])
def test_the_four_names_of_the_founding_article_have_a_page(client: TestClient, name: str) -> None:
    assert client.get(f"/vendors/{name}").status_code == 200


def test_a_vendor_is_found_by_any_of_its_names(client: TestClient) -> None:
    assert client.get("/vendors/rekor-systems").headers["location"] == "/vendors/rekor"
    assert client.get("/vendors/Giant Oak Inc").headers["location"] == "/vendors/giant-oak"


def test_the_total_of_a_vendor_is_its_obligations_each_once(client: TestClient) -> None:
    page = client.get("/vendors/giant-oak").text
    assert "$947,997.40" in page
    assert "FY2021" in page
    assert "<svg" in page


def test_hostile_text_stays_text(client: TestClient) -> None:
    for address in (HOSTILE, "/search?q=drone&lens=everything", "/notices/70B03C26P00000666", "/"):
        page = client.get(address).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in client.get(HOSTILE).text


@pytest.mark.parametrize("address", ["/search?q=fivecast", "/vendors/giant-oak"])
def test_sources_without_a_complete_crawl_are_named_in_one_sentence(client: TestClient, address: str) -> None:
    foot = client.get(address).text.partition("<footer")[2]
    assert foot.count("by noticewatch has been complete yet") == 1


def test_the_known_gaps_stand_beside_the_chart_of_a_vendor(client: TestClient) -> None:
    page = client.get("/vendors/giant-oak").text
    gaps = client.get("/search.json").json()["coverage"]["gaps"]
    known = [gap for gap in gaps if gap.startswith("Known gaps of ")]
    chart = page.partition('<h2 id="years">')[2].partition("</section>")[0]
    assert known
    assert [gap for gap in known if gap not in html.unescape(chart)] == []


def test_officials_are_masked_on_pages_and_whole_only_in_the_archived_record(client: TestClient) -> None:
    page = client.get("/notices/us-action:7012:70CMSD21FR0000035:0").text
    assert "GALLOWAY" not in page
    assert "703-235-3420" not in page


@pytest.mark.parametrize(
    "address", ["/nothing", "/notices/nothing-like-it", "/vendors/nobody", "/notices/a/versions/x"]
)
def test_an_unknown_address_is_a_page_with_a_way_out(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert "/search" in answer.text
    assert answer.headers["content-type"].startswith("text/html")


def test_a_citation_says_where_its_address_leads_to_this_machine_alone(app: FastAPI, client: TestClient) -> None:
    held = app.state.context
    settings = Settings(home=held.archive.folder)
    with TestClient(create_app(held.archive, held.search, settings, held.dictionary)) as alone:
        assert "leads to this machine alone" in alone.get(ORDER).text
    assert "leads to this machine alone" not in client.get(ORDER).text


@pytest.mark.parametrize(
    ("given", "alone"),
    [
        ({"bind": "127.0.0.1:8484"}, True),
        ({"bind": "[::1]:8484"}, True),
        ({"bind": "0.0.0.0:80"}, True),
        ({"public_url": "http://localhost:8484/"}, True),
        ({"bind": "192.0.2.7:80"}, False),
        ({"public_url": "https://notices.example"}, False),
    ],
)
@pytest.mark.sqlite_suffices
def test_an_address_of_the_loopback_leads_nowhere_else(given: dict[str, str], alone: bool) -> None:
    assert Settings(**given).leads_nowhere_else is alone


def test_a_source_of_which_nothing_came_is_not_said_to_state_no_days(client: TestClient) -> None:
    row = r'data-name="Covers">(.*?)</td>\s*<td class="num" data-name="Notices">(\d+)<'
    rows = re.findall(row, client.get("/sources").text)
    assert {days for days, notices in rows if notices == "0"} == {"nothing received yet"}
    assert all(days != "nothing received yet" for days, notices in rows if notices != "0")


def test_the_gaps_of_what_is_held_stand_open_above_a_chart(client: TestClient) -> None:
    page = client.get("/buyers/usg-dhs-ice").text
    assert re.search(r"<details[^>]* open><summary>Known gaps of what is held", page)


def test_the_page_about_reading_says_what_an_alert_leaves_behind(client: TestClient) -> None:
    about = client.get("/about").text.partition("About you")[2].partition("<footer")[0]
    assert "leaves a question and an address" in about


@pytest.mark.parametrize(
    ("address", "links"),
    [
        ("/vendors/nobody", ["/vendors", "/search"]),
        ("/technologies/nothing", ["/technologies"]),
        ("/notices/nothing", ["/search", "/sources"]),
        ("/docs/nothing", ["/docs"]),
        ("/nothing/search/x", ["/docs/api"]),
    ],
)
def test_a_page_that_is_not_there_links_the_ways_out_that_it_names(
    client: TestClient, address: str, links: list[str]
) -> None:
    said = client.get(address, headers={"accept": "text/html"}).text.partition("<h1>")[2].partition("</p>")[0]
    assert re.findall('<a href="(.*?)">', said) == links


def test_what_a_reader_asked_for_stays_text_in_a_sentence_with_links() -> None:
    assert linked("No <b>/vendors</b> 'x\"/search/y' at /vendors; try /search.x or /docs/api.") == (
        'No &lt;b&gt;<a href="/vendors">/vendors</a>&lt;/b&gt; &#39;x&#34;/search/y&#39; at '
        '<a href="/vendors">/vendors</a>; try /search.x or <a href="/docs/api">/docs/api</a>.'
    )


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        ("desk@example.org", '<a href="mailto:desk@example.org" rel="noreferrer">desk@example.org</a>'),
        (
            "https://example.org/desk",
            '<a href="https://example.org/desk" rel="noreferrer">https://example.org/desk</a>',
        ),
        (None, "who names no address here"),
    ],
)
@pytest.mark.parametrize("address", ["/corrections", "/watchlist", "/about"])
def test_who_objects_is_told_whom_to_write_to(app: FastAPI, address: str, contact: str | None, said: str) -> None:
    held = app.state.context
    settings = Settings(home=held.archive.folder, contact=contact)
    with TestClient(create_app(held.archive, held.search, settings, held.dictionary)) as client:
        assert f"the operator of this archive, {said}" in client.get(address).text
