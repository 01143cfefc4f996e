"""Alerts are made and managed on pages, without scripts, by whoever has the private link."""

import html
import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from alerts import forming
from alerts.models import Terms
from alerts.tables import search_revisions
from archive.store import Archive
from noticewatch.identifiers import now
from tests.alerts.making import crawl, follow, opened
from tests.api.alerting import API, BASE, HOOK, MAIL, asked, desk, link, save, states
from tests.archive.making import reading

pytestmark = pytest.mark.both_databases

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


class _Form(HTMLParser):
    """What a browser sends for the form that a button stands in."""

    def __init__(self, button: str) -> None:
        super().__init__()
        self._button, self._fields, self.sent = button, list[tuple[str, str]](), list[tuple[str, str]]()
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "form":
            self._fields = []
        elif tag == "input" and name:
            if given.get("type") not in {"checkbox", "radio"} or "checked" in given:
                self._fields.append((name, value))
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in given and self._select:
            self._fields.append((self._select, value))
        elif tag == "button" and (name, value) == ("do", self._button) and not self.sent:
            self.sent = [*self._fields, ("do", value)]


def press(client: TestClient, page: str, button: str, **changed: str | list[str]) -> httpx.Response:
    """Press a button of a page as a browser without scripts does, some fields filled in otherwise."""
    form = _Form(button)
    form.feed(client.get(page).text)
    assert form.sent, f"{page} has no button {button}"
    fields: dict[str, list[str]] = {}
    for name, value in form.sent:
        fields.setdefault(name, []).append(value)
    fields |= {name: [each] if isinstance(each, str) else each for name, each in changed.items()}
    return client.post(page.partition("?")[0], data=fields, headers={"origin": "null"})


def text_of(answer: httpx.Response) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.text)))


def manage_of(answer: httpx.Response) -> str:
    found = re.search(r'href="(/alerts/manage/[^"]+)"', answer.text)
    assert found, answer.text
    return found[1]


def test_a_search_on_the_page_of_results_becomes_an_alert_with_its_filters_and_lens(
    both: tuple[TestClient, Archive],
) -> None:
    client, archive = both
    opened(archive)
    results = client.get("/search?q=drone&lens=everything&kind=award&from=2026-01-01&sort=amount").text
    address = html.unescape(re.search(r'href="(/alerts/new[^"]*)"', results)[1])  # type: ignore[index]  # it is there
    page = client.get(address)
    assert "Kind: Award" in text_of(page)
    assert "Understood as drone" in text_of(page)
    made = press(client, address, "save", channel="webhook", address=HOOK["address"], rhythm="daily",
                 zone="Europe/Berlin", reasons=["new", "amended"])  # fmt: skip
    assert made.status_code == 201
    assert "whsec_" in made.text
    kept = client.get(manage_of(made), headers={"accept": "application/json"}).json()
    assert (kept["query"], kept["lens"], kept["filters"], kept["from"]) == (
        "drone", "everything", {"kind": ["award"]}, "2026-01-01",
    )  # fmt: skip
    assert (kept["reasons"], kept["rhythm"], kept["zone"]) == (["new", "amended"], "daily", "Europe/Berlin")
    assert "whsec_" not in client.get(manage_of(made)).text


def test_what_it_would_have_found_is_shown_by_a_button_before_anything_is_saved(
    both: tuple[TestClient, Archive],
) -> None:
    _, archive = both
    opened(archive, reading("1", "drone"))
    follow(archive)
    with desk(archive.folder, archive) as (again, _):
        page = press(again, "/alerts/new", "preview", q="drone", lens="everything", address=MAIL["address"])
    assert page.status_code == 200
    assert "1 notice of all that are held would match." in text_of(page)
    assert f'value="{MAIL["address"]}"' in page.text
    assert states(archive) == []


def test_a_feed_needs_no_address_and_nothing_is_saved(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    page = press(client, "/alerts/new", "save", q="drone", channel="feed")
    assert f"{BASE}/feeds/search.atom?q=drone&tier=alert" in text_of(page)
    assert states(archive) == []
    assert client.get("/feeds/search.atom?q=drone&tier=alert").status_code == 200


def test_an_address_of_mail_is_confirmed_by_a_button_not_by_opening_the_link(
    both: tuple[TestClient, Archive],
) -> None:
    client, archive = both
    made = press(client, "/alerts/new", "save", q="drone", channel="email", address=MAIL["address"])
    assert "asks for confirmation" in text_of(made)
    assert asked(archive) == 1
    address = f"/alerts/confirm/{link(archive, 'confirm')}"
    for _ in range(3):
        assert "<button>Yes, send them</button>" in client.get(address).text
    client.head(address)
    assert states(archive) == [(MAIL["address"], "unconfirmed")]
    assert "is confirmed" in text_of(client.post(address))
    assert states(archive) == [(MAIL["address"], "active")]
    assert client.post(address).status_code == 200
    assert client.post("/alerts/confirm/wrong").status_code == 404
    assert client.get("/alerts/confirm/wrong").status_code == 404


def test_one_click_ends_the_messages_without_anything_else(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    save(client, MAIL, HOOK)
    address = f"/alerts/unsubscribe/{link(archive, 'unsubscribe')}"
    assert "<button>End them</button>" in client.get(address).text
    assert len(states(archive)) == 2
    ended = client.post(address, data={"List-Unsubscribe": "One-Click"}, headers={"sec-fetch-site": "cross-site"})
    assert ended.status_code == 200
    assert states(archive) == [(HOOK["address"], "active")]
    assert (again := client.post(address)).status_code == 200
    assert again.text == client.post("/alerts/unsubscribe/wrong").text == client.get("/alerts/unsubscribe/wrong").text


def test_the_last_address_takes_the_alert_with_it(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    saved = save(client, MAIL)
    client.post(f"/alerts/unsubscribe/{link(archive, 'unsubscribe')}")
    assert client.get(f"/alerts/manage/{saved['token']}").status_code == 404


def test_an_alert_is_changed_paused_resumed_and_deleted_by_its_page(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    opened(archive)
    address = f"/alerts/manage/{save(client, name='Drones')['token']}"
    changed = press(client, address, "save", q="camera", rhythm="weekly", weekday="sunday", name="Cameras")
    assert (changed.status_code, changed.headers["location"]) == (303, f"{address}?said=saved")
    page = client.get(changed.headers["location"])
    assert "The changes are saved." in text_of(page)
    assert "<h1>Cameras</h1>" in page.text
    assert 'value="sunday" selected' in page.text
    paused = press(client, address, "pause")
    assert paused.status_code == 303
    assert "Its owner paused it." in text_of(client.get(address))
    crawl(archive, reading("1", "camera"))
    follow(archive)
    assert "1 entry waits for it." in text_of(client.get(address))
    assert "is an entry; it is sent when the target is resumed." in text_of(client.get(address))
    assert press(client, address, "resume").status_code == 303
    assert "gets messages" in text_of(client.get(address))
    assert "The alert is deleted" in text_of(press(client, address, "delete"))
    assert (states(archive), client.get(address).status_code) == ([], 404)


def test_targets_and_secrets_are_changed_by_the_page(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    address = f"/alerts/manage/{save(client)['token']}"
    assert press(client, address, "add", channel="email", address=MAIL["address"]).headers["location"].endswith("asked")
    added = press(client, address, "add", channel="webhook", address="https://two.example.org/")
    assert added.text.count("whsec_") == 1
    assert press(client, address, "secret").text.count("whsec_") == 1
    assert press(client, address, "end_old_secret").headers["location"].endswith("ended")
    wrong = press(client, address, "add", channel="webhook", address="https://10.0.0.1/")
    assert (wrong.status_code, "10.0.0.1 is an address inside a network" in text_of(wrong)) == (400, True)
    assert [state for _, state in states(archive)] == ["active", "unconfirmed", "active"]
    assert press(client, address, "remove").headers["location"].endswith("removed")
    assert len(states(archive)) == 2


def test_a_question_that_cannot_be_read_is_shown_with_what_was_written(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    wrong = press(client, "/alerts/new", "save", q="drone AND (", address=MAIL["address"], name="My drones")
    assert wrong.status_code == 400
    assert 'role="alert"' in wrong.text
    assert 'value="drone AND ("' in wrong.text
    assert 'value="My drones"' in wrong.text
    address = f"/alerts/manage/{save(client)['token']}"
    wrong = press(client, address, "save", q="drone AND (")
    assert (wrong.status_code, 'value="drone AND ("' in wrong.text) == (400, True)
    assert len(states(archive)) == 1


def test_a_search_that_cannot_be_run_any_more_says_so_on_its_page(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    saved = save(client)
    page = f"/alerts/manage/{saved['token']}"
    assert "finds nothing any more" not in client.get(page).text
    of_older_grammar = Terms(query="(drone", lens="everything").model_dump_json()
    with archive.writing() as connection:
        connection.execute(update(search_revisions).values(terms=of_older_grammar))
    shown = client.get(page)
    assert shown.status_code == 200
    assert "This search finds nothing any more until it is changed below." in shown.text


def test_a_search_of_another_version_is_shown_as_far_as_it_is_read_and_saved_anew(
    both: tuple[TestClient, Archive],
) -> None:
    client, archive = both
    saved = save(client)
    page, twin = f"/alerts/manage/{saved['token']}", f"{API}/{saved['token']}"
    assert client.get(twin).json()["fault"] is None
    of_another = '{"query": "drone", "lens": "none such", "filters": {"vendor": ["Fivecast"]}, "colour": "red"}'
    with archive.writing() as connection:
        connection.execute(update(search_revisions).values(terms=of_another))
    shown = client.get(page)
    assert shown.status_code == 200
    assert "This search finds nothing any more until it is changed below. It was saved by another version" in shown.text
    told = client.get(twin).json()
    assert (told["query"], told["filters"]) == ("drone", {"vendor": ["Fivecast"]})
    assert told["fault"].startswith("It was saved by another version of noticewatch")
    part = client.patch(twin, json={"rhythm": "daily"})
    assert (part.status_code, part.json()["parameter"]) == (400, "query")
    assert client.get(twin).json()["fault"] == told["fault"]
    assert press(client, page, "save").status_code == 303
    anew = client.get(twin).json()
    assert (anew["fault"], anew["query"], anew["revision"]) == (None, "drone", 2)
    assert "finds nothing any more" not in client.get(page).text


def test_nothing_that_is_written_acts_on_a_page(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    pages = [client.get("/alerts/new", params={"q": HOSTILE, "lens": "everything"}),
             client.get("/alerts/new", params={HOSTILE: HOSTILE}),
             press(client, "/alerts/new", "preview", q="drone", name=HOSTILE, zone=HOSTILE, address=HOSTILE),
             press(client, "/alerts/new", "save", q="drone", name=HOSTILE, zone=HOSTILE, address=HOSTILE),
             press(client, "/alerts/new", "save", q="drone", address=HOSTILE)]  # fmt: skip
    saved = save(client, query="drone", name=HOSTILE)
    address = f"/alerts/manage/{saved['token']}"
    pages += [client.get(address), client.get(f"{address}?said={HOSTILE}"),
              press(client, address, "save", zone=HOSTILE),
              client.post(address, data={"do": HOSTILE, "target": HOSTILE})]  # fmt: skip
    assert states(archive) == [(HOOK["address"], "active")]
    for page in pages:
        assert page.status_code in {200, 400, 404}, page.text
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "unsafe-inline" not in page.headers["content-security-policy"]
        assert "style=" not in page.text


@pytest.mark.sqlite_suffices
@pytest.mark.parametrize("address", ["/alerts", "/alerts/new", "/alerts/confirm/x", "/alerts/unsubscribe/x",
                                     "/alerts/replay/x", "/alerts/operator", "/alerts/manage/x"])  # fmt: skip
def test_private_pages_are_kept_by_nobody(both: tuple[TestClient, Archive], address: str) -> None:
    client, _ = both
    answer = client.get(address)
    private = address != "/alerts"
    assert (answer.headers["cache-control"] == "no-store") == private
    assert (answer.headers.get("x-robots-tag") == "noindex, nofollow") == private
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in answer.headers


@pytest.mark.sqlite_suffices
def test_forms_of_other_sites_and_huge_ones_are_refused(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    fields = {"q": "drone", "channel": "webhook", "address": HOOK["address"], "do": "save"}
    refused = client.post("/alerts/new", data=fields, headers={"sec-fetch-site": "cross-site"})
    assert (refused.status_code, "page of another site" in text_of(refused)) == (403, True)
    assert client.post("/alerts/new", data=fields | {"q": "x" * 70_000}).status_code == 413
    assert client.post("/alerts/new", content="&".join(f"a{n}=1" for n in range(2_000))).status_code == 400
    address = f"/alerts/manage/{save(client)['token']}"
    assert client.post(address, data={"do": "delete"}, headers={"origin": "https://evil.example"}).status_code == 403
    assert len(states(archive)) == 1


def test_a_replay_shows_exactly_what_one_message_told(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    opened(archive)
    saved = save(client, HOOK, reasons=["new", "amended"])
    crawl(archive, reading("1", "drone of the first day"), reading("2", "camera"), day=1)
    follow(archive)
    with archive.writing() as connection:
        forming.form(connection, now())
    crawl(archive, reading("1", "drone of the second day"), reading("2", "camera"), day=2)
    follow(archive)
    with archive.writing() as connection:
        forming.form(connection, now())
    second, first = client.get(f"/api/v1/searches/{saved['token']}").json()["messages"]
    page = client.get(first["replay_url"].removeprefix(BASE))
    assert "drone of the first day" in text_of(page)
    assert "second day" not in text_of(page)
    assert "<mark>drone</mark>" in page.text
    assert saved["token"] not in page.text
    told = client.get(second["replay_url"].removeprefix(BASE), headers={"accept": "application/json"}).json()
    assert [(event["version"], event["kinds"]) for group in told["groups"] for event in group] == [(2, ["amended"])]
    client.delete(f"/api/v1/searches/{saved['token']}")
    assert client.get(first["replay_url"].removeprefix(BASE)).status_code == 404


def test_a_long_digest_is_replayed_page_by_page_and_whole(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    opened(archive)
    saved = save(client, HOOK)
    crawl(archive, *(reading(str(number), f"drone {number}") for number in range(120)))
    follow(archive)
    with archive.writing() as connection:
        forming.form(connection, now())
    (digest,) = client.get(f"/api/v1/searches/{saved['token']}").json()["messages"]
    found, at = [], digest["replay_url"]
    while at:
        told = client.get(at.removeprefix(BASE), headers={"accept": "application/json"}).json()
        found += [event["notice_id"] for group in told["groups"] for event in group]
        at = told["next"]
    assert len(set(found)) == len(found) == told["total"] == digest["groups"] == 120
    assert client.get(digest["replay_url"].removeprefix(BASE)).text.count('<li class="hit">') == 50


def test_a_server_that_sends_no_mail_offers_none(tmp_path: Path) -> None:
    with desk(tmp_path / "data", smtp_url=None) as (client, _):
        for page in ("/alerts/new", f"/alerts/manage/{save(client)['token']}"):
            shown = client.get(page).text
            assert 'value="email"' not in shown
            assert 'value="webhook" checked' in shown
            assert "No mail is sent from here." in shown
        assert "mail" not in client.get("/alerts").text.partition("<main")[2].partition("<footer")[0]
