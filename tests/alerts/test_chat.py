"""Chat through Apprise, against services on loopback: what they get, and what Apprise is not let do."""

import orjson
import pytest

from alerts.channels.chat import SERVICES, Chat
from alerts.guard import TargetRefused
from alerts.models import Find, Message, Target
from tests.alerts.servers import answer, close, flood, hang, serving
from tests.alerts.telling import find_of, message_of
from tests.waiting import PATIENCE

INSIDE = Chat((*SERVICES, "mmost"), allow_private=True, seconds=PATIENCE)


@pytest.fixture
def message(finds: list[Find]) -> Message:
    return message_of([find_of(finds, "us-action:7014:70B03C26P00000666:0")])


def mattermost(port: int) -> Target:
    return Target("chat", f"mmost://127.0.0.1:{port}/token12345678")


def ntfy(port: int) -> Target:
    return Target("chat", f"ntfy://127.0.0.1:{port}/alerts")


def test_a_room_that_takes_what_slack_takes_gets_a_few_lines(message):
    with serving(answer("200 OK", body=b"ok")) as server:
        assert INSIDE.send(mattermost(server.port), message).state == "delivered"
    (request,) = server.requests
    assert request.line == "POST /hooks/token12345678 HTTP/1.1"
    said = orjson.loads(request.body)
    assert "Customs and Border Protection (CBP)" in said["text"]
    assert "https://notices.example/alerts/batches/b1" in said["text"]
    assert "<script>" not in said["text"]
    assert "http://evil" not in said["text"]
    assert "icon_url" not in said


def test_ntfy_gets_title_and_text_and_no_picture(message):
    with serving(answer("200 OK", body=b"{}")) as server:
        assert INSIDE.send(ntfy(server.port), message).state == "delivered"
    (request,) = server.requests
    said = orjson.loads(request.body)
    assert said["topic"] == "alerts"
    assert said["title"].startswith("ICE and social media: award, first seen")
    assert "x-icon" not in request.headers
    assert b"github" not in request.body


@pytest.mark.parametrize(
    ("given", "state", "wait"),
    [
        (answer("429 Too Many Requests", "Retry-After: 90"), "retry", 90.0),
        (answer("500 No", body=b"boom"), "retry", None),
        (answer("410 Gone"), "gone", None),
        (answer("401 No"), "retry", None),
        (close, "retry", None),
    ],
)
def test_a_service_that_does_not_take_it_is_tried_again_unless_it_is_gone(message, given, state, wait):
    with serving(given) as server:
        outcome = INSIDE.send(mattermost(server.port), message)
    assert (outcome.state, outcome.wait) == (state, wait)
    assert outcome.answer
    assert "token12345678" not in outcome.answer


def test_a_redirect_is_not_followed(message):
    with serving(answer("200 OK")) as elsewhere:
        with serving(answer("307 Elsewhere", f"Location: {elsewhere.url()}")) as server:
            assert INSIDE.send(mattermost(server.port), message).state == "retry"
        assert elsewhere.connections == 0


def test_a_service_that_hangs_is_left_in_time(message):
    with serving(hang) as server:
        outcome = Chat((*SERVICES, "mmost"), allow_private=True, seconds=2).send(mattermost(server.port), message)
    assert (outcome.state, outcome.answer) == ("retry", "no answer within 2 seconds")


def test_of_a_gigabyte_little_is_read(message):
    sent: list[int] = []
    with serving(flood(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", sent)) as server:
        assert INSIDE.send(mattermost(server.port), message).state == "delivered"
    assert sent[0] < 30_000_000


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::1]"])
def test_a_connection_inside_is_ended_when_it_is_made(message, host):
    with serving(answer("200 OK")) as server:
        outcome = Chat(seconds=PATIENCE).send(Target("chat", f"mmosts://{host}:{server.port}/token12345678"), message)
        assert server.connections == 0
    assert outcome.state == "retry"
    assert "inside a network" in outcome.answer


def test_a_proxy_and_a_netrc_of_the_machine_are_not_used(message, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login desk password s3cret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    with serving(answer("200 OK")) as proxy, serving(answer("200 OK")) as server:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        assert INSIDE.send(mattermost(server.port), message).state == "delivered"
        assert proxy.connections == 0
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nonsense", "no address of a chat service"),
        ("https://chat.example/hook", "no address of a chat service"),
        ("mmost://chat.example/token12345678", "no such chat service"),
        ("ntfys://ntfy.example/alerts?email=stranger@example.org", "asks for 'email'"),
        ("ntfys://ntfy.example/alerts?tags=a;ATTACH=http://127.0.0.1/", "asks for 'attach'"),
        ("ntfys://ntfy.example/alerts?verify=no", "asks for 'verify'"),
        ("https://ntfy.sh/alerts?email=stranger@example.org", "asks for 'email'"),
        ("https://ntfy.sh/alerts?sig=x&attach=http://127.0.0.1/", "asks for 'attach'"),
        (
            "https://a.logic.azure.com:443/workflows/643e69f83c8944/triggers/manual/paths/invoke"
            "?api-version=2016-06-01&sv=1.0&sig=KODuebWbDGYFr0z0eu&template=/etc/passwd",
            "asks for 'template'",
        ),
        ("json://127.0.0.1/", "no such chat service"),
        ("mailto://desk:word@example.org", "no such chat service"),
        ("rsyslog://127.0.0.1", "no such chat service"),
        ("matrix://desk:word@chat.example/room", "no such chat service"),
    ],
)
def test_a_service_that_is_not_offered_is_refused_with_the_way_out(address, said):
    with pytest.raises(TargetRefused, match=said):
        Chat(seconds=PATIENCE).check(Target("chat", address))


@pytest.mark.parametrize(
    "address",
    [
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
        "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
        "https://chat.googleapis.com/v1/spaces/AAAAZxyz/messages?key=AIzaSyDdI0hCZtE6&token=gIhNQEgRvDLFbK1qs",
        "https://a.logic.azure.com:443/workflows/643e69f83c8944/triggers/manual/paths/invoke"
        "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=KODuebWbDGYFr0z0eu",
        "ntfys://ntfy.example/alerts",
        "mmosts://chat.example/token12345678",
    ],
)
def test_usual_services_are_taken_as_apprise_or_the_service_writes_them(address):
    Chat(seconds=PATIENCE).check(Target("chat", address))


def test_what_an_address_may_not_ask_is_not_sent_either(message):
    with serving(answer("200 OK", body=b"{}")) as server:
        target = Target("chat", f"ntfy://127.0.0.1:{server.port}/alerts?email=stranger@example.org")
        assert INSIDE.send(target, message).state == "retry"
        assert server.connections == 0


def test_an_operator_may_allow_more_services():
    Chat((*SERVICES, "matrix"), seconds=PATIENCE).check(Target("chat", "matrix://desk:word@chat.example/room"))
