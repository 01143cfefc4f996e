"""A message in a few lines, for chat rooms. Pure functions.

Chat services read signs as markup and call people by name; what a source published can do neither here.
"""

from collections.abc import Iterator
from typing import Final

from alerts.models import Message
from alerts.view import Told, View, entries_of, view_of
from noticewatch.naming import shortened

MOST: Final = 1_800
"""Characters: the smallest limit of the services that are tested or common is 2,000."""

_MOST_SHOWN: Final = 5
_BREAK: Final = "\u200b"
_HARMLESS: Final = str.maketrans(
    {"<": "‹", ">": "›", "@": f"@{_BREAK}", "`": "'", "*": "∗", "_": f"_{_BREAK}", "~": "∼", "|": "¦", "[": "(",
     "]": ")", "&": "＆", "#": f"#{_BREAK}"}
)  # fmt: skip
"""Signs of Slack's, Mattermost's, Discord's and Telegram's markup, as look-alikes or parted from what follows."""


def brief_of(message: Message) -> tuple[str, str]:
    """Title and body in plain text, at most MOST characters together; addresses stand on lines of their own."""
    view = view_of(message, entries_of(message, _MOST_SHOWN))
    title = harmless(shortened(view.subject, 140))
    lines = [harmless(line) for line in (view.lead, shortened(view.note, 600)) if line]
    end = [f"All of them: {message.replay_url}"] if message.replay_url and message.groups else []
    room = MOST - len(title) - sum(map(len, [*lines, *end])) - 4
    for told in _newest(view):
        entry = list(_entry(told))
        room -= sum(map(len, entry)) + len(entry)
        if room < 0:
            break
        lines += entry
    return title, "\n".join([*lines, *end])


def harmless(text: str) -> str:
    """The text without anything that a chat service takes for markup, a call to somebody or a link of its own."""
    return text.translate(_HARMLESS).replace("://", f":{_BREAK}//")


def _newest(view: View) -> Iterator[Told]:
    for _, entries in view.buyers:
        for entry in entries:
            yield entry.told[0]


def _entry(told: Told) -> Iterator[str]:
    facts = {fact.name: fact.value for fact in told.facts}
    stated = [facts[name] for name in ("Buyer", "Seller", "Amount", "Due") if name in facts]
    yield f"• {harmless(shortened(told.title, 160))}"
    yield harmless(" · ".join([told.what, *(shortened(value, 90) for value in stated if value != "not stated")]))
    for note in told.notes:
        yield harmless(note)
    for passage in (*told.passages, *told.changed)[:1]:
        quote = shortened("".join(text for _, text in passage.segments).strip(), 200)
        yield harmless(f"{passage.where}: “{quote}”")
    yield told.version_url
