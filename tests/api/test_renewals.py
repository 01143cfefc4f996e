"""Which contracts end when, what options are left, and how it is known: on the page, in JSON and as a calendar."""

import html
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.app import create_app
from api.calendar_file import Day, calendar
from archive.joins import Joiner
from archive.readers import drive
from archive.store import Archive
from indexer.ast import Node
from indexer.embedded import EmbeddedEngine
from indexer.engine import Found, Order
from indexer.search import Search
from indexer.sync import IndexReader
from noticewatch.models import Content, Reading
from noticewatch.words import short_day
from tests.api.serving import served
from tests.archive.making import WHOLE, append, reading
from tests.databases import settings_at
from watchlist.dictionary import Dictionary
from watchlist.matcher import Matcher
from watchlist.tagger import Tagger

pytestmark = [pytest.mark.both_databases, pytest.mark.sqlite_suffices]

SPAN = "from=2026-11-01&to=2032-01-01"
MOVED, SHORT, OPEN_OPTION, PLANNED, CHAIRS = (f"70CMSD27FR000000{n}" for n in range(1, 6))


def action(piid: str, mod: str, signed: str, text: str, **stated: Any) -> Reading:
    """An action of ICE; ``end``, ``option_end``, ``obligated`` and amounts as it states them."""
    dates = [{"role": "signed", "value": signed}]
    dates += [{"role": role, "value": stated[role]} for role in ("end", "option_end") if role in stated]
    amounts = [{"kind": "obligated", "basis": "change", "value": stated.get("obligated", "1000"), "currency": "USD",
                "of": "action", "as_of": signed}]  # fmt: skip
    content: Content = {
        "kind": stated.get("kind", "order" if mod == "0" else "modification"),
        "title": [{"text": text}],
        "buyers": [{"role": "contracting", "name": "ICE", "buyer_id": "usg-dhs-ice"}],
        "parties": [{"role": "supplier", "name": "FCN, INC."}],
        "numbers": [{"type": "piid", "printed": piid, "plain": piid, "issuer": "7012"},
                    {"type": "modification", "printed": mod, "plain": mod}],
        "dates": dates,
        "amounts": amounts + stated.get("amounts", []),
    }  # fmt: skip
    if "reason" in stated:
        content["reason"] = stated["reason"]
    return reading(f"7012:{piid}:{mod}", content, carried=WHOLE | {"buyers", "reason"})


WORTH = [
    {"kind": "base_and_exercised", "basis": "state", "value": "5000", "currency": "USD"},
    {"kind": "base_and_all_options", "basis": "limit", "value": "20000", "currency": "USD"},
]
ACTIONS = (
    action(MOVED, "0", "2026-01-05", "CELLEBRITE UFED", end="2027-01-04", option_end="2031-01-04", amounts=WORTH),
    action(MOVED, "P00001", "2026-06-01", "CELLEBRITE UFED", end="2027-03-31", obligated="500"),
    action(SHORT, "0", "2026-02-01", "CELLEBRITE PREMIUM", end="2027-06-30"),
    action(SHORT, "P00001", "2026-07-01", "CELLEBRITE PREMIUM", end="2026-11-15", reason="TERMINATE FOR CONVENIENCE"),
    action(OPEN_OPTION, "0", "2023-05-01", "CELLEBRITE; UNITS, KITS", end="2024-04-30", option_end="2028-04-30"),
    action(PLANNED, "0", "2026-03-01", "CELLEBRITE KIOSKS", end="2027-05-01", kind="forecast"),
    action(CHAIRS, "0", "2026-03-01", "OFFICE CHAIRS", end="2027-05-01"),
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, dictionary: Dictionary) -> Iterator[TestClient]:
    settings = settings_at(tmp_path_factory.mktemp("renewals"), public_url="https://notices.example")
    with closing(Archive.open(settings)) as archive:
        append(archive, ACTIONS)
        with served(archive, settings, dictionary, [Joiner(), Tagger(Matcher(dictionary))]) as opened:
            yield opened


def test_the_front_page_tells_what_ends_within_a_year(tmp_path: Path, dictionary: Dictionary) -> None:
    settings = settings_at(tmp_path / "home")
    today = datetime.now(UTC).date()
    soon, far = (str(today + timedelta(days=days)) for days in (30, 3_000))
    with closing(Archive.open(settings)) as archive:
        append(archive, [action(MOVED, "0", "2026-01-05", "CELLEBRITE UFED", end=soon),
                         action(SHORT, "0", "2026-01-05", "CELLEBRITE PREMIUM", end=far)])  # fmt: skip
        with served(archive, settings, dictionary, [Joiner(), Tagger(Matcher(dictionary))]) as opened:
            section = opened.get("/").text.partition('id="ends"')[2].partition("</section>")[0]
    assert "CELLEBRITE UFED" in section and short_day(soon) in section and "PREMIUM" not in section


def test_the_front_page_tells_the_largest_contracts_with_a_notice_of_the_last_year(
    tmp_path: Path, dictionary: Dictionary
) -> None:
    settings = settings_at(tmp_path / "home")
    today = datetime.now(UTC).date()
    recent, old = (str(today - timedelta(days=days)) for days in (30, 500))
    rows = [
        action(MOVED, "0", recent, "CELLEBRITE UFED", obligated="20000"),
        action(SHORT, "0", recent, "CELLEBRITE PREMIUM", obligated="300000"),
        action(OPEN_OPTION, "0", old, "CELLEBRITE OF OLD", obligated="9000000"),
        action(PLANNED, "0", recent, "CELLEBRITE FORECAST", obligated="8000000", kind="forecast"),
        action(CHAIRS, "0", recent, "OFFICE CHAIRS", obligated="7000000"),
    ]
    limit = {"kind": "announced", "basis": "limit", "value": "6000000", "currency": "USD"}
    content = rows[0].notice.content() | {"amounts": [limit]}
    announced = {"type": "piid", "printed": "W9124A", "plain": "W9124A", "issuer": "2100"}
    rows.append(reading("announced", content | {"numbers": [announced], "title": [{"text": "CELLEBRITE ANNOUNCED"}]}))
    with closing(Archive.open(settings)) as archive:
        append(archive, rows)
        with served(archive, settings, dictionary, [Joiner(), Tagger(Matcher(dictionary))]) as opened:
            section = opened.get("/").text.partition('id="largest"')[2].partition("</section>")[0]
            (all_of_them,) = re.findall(r'href="(/search[^"]*)"', section)
            results = opened.get(html.unescape(all_of_them)).text
    assert re.findall(r"CELLEBRITE \w+", section) == ["CELLEBRITE PREMIUM", "CELLEBRITE UFED"]
    assert "$300,000" in section and "obligated" in section
    assert "OF OLD" not in results and "CELLEBRITE UFED" in results and "CELLEBRITE ANNOUNCED" in results


class Counting(EmbeddedEngine):
    """The embedded engine, which counts what it is asked to find."""

    asked = 0

    def find(self, query: Node, order: Order, limit: int) -> Found:
        self.asked += 1
        return super().find(query, order, limit)


def test_what_ends_is_looked_for_once_a_state_of_the_log(tmp_path: Path, dictionary: Dictionary) -> None:
    settings = settings_at(tmp_path / "home")
    soon = str(datetime.now(UTC).date() + timedelta(days=30))
    with closing(Archive.open(settings)) as archive, closing(Counting(archive.folder / "index")) as engine:
        readers = [Joiner(), Tagger(Matcher(dictionary)), IndexReader(engine)]
        with TestClient(create_app(archive, Search(archive, engine, dictionary), settings, dictionary)) as opened:
            for piid, ends in ((MOVED, 1), (SHORT, 2)):
                append(archive, [action(piid, "0", "2026-01-05", "CELLEBRITE UFED", end=soon)], day=ends)
                drive(archive, readers)
                for address in ("/", "/renewals.json"):
                    opened.get(address)
                before = engine.asked
                assert len(opened.get("/renewals.json").json()["items"]) == ends
                assert opened.get("/").text.count(short_day(soon)) >= ends
                assert engine.asked == before


def told(client: TestClient, query: str = SPAN) -> list[tuple[str, str, str]]:
    """Day, role and contract number of the ends that are told."""
    items = client.get(f"/renewals.json?{query}").json()["items"]
    return [(item["date"], item["role"], item["contract"]["numbers"][0]) for item in items]


def test_ends_and_options_come_soonest_first_as_they_were_stated_last(client: TestClient) -> None:
    assert told(client) == [
        ("2026-11-15", "end", SHORT), ("2027-03-31", "end", MOVED), ("2028-04-30", "option_end", OPEN_OPTION),
        ("2031-01-04", "option_end", MOVED),
    ]  # fmt: skip


def test_an_end_says_which_notice_states_it(client: TestClient) -> None:
    [_, moved, *_] = client.get(f"/renewals.json?{SPAN}").json()["items"]
    assert moved["end"] == {
        "date": "2027-03-31", "stated_by": f"us-action:7012:{MOVED}:P00001", "stated_on": "2026-06-01",
    }  # fmt: skip
    assert moved["option_end"]["stated_by"] == f"us-action:7012:{MOVED}:0"
    assert f'href="/notices/us-action:7012:{MOVED}:P00001">1 June 2026</a>' in client.get(f"/renewals?{SPAN}").text


def test_money_stands_by_its_kind_and_is_never_added_up_with_another(client: TestClient) -> None:
    short, moved, *_ = client.get(f"/renewals.json?{SPAN}").json()["items"]
    assert [(t["value"], t["called"]) for t in moved["obligated"]] == [("1500", "known part since 2026-01-05")]
    assert moved["base_and_exercised"] == {"value": "5000", "currency": "USD"}
    assert moved["base_and_all_options"] == {"value": "20000", "currency": "USD"}
    assert (short["base_and_exercised"], short["base_and_all_options"]) == (None, None)
    page = re.sub(r"<[^>]*>", "", client.get(f"/renewals?{SPAN}").text)
    said = "Obligated: $1,500 (known part since 5 January 2026). Base and exercised options: $5,000. "
    assert f"{said}Base and all options: $20,000." in page
    assert "Base and exercised options: not stated. Base and all options: not stated." in page


def test_a_termination_and_an_option_that_nobody_tells_of_are_said(client: TestClient) -> None:
    page = client.get(f"/renewals?{SPAN}").text
    assert "TERMINATE FOR CONVENIENCE (2026-07-01)" in page
    assert (
        "its period ended 30 April 2024, as stated on 1 May 2023; whether an option was used since is not held" in page
    )


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("buyer=ICE", 4), ("buyer=usg-dhs", 4), ("buyer=CBP", 0), ("technology=device_forensics", 4),
        ("technology=drones", 0), ("vendor=cellebrite", 4), ("vendor=cellebrite&buyer=usg-doj", 0),
    ],
)  # fmt: skip
def test_buyer_and_technology_narrow_the_list(client: TestClient, filters: str, found: int) -> None:
    answer = client.get(f"/api/v1/renewals?{SPAN}&{filters}").json()
    assert (answer["total"], len(answer["items"]), sum(answer["months"].values())) == (found, found, found)


def test_what_ends_later_than_asked_is_counted_and_led_to(client: TestClient) -> None:
    answer = client.get("/renewals.json?from=2026-11-01&to=2027-12-31").json()
    assert (answer["total"], answer["later"], answer["months"]) == (2, 2, {"2026-11": 1, "2027-03": 1})
    assert "2 later</a>" in client.get("/renewals?from=2026-11-01&to=2027-12-31").text


def test_a_long_list_goes_on_after_the_last_day_that_it_tells(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.renewals.MOST", 1)
    query, told_of = "from=2026-11-02&to=2032-01-01", []
    while query:
        answer = client.get(f"/renewals.json?{query}").json()
        told_of += [item["date"] for item in answer["items"]]
        query = (answer["next"] or "").partition("?")[2]
    assert told_of == ["2026-11-15", "2027-03-31", "2028-04-30", "2031-01-04"]


def test_no_end_of_the_day_at_which_a_list_is_parted_is_left_out(
    tmp_path: Path, dictionary: Dictionary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And an end that is the same with and without options is told once."""
    monkeypatch.setattr("api.renewals.MOST", 1)
    settings = settings_at(tmp_path / "home")
    with closing(Archive.open(settings)) as archive:
        day, last = "2026-11-15", "2027-01-01"
        append(archive, [action(MOVED, "0", "2026-01-05", "CELLEBRITE UFED", end=day, option_end=day),
                         action(SHORT, "0", "2026-01-05", "CELLEBRITE PREMIUM", end=day),
                         action(OPEN_OPTION, "0", "2026-01-05", "CELLEBRITE KITS", end=last)])  # fmt: skip
        with served(archive, settings, dictionary, [Joiner(), Tagger(Matcher(dictionary))]) as opened:
            first = opened.get(f"/renewals.json?{SPAN}").json()
            second = opened.get(first["next"]).json()
    assert [(item["date"], item["role"]) for item in first["items"]] == [(day, "end"), (day, "end")]
    assert [item["date"] for item in second["items"]] == [last]


def test_without_days_the_list_begins_today(client: TestClient) -> None:
    before = datetime.now(UTC).date().isoformat()
    stated = client.get("/renewals.json").json()["from"]
    assert before <= stated <= datetime.now(UTC).date().isoformat()


def test_where_nothing_ends_it_is_said_what_is_covered_and_what_to_try(client: TestClient) -> None:
    page = client.get("/renewals?from=2040-01-01&to=2041-01-01&technology=drones").text
    assert "No contract on the watchlist that matches states when it ends." in page
    assert "USAspending awards" in page and "The archive holds 7 notices" in page and "/search?kind=forecast" in page


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=soon", "from"), ("from=2027-01-01&to=2026-01-01", "turn them round"), ("byer=ICE", "byer"),
        ("buyer=nobody+at+all", "nobody at all"),
    ],
)  # fmt: skip
def test_a_parameter_that_cannot_be_used_is_named(client: TestClient, query: str, said: str) -> None:
    for address in ("/renewals", "/renewals.json", "/api/v1/renewals", "/feeds/renewals.ics"):
        answer = client.get(f"{address}?{query}")
        assert answer.status_code == 400 and said in answer.text, address


def events(body: bytes) -> list[dict[str, str]]:
    """Events of a calendar by name of their properties, as a program that reads it puts the lines together."""
    lines = body.decode().replace("\r\n ", "").split("\r\n")
    found: list[dict[str, str]] = []
    for line in lines:
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            found.append({})
        elif found and name:
            found[-1].setdefault(name, value)
    return found


def test_the_calendar_has_a_day_for_each_end(client: TestClient) -> None:
    answer = client.get(f"/feeds/renewals.ics?{SPAN}")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    found = events(answer.content)
    assert [event["DTSTART;VALUE=DATE"] for event in found] == ["20261115", "20270331", "20280430", "20310104"]
    assert len({event["UID"] for event in found}) == 4
    assert found[2]["SUMMARY"] == "Last option ends: CELLEBRITE\\; UNITS\\, KITS (FCN\\, INC.)"
    assert found[1]["URL"] == f"https://notices.example/notices/us-action:7012:{MOVED}:0"
    again = client.get(f"/feeds/renewals.ics?{SPAN}", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_a_calendar_without_a_day_is_one_all_the_same() -> None:
    lines = calendar("ends", []).decode().splitlines()
    begun, ended = ([line.partition(":")[2] for line in lines if line.startswith(word)] for word in ("BEGIN", "END"))
    assert begun == ["VCALENDAR", "VTIMEZONE", "STANDARD"] == ended[::-1]


@given(st.text(), st.text())
def test_no_text_can_end_a_line_of_the_calendar_or_make_it_too_long(summary: str, description: str) -> None:
    stamp = datetime(2026, 1, 1, tzinfo=UTC)
    body = calendar("ends", [Day("u", stamp.date(), summary, description, "https://x.example/", stamp)])
    lines = body.split(b"\r\n")
    assert lines[-1] == b"" and max(map(len, lines)) <= 75
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", body) and not re.search(rb"(?<!\r)\n|\r(?!\n)", body)
    (event,) = events(body)
    assert set(event) >= {"SUMMARY", "DESCRIPTION", "URL", "END"}
