"""The words of the pages of alerts for what stands in codes, and choices of their forms. Pure."""

from typing import Any, Final

from alerts.models import WEEKDAYS, Reason, Rhythm
from archive.deadlines import DUE_DAYS
from noticewatch import words
from noticewatch.models import EventKind

REASONS: Final[dict[str, tuple[str, str]]] = {
    Reason.NEW: ("New", "a notice that was not there before, or whose document now says these words"),
    Reason.AMENDED: ("Changed", "a notice that matches, or no longer does, was changed"),
    Reason.AWARDED: ("Awarded", "the contract was given to somebody"),
    Reason.DUE_SOON: ("Deadline near", "offers or answers are due soon"),
    Reason.GONE: ("Gone", "no longer listed, withdrawn, cancelled or archived by its source, or listed again"),
}
RHYTHMS: Final[dict[str, str]] = {
    Rhythm.AT_ONCE: "At once", Rhythm.HOURLY: "Hourly digest", Rhythm.DAILY: "Daily digest",
    Rhythm.WEEKLY: "Weekly digest",
}  # fmt: skip
TIERS: Final[dict[str, str]] = {"alert": "a strong match", "review": "a match to be checked"}
CHANNELS: Final[dict[str, tuple[str, str]]] = {
    "email": ("E-mail", "The address is asked first: nothing goes there before its owner has said yes."),
    "webhook": ("Webhook", "An https:// address of your own, to which signed JSON is posted."),
    "chat": ("Chat", "A room of Slack, ntfy, Mattermost, Discord, Telegram, Google Chat, Teams or Zulip, "
                     "written as Apprise writes it: slack://TOKEN_A/TOKEN_B/TOKEN_C, ntfys://ntfy.sh/TOPIC."),
}  # fmt: skip
STATES: Final[dict[str, str]] = {
    "active": "gets messages", "unconfirmed": "not confirmed yet: its owner has to open the link in the mail",
    "paused": "paused",
}  # fmt: skip
WAITING: Final[dict[str, str]] = {
    state: f"What was found and not delivered yet, such as a contract, is an entry; it is sent {when}."
    for state, when in {
        "active": "with the next message or attempt", "unconfirmed": "when the address is confirmed",
        "paused": "when the target is resumed",
    }.items()
}  # fmt: skip
SENT: Final[dict[str, str]] = {
    "waiting": "waiting", "delivered": "delivered", "failed": "given up after 72 hours, kept",
    "held": "held back after a restore of the archive",
}  # fmt: skip
CHANGES: Final = (
    EventKind.AMENDED, EventKind.DEADLINE_MOVED, EventKind.AWARDED, EventKind.CANCELLED, EventKind.DOCUMENT_ADDED,
    EventKind.DOCUMENT_CHANGED, EventKind.DOCUMENT_REMOVED, EventKind.DOCUMENT_TEXT,
)  # fmt: skip

SAID: Final[dict[str, str]] = {
    "saved": "The changes are saved. They count from the next entry of the log on.",
    "added": "The target is added.",
    "asked": "A mail that asks for confirmation is on its way, unless that address was asked several times today.",
    "paused": "The target is paused. What it would get is kept.",
    "resumed": "The target gets messages again, beginning with what was kept for it.",
    "removed": "The target is removed.",
    "ended": "Only the newest secret signs from now on.",
}
"""What a page says after something was done, by the word in its address."""


def choices(*, mail: bool = True) -> dict[str, Any]:
    """What a form offers. ``mail``: whether mail can be sent."""
    return {
        "reasons": REASONS,
        "rhythms": RHYTHMS,
        "weekdays": WEEKDAYS,
        "tiers": TIERS,
        "changes": {str(kind): words.first_upper(words.EVENTS[kind]) for kind in CHANGES},
        "due_days": [str(day) for day in DUE_DAYS],
        "channels": {name: label for name, label in CHANNELS.items() if mail or name != "email"},
    }
