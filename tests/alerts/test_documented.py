"""What docs/alerts.md says a receiver can do, done."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alerts import forming, outbox, view
from alerts.channels import webhook
from alerts.channels.chat import SERVICES, Chat
from alerts.channels.webhook import Webhook, new_secret
from alerts.guard import Guard
from alerts.message import payload
from alerts.models import Find, Target
from tests.alerts.servers import answer, serving
from tests.alerts.telling import find_of, message_of
from tests.waiting import PATIENCE

DOCUMENT = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8")
NOW = datetime(2026, 4, 25, 12, 31, tzinfo=UTC)


def checker() -> Any:
    """The function that the document gives receivers."""
    (example,) = re.findall(r"^```python\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    held: dict[str, Any] = {}
    exec(example, held)
    return held["is_genuine"]


def test_the_example_accepts_what_is_sent_and_nothing_else(finds: list[Find]):
    secret, is_genuine, now = new_secret(), checker(), NOW.timestamp()
    message = message_of([find_of(finds, "us-action:7012:70CMSD23FR0000145:0")])
    with serving(answer("204 No Content")) as server:
        webhook = Webhook(Guard(allow_private=True), PATIENCE, lambda: NOW)
        assert webhook.send(Target("webhook", server.url(), f"{new_secret()} {secret}"), message).state == "delivered"
    (request,) = server.requests
    assert is_genuine(secret, request.headers, request.body, now)
    assert not is_genuine(new_secret(), request.headers, request.body, now)
    assert not is_genuine(secret, request.headers, request.body + b" ", now)
    assert not is_genuine(secret, request.headers | {"webhook-id": "msg_other"}, request.body, now)
    assert not is_genuine(secret, request.headers, request.body, now + 301)


def test_every_member_of_the_body_is_documented_and_there(finds: list[Find]):
    made = payload(message_of([find_of(finds, "us-action:7012:70CMSD23FR0000145:0")]))
    find = made["data"]["groups"][0]["finds"][0]
    (row,) = re.findall(r"^\| `finds\[\]` \|(.*)\|$", DOCUMENT, re.MULTILINE)
    named = set(re.findall(r"`([a-z_0-9]+)`", row)) - {"entered", "still", "left"}
    assert named == set(find)
    assert set(re.findall(r"`data\.([a-z_]+)(?:\[\])?`", DOCUMENT)) == set(made["data"])
    assert set(re.findall(r"^\| `([a-z]+)` \| (?:`search|when)", DOCUMENT, re.MULTILINE)) == {"type", "timestamp"}


def test_waits_and_limits_are_those_of_the_document():
    waits = [str(int(wait.total_seconds() // 60)) for wait in outbox.WAITS]
    assert f"after {', '.join(waits[:-2])} and {waits[-2]} minutes and then every {waits[-1]}," in DOCUMENT
    assert f"tried for {outbox.TRIED_FOR.total_seconds() / 3600:.0f} hours" in DOCUMENT
    assert f"up to {outbox.LONGEST_WAIT.total_seconds() / 3600:.0f} hours" in DOCUMENT
    assert f"gets {forming.MOST_AT_ONCE} messages an hour" in DOCUMENT
    assert outbox.MOST_A_HOST == 2
    assert "a host two" in DOCUMENT
    assert f"shows {view.MOST_GROUPS} contracts at most" in DOCUMENT
    assert f"within {webhook.TOTAL_SECONDS:.0f} seconds" in DOCUMENT


def test_the_addresses_of_chat_rooms_are_understood():
    given = re.findall(r"^    ((?:slack|https|mmosts|ntfys)://\S+)$", DOCUMENT, re.MULTILINE)
    assert len(given) == 4
    for address in given:
        real = address.replace("TOKEN_A", "T1JJ3T3L2").replace("TOKEN_B", "A1BRTD4JD")
        real = real.replace("TOKEN_C", "TIiajkdnlazkcOXrIdevi7FQ").replace("TOKEN", "token12345678")
        Chat(SERVICES, seconds=PATIENCE).check(Target("chat", real))
