"""Which channels the settings open, and for whom."""

import pytest

from alerts.channels.registry import channels, check
from alerts.guard import TargetRefused
from alerts.models import Target
from noticewatch.errors import SettingsError
from noticewatch.settings import Settings, load_settings
from service.commands.service import listed

RELAY = "smtp://desk:s3cret%2Fword@mail.example:587"


def test_without_a_relay_or_a_sender_there_is_no_mail():
    assert set(channels(Settings())) == {"webhook", "chat", "file", "command"}
    assert "email" not in channels(Settings(smtp_url=RELAY))
    assert "email" in channels(Settings(smtp_url=RELAY, contact="desk@example.org"))
    assert "email" in channels(Settings(smtp_url=RELAY, mail_from="noticewatch <alerts@example.org>"))
    with pytest.raises(TargetRefused, match="NOTICEWATCH_SMTP_URL"):
        check(Target("email", "desk@example.org"), Settings())


@pytest.mark.parametrize("target", [Target("file", "/tmp/alerts.jsonl"), Target("command", "true")])
def test_files_and_commands_are_only_for_the_operator(target):
    with pytest.raises(TargetRefused, match="set by the operator"):
        check(target, Settings())
    check(target, Settings(), operator=True)


def test_only_an_operator_opens_the_own_network():
    target = Target("webhook", "http://127.0.0.1:9999/hook", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    with pytest.raises(TargetRefused):
        check(target, Settings())
    check(target, Settings(alerts_allow_private=True))


def test_more_chat_services_are_a_setting():
    target = Target("chat", "matrix://desk:word@chat.example/room")
    with pytest.raises(TargetRefused, match="no such chat service"):
        check(target, Settings())
    check(target, Settings(alerts_chat="matrix, rockets"))


def test_the_password_of_the_relay_is_never_listed():
    rows = listed(Settings(smtp_url=RELAY, mail_from="alerts@example.org"))
    (row,) = [row for row in rows if row["name"] == "NOTICEWATCH_SMTP_URL"]
    assert row["value"] == "********"
    assert "s3cret" not in str(rows)
    assert "s3cret" not in repr(Settings(smtp_url=RELAY))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SMTP_URL", "http://desk:s3cret@mail.example", "smtp_url .*write smtp://USER"),
        ("MAIL_FROM", "Desk <alerts@exämple.org>", "mail_from .*write an e-mail address"),
        ("MAIL_FROM", "nobody", "mail_from .*write an e-mail address"),
        ("MAIL_FROM", "a@example.org\nBcc: b@example.org", "mail_from .*write an e-mail address"),
        ("ALERTS_CHAT", "matrix; rm", "alerts_chat .*write schemas"),
    ],
)
def test_a_setting_that_cannot_be_is_named_without_its_secret(monkeypatch, name, value, said):
    monkeypatch.setenv(f"NOTICEWATCH_{name}", value)
    with pytest.raises(SettingsError, match=said) as raised:
        load_settings()
    assert "s3cret" not in str(raised.value)
