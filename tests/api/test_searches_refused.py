"""What cannot be saved is named in a sentence, other sites can send nothing, and nothing of a subscriber is logged."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from alerts.tables import (
    search_revisions,
)
from archive.store import Archive
from tests.alerts.making import crawl, follow, opened
from tests.api.alerting import API, BASE, HOOK, save, states
from tests.archive.making import reading

pytestmark = pytest.mark.both_databases


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
    ({"targets": [HOOK], "from": "2026-02-01", "to": "2026-01-01"}, "The first day, 2026-02-01, is after the last"),
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
