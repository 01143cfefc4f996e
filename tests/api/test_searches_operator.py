"""The operator sees what waits, what fails and what is paused, and nobody else does."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from alerts import forming, outbox
from alerts.models import Outcome
from alerts.overview import state
from archive.store import Archive
from noticewatch.identifiers import now
from tests.alerts.making import crawl, follow, opened
from tests.api.alerting import MAIL, desk, save
from tests.archive.making import reading

pytestmark = pytest.mark.both_databases

TOKEN = "an operator's token"
STATE = "/api/v1/alerts/operator"
OUTCOMES = {
    "busy.example.org": Outcome("retry", "HTTP 503"), "gone.example.org": Outcome("gone", "HTTP 410"),
    "email": Outcome("delivered", "taken by the mail relay"),
}  # fmt: skip
AS_OPERATOR = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[TestClient, Archive]]:
    """Three notices told to a webhook that answers 503, one that is gone, and an address that is not confirmed."""
    with desk(tmp_path / "data", admin_token=TOKEN) as (client, archive):
        opened(archive)
        hooks = [f"https://{host}.example.org/secretpath" for host in ("busy", "gone")]
        save(client, *({"channel": "webhook", "address": hook} for hook in hooks), MAIL, name="zzname")
        crawl(archive, *(reading(str(number), "drone") for number in range(3)))
        follow(archive)
        at = now()
        with archive.writing() as connection:
            forming.form(connection, at)
        with archive.writing() as connection:
            for one in outbox.claim(connection, "a test", 10, at):
                host = outbox.host_of(one.target.target.channel, one.target.target.address)
                outbox.settle(connection, "a test", one, OUTCOMES[host], at)
        yield client, archive


def test_the_state_of_all_alerts_names_hosts_and_no_address_name_or_query(both: tuple[TestClient, Archive]) -> None:
    client, _ = both
    answer = client.get(STATE, headers=AS_OPERATOR)
    told = answer.json()
    assert [(one["host"], one["targets"], one["last_answer"]) for one in told["failing"]] == [
        ("busy.example.org", 1, "HTTP 503")
    ]
    assert [(one["host"], one["waiting"]) for one in told["paused"]] == [("gone.example.org", 3)]
    assert "410" in told["paused"][0]["why"]
    assert told["targets"] == {"active": 1, "unconfirmed": 1, "paused": 1}
    counts = {"due": 0, "later": 0, "waiting": 4, "kept": 6, "failed": 0, "held": 0}
    assert told["outbox"] == counts  # kept: of the paused one its messages, of the unconfirmed one its entries
    hosts = {(row["host"] or row["channel"]): (row["waiting"], row["kept"]) for row in told["hosts"]}
    assert hosts == {"busy.example.org": (4, 0), "gone.example.org": (0, 3), "email": (0, 3)}
    page = client.post("/alerts/operator", data={"token": TOKEN})
    for said in (answer.text, page.text):
        assert not [word for word in ("secretpath", MAIL["address"], "zzname", "drone") if word in said]
    assert "busy.example.org" in page.text
    assert "gone.example.org" in page.text


def test_how_long_the_longest_has_waited_is_told(both: tuple[TestClient, Archive]) -> None:
    client, archive = both
    figures = dict(line.rsplit(" ", 1) for line in client.get("/metrics").text.splitlines() if line[0] != "#")
    told = client.get(STATE, headers=AS_OPERATOR).json()
    assert figures['noticewatch_alerts_outbox{state="waiting"}'] == str(told["outbox"]["waiting"]) != "0"
    assert figures["noticewatch_alerts_failing_targets"] == "1"
    assert figures['noticewatch_alerts_targets{state="paused"}'] == "1"
    with archive.reading() as connection:
        later = now() + timedelta(hours=2)
        assert 7_190 <= state(connection, later).oldest_seconds(later) <= 7_300
    assert int(figures["noticewatch_alerts_oldest_seconds"]) < 300


@pytest.mark.sqlite_suffices
@pytest.mark.parametrize(
    ("headers", "status"), [({}, 401), ({"authorization": "Bearer wrong"}, 403), ({"authorization": TOKEN}, 401)]
)
def test_nobody_else_sees_it(both: tuple[TestClient, Archive], headers: dict[str, str], status: int) -> None:
    client, _ = both
    answer = client.get(STATE, headers=headers)
    assert (answer.status_code, "busy" in answer.text) == (status, False)
    page = client.get("/alerts/operator", headers={"accept": "text/html"})
    assert (page.status_code, "busy" in page.text) == (200, False)
    wrong = client.post("/alerts/operator", data={"token": "wrong"})
    assert (wrong.status_code, "busy" in wrong.text) == (403, False)
    foreign = client.post("/alerts/operator", data={"token": TOKEN}, headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403


@pytest.mark.sqlite_suffices
def test_without_a_token_in_the_settings_it_is_shown_to_nobody(tmp_path: Path) -> None:
    with desk(tmp_path / "data") as (client, _):
        assert client.get(STATE, headers=AS_OPERATOR).status_code == 403
        assert client.post("/alerts/operator", data={"token": ""}).status_code == 403
