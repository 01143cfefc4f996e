"""From a crawl to every channel at once: real relay, receiver, chat room and file."""

from email import message_from_bytes, policy
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select

from alerts import searches
from alerts.channels.registry import channels
from alerts.channels.webhook import new_secret
from alerts.delivery import Delivery
from alerts.models import ChannelName, Reason, Target, Terms
from alerts.tables import deliveries
from alerts.tokens import Tokens
from archive.store import Archive
from noticewatch.settings import Settings
from tests.alerts.making import crawl, follow, names, opened
from tests.alerts.relays import Handler, relaying
from tests.alerts.servers import answer, close, serving
from tests.archive.making import reading, title
from tests.dictionary import matcher

BASE = "https://notices.example"


def stated(due: str) -> dict[str, object]:
    return title("Social media monitoring", dates=[{"role": "due", "value": due}])


def save(archive: Archive, *targets: Target) -> None:
    asked = Terms(query="social media", lens="everything", reasons=(Reason.NEW, Reason.AMENDED))
    with archive.writing() as connection:
        searches.create(
            connection, Tokens(archive.folder), names(), asked, [(target, "active") for target in targets]
        )  # fmt: skip


def delivery(archive: Archive, port: int) -> Delivery:
    settings = Settings(
        home=archive.folder, alerts_allow_private=True, smtp_url=f"smtp://127.0.0.1:{port}?timeout=60",
        mail_from="alerts@notices.example",
    )  # fmt: skip
    return Delivery(archive, channels(settings), matcher(), BASE)


def states(archive: Archive) -> list[str]:
    with archive.reading() as connection:
        return list(connection.scalars(select(deliveries.c.state).order_by(deliveries.c.number)))


def test_a_change_reaches_every_channel_and_says_what_is_new(archive: Archive, tmp_path: Path) -> None:
    handler, file = Handler(), tmp_path / "alerts.jsonl"
    with relaying(handler) as port, serving(answer("204 No Content")) as hook, serving(answer("200 OK")) as room:
        opened(archive, reading("A", stated("2026-09-01")))
        save(
            archive,
            Target("email", "desk@example.org"),
            Target("webhook", hook.url(), new_secret()),
            Target("chat", f"mmost://127.0.0.1:{room.port}/token12345678"),
            Target("file", str(file)),
            Target("command", f"cp /dev/stdin {tmp_path}/copied"),
        )
        crawl(archive, reading("A", stated("2026-09-08")))
        follow(archive)
        assert delivery(archive, port).once() == 5
    assert states(archive) == ["delivered"] * 5
    content = handler.taken[0].content
    assert isinstance(content, bytes)
    mail = message_from_bytes(content, policy=policy.SMTP)
    text = mail.get_body(("plain",)).get_content()  # type: ignore[attr-defined]  # of the policy's class
    assert "Responses due (+7 days): [-1 September 2026-] [+8 September 2026+]" in text
    assert "title: [Social] [media] monitoring" in text
    assert f"{BASE}/notices/us-action:A/versions/2" in text
    bodies = [hook.requests[0].body, file.read_bytes(), (tmp_path / "copied").read_bytes()]
    for (find,) in (orjson.loads(body)["data"]["groups"][0]["finds"] for body in bodies):
        assert (find["notice"], find["version"], find["crossing"]) == ("us-action:A", 2, "still")
        assert find["changed"][0]["why"] == "+7 days"
        assert find["record_url"].endswith("/records/0")
    assert "Social media monitoring" in orjson.loads(room.requests[0].body)["text"]


@pytest.mark.parametrize("channel", ["webhook", "chat"])
def test_a_private_link_reaches_no_room_and_no_receiver(archive: Archive, channel: ChannelName) -> None:
    handler = Handler()
    with relaying(handler) as port, serving(answer("200 OK", body=b"{}")) as other:
        opened(archive)
        at = other.url() if channel == "webhook" else f"ntfy://127.0.0.1:{other.port}/topic"
        save(archive, Target("email", "desk@example.org"), Target(channel, at, new_secret()))
        crawl(archive, reading("A", stated("2026-09-08")))
        follow(archive)
        delivery(archive, port).once()
    content = handler.taken[0].content
    assert isinstance(content, bytes)
    text = message_from_bytes(content, policy=policy.SMTP).get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    lines = text.splitlines()
    (place,) = [at for at, line in enumerate(lines) if line.startswith("Change, pause or delete")]
    token = lines[place + 1].rpartition("/")[2]
    assert len(token) > 30
    assert token.encode() not in other.requests[0].body


def test_one_target_that_fails_holds_up_no_other(archive: Archive, tmp_path: Path) -> None:
    file = tmp_path / "alerts.jsonl"
    with relaying(Handler(at_recipient=["450 4.2.0 greylisted"])) as port, serving(close) as hook:
        opened(archive)
        save(
            archive, Target("email", "desk@example.org"), Target("webhook", hook.url(), new_secret()),
            Target("file", str(file)),
        )  # fmt: skip
        crawl(archive, reading("A", stated("2026-09-08")))
        follow(archive)
        delivery(archive, port).once()
    assert sorted(states(archive)) == ["delivered", "waiting", "waiting"]
    assert len(file.read_bytes().splitlines()) == 1
