"""Chat rooms, through Apprise, which knows the services' addresses and forms.

Apprise opens its own connections and reads whole answers, so it runs in a process of its own that is held to the
guard at every connection, has little memory, no settings of ours and no proxy, and ends after a time
(:mod:`alerts.channels.chat_process`).
"""

import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

import orjson

from alerts.brief import brief_of
from alerts.channels.channel import first_words
from alerts.channels.posting import MOST_READ
from alerts.channels.waiting import now, retry_after
from alerts.guard import TargetRefused
from alerts.models import Message, Outcome, Target

SERVICES: Final = ("slack", "ntfy", "ntfys", "mmosts", "discord", "tgram", "gchat", "workflows", "zulip")
"""Services that anybody may name: all of them speak HTTP and nothing else. Others are an operator's setting."""

_ASKED: Final = frozenset({"auth", "key", "priority", "tags", "thread", "token", "topic"})
"""What an address may ask of its service; others would let it mail strangers, fetch files, or wait for hours."""

_SIGNED: Final = frozenset({"api-version", "sig", "sp", "sv"})
"""What addresses that services gave out themselves (``https://…``) hold besides, to show that they are genuine."""

TOTAL_SECONDS: Final = 30.0


@dataclass(frozen=True)
class Chat:
    """Sends a few lines to a chat room. ``services``: Apprise schemas that may be used."""

    services: Collection[str] = SERVICES
    allow_private: bool = False
    seconds: float = TOTAL_SECONDS

    def check(self, target: Target) -> None:
        """Raises TargetRefused for an address that Apprise does not understand, or of a service that is not offered."""
        _refuse_questions(target.address)
        said = self._run(target, {"check": True})
        if said.get("state") != "known":
            raise TargetRefused(str(said.get("answer")))

    def send(self, target: Target, message: Message) -> Outcome:
        """Send once, in a process of its own."""
        title, body = brief_of(message)
        try:
            _refuse_questions(target.address)
        except TargetRefused as error:
            return Outcome("retry", str(error))
        said = self._run(target, {"title": title, "body": body})
        answer = first_words(str(said.get("answer", "")), [target.address, *_tokens(target.address)])
        if said.get("state") == "delivered":
            return Outcome("delivered", answer)
        if said.get("state") == "gone":
            return Outcome("gone", answer)
        return Outcome("retry", answer, retry_after(str(said.get("retry_after", "")), now()))

    def _run(self, target: Target, asked: dict[str, object]) -> dict[str, object]:
        """What the process says: ``state``, ``answer`` and perhaps ``wait``."""
        asked |= {
            "url": target.address, "services": sorted(self.services), "allow_private": self.allow_private,
            "most_read": MOST_READ,
        }  # fmt: skip
        try:
            ended = subprocess.run(
                [sys.executable, "-I", "-m", "alerts.channels.chat_process"],
                input=orjson.dumps(asked), capture_output=True, timeout=self.seconds, check=False,
                env={"LANG": "C.UTF-8"},
            )  # fmt: skip
            said = orjson.loads(ended.stdout)
        except subprocess.TimeoutExpired:
            return {"answer": f"no answer within {self.seconds:.0f} seconds"}
        except orjson.JSONDecodeError:
            return {"answer": f"sending ended with code {ended.returncode} and no answer"}
        return said if isinstance(said, dict) else {}


def _refuse_questions(address: str) -> None:
    """Raises TargetRefused for what an address asks for beside its message. Apprise takes questions from addresses that
    services gave out themselves too.
    """
    given_out = address.strip().lower().startswith(("https://", "http://"))
    query = address.partition("?")[2].replace(";", "&")
    names = {name.lower() for name, _ in parse_qsl(query, keep_blank_values=True)}
    if unknown := sorted(names - (_ASKED | _SIGNED if given_out else _ASKED)):
        raise TargetRefused(f"The address asks for {unknown[0]!r}, which is not offered; leave it out.")


def _tokens(address: str) -> list[str]:
    """Parts of an address that may be a password or token."""
    return [part for part in address.replace("@", "/").replace("?", "/").split("/") if len(part) >= 8]
