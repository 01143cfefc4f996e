"""A message as the payload of a webhook, as a mail on the wire and as a line of chat."""

from dataclasses import replace
from decimal import Decimal
from email import message_from_bytes, policy

import pytest

from alerts.brief import MOST, brief_of
from alerts.channels.mail import mail_of
from alerts.message import MOST_HTML, MOST_PAYLOAD, payload, payload_bytes, rendered
from alerts.models import Word
from noticewatch.models import EventKind
from tests.alerts.telling import BASE, FIVECAST, SENDER, TENDER, find_of, message_of, with_content


def test_the_payload_states_values_that_programs_can_use(finds):
    data = payload(message_of([find_of(finds, FIVECAST)]))["data"]
    find = data["groups"][0]["finds"][0]
    assert Decimal(find["amount"]["value"]) == Decimal("1342810.5")
    assert (find["amount"]["kind"], find["amount"]["basis"], find["amount"]["currency"]) == (
        "obligated", "change", "USD",
    )  # fmt: skip
    assert find["makers"] == ["Fivecast"]
    assert find["url"] == f"{BASE}/notices/{FIVECAST}/versions/1"
    assert find["kinds"] == [EventKind.NEW.value]


def test_a_payload_never_exceeds_what_receivers_take(tender):
    long = [{"text": " ".join(f"wörd{number} 漢字" for number in range(2000))}]
    changed = tuple((f"description.{number}", long, [{"text": f"{number} new"}]) for number in range(30))
    told = replace(tender, event=replace(tender.event, changed=changed), words=tuple(
        Word("document", f"Paper, page {number}", (("漢字" * 200, True),)) for number in range(9)
    ))  # fmt: skip
    message = message_of(*[[told, told, told, told]] * 4)
    assert len(payload_bytes(message)) <= MOST_PAYLOAD
    assert payload(message)["data"]["groups"][0]["finds"]
    assert len(rendered(message).html) <= MOST_HTML * 1.2


def test_the_same_message_has_the_same_bytes_each_time(tender):
    message = message_of([tender])
    assert payload_bytes(message) == payload_bytes(message)
    assert bytes(mail_of(message, "desk@example.org", SENDER)) == bytes(mail_of(message, "desk@example.org", SENDER))


def test_a_mail_has_what_mail_services_ask_of_news(tender):
    long = f"{BASE}/alerts/unsubscribe/{'u' * 120}"
    wire = bytes(mail_of(message_of([tender], unsubscribe_url=long), "desk@example.org", SENDER))
    mail = message_from_bytes(wire, policy=policy.SMTP)
    assert f"<{long}>".encode() in wire  # as it is: mail services do not decode it
    assert mail["List-Unsubscribe"] == f"<{long}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == "<msg_0192f0c1a2b3@notices.example>"
    assert mail["Subject"].startswith("[noticewatch] ICE and social media: solicitation, deadline moved")
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative", "text/plain", "text/html",
    ]  # fmt: skip
    made = rendered(message_of([tender], unsubscribe_url=long))
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == made.text
    assert mail.get_body(("html",)).get_content().replace("\r\n", "\n").strip() == made.html.strip()


def test_one_click_is_offered_only_by_https(tender):
    mail = mail_of(message_of([tender], unsubscribe_url="http://127.0.0.1:8484/u"), "desk@example.org", SENDER)
    assert mail["List-Unsubscribe"] == "<http://127.0.0.1:8484/u>"
    assert "List-Unsubscribe-Post" not in mail


@pytest.mark.parametrize("name", ["Überwachung – 監視 №7", "x" * 400])
def test_any_name_survives_in_the_subject(tender, name):
    wire = bytes(mail_of(message_of([tender], name=name), "desk@example.org", SENDER))
    mail = message_from_bytes(wire, policy=policy.SMTP)
    assert mail["Subject"].startswith(f"[noticewatch] {name[:60]}")
    assert all(len(line) <= 998 for line in wire.split(b"\r\n"))


def test_a_sender_with_accents_and_an_odd_id_are_no_trouble(tender):
    message = message_of([tender], id="a b\r\nX-Injected: y")
    wire = bytes(mail_of(message, "desk@example.org", "Überwachung <alerts@x.example>"))
    mail = message_from_bytes(wire, policy=policy.SMTP)
    assert mail["From"] == "Überwachung <alerts@x.example>"
    assert mail["Message-ID"] == "<a.b..X-Injected..y@x.example>"
    assert "X-Injected" not in mail


def test_a_title_that_looks_like_an_encoded_word_is_not_decoded_by_the_reader(tender):
    wire = bytes(mail_of(message_of([tender], name="=?utf-8?q?=E2=80=AEgpj.exe?="), "desk@example.org", SENDER))
    assert "\u202e" not in message_from_bytes(wire, policy=policy.SMTP)["Subject"]


def test_a_chat_message_is_short_calls_nobody_and_has_no_markup_of_the_source(finds, tender):
    hostile = with_content(
        tender,
        title=[{"text": "<!channel> @everyone <http://evil.example|click> [x](http://evil.example) *b* `c` &lt;"}],
    )
    title, body = brief_of(message_of([hostile], *[[find] for find in finds]))
    assert len(title) + len(body) <= MOST
    assert "•" in body
    ours = [line for line in body.splitlines() if line.startswith(BASE)]
    assert f"{BASE}/notices/{TENDER}/versions/2" in ours
    others = "\n".join(line for line in body.splitlines() if "://" not in line or line not in ours)
    for sign in ("<!", "@everyone", "](", "*b*", "`", "&lt;", "http://evil"):
        assert sign not in others, sign
    assert body.splitlines()[-1] == f"All of them: {BASE}/alerts/batches/b1"
