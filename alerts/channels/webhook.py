"""Webhooks as Standard Webhooks 1.0.0 has them: three headers, a signature over id, time and body.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hmac
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from alerts.channels.channel import first_words
from alerts.channels.posting import Answer, post
from alerts.channels.waiting import now, retry_after
from alerts.guard import Guard, TargetRefused
from alerts.message import payload_bytes
from alerts.models import Message, Outcome, Target
from noticewatch import __version__

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what secrets begin with
TOTAL_SECONDS: Final = 15.0
"""The whole time of one attempt."""


def new_secret() -> str:
    """A signing secret as the specification writes it: 32 random bytes."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The header ``webhook-signature``: one ``v1,…`` for each of the secrets, which stand with spaces between while
    one is exchanged for another. Raises TargetRefused for a secret that is none.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    made = (hmac.digest(_key(each), signed, sha256) for each in secret.split())
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in made)


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not 24 <= len(key) <= 64:
        raise TargetRefused("The secret is none of a webhook: whsec_ and 24 to 64 bytes in base64.")
    return key


@dataclass(frozen=True)
class Webhook:
    """Posts messages as signed JSON. ``tls``: what certificates are held to."""

    guard: Guard
    seconds: float = TOTAL_SECONDS
    clock: Callable[[], datetime] = now
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def check(self, target: Target) -> None:
        """Raises TargetRefused where nothing is posted to this address, or with this secret."""
        self.guard.check_url(target.address)
        if not target.secret.split():
            raise TargetRefused("A webhook needs a signing secret.")
        signature(target.secret, "", 0, b"")

    def send(self, target: Target, message: Message) -> Outcome:
        """Post once. Only 2xx is delivered; 410 is gone; a redirect is an answer like any other, and not followed."""
        body = payload_bytes(message)
        try:
            self.check(target)
            answer = post(
                target.address, self._headers(target, message, body), body,
                guard=self.guard, tls=self.tls, seconds=self.seconds,
            )  # fmt: skip
        except (TargetRefused, OSError) as error:
            return Outcome("retry", first_words(str(error), _secrets(target)))
        return _outcome(answer, target, self.clock())

    def _headers(self, target: Target, message: Message, body: bytes) -> dict[str, str]:
        timestamp = int(self.clock().timestamp())
        return {
            "Host": urlsplit(target.address).netloc,
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "User-Agent": f"noticewatch/{__version__}",
            "webhook-id": message.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(target.secret, message.id, timestamp, body),
        }


def _outcome(answer: Answer, target: Target, now: datetime) -> Outcome:
    said = first_words(f"HTTP {answer.status} {answer.text}", _secrets(target))
    if 200 <= answer.status < 300:
        return Outcome("delivered", said)
    if answer.status == 410:
        return Outcome("gone", said)
    if 300 <= answer.status < 400:
        said = f"HTTP {answer.status}: it leads elsewhere, and redirects are not followed; give the new address"
    return Outcome("retry", said, retry_after(answer.headers.get("retry-after", ""), now))


def _secrets(target: Target) -> list[str]:
    """What an answer must not repeat: the secrets, the address, and its parts that may be a password."""
    parts = urlsplit(target.address)
    tokens = [piece for piece in parts.path.split("/") if len(piece) >= 8]
    return [target.address, parts.query, *tokens, *target.secret.split()]
