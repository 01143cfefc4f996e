"""What programs get: JSON, problems, bytes."""

import hashlib
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.protection import HeadAsGet

pytestmark = pytest.mark.both_databases

API = "/api/v1"
AWARD = f"{API}/notices/sam:d72dd40bd5ce47149836c17e9024ede0"
TENDER = f"{API}/notices/sam:f4ce3f0421184c4bb6ed5aa8d7dbc24d"
PAGE = AWARD.removeprefix(API)
GIANT_OAK = f"{API}/notices/us-action:7012:70CMSD21FR0000035:0"


def test_a_search_answers_items_total_and_coverage(client: TestClient) -> None:
    answer = client.get(f"{API}/notices?q=fivecast").json()
    assert answer["total"] == 1
    (item,) = answer["items"]
    assert item["members"] == 3
    assert item["rebuilt"] is True
    assert {"understood", "warnings"} <= answer["query"].keys()
    assert answer["coverage"]["notices"] == 10
    assert {value["value"] for value in answer["facets"]["vendor"]} >= {"fivecast"}


def test_an_address_can_be_checked_without_being_read(client: TestClient) -> None:
    for path in ("/", f"{API}/notices?q=fivecast", AWARD, "/healthz"):
        answer = client.head(path)
        assert answer.status_code == 200
        assert answer.content == b""


def test_what_comes_in_parts_is_not_read_on_where_only_its_head_is_asked_for(client: TestClient) -> None:
    read: list[int] = []

    def lines() -> Iterator[str]:
        for number in range(1_000):
            read.append(number)
            yield f"{number}\n"

    async def download(scope: Scope, receive: Receive, send: Send) -> None:
        await StreamingResponse(lines(), media_type="text/csv")(scope, receive, send)

    answer = TestClient(HeadAsGet(download)).head("/")
    assert (answer.status_code, answer.content, read) == (200, b"", [0])
    assert answer.headers["content-type"].startswith("text/csv")
    assert client.head(f"{API}/notices.jsonl?lens=everything").headers["content-type"] == "application/jsonl"


def test_one_held_action_of_a_contract_is_a_known_part_of_it_and_not_its_total(client: TestClient) -> None:
    (contract,) = client.get(f"{API}/notices?q=number:70CMSD21FR0000035").json()["items"]
    assert contract["headline"]["called"] == "known part since 2021-03-24"
    (action,) = client.get(f"{API}/notices?q=number:70CMSD21FR0000035&scope=notice").json()["items"]
    assert action["headline"]["called"] is None


def test_single_notices_on_request(client: TestClient) -> None:
    assert client.get(f"{API}/notices?q=fivecast&scope=notice").json()["total"] == 3


def test_a_notice_is_answered_whole_with_its_evidence(client: TestClient) -> None:
    notice = client.get(AWARD).json()
    assert notice["content"]["amounts"][0]["value"] == "948620.64"
    assert notice["capture"]["rebuilt"].endswith("noticewatch did not fetch it.")
    assert {tag["id"] for tag in notice["tags"]} >= {"cellebrite"}
    assert all(evidence["quote"] for tag in notice["tags"] for evidence in tag["evidence"])
    assert len(notice["procurement"]["notices"]) == 2


def test_another_number_redirects_for_good(client: TestClient) -> None:
    answer = client.get(f"{API}/notices/RFP-002132")
    assert answer.status_code == 308
    assert answer.headers["location"] == TENDER


def test_a_version_never_changes_and_is_not_sent_twice(client: TestClient) -> None:
    answer = client.get(f"{TENDER}/versions/1")
    assert answer.json()["content"]["title"][0]["text"] == "Specialized OSINT Tools IDIQ"
    again = client.get(f"{TENDER}/versions/1", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize(
    "address",
    ["/", "/search?q=fivecast", PAGE, f"{PAGE}.json", f"{TENDER}", f"{TENDER}/versions", f"{TENDER}/captures",
     f"{TENDER}/documents", f"{TENDER}/diff?from=1&to=2", f"{API}/captures/CAPTURE",
     f"{API}/captures/CAPTURE/records/0", f"{API}/runs", f"{API}/vendors", f"{API}/notices?q=fivecast",
     "/feeds/search.atom?q=fivecast", "/feeds/search.json?q=fivecast", "/feeds/renewals.ics", "/docs/search",
     f"{API}/openapi.json"],
)  # fmt: skip
def test_what_has_not_changed_is_not_sent_twice(client: TestClient, address: str) -> None:
    capture = client.get(f"{AWARD}/captures").json()["items"][0]["id"]
    asked = {"accept": "application/json" if address == PAGE else "*/*"}
    first = client.get(address.replace("CAPTURE", capture), headers=asked)
    assert first.status_code == 200
    again = client.get(address.replace("CAPTURE", capture), headers=asked | {"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("etag", "cache-control", "vary", "content-security-policy"):
        assert again.headers[name] == first.headers[name]
    other = client.get(address.replace("CAPTURE", capture), headers=asked | {"if-none-match": '"another"'})
    assert other.content == first.content


def test_a_page_and_its_twin_are_never_taken_for_one_another(client: TestClient) -> None:
    page, twin = client.get(PAGE), client.get(PAGE, headers={"accept": "application/json"})
    assert page.headers["etag"] != twin.headers["etag"]
    assert page.headers["vary"] == twin.headers["vary"] == "Accept"


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [("application/json", "application/json"), ("*/*", "text/html"), ("text/html, application/json", "text/html"),
     ("application/json, text/html;q=0.5", "application/json"),
     ("text/html;q=0.1, application/json", "application/json"),
     ("text/html, application/json;q=0.9", "text/html"), ("Application/JSON", "application/json"),
     ("application/json;q=0", "text/html"), ("application/json;q=much", "application/json"), (";q=,", "text/html")],
)  # fmt: skip
def test_the_form_that_is_preferred_is_answered(client: TestClient, accept: str, wanted: str) -> None:
    for address in ("/search?q=fivecast", PAGE, "/vendors"):
        assert client.get(address, headers={"accept": accept}).headers["content-type"].startswith(wanted)


def test_what_only_its_owner_may_see_is_kept_by_nobody(client: TestClient) -> None:
    answer = client.get("/alerts/new")
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


def test_an_address_says_by_which_methods_it_may_be_asked(client: TestClient) -> None:
    answer = client.post(f"{API}/notices")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


def test_an_error_is_not_kept(client: TestClient) -> None:
    for address in (f"{API}/notices/nothing", "/notices/nothing"):
        assert client.get(address).headers["cache-control"] == "no-cache"


def test_versions_say_what_changed(client: TestClient) -> None:
    versions = client.get(f"{TENDER}/versions").json()["items"]
    assert len(versions) == 2
    assert "dates.due" in {change["path"] for change in versions[1]["changed"]}


def test_the_bytes_of_a_record_are_those_that_were_hashed_and_cannot_act(client: TestClient) -> None:
    held = client.get(f"{GIANT_OAK}/captures").json()["records"][0]
    answer = client.get(held["url"])
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert "KAREN GALLOWAY" in answer.text
    assert hashlib.sha256(answer.content).hexdigest() == held["sha256"]


def test_a_capture_lists_its_records(client: TestClient) -> None:
    capture = client.get(AWARD).json()["capture"]
    answer = client.get(capture["url"]).json()
    assert answer["origin"] == "rebuilt"
    assert len(answer["records"]) >= 1
    assert answer["gaps"] == ["cut: a few rows of the file"]


def test_a_whole_answer_with_many_records_is_for_the_operator(client: TestClient) -> None:
    capture = client.get(AWARD).json()["capture"]["url"]
    answer = client.get(f"{capture}/payload")
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("address", "status", "name"),
    [
        (f'{API}/notices?q="abc', 400, "query-error"),
        (f"{API}/notices?cursor=abc", 400, "cursor-error"),
        (f"{API}/notices?limit=0", 400, "bad-request"),
        (f"{API}/notices?lens=some", 400, "bad-request"),
        (f"{API}/notices?from=yesterday", 400, "bad-request"),
        (f"{API}/notices?amount_min=lots", 400, "bad-request"),
        (f"{API}/notices?colour=red", 400, "bad-request"),
        (f"{API}/notices/unknown-thing", 404, "not-found"),
        (f"{API}/notices/70CMSD26P00000034", 300, "several-notices"),
        (f"{AWARD}/versions/99", 404, "not-found"),
        (f"{API}/captures/none", 404, "not-found"),
        (f"{API}/events?limit=0", 400, "bad-request"),
        (f"{API}/nothing", 404, "not-found"),
        (f"{API}/notices.csv?q=(", 400, "query-error"),
        ('/feeds/search.atom?q="', 400, None),
    ],
)
def test_a_mistake_is_a_problem_in_one_sentence(
    client: TestClient, address: str, status: int, name: str | None
) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    if name is not None:
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["type"].endswith(f"#problem-{name}")
        assert problem["status"] == status
        assert problem["title"]
        assert problem["detail"]


def test_a_mistake_is_told_without_all_of_what_was_given(client: TestClient) -> None:
    assert len(client.get(f"{API}/notices?vendor={'a' * 5_000}").content) < 1_000


def test_a_query_error_gives_position_and_hint(client: TestClient) -> None:
    problem = client.get(f'{API}/notices?q="abc').json()
    assert problem["position"] == 1
    assert problem["hint"]


def test_events_come_in_order_with_the_epoch(client: TestClient, app: object) -> None:
    first = client.get(f"{API}/events?limit=3").json()
    assert [event["seq"] for event in first["items"]] == [1, 2, 3]
    after = client.get(first["next"]).json()
    assert after["items"][0]["seq"] == 4
    assert after["epoch"] == first["epoch"]
    assert client.get(f"{API}/events?loud=true").json()["items"] == []


@pytest.mark.parametrize("address", ["sources", "coverage", "runs", "vendors", "vendors/giant-oak", "technologies",
                                     "technologies/lpr", "buyers", "buyers/usg-dhs-ice", "openapi.json"])  # fmt: skip
def test_other_resources_answer(client: TestClient, address: str) -> None:
    answer = client.get(f"{API}/{address}")
    assert answer.status_code == 200
    assert answer.json()


def test_health_and_figures(client: TestClient) -> None:
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").json()["ready"] is True
    metrics = client.get("/metrics").text
    assert 'noticewatch_notices{source="sam_gov_bulk"} 2' in metrics
    assert "noticewatch_log_head" in metrics


def test_every_documented_address_stands_in_the_readable_documentation(client: TestClient) -> None:
    page = client.get("/docs/api").text
    for path in client.get(f"{API}/openapi.json").json()["paths"]:
        assert path.replace(":path", "") in page


HUGE = "99999999999999999999999"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{TENDER}/versions/{HUGE}", 400),
        (f"/notices/RFP-002132/versions/{HUGE}", 404),
        (f"{API}/events?after={HUGE}", 400),
        (f"{API}/captures/x?after={HUGE}", 400),
        (f"{API}/captures/x/records/{HUGE}", 400),
        (f"{API}/notices?jurisdiction=zz", 400),
        (f"{API}/notices?year=x", 400),
        (f"{API}/notices?limit=٣", 400),
        (f"{API}/notices?amount_min=1_000", 400),
        (f"{API}/notices?from=2026-W01-1", 400),
        (f"{API}/notices?from=2026-02-01&to=2026-01-01", 400),
        (f"{API}/notices?amount_min=2&amount_max=1.99", 400),
        (f"{API}/notices?amount_min=1,5", 400),
        (f"{API}/notices?amount_min=12,34", 400),
        (f"{API}/notices?amount_min=1,234,567.89&amount_max=2e6", 200),
        (f"{API}/notices?q=fivecast&q=onyx", 400),
        (f"{API}/notices.csv?amount_min=2&amount_max=1", 400),
        ("/feeds/search.atom?from=2026-02-01&to=2026-01-01", 400),
        (f"{API}/searches/preview?q=fivecast&amount_min=2&amount_max=1", 400),
        (f"{API}/searches/preview?q=fivecast&from=2026-02-01&to=2026-01-01", 400),
        (f"{API}/notices.csv?from=2024-01-01&from=2025-01-01", 400),
        ("/search?lens=everything&lens=watchlist", 400),
        (f"{API}/notices?sort=found&sort=found&buyer=ICE&buyer=CBP", 200),
        ("/new?week=0001-W01", 400),
    ],
)
def test_what_cannot_be_is_refused_and_never_an_error_of_ours(client: TestClient, path: str, status: int) -> None:
    assert client.get(path).status_code == status


def test_a_version_asked_for_by_parameter_leads_to_its_permanent_address(client: TestClient) -> None:
    for address in (TENDER, f"{API}/notices/RFP-002132", "/notices/RFP-002132"):
        answer = client.get(f"{address}?version=1", follow_redirects=False)
        assert answer.status_code == 302
        assert answer.headers["location"].endswith("sam:f4ce3f0421184c4bb6ed5aa8d7dbc24d/versions/1")
    assert client.get("/notices/RFP-002132?version=99", follow_redirects=True).status_code == 404


def test_archived_rows_are_kept_from_search_engines(client: TestClient) -> None:
    assert f"Disallow: {API}/captures/" in client.get("/robots.txt").text
    assert client.get("/favicon.ico", follow_redirects=True).status_code == 200


def test_a_notice_tells_what_its_contract_adds_up_to_and_what_that_may_be_called(client: TestClient) -> None:
    procurement = client.get("/api/v1/notices/us-action:7012:70CMSD23FR0000145:0").json()["procurement"]
    assert procurement["obligated"] == [
        {
            "value": "2737600.5", "currency": "USD", "called": "known part since 2023-09-05", "actions": 3,
            "since": "2023-09-05", "until": "2024-07-15",
        }
    ]  # fmt: skip
    assert procurement["stated_by_source"] == []


def test_names_are_suggested_while_one_types(client: TestClient) -> None:
    answer = client.get("/api/v1/suggestions", params={"q": "celleb"})
    assert answer.status_code == 200
    (first, *_) = answer.json()["items"]
    assert first["field"] == "vendor"
    assert (
        client.get("/api/v1/notices", params={"q": first["query"], "lens": "everything"}).json()["total"]
        == first["count"]
    )
    assert client.get("/api/v1/suggestions").json() == {"items": []}
    assert client.get("/api/v1/suggestions", params={"q": "x" * 201}).status_code == 400
