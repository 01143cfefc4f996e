"""An address of mail is asked by a real relay, confirmed by the link in the mail, and then told; or left alone."""

import re
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from alerts.channels.registry import channels
from alerts.delivery import Delivery
from alerts.searches import CONFIRMED_WITHIN
from alerts.tables import alert_targets
from archive.store import Archive
from archive.times import stamp
from noticewatch.identifiers import now
from noticewatch.settings import Settings
from tests.alerts.making import crawl, follow, opened
from tests.alerts.relays import Handler, relaying
from tests.alerts.servers import answer, serving
from tests.api.alerting import BASE, HOOK, MAIL, desk, save, states
from tests.archive.making import reading
from tests.dictionary import matcher

pytestmark = pytest.mark.both_databases

HOSTILE = "Win a prize at https://spam.example <script>"


class Post:
    """A desk with a mail relay beside it."""

    def __init__(self, client: TestClient, archive: Archive, handler: Handler, settings: Settings) -> None:
        self.client, self.archive, self._handler = client, archive, handler
        self._delivery = Delivery(archive, channels(settings), matcher(), BASE)

    def mails(self) -> list[EmailMessage]:
        """What the relay got by delivering all that can be sent now."""
        before = len(self._handler.taken)
        self._delivery.once()
        taken = self._handler.taken[before:]
        return [message_from_bytes(one.content or b"", policy=policy.default) for one in taken]  # type: ignore[arg-type,misc]  # bytes


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    handler = Handler()
    with relaying(handler) as port:
        given = {"smtp_url": f"smtp://127.0.0.1:{port}?starttls=never", "mail_from": "alerts@notices.example"}
        with desk(tmp_path / "data", **given) as (client, archive):
            opened(archive)
            yield Post(client, archive, handler, Settings(home=archive.folder, **given))  # type: ignore[arg-type]  # texts


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link_in(mail: EmailMessage, kind: str) -> str:
    found = re.search(rf"{BASE}(/alerts/{kind}/[\w-]+)", text_of(mail))
    assert found, text_of(mail)
    return found[1]


def test_an_address_is_asked_once_and_told_when_it_has_said_yes(post: Post) -> None:
    save(post.client, MAIL)
    crawl(post.archive, reading("1", "drone"))
    follow(post.archive)
    (question,) = post.mails()
    assert "drone" not in text_of(question)
    assert post.mails() == []
    assert post.client.post(link_in(question, "confirm")).status_code == 200
    (told,) = post.mails()
    assert "drone" in text_of(told)
    page = post.client.get(link_in(told, "manage"))
    assert "de…@example.org" in page.text
    assert "1 contract or notice" in page.text
    assert "drone" in post.client.get(link_in(told, "replay")).text
    one_click = str(told["List-Unsubscribe"]).strip("<>").removeprefix(BASE)
    assert post.client.post(one_click, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert states(post.archive) == []


def test_a_question_says_nothing_that_whoever_asked_has_written_and_manages_nothing(post: Post) -> None:
    saved = save(post.client, MAIL, query='"prize at spam" OR drone', name=HOSTILE)
    (question,) = post.mails()
    whole = question.as_string()
    assert not [word for word in ("prize", "spam.example", saved["token"], "/alerts/manage/") if word in whole]
    assert post.client.post(link_in(question, "unsubscribe")).status_code == 200
    assert states(post.archive) == []
    assert post.mails() == []


def test_who_confirms_before_the_question_is_sent_again_gets_no_second_one(post: Post) -> None:
    saved = save(post.client, MAIL)
    (question,) = post.mails()
    post.client.post(f"/api/v1/searches/{saved['token']}/targets/{saved['targets'][0]['id']}/confirmation")
    post.client.post(link_in(question, "confirm"))
    assert post.mails() == []


def test_an_address_that_nobody_confirms_is_forgotten_in_the_time_that_the_question_names(post: Post) -> None:
    save(post.client, MAIL, HOOK)
    with post.archive.writing() as connection:
        old = stamp(now() - CONFIRMED_WITHIN - timedelta(minutes=1))
        connection.execute(update(alert_targets).values(made_at=old))
    (question,) = post.mails()
    assert CONFIRMED_WITHIN.days == 3
    assert "forgotten after three days" in re.sub(r"\s+", " ", text_of(question))
    post._delivery._clear()
    assert states(post.archive) == [(HOOK["address"], "active")]


@pytest.mark.parametrize("refusal", ["550 5.1.1 no such user", "550 go away"])
def test_a_mailbox_that_refuses_the_question_is_no_news_for_other_targets(post: Post, refusal: str) -> None:
    saved = save(post.client, MAIL)
    post._handler.at_recipient = [refusal]
    assert post.mails() == []
    told = post.client.get(f"/api/v1/searches/{saved['token']}").json()
    assert told["messages"] == []
    assert told["targets"][0]["last_answer"] is told["targets"][0]["failing_since"] is None
    other = {"channel": "email", "address": "other@example.org"}
    assert post.client.post(f"/api/v1/searches/{saved['token']}/targets", json=other).status_code == 201
    (question,) = post.mails()
    post.client.post(link_in(question, "confirm"))
    assert post.mails() == []
    assert states(post.archive) == [(MAIL["address"], "unconfirmed"), ("other@example.org", "active")]


def test_a_test_is_answered_at_once_by_what_the_other_side_says(tmp_path: Path) -> None:
    with serving(answer("503 Busy", body=b"<b>later</b>"), answer("200 OK")) as server:
        with desk(tmp_path / "data", alerts_allow_private=True) as (client, archive):
            opened(archive)
            saved = save(client, {"channel": "webhook", "address": server.url()})
            page = f"/alerts/manage/{saved['token']}"
            pressed = {"do": "test", "target": saved["targets"][0]["id"]}
            refused = client.post(page, data=pressed)
            assert "The test was not delivered. The answer: “HTTP 503 &lt;b&gt;later&lt;/b&gt;”" in refused.text
            taken = client.post(f"/api/v1/searches/{saved['token']}/targets/{saved['targets'][0]['id']}/test").json()
            assert taken["state"] == "delivered"
            for _ in range(3):
                client.post(page, data=pressed)
            assert client.post(page, data=pressed).status_code == 429
        assert [request.headers["webhook-id"] for request in server.requests]
        assert all(b'"search.test"' in request.body for request in server.requests)
        assert len(server.requests) == 5
