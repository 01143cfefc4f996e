"""Searches are saved, changed and deleted over the API, without accounts."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Table, func, select, update
from sqlalchemy.exc import IntegrityError

from alerts import forming
from alerts.tables import (
    alert_groups,
    alert_limits,
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
from tests.api.alerting import API, BASE, HOOK, MAIL, asked, desk, link, save, settings_of, states
from tests.archive.making import reading

pytestmark = pytest.mark.both_databases

ALL: tuple[Table, ...] = (
    saved_searches, search_revisions, alert_targets, alert_tokens, alert_groups, matches, deliveries, outbox,
)  # fmt: skip


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[TestClient, Archive]]:
    with desk(tmp_path / "data") as held:
        yield held


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


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "No target is given; name one, or follow the feed of the search, which needs none."),
    ({"targets": [HOOK], "lens": "everything"}, "The search asks for every notice there is"),
    ({"targets": [HOOK], "query": 'a "b'}, "quotation mark"),
    ({"targets": [HOOK], "quer": "drone"}, "There is no field 'quer'; known are name, query,"),
    ({"targets": [HOOK | {"to": "x"}]}, "There is no field 'targets.0.to'; known are channel, address."),
    ({"targets": [HOOK], "zone": "Mars/Olympus"}, "There is no time zone 'Mars/Olympus'"),
    ({"targets": [HOOK], "zone": "../../etc/passwd"}, "There is no time zone"),
    ({"targets": [HOOK], "zone": "/etc/localtime"}, "There is no time zone"),
    ({"targets": [HOOK], "rhythm": "monthly"}, "Field rhythm:"),
    ({"targets": [HOOK], "local_time": "25:00"}, "Field local_time:"),
    ({"targets": [HOOK], "weekday": "someday"}, "Field weekday:"),
    ({"targets": [HOOK], "from": "2026-02-01", "to": "2026-01-01"}, "Field from is 2026-02-01, after to"),
    ({"targets": [HOOK], "amount_min": "NaN"}, "Field amount_min:"),
    ({"targets": [HOOK], "amount_min": "1e400"}, "Field amount_min:"),
    ({"targets": [HOOK], "filters": {"color": ["red"]}}, "There is no filter 'color'"),
    ({"targets": [HOOK], "filters": {"buyer": ["Nobody At All"]}}, "There is no buyer 'Nobody At All'"),
    ({"targets": [HOOK], "tiers": []}, "No tier is chosen"),
    ({"targets": [HOOK], "reasons": []}, "Nothing is chosen that counts"),
    ({"targets": [HOOK], "due_days": [5]}, "Deadlines are told 1, 3, 7, 14 days before, not 5."),
    ({"targets": [HOOK], "name": "x" * 2_000}, "Field name:"),
    ({"targets": [HOOK] * 11, "query": "drone"}, "A search has at most 10 targets."),
    ({"targets": [HOOK] * 2, "query": "drone"}, "The search already goes to that webhook target."),
    ({"targets": [{"channel": "webhook", "address": "http://hooks.example.org/"}]}, "https:// addresses only"),
    ({"targets": [{"channel": "webhook", "address": "https://127.0.0.1/"}]}, "127.0.0.1 is an address inside"),
    ({"targets": [{"channel": "webhook", "address": "https://[::ffff:10.0.0.1]/"}]}, "is an address inside"),
    ({"targets": [{"channel": "webhook", "address": "https://169.254.169.254/latest"}]}, "is an address inside"),
    ({"targets": [{"channel": "webhook", "address": "https://user:pw@example.org/"}]}, "leave them out"),
    ({"targets": [{"channel": "webhook", "address": "javascript:alert(1)"}]}, "begins with https://"),
    (
        {"targets": [{"channel": "webhook", "address": "https://example.org/\r\nX: 1"}]},
        "characters that no address has",
    ),
    ({"targets": [{"channel": "email", "address": "desk@example.org\r\nBcc: all@example.org"}]}, "one e-mail address"),
    ({"targets": [{"channel": "email", "address": "not an address"}]}, "one e-mail address"),
    ({"targets": [{"channel": "file", "address": "/etc/passwd"}]}, "Files and commands are set by the operator"),
    ({"targets": [{"channel": "command", "address": "rm -r /"}]}, "Files and commands are set by the operator"),
    ({"targets": [{"channel": "pigeon", "address": "loft"}]}, "Field targets.0.channel:"),
]


@pytest.mark.sqlite_suffices
@pytest.mark.parametrize(("given", "said"), BAD, ids=[said[:40] for _, said in BAD])
def test_what_cannot_be_saved_is_named_in_one_sentence(
    both: tuple[TestClient, Archive], given: dict[str, Any], said: str
) -> None:
    client, archive = both
    answer = client.post(API, json=given)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert said in answer.json()["detail"] + str(answer.json().get("hint", ""))
    assert "\n" not in answer.json()["detail"]
    assert states(archive) == []


@pytest.mark.sqlite_suffices
@pytest.mark.parametrize(
    ("received", "status", "said"),
    [
        (b"{", 400, "The body is not JSON"), (b"[]", 400, "not a JSON object"),
        (b"\xff\xfe", 400, "The body is not JSON"),
        (b'{"query": "' + b"x" * 70_000 + b'"}', 413, "larger than 64,000 bytes"),
        (b'{"a":' * 5_000, 400, "The body is not JSON"),
    ],
    ids=["cut", "list", "bytes", "huge", "deep"],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_refused(
    both: tuple[TestClient, Archive], received: bytes, status: int, said: str
) -> None:
    client, _ = both
    answer = client.post(API, content=received)
    assert answer.status_code == status
    assert said in answer.json()["detail"]


@pytest.mark.sqlite_suffices
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403), ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, 201), ({"origin": BASE}, 201), ({}, 201),
        ({"origin": "http://testserver"}, 201), ({"origin": "http://[broken"}, 403),
    ],
    ids=str,
)  # fmt: skip
def test_pages_of_other_sites_can_send_nothing(
    both: tuple[TestClient, Archive], headers: dict[str, str], status: int
) -> None:
    client, archive = both
    assert client.post(API, json={"targets": [HOOK], "query": "drone"}, headers=headers).status_code == status
    assert len(states(archive)) == (status == 201)


@pytest.mark.sqlite_suffices
def test_no_answer_about_a_saved_search_is_kept_or_listed_by_anybody(both: tuple[TestClient, Archive]) -> None:
    client, _ = both
    token = save(client)["token"]
    answers = [client.get(f"{API}/{token}"), client.get(f"{API}/wrong"), client.get(f"{API}/preview?q=drone"),
               client.post(API, json={})]  # fmt: skip
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.sqlite_suffices
def test_no_query_name_or_address_of_a_subscriber_is_logged(
    both: tuple[TestClient, Archive], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    client, archive = both
    opened(archive)
    caplog.set_level(0)
    room = {"channel": "webhook", "address": "https://hooks.example.org/zzsecretroom"}
    saved = save(client, room, query="zzquery OR drone", name="zzname")
    client.patch(f"{API}/{saved['token']}", json={"query": "zzquery AND ("})
    client.get(f"{API}/preview?q=zzquery")
    client.get("/alerts/preview?q=zzquery")
    crawl(archive, reading("1", "drone"))
    follow(archive)
    said = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "asyncio"))
    )
    said += "".join(capfd.readouterr())
    assert not [word for word in ("zzquery", "zzname", "zzsecretroom", saved["token"]) if word in said]


def test_a_statement_that_fails_does_not_name_a_subscribers_values(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    save(client, query="zzquery OR drone")
    with pytest.raises(IntegrityError) as failed, archive.writing() as connection:
        row = dict(connection.execute(select(search_revisions)).mappings().one()) | {"number": 99}
        connection.execute(search_revisions.insert().values(row))
    assert "search_revisions" in str(failed.value)
    assert "zzquery" not in str(failed.value)
