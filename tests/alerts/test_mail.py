"""Mail over real relays on loopback: what arrives, and what every refusal of a relay means."""

import socket
import threading
import time
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from alerts.channels.mail import Mail
from alerts.guard import TargetRefused
from alerts.models import Find, Message, Outcome, Target
from noticewatch.relay import relay_of
from tests.alerts.relays import Handler, relaying, starttls
from tests.alerts.servers import Act, certificate, close, drip, hang
from tests.alerts.telling import find_of, message_of
from tests.waiting import PATIENCE, SOON, nobody_listening

SENDER = "noticewatch <alerts@notices.example>"
DESK = Target("email", "desk@example.org")


@pytest.fixture
def message(finds: list[Find]) -> Message:
    return message_of([find_of(finds, "us-action:7012:70CMSD23FR0000145:0")])


def sent(port: int, message: Message, asked: str = "", target: Target = DESK) -> Outcome:
    return Mail(relay_of(f"smtp://127.0.0.1:{port}?timeout=60{asked}"), SENDER).send(target, message)


def read(content: bytes | str | None) -> EmailMessage:
    assert isinstance(content, bytes)
    mail = message_from_bytes(content, policy=policy.SMTP)
    assert isinstance(mail, EmailMessage)
    return mail


def test_a_mail_arrives_as_it_was_made(message):
    handler = Handler()
    with relaying(handler) as port:
        assert sent(port, message) == Outcome("delivered", "taken by the mail relay")
    (envelope,) = handler.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("alerts@notices.example", ["desk@example.org"])
    mail = read(envelope.content)
    assert mail["To"] == "desk@example.org"
    assert mail["Message-ID"] == f"<{message.id}@notices.example>"
    assert mail["List-Unsubscribe"] == f"<{message.unsubscribe_url}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None and "FIVECAST ONYX SUBSCRIPTION" in text.get_content()
    assert html is not None and "FIVECAST ONYX SUBSCRIPTION" in html.get_content()


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("450 4.2.0 greylisted, come back later", "retry"),
        ("451 4.7.1 try again", "retry"),
        ("452 4.2.2 mailbox full", "retry"),
        ("550 5.1.1 no such user here", "gone"),
        ("550 5.1.10 recipient not found", "gone"),
        ("550 5.2.1 mailbox disabled", "gone"),
        ("550 User unknown", "gone"),
        ("550 no such mailbox", "gone"),
        ("550 5.7.1 relaying denied", "retry"),
        ("550 5.7.1 rejected: sender address unknown", "retry"),
        ("554 blocked by a list of senders", "retry"),
        ("552 5.2.2 mailbox is over its quota", "retry"),
    ],
)
def test_a_recipient_is_gone_only_where_the_mailbox_is_not_there(message, answer, state):
    handler = Handler(at_recipient=[answer])
    with relaying(handler) as port:
        outcome = sent(port, message)
        assert outcome.state == state
        assert outcome.answer == answer
        assert sent(port, message).state == "delivered"


@pytest.mark.parametrize("answer", ["451 4.3.0 out of memory", "554 5.6.0 message refused", "550 5.1.1 no such user"])
def test_a_refusal_of_the_content_is_tried_again(message, answer):
    handler = Handler(at_data=[answer])
    with relaying(handler) as port:
        assert sent(port, message) == Outcome("retry", answer)


def test_a_line_dropped_after_the_data_is_tried_again_with_the_same_bytes(message):
    """Whether the relay took it nobody knows: the repeat is the same to the byte and carries the same id."""
    handler = Handler(at_data=["drop"])
    with relaying(handler) as port:
        assert sent(port, message).state == "retry"
        assert sent(port, message).state == "delivered"
    first, second = handler.taken
    assert first.content == second.content


def server(act: Act, greeting: bytes = b"") -> tuple[int, threading.Event, threading.Thread]:
    """A relay that greets and then acts."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def run() -> None:
        with listener, listener.accept()[0] as connection:
            connection.sendall(greeting)
            act(connection, over)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return listener.getsockname()[1], over, thread


@pytest.mark.parametrize(
    ("act", "greeting"),
    [
        (hang, b""), (hang, b"220 here\r\n"), (close, b""), (close, b"220 here\r\n"), (hang, b"554 no\r\n"),
        (hang, b"x" * 70_000),
    ],
    ids=["silent", "silent after greeting", "closes", "closes after greeting", "refuses", "babbles"],
)  # fmt: skip
def test_a_relay_that_hangs_closes_or_babbles_is_left_in_time_and_tried_again(message, act, greeting):
    port, over, thread = server(act, greeting)
    begun = time.monotonic()
    mail = Mail(relay_of(f"smtp://127.0.0.1:{port}?timeout=0.3"), SENDER)
    outcome = mail.send(DESK, message)
    over.set()
    thread.join(PATIENCE)
    assert outcome.state == "retry"
    assert outcome.answer
    assert time.monotonic() - begun < SOON


def test_a_relay_that_drips_its_answers_is_left_in_time(message):
    port, over, thread = server(drip(b"220 here\r\n", b"250-more\r\n"))
    begun = time.monotonic()
    outcome = Mail(relay_of(f"smtp://127.0.0.1:{port}?timeout=60"), SENDER, seconds=0.3).send(DESK, message)
    over.set()
    thread.join(PATIENCE)
    assert outcome.state == "retry"
    assert time.monotonic() - begun < SOON


def test_a_relay_that_is_not_there_is_tried_again(message):
    with nobody_listening() as port:
        assert sent(port, message).state == "retry"


def test_a_password_goes_to_the_relay_only_encrypted_and_under_its_own_name(message, tmp_path):
    file = certificate(tmp_path, "127.0.0.1")
    handler = Handler()
    with relaying(handler, **starttls(file)) as port:
        url = f"smtp://desk:s3cret%2Fword@127.0.0.1:{port}?timeout=60&ca={file}"
        assert Mail(relay_of(url), SENDER).send(DESK, message).state == "delivered"
        untrusted = Mail(relay_of(url.partition("&ca")[0]), SENDER).send(DESK, message)
    assert (handler.encrypted, handler.logged_in) == ([True], ["desk"])
    assert untrusted.state == "retry"
    assert "certificate is not valid" in untrusted.answer


def test_a_relay_without_encryption_gets_no_password(message):
    handler = Handler()
    with relaying(handler, auth_require_tls=False) as port:
        url = f"smtp://desk:s3cret%2Fword@127.0.0.1:{port}?timeout=60"
        outcome = Mail(relay_of(url), SENDER).send(DESK, message)
    assert outcome.state == "retry"
    assert handler.logged_in == []
    assert "STARTTLS" in outcome.answer


def test_a_wrong_password_is_tried_again_and_not_repeated(message, tmp_path):
    file = certificate(tmp_path, "127.0.0.1")
    with relaying(Handler(), **starttls(file)) as port:
        url = f"smtp://desk:wrongword@127.0.0.1:{port}?timeout=60&ca={file}"
        outcome = Mail(relay_of(url), SENDER).send(DESK, message)
    assert outcome.state == "retry"
    assert outcome.answer.startswith("535 ")
    assert "wrongword" not in outcome.answer


def test_a_mail_is_encrypted_where_the_relay_offers_it(message, tmp_path):
    file = certificate(tmp_path, "127.0.0.1")
    handler = Handler()
    with relaying(handler, **starttls(file)) as port:
        assert sent(port, message, f"&ca={file}").state == "delivered"
    assert handler.encrypted == [True]


@pytest.mark.parametrize(
    "address",
    [
        "", "desk", "desk@", "@example.org", "a@b", "a@example.org, b@example.org",
        "a@example.org\r\nBcc: b@example.org",
        "Desk <desk@example.org>", "a b@example.org", "a@exam\u202eple.org", "a" * 300 + "@example.org",
        "a@example.org\x00", '"a b"@example.org', "a@[127.0.0.1]",
        "a@127.0.0.1", "a..b@example.org", ".a@example.org", "a@example..org", "a@-x.org", "ä@example.org",
        "a@exämple.org", "a" * 65 + "@example.org",
    ],
)  # fmt: skip
def test_only_one_plain_address_is_a_target(message, address):
    mail = Mail(relay_of("smtp://127.0.0.1:9?timeout=1"), SENDER)
    with pytest.raises(TargetRefused, match="one e-mail address"):
        mail.check(Target("email", address))
    assert mail.send(Target("email", address), message).state == "retry"


@pytest.mark.parametrize("address", ["desk+ice@news.example.org", "o'neil_a@x-y.example", "a@xn--exmple-cua.org"])
def test_usual_addresses_are_targets_and_reach_the_relay_as_they_are(message, address):
    handler = Handler()
    with relaying(handler) as port:
        assert sent(port, message, target=Target("email", address)).state == "delivered"
    assert handler.taken[0].rcpt_tos == [address]
    assert read(handler.taken[0].content)["To"] == address


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://mail.example", "write smtp://"), ("smtp://", "write smtp://"), ("smtp://mail.example/x", "write smtp://"),
        ("smtp://mail.example:0", "write smtp://"), ("smtp://mail.example:x", "write smtp://"),
        ("smtp://mail.example?tls=1", "not tls"), ("smtp://mail.example?timeout=0", "number of seconds"),
        ("smtp://mail.example?starttls=maybe", "required, offered or never"),
        ("smtp://u:p@mail.example?starttls=never", "never sent without encryption"),
    ],
)  # fmt: skip
def test_a_relay_that_cannot_be_is_refused_with_the_way_out(url, said):
    with pytest.raises(ValueError, match=said):
        relay_of(url)


def test_a_relay_has_the_usual_ports_and_never_shows_its_password():
    relay = relay_of("smtps://desk:s3cret@mail.example")
    assert (relay.port, relay.tls, relay.starttls) == (465, True, "never")
    assert "s3cret" not in repr(relay)
    assert relay_of("smtp://desk:s3cret@mail.example?starttls=offered").starttls == "required"
    assert relay_of("smtp://mail.example").starttls == "offered"
    assert relay_of("smtp://mail.example").port == 587
