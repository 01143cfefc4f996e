"""Searches are saved, changed and deleted over the API, without accounts."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Table, func, select, update

from alerts import forming
from alerts.tables import (
    alert_groups,
    alert_targets,
    alert_tokens,
    deliveries,
    matches,
    outbox,
    saved_searches,
    search_revisions,
)
from archive.store import Archive
from noticewatch.identifiers import now
from tests.alerts.making import crawl, follow, opened
from tests.api.alerting import API, BASE, HOOK, MAIL, save, states
from tests.archive.making import reading

pytestmark = pytest.mark.both_databases

ALL: tuple[Table, ...] = (
    saved_searches, search_revisions, alert_targets, alert_tokens, alert_groups, matches, deliveries, outbox,
)  # fmt: skip


def test_a_saved_search_is_answered_with_its_private_link_and_the_secret_once(
    both: tuple[TestClient, Archive],
) -> None:
    client, _ = both
    saved = save(client, HOOK, MAIL, name="Drones", reasons=["new", "gone"], rhythm="weekly", zone="America/New_York",
                 weekday="friday", local_time="07:30", filters={"buyer": ["ICE"]})  # fmt: skip
    assert saved["manage_url"] == f"{BASE}/alerts/manage/{saved['token']}"
    assert saved["targets"][0]["secret"].startswith("whsec_")
    assert [target["state"] for target in saved["targets"]] == ["active", "unconfirmed"]
    again = client.get(f"{API}/{saved['token']}").json()
    assert "secret" not in str(again["targets"][0].keys() - {"secrets"})
    assert "manage_url" not in again
    kept = {name: again[name] for name in ("name", "reasons", "rhythm", "zone", "weekday", "local_time", "filters")}
    assert kept == {"name": "Drones", "reasons": ["new", "gone"], "rhythm": "weekly", "zone": "America/New_York",
                    "weekday": "friday", "local_time": "07:30", "filters": {"buyer": ["ICE"]}}  # fmt: skip
    assert again["feeds"]["atom"] == f"{BASE}/feeds/search.atom?q=drone&lens=everything&buyer=ICE"


def test_what_is_left_out_is_new_on_the_watchlist_of_the_tier_alert_at_once(both: tuple[TestClient, Archive]) -> None:
    client, _ = both
    saved = client.post(API, json={"targets": [HOOK]}).json()
    assert [saved[name] for name in ("lens", "tiers", "reasons", "rhythm")] == [
        "watchlist",
        ["alert"],
        ["new"],
        "at_once",
    ]


def test_an_address_is_not_told_whole_to_who_has_the_link(both: tuple[TestClient, Archive]) -> None:
    client, _ = both
    room = {"channel": "webhook", "address": "https://hooks.example.org/services/T0000/secretsecret"}
    saved = save(client, room, MAIL)
    told = client.get(f"{API}/{saved['token']}").text
    assert "secretsecret" not in told
    assert MAIL["address"] not in told
    assert [target["address"] for target in saved["targets"]] == ["https://hooks.example.org/…", "de…@example.org"]


def test_the_token_is_held_as_a_hash_alone(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    token = save(client)["token"]
    with archive.reading() as connection:
        held = [str(row) for table in ALL for row in connection.execute(select(table))]
    assert held
    assert not [row for row in held if token in row]


def test_a_changed_question_counts_from_the_next_event_on(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    opened(archive)
    saved = save(client, query="drone")
    crawl(archive, reading("1", "drone"), day=1)
    changed = client.patch(f"{API}/{saved['token']}", json={"query": "camera"})
    assert changed.status_code == 200
    crawl(archive, reading("2", "drone"), reading("3", "camera"), day=2)
    follow(archive)
    with archive.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(matches)) == 2
    assert changed.json()["revision"] == 2
    assert changed.json()["since_seq"] > saved["since_seq"]
    assert changed.json()["name"] == "camera"


def test_deleting_a_search_deletes_all_of_it(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    opened(archive)
    saved = save(client, HOOK, MAIL)
    crawl(archive, reading("1", "drone"))
    follow(archive)
    assert client.delete(f"{API}/{saved['token']}").status_code == 204
    with archive.reading() as connection:
        assert not [table.name for table in ALL if connection.scalar(select(func.count()).select_from(table))]
    assert client.get(f"{API}/{saved['token']}").status_code == 404


def test_targets_are_added_paused_resumed_and_removed(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    opened(archive)
    token = save(client)["token"]
    room = {"channel": "webhook", "address": "https://other.example.org/"}
    added = client.post(f"{API}/{token}/targets", json=room)
    assert added.status_code == 201
    assert added.json()["secret"].startswith("whsec_")
    at = f"{API}/{token}/targets/{added.json()['id']}"
    assert client.post(f"{at}/pause").json()["why"] == "Its owner paused it."
    crawl(archive, reading("1", "drone"))
    follow(archive)
    assert client.get(f"{API}/{token}").json()["targets"][1]["waiting"] == 1
    assert client.post(f"{at}/resume").json()["state"] == "active"
    assert client.delete(at).status_code == 204
    assert client.delete(at).status_code == 404
    assert states(archive) == [(HOOK["address"], "active")]


@pytest.mark.parametrize("action", ["pause", "resume", "secret", "end_old_secret"])
def test_a_change_of_a_target_answers_with_the_target_as_the_search_shows_it(
    both: tuple[TestClient, Archive], action: str
) -> None:
    client, archive = both
    opened(archive)
    saved = save(client)
    crawl(archive, reading("1", "drone"))
    follow(archive)
    with archive.writing() as connection:
        forming.form(connection, now())
        connection.execute(update(deliveries).values(last_answer="503: busy"))
    told = client.post(f"{API}/{saved['token']}/targets/{saved['targets'][0]['id']}/{action}").json()
    told.pop("secret", None)
    assert told["last_answer"] == "503: busy"
    assert [told] == client.get(f"{API}/{saved['token']}").json()["targets"]


def test_a_search_goes_with_its_last_target(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    saved = save(client)
    assert client.delete(f"{API}/{saved['token']}/targets/{saved['targets'][0]['id']}").status_code == 204
    assert client.get(f"{API}/{saved['token']}").status_code == 404
    assert states(archive) == []


def test_a_new_secret_signs_beside_the_old_one_until_that_is_ended(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    saved = save(client)
    at = f"{API}/{saved['token']}/targets/{saved['targets'][0]['id']}"
    first = saved["targets"][0]["secret"]
    second = client.post(f"{at}/secret").json()
    assert (second["secret"] != first, second["secrets"]) == (True, 2)
    third = client.post(f"{at}/secret").json()

    def held() -> Any:
        with archive.reading() as connection:
            return connection.scalar(select(alert_targets.c.secret))

    assert held() == f"{third['secret']} {second['secret']}"
    ended = client.post(f"{at}/end_old_secret").json()
    assert "secret" not in ended
    assert held() == third["secret"]
    mail = client.post(f"{API}/{saved['token']}/targets", json=MAIL).json()["id"]
    assert client.post(f"{API}/{saved['token']}/targets/{mail}/secret").status_code == 400
