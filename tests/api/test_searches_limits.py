"""Addresses are asked before they get anything; how often anybody may sign up is limited, for all servers together."""

from contextlib import closing
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from alerts.tables import (
    alert_limits,
)
from archive.store import Archive
from tests.api.alerting import API, HOOK, MAIL, asked, desk, link, save, settings_of, states

pytestmark = pytest.mark.both_databases


def test_an_address_is_asked_once_a_search_and_gets_no_test_before_it_is_confirmed(
    both: tuple[TestClient, Archive],
) -> None:
    client, archive = both
    saved = save(client, MAIL)
    assert asked(archive) == 1
    test = client.post(f"{API}/{saved['token']}/targets/{saved['targets'][0]['id']}/test")
    assert (test.status_code, test.json()["detail"]) == (
        400, "Nothing is sent to an address that is not confirmed, not even a test.",
    )  # fmt: skip


def test_whether_an_address_is_known_cannot_be_told_from_any_answer(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    answers = [client.post(API, json={"targets": [MAIL], "query": "drone"}) for _ in range(6)]
    told = []
    for answer in answers:
        saved = answer.json()
        again = client.post(
            f"{API}/{saved['api_url'].rpartition('/')[2]}/targets/{saved['targets'][0]['id']}/confirmation"
        )
        held = client.get(f"{API}/{saved['api_url'].rpartition('/')[2]}").json()
        told.append((answer.status_code, saved["targets"][0]["state"], again.status_code, again.json()))
        told[-1] += (held["messages"], held["targets"][0]["last_answer"], held["targets"][0]["failing_since"])
    assert len(set(map(str, told))) == 1
    assert asked(archive) == 3  # a day, whoever asks


def test_every_target_of_a_sign_up_counts(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    mails = [MAIL | {"address": f"{number}@example.org"} for number in range(6)]
    answers = [client.post(API, json={"targets": mails, "query": "drone"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 429]
    assert len(states(archive)) == 6


def test_sign_ups_are_limited_and_say_when_to_come_again(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    answers = [client.post(API, json={"targets": [HOOK], "query": "drone"}) for _ in range(12)]
    assert [answer.status_code for answer in answers] == [201] * 10 + [429] * 2
    assert [answers[0].headers[f"ratelimit-{name}"] for name in ("limit", "remaining")] == ["10", "9"]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 360
    assert answers[-1].headers["ratelimit-remaining"] == "0"
    assert answers[-1].headers["content-type"].startswith("application/problem+json")
    assert len(states(archive)) == 10


@pytest.mark.sqlite_suffices
def test_readers_of_other_networks_are_not_held_up(both: tuple[TestClient, Archive]) -> None:
    client, _ = both
    asked = {"targets": [HOOK], "query": "drone"}
    near, beside, far = (
        TestClient(client.app, client=(at, 5)) for at in ("203.0.113.9", "203.0.113.77", "198.51.100.9")
    )
    assert [near.post(API, json=asked).status_code for _ in range(11)] == [201] * 10 + [429]
    assert beside.post(API, json=asked).status_code == 429
    assert far.post(API, json=asked).status_code == 201


REFUSED = [
    {"query": '"', "targets": [HOOK]},
    {"query": "drone", "targets": [HOOK | {"address": "https://127.0.0.1/"}]},
    {"query": "drone", "targets": [HOOK, HOOK]},
    {"query": "drone", "targets": [HOOK], "zone": "Mars/Olympus"},
]


@pytest.mark.parametrize("refused", REFUSED)
def test_a_refused_sign_up_takes_nothing_of_the_limit(
    both: tuple[TestClient, Archive], refused: dict[str, Any]
) -> None:
    client, _ = both
    for _ in range(12):
        assert client.post(API, json=refused).status_code == 400
    answer = client.post(API, json={"query": "drone", "targets": [HOOK]})
    assert (answer.status_code, answer.headers["ratelimit-remaining"]) == (201, "9")


def test_a_sign_up_of_more_than_is_left_takes_nothing_and_a_smaller_one_is_served(
    both: tuple[TestClient, Archive],
) -> None:
    client, _ = both
    mails = [MAIL | {"address": f"{number}@example.org"} for number in range(6)]
    asked = [mails, mails, mails[:4], mails[:1]]
    answers = [client.post(API, json={"targets": some, "query": "drone"}).status_code for some in asked]
    assert answers == [201, 429, 201, 429]


def test_limits_are_those_of_all_servers_and_outlast_a_restart(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    asked_of = {"targets": [MAIL], "query": "drone"}
    assert [client.post(API, json=asked_of).status_code for _ in range(6)] == [201] * 6
    with closing(Archive.open(settings_of(archive))) as same, desk(archive.folder, same) as (beside, _):
        assert [beside.post(API, json=asked_of).status_code for _ in range(5)] == [201] * 4 + [429]
    assert client.post(API, json=asked_of).status_code == 429
    assert asked(archive) == 3
    with archive.reading() as connection:
        held = str(connection.execute(select(alert_limits)).all())
    assert MAIL["address"] not in held
    assert "testclient" not in held


@pytest.mark.sqlite_suffices
def test_only_an_unconfirmed_address_of_mail_is_asked_again(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    saved = save(client, HOOK, MAIL)
    hook, mail = (f"{API}/{saved['token']}/targets/{target['id']}/confirmation" for target in saved["targets"])
    answer = client.post(hook)
    assert (answer.status_code, answer.json()["detail"]) == (
        400, "Only addresses of mail are asked; this target needs no confirmation.",
    )  # fmt: skip
    assert (client.post(mail).status_code, asked(archive)) == (200, 2)
    client.post(f"/alerts/confirm/{link(archive, 'confirm')}")
    answer = client.post(mail)
    assert (answer.status_code, answer.json()["detail"]) == (400, "This address was confirmed already.")
    assert asked(archive) == 2
