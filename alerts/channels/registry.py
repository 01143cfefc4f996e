"""The channels that the settings open."""

import re
from typing import Final

from alerts.channels.channel import Channel
from alerts.channels.chat import SERVICES, Chat
from alerts.channels.mail import Mail
from alerts.channels.script import Command, File
from alerts.channels.webhook import Webhook, new_secret
from alerts.guard import Guard, TargetRefused
from alerts.models import ChannelName, Target
from noticewatch.errors import UsageError
from noticewatch.relay import relay_of
from noticewatch.settings import PREFIX, Settings

OPERATORS_ONLY: Final[frozenset[ChannelName]] = frozenset({"file", "command"})
"""Channels that act on the operator's own machine: a page or an API never takes such a target."""

_WEB: Final = re.compile(r"https?://", re.IGNORECASE)
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]*):(.*)", re.IGNORECASE | re.DOTALL)
_MAIL: Final = re.compile(r"[^@\s:/]+@[^@\s:/]+")


def channels(settings: Settings) -> dict[ChannelName, Channel]:
    """The channels by name. Mail is among them where SMTP_URL and a sender are set."""
    private = settings.alerts_allow_private
    more = [schema.strip() for schema in settings.alerts_chat.split(",") if schema.strip()]
    opened: dict[ChannelName, Channel] = {
        "webhook": Webhook(Guard(allow_private=private)),
        "chat": Chat((*SERVICES, *(["mmost"] if private else []), *more), private),
        "file": File(),
        "command": Command(),
    }
    if settings.smtp_url is not None and settings.sender is not None:
        opened["email"] = Mail(relay_of(settings.smtp_url.get_secret_value()), settings.sender)
    return opened


def check(target: Target, settings: Settings, *, operator: bool = False) -> None:
    """Raises TargetRefused, with one sentence, for a target that nothing is sent to. ``operator``: whoever gives it has
    the machine anyway.
    """
    if target.channel in OPERATORS_ONLY and not operator:
        raise TargetRefused("Files and commands are set by the operator, with noticewatch alerts add.")
    channel = channels(settings).get(target.channel)
    if channel is None:
        raise TargetRefused(
            f"No mail is sent from here; the operator sets {PREFIX}SMTP_URL and {PREFIX}MAIL_FROM. "
            "Use a webhook, a chat room or the feed of the search."
        )
    channel.check(target)


def target_of(written: str) -> Target:
    """The target that a person writes. Raises UsageError where it is none."""
    if _MAIL.fullmatch(written):
        return Target("email", written)
    if _WEB.match(written):
        return Target("webhook", written, new_secret())
    match = _SCHEME.fullmatch(written)
    if match is None:
        raise UsageError(
            f"{written!r} is no target; write a mail address, https://…, a chat room such as ntfy://…, file:PATH or "
            "command:PROGRAM."
        )
    match match[1].lower():
        case "mailto":
            return Target("email", match[2])
        case "file":
            return Target("file", match[2])
        case "command":
            return Target("command", match[2])
    return Target("chat", written)
