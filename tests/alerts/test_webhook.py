"""Webhooks: what is posted and signed, and every way in which a receiver may misbehave."""

import base64
import hmac
import resource
import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import orjson
import pytest

from alerts.channels.waiting import MOST_WAIT, retry_after
from alerts.channels.webhook import Webhook, new_secret, signature
from alerts.guard import Guard, TargetRefused
from alerts.message import payload_bytes
from alerts.models import Find, Message, Outcome, Target
from tests.alerts.servers import Server, answer, certificate, close, drip, flood, hang, server_tls, serving
from tests.alerts.telling import find_of, message_of
from tests.waiting import PATIENCE, SOON, nobody_listening

NOW = datetime(2026, 4, 25, 12, 31, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
INSIDE = Guard(allow_private=True)


@pytest.fixture
def message(finds: list[Find]) -> Message:
    return message_of([find_of(finds, "us-action:7012:70CMSD23FR0000145:0")])


def sent_to(server: Server, message: Message, seconds: float = PATIENCE) -> Outcome:
    return Webhook(INSIDE, seconds, lambda: NOW).send(Target("webhook", server.url(), SECRET), message)


def test_a_signature_is_that_of_the_specification():
    """The example of Standard Webhooks 1.0.0."""
    made = signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_receiver_can_check_what_it_was_sent(message):
    with serving(answer("204 No Content")) as server:
        assert sent_to(server, message) == Outcome("delivered", "HTTP 204")
    (request,) = server.requests
    assert request.line == "POST /hook?room=token12345 HTTP/1.1"
    assert request.headers["webhook-id"] == message.id
    assert request.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert request.headers["content-type"] == "application/json"
    assert request.headers["host"] == f"127.0.0.1:{server.port}"
    assert "authorization" not in request.headers
    assert "cookie" not in request.headers
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = f"{message.id}.{int(NOW.timestamp())}.".encode() + request.body
    expected = base64.b64encode(hmac.digest(key, signed, sha256)).decode()
    assert request.headers["webhook-signature"] == f"v1,{expected}"
    assert orjson.loads(request.body)["data"]["id"] == message.id


def test_while_a_secret_is_exchanged_both_sign(message):
    other = new_secret()
    with serving(answer("200 OK")) as server:
        Webhook(INSIDE, PATIENCE, lambda: NOW).send(Target("webhook", server.url(), f"{SECRET} {other}"), message)
    made = server.requests[0].headers["webhook-signature"].split()
    stamp, body = int(NOW.timestamp()), payload_bytes(message)
    assert made == [signature(SECRET, message.id, stamp, body), signature(other, message.id, stamp, body)]


def test_each_secret_is_new_and_long_enough():
    assert len({new_secret() for _ in range(100)}) == 100
    assert len(base64.b64decode(new_secret().removeprefix("whsec_"))) == 32


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_short", "whsec_äöü", "whsec_" + "A" * 200])
def test_a_secret_that_is_none_is_refused(secret):
    with pytest.raises(TargetRefused, match="secret"):
        Webhook(INSIDE).check(Target("webhook", "https://hooks.example/a", secret))


@pytest.mark.parametrize(
    ("given", "state", "wait"),
    [
        (answer("200 OK", body=b"ok"), "delivered", None),
        (answer("202 Accepted"), "delivered", None),
        (answer("301 Moved Permanently", "Location: http://127.0.0.1:1/"), "retry", None),
        (answer("307 Temporary Redirect", "Location: https://elsewhere.example/"), "retry", None),
        (answer("401 Unauthorized", body=b"who are you"), "retry", None),
        (answer("404 Not Found"), "retry", None),
        (answer("410 Gone", body=b"leave me alone"), "gone", None),
        (answer("429 Too Many Requests", "Retry-After: 120"), "retry", 120.0),
        (answer("503 Unavailable", "Retry-After: Sat, 25 Apr 2026 12:41:00 GMT"), "retry", 600.0),
        (answer("500 Internal Server Error"), "retry", None),
        (close, "retry", None),
        (drip(b"not HTTP at all\r\n\r\n", b"."), "retry", None),
    ],
)  # fmt: skip
def test_only_two_hundreds_are_delivered_and_only_410_is_gone(message, given, state, wait):
    with serving(given) as server:
        outcome = sent_to(server, message)
        assert (outcome.state, outcome.wait) == (state, wait)
        assert server.connections == 1
        assert outcome.answer


def test_a_redirect_is_not_followed_and_says_so(message):
    with serving(answer("200 OK")) as elsewhere:
        with serving(answer("301 Moved Permanently", f"Location: {elsewhere.url()}")) as server:
            outcome = sent_to(server, message)
        assert elsewhere.connections == 0
    assert outcome.answer == "HTTP 301: it leads elsewhere, and redirects are not followed; give the new address"


def test_a_receiver_that_takes_a_message_and_then_dawdles_has_it(message):
    begun = time.monotonic()
    with serving(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b".")) as server:
        assert sent_to(server, message, 3).state == "delivered"
    assert time.monotonic() - begun < SOON


@pytest.mark.parametrize(
    "given", [hang, drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"."), drip(b"", b"H")], ids=["silent", "headers", "letters"]
)
def test_a_receiver_that_drips_its_headers_is_left_in_time(message, given):
    begun = time.monotonic()
    with serving(given) as server:
        outcome = sent_to(server, message, 0.3)
    assert outcome.state == "retry"
    assert time.monotonic() - begun < SOON


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", b"HTTP/1.1 500 No\r\n\r\n"])
def test_of_a_gigabyte_little_is_read_and_nothing_kept(message, head):
    sent: list[int] = []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with serving(flood(head, sent)) as server:
        outcome = sent_to(server, message)
    assert outcome.state == ("delivered" if b"200" in head else "retry")
    assert sent[0] < 30_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes


def test_a_gigabyte_of_headers_is_not_read(message):
    sent: list[int] = []
    with serving(flood(b"HTTP/1.1 200 OK\r\nX-Long: ", sent)) as server:
        assert sent_to(server, message).state == "retry"
    assert sent[0] < 30_000_000


def test_nobody_there_is_tried_again(message):
    with nobody_listening() as port:
        outcome = sent_to(Server(port, []), message)
    assert outcome.state == "retry"
    assert outcome.answer


def test_an_answer_that_repeats_the_address_or_secret_is_kept_without_them(message):
    with serving(
        answer("500 Oops", body=f"cannot POST /hook?room=token12345 with {SECRET}\r\n\x1b[31m".encode())
    ) as server:
        outcome = sent_to(server, message)
    assert "token12345" not in outcome.answer
    assert SECRET not in outcome.answer
    assert "\x1b" not in outcome.answer
    assert outcome.answer.startswith("HTTP 500 cannot POST /hook?")


def test_certificates_are_checked_against_the_name_of_the_address(message, tmp_path):
    good = certificate(tmp_path, "hooks.example")
    trusted = ssl.create_default_context(cafile=good)
    guard = Guard(allow_private=True, resolve=lambda _host, _port: ["127.0.0.1"])
    with serving(answer("200 OK"), tls=server_tls(good)) as server:
        webhook = Webhook(guard, PATIENCE, lambda: NOW, trusted)
        right = Target("webhook", server.url("hooks.example", "https"), SECRET)
        assert webhook.send(right, message).state == "delivered"
        assert server.requests[0].headers["host"] == f"hooks.example:{server.port}"
        wrong = webhook.send(replace(right, address=server.url("other.example", "https")), message)
        unknown = Webhook(guard, PATIENCE, lambda: NOW).send(right, message)
    assert (wrong.state, unknown.state) == ("retry", "retry")
    assert "certificate is not valid" in wrong.answer
    assert "certificate is not valid" in unknown.answer
    assert len(server.requests) == 1


def test_a_certificate_that_has_run_out_is_no_secure_connection(message, tmp_path):
    old = certificate(tmp_path, "hooks.example", days=-1)
    guard = Guard(allow_private=True, resolve=lambda _host, _port: ["127.0.0.1"])
    with serving(answer("200 OK"), tls=server_tls(old)) as server:
        webhook = Webhook(guard, PATIENCE, lambda: NOW, ssl.create_default_context(cafile=old))
        outcome = webhook.send(Target("webhook", server.url("hooks.example", "https"), SECRET), message)
    assert outcome.state == "retry"
    assert "expired" in outcome.answer


def test_a_server_that_speaks_no_tls_gets_nothing(message):
    with serving(answer("200 OK")) as server:
        guard = Guard(allow_private=True, resolve=lambda _host, _port: ["127.0.0.1"])
        outcome = Webhook(guard, 2, lambda: NOW).send(
            Target("webhook", server.url("hooks.example", "https"), SECRET), message
        )
    assert (server.connections, server.requests) == (1, [])
    assert outcome.state == "retry"
    assert outcome.answer


def test_a_name_that_leads_inside_after_it_was_accepted_reaches_nothing_there(message):
    with serving(answer("200 OK")) as server:
        guard = Guard(resolve=lambda _host, _port: ["127.0.0.1", "::1"], ports=frozenset({server.port}))
        webhook = Webhook(guard, PATIENCE, lambda: NOW)
        target = Target("webhook", f"https://hooks.example:{server.port}/", SECRET)
        webhook.check(target)
        outcome = webhook.send(target, message)
        assert server.connections == 0
    assert outcome.state == "retry"
    assert "hooks.example is an address inside a network" in outcome.answer


def test_a_name_that_changes_between_check_and_connection_changes_nothing(message):
    """The connection is made to the very address that was checked; the name is not looked up again."""
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.2"] if len(asked) == 1 else ["127.0.0.1"]

    with (
        serving(answer("200 OK")) as inside,
        serving(answer("200 OK"), host="127.0.0.2", port=inside.port) as checked,
    ):
        webhook = Webhook(Guard(allow_private=True, resolve=rebinding), PATIENCE, lambda: NOW)
        target = Target("webhook", inside.url("rebinding.invalid"), SECRET)
        assert webhook.send(target, message).state == "delivered"
        assert (checked.connections, inside.connections, asked) == (1, 0, ["rebinding.invalid"])


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_not_used(message, monkeypatch, name):
    with serving(answer("200 OK")) as proxy, serving(answer("200 OK")) as server:
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert sent_to(server, message).state == "delivered"
        assert proxy.connections == 0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0), ("7", 7.0), (" 30 ", 30.0), ("99999999999999999999", MOST_WAIT), ("-1", None), ("soon", None),
        ("", None), ("١٢", None), ("Sat, 25 Apr 2026 12:32:00 GMT", 60.0), ("Sat, 25 Apr 2026 12:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MOST_WAIT), ("Sat, 99 Apr 2026 12:32:00 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(value, seconds):
    assert retry_after(value, NOW) == seconds
