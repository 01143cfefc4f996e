"""Real mail relays on loopback (aiosmtpd), and ones that hang or drop the line."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.waiting import PATIENCE


@dataclass
class Handler:
    """Takes mails. ``at_recipient`` and ``at_data``: answers given instead of 250, the first one first; ``None`` takes
    it, ``drop`` closes the line.
    """

    at_recipient: list[str | None] = field(default_factory=list)
    at_data: list[str | None] = field(default_factory=list)
    taken: list[Envelope] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logged_in: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - the name is aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        if self.at_recipient and (said := self.at_recipient.pop(0)):
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.encrypted.append(session.ssl is not None)
        self.taken.append(envelope)
        said = self.at_data.pop(0) if self.at_data else None
        if said == "drop":
            server.transport.abort()
        return said or "250 OK"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"desk", b"s3cret/word")
        if right:
            self.logged_in.append("desk")
        return AuthResult(success=right, handled=False)


class _Controller(Controller):
    """A relay on a free port: aiosmtpd asks itself at the port it was told."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def relaying(handler: Handler, **given: Any) -> Iterator[int]:
    """The port of a relay. ``given``: as aiosmtpd has it, such as ``tls_context``."""
    controller = _Controller(
        handler, hostname="127.0.0.1", port=0, authenticator=handler.authenticate, ready_timeout=PATIENCE, **given
    )  # fmt: skip
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def starttls(file: Any) -> dict[str, ssl.SSLContext]:
    """What makes a relay offer STARTTLS with a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return {"tls_context": context}
