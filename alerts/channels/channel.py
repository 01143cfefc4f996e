"""What every channel does: check a target when it is given, and send one message to it."""

from collections.abc import Iterable
from typing import Final, Protocol

from alerts.cleaning import one_line
from alerts.models import Message, Outcome, Target

MOST_ANSWER: Final = 300
"""Characters of an answer that are kept."""


class Channel(Protocol):
    """A way by which messages leave.

    ``send`` returns an Outcome for everything the other side or the network can do; it raises only for a fault of ours.
    The same message sent again has the same id and, but for the time of sending, the same bytes.
    """

    def check(self, target: Target) -> None:
        """Raises TargetRefused, with a sentence, for a target that this channel sends nothing to."""

    def send(self, target: Target, message: Message) -> Outcome:
        """Send the message once."""


def first_words(answer: str, secrets: Iterable[str]) -> str:
    """What is kept of an answer: one clean line, at most MOST_ANSWER characters, without any of the secrets."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        answer = answer.replace(secret, "…")
    return one_line(answer[: 4 * MOST_ANSWER])[:MOST_ANSWER].strip()
