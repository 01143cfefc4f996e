"""Mail through an operator's relay (RFC 5321), with one-click unsubscription (RFC 8058). Signing (DKIM) is the relay's.

What is sent at each attempt is the same to the byte, and its Message-ID is the message's own id, so that a repeat is
known as one.
"""

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from alerts.channels.channel import first_words
from alerts.guard import TargetRefused
from alerts.message import rendered
from alerts.models import Message, Outcome, Target
from noticewatch.mailboxes import is_mailbox
from noticewatch.relay import Relay

_NO_MAILBOX: Final = re.compile(r"^5\.1\.(?:1|2|3|6|10)\b|^5\.2\.1\b")
"""Enhanced codes (RFC 3463, 5248) that say that there is no such mailbox, or no more."""

_NO_MAILBOX_WORDS: Final = re.compile(
    r"(?:user|recipient|mailbox|account|address)\b.{0,40}\b(?:unknown|not found|does ?n.t exist|not exist|disabled)"
    r"|(?:unknown|no such|invalid) (?:user|recipient|mailbox|account)",
    re.IGNORECASE,
)
_ENHANCED: Final = re.compile(r"^[245]\.\d{1,3}\.\d{1,3}\b")
_WHOLE: Final = frozenset({"list-unsubscribe", "message-id"})


class _MailPolicy(EmailPolicy):
    """Mail as it is sent. Addresses in headers stay as they are: folded by Python, long ones become encoded words
    (RFC 2047), which no mail service decodes there.
    """

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {value}{self.linesep}" if name.lower() in _WHOLE else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii") if name.lower() in _WHOLE else super().fold_binary(name, value)


_POLICY: Final = _MailPolicy(linesep="\r\n", cte_type="7bit")


TOTAL_SECONDS: Final = 120.0
"""The whole time of a conversation with the relay, well within what a process may take for a message."""


@dataclass(frozen=True)
class Mail:
    """Hands a message to the relay. ``sender``: MAIL_FROM."""

    relay: Relay
    sender: str
    seconds: float = TOTAL_SECONDS

    def check(self, target: Target) -> None:
        """Raises TargetRefused for what is no single address of a mailbox."""
        if not is_mailbox(target.address):
            raise TargetRefused(
                "Write one e-mail address, such as desk@example.org; a domain with accents as it is registered, xn--…."
            )

    def send(self, target: Target, message: Message) -> Outcome:
        """Hand it in once. Only the relay's acceptance behind the last line is delivered; a mailbox that is not there
        is gone; everything else is tried again.
        """
        try:
            self.check(target)
            return self._hand_in(target.address, mail_of(message, target.address, self.sender))
        except TargetRefused as error:
            return Outcome("retry", str(error))
        except smtplib.SMTPResponseException as error:
            return self._refused(error.smtp_code, error.smtp_error, at_recipient=False)
        except (OSError, smtplib.SMTPException) as error:
            return Outcome("retry", self._said(_reason(error)))

    def _hand_in(self, address: str, mail: EmailMessage) -> Outcome:
        relay = self.relay
        tls = ssl.create_default_context(cafile=relay.ca or None)
        with _connected(relay, tls) as server, _ended_after(server, self.seconds):
            server.ehlo_or_helo_if_needed()
            if relay.starttls == "required" or (relay.starttls == "offered" and server.has_extn("starttls")):
                server.starttls(context=tls)
            if relay.user:
                server.login(relay.user, relay.password)
            try:
                server.send_message(mail, parseaddr(self.sender)[1], [address])
            except smtplib.SMTPRecipientsRefused as error:
                code, said = next(iter(error.recipients.values()))
                return self._refused(code, said, at_recipient=True)
        return Outcome("delivered", "taken by the mail relay")

    def _refused(self, code: int, said: bytes | str, *, at_recipient: bool) -> Outcome:
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        gone = at_recipient and 500 <= code < 600 and _says_no_mailbox(words)
        return Outcome("gone" if gone else "retry", self._said(f"{code} {words}"))

    def _said(self, words: str) -> str:
        return first_words(words, [self.relay.password])


class _Server(smtplib.SMTP):
    """A connection that ends at once where something went wrong, without a word that nobody answers."""

    def __exit__(self, *_: object) -> None:
        try:
            if self.sock is not None:
                self.sock.settimeout(min(2.0, float(self.timeout)))
                self.docmd("QUIT")
        except (OSError, smtplib.SMTPException):
            pass
        finally:
            self.close()


class _TlsServer(_Server, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


@contextmanager
def _ended_after(server: smtplib.SMTP, seconds: float) -> Iterator[None]:
    """Ends the connection after so many seconds, however steadily the other side drips."""

    def end() -> None:
        held = server.sock
        with suppress(OSError):
            if held is not None:  # else it is closed already
                held.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _connected(relay: Relay, tls: ssl.SSLContext) -> smtplib.SMTP:
    if relay.tls:
        return _TlsServer(relay.host, relay.port, timeout=relay.timeout, context=tls)
    return _Server(relay.host, relay.port, timeout=relay.timeout)


def _says_no_mailbox(words: str) -> bool:
    """Whether a refusal of a recipient means that the mailbox is not there; an enhanced code is over the words."""
    if _ENHANCED.match(words):
        return bool(_NO_MAILBOX.match(words))
    return bool(_NO_MAILBOX_WORDS.search(words))


def _reason(error: Exception) -> str:
    """What went wrong, in words."""
    if isinstance(error, TimeoutError):
        return "the mail relay did not answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the mail relay's certificate is not valid: {error.verify_message}"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "the mail relay closed the connection"
    return f"the mail relay: {error}"


def mail_of(message: Message, address: str, sender: str) -> EmailMessage:
    """The mail: text and HTML, quoted so that no line is too long for anybody. The same at each attempt."""
    made = rendered(message)
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = sender
    mail["To"] = Address(addr_spec=address)
    mail["Subject"] = f"[noticewatch] {made.subject.replace('=?', '= ?')}"  # no encoded word (RFC 2047) of a source
    mail["Date"] = format_datetime(message.made_at)
    mail["Message-ID"] = message_id(message, sender)
    mail["Auto-Submitted"] = "auto-generated"
    if message.unsubscribe_url:
        mail["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
        if message.unsubscribe_url.startswith("https://"):  # RFC 8058 knows no other
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(made.text, cte="quoted-printable")
    mail.add_alternative(made.html, subtype="html", cte="quoted-printable")
    mail.set_boundary(f"=_{sha256(message.id.encode()).hexdigest()[:40]}")
    return mail


def message_id(message: Message, sender: str) -> str:
    """``<ID@DOMAIN>``, of the message's id and the sender's domain."""
    domain = parseaddr(sender)[1].rpartition("@")[2] or urlsplit(message.base_url).hostname or "noticewatch.invalid"
    return f"<{re.sub(r'[^A-Za-z0-9._-]', '.', message.id)}@{domain}>"
