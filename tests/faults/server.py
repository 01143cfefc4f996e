"""A publisher on loopback that answers from recordings, over HTTP or HTTPS, and misbehaves when it is told to."""

import contextlib
import hashlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from w3lib.url import safe_url_string

from archive.warc import recorded
from crawlers.replay import canonical_body

Key: TypeAlias = tuple[str, str, str, bytes]
"""Method, host, path with query, canonical body: by these a recorded answer is found."""

ALLOW_ALL = b"User-agent: *\nAllow: /\n"
_KEPT_HEADERS = frozenset({"content-type", "etag", "last-modified", "link", "location"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came in."""

    method: str
    host: str
    target: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def key(self) -> Key:
        return self.method, self.host, self.target, canonical_body(self.body)

    @property
    def robots(self) -> bool:
        return self.target == "/robots.txt"


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back. ``stated``: Content-Length where it is to differ from the payload's; ``sent``: bytes sent
    before the connection is closed; ``pause``: seconds between pieces of ``piece`` bytes; ``reset``: the connection is
    torn down without an answer; ``parts``: makes a payload too large to hold.
    """

    status: int = 200
    payload: bytes = b""
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    stated: int | None = None
    sent: int | None = None
    pause: float = 0.0
    piece: int = 1
    reset: bool = False
    parts: Callable[[], Iterator[bytes]] | None = None

    def header(self, name: str) -> str:
        return next((value for held, value in self.headers if held.lower() == name.lower()), "")

    def having(self, **headers: str) -> "Reply":
        """The same with other headers; underscores in names stand for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kept = [pair for pair in self.headers if pair[0].lower() not in {name.lower() for name in named}]
        return replace(self, headers=(*kept, *named.items()))

    def stamped(self, days: int = 0) -> "Reply":
        """The same with validators of its payload, modified on the first of June or so many days away from it."""
        modified = datetime(2026, 6, 1, tzinfo=UTC) + timedelta(days=days)
        digest = hashlib.sha256(self.payload).hexdigest()[:32]
        return self.having(ETag=f'"{digest}"', Last_Modified=format_datetime(modified, usegmt=True))


Bend: TypeAlias = Callable[[Asked, Reply], Reply]
"""A fault: the reply to send in place of the good one."""


@dataclass
class Publisher:
    """A server and what it was asked. ``unknown``: requests without a recorded answer, which get a 404."""

    address: str
    answers: Mapping[Key, Reply] = field(default_factory=dict)
    bend: Bend | None = None
    robots: Reply = Reply(payload=ALLOW_ALL, headers=(("Content-Type", "text/plain"),))
    asked: list[Asked] = field(default_factory=list)
    unknown: list[Asked] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def serve(self, answers: Mapping[Key, Reply], bend: Bend | None = None) -> None:
        """Begin anew: these answers, this fault, nothing asked."""
        self.answers, self.bend = answers, bend
        self.asked, self.unknown = [], []

    def reply(self, asked: Asked) -> Reply:
        """The reply to a request; an unchanged one asked about by its validators has no payload."""
        self.asked.append(asked)
        good = self.robots if asked.robots else self.answers.get(asked.key)
        if good is None:
            self.unknown.append(asked)
            good = Reply(404, b'{"detail":"not recorded"}')
        bent = self.bend(asked, good) if self.bend else good
        return _unchanged(good) if bent is good and good.status == 200 and _known(asked, good) else bent


def answers_of(path: Path) -> dict[Key, Reply]:
    """The recorded answers below a path; of several to one request the latest, each with validators."""
    found = {}
    for one in sorted(recorded(path), key=lambda one: one.capture.fetched_at):
        capture = one.capture
        with one.open() as stream:
            payload = stream.read()
        headers = [(name, value) for name, value in one.response_headers if name.lower() in _KEPT_HEADERS]
        reply = Reply(capture.status, payload, tuple(headers)).stamped()
        if not reply.header("Content-Type"):
            reply = reply.having(Content_Type=capture.media_type or "application/octet-stream")
        found[key_of(capture.method, capture.url, capture.request_body)] = reply
    return found


def key_of(method: str, url: str, body: str | None) -> Key:
    """The key under which the request of a capture comes in."""
    parts = urlsplit(safe_url_string(url))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return method, parts.netloc, target, canonical_body(body)


@contextlib.contextmanager
def publisher(certificate: Path | None = None) -> Iterator[Publisher]:
    """A server on a port of its own; with the folder of a certificate it speaks HTTPS."""
    told = Publisher("")
    server = _Server(("127.0.0.1", 0), _handler(told))
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    told.address = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        told.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


def self_signed(folder: Path) -> Path:
    """A folder with a certificate for 127.0.0.1 that nobody vouches for, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "key.pem").write_bytes(private)
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return folder


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away in the middle is what some faults are about."""


def _handler(told: Publisher) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_HEAD(self) -> None:
            self._answer()

        def log_message(self, *_: object) -> None:
            pass

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(self.command, self.headers.get("Host", ""), self.path, body, dict(self.headers.items()))
            reply = told.reply(asked)
            if reply.reset:
                self._tear()
                return
            self._head(reply)
            if self.command != "HEAD" and reply.status not in {204, 304}:
                self._body(reply)

        def _head(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in reply.headers:
                self.send_header(name, value)
            if reply.parts is None:
                length = len(reply.payload) if reply.stated is None else reply.stated
                self.send_header("Content-Length", str(length))
            whole = reply.parts is None and reply.stated is None and reply.sent is None and not reply.pause
            self.close_connection = not whole
            if not whole:
                self.send_header("Connection", "close")
            self.end_headers()

        def _body(self, reply: Reply) -> None:
            for piece in _pieces(reply):
                self.wfile.write(piece)
                if reply.pause and told.stopping.wait(reply.pause):
                    return

        def _tear(self) -> None:
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    return Handler


def _pieces(reply: Reply) -> Iterator[bytes]:
    if reply.parts is not None:
        yield from reply.parts()
        return
    payload = reply.payload if reply.sent is None else reply.payload[: reply.sent]
    size = reply.piece if reply.pause else max(len(payload), 1)
    for start in range(0, len(payload), size):
        yield payload[start : start + size]


def _known(asked: Asked, reply: Reply) -> bool:
    """Whether the asker holds this reply already, by the validators that it sent."""
    held: Sequence[str] = [tag.strip() for tag in asked.headers.get("If-None-Match", "").split(",") if tag.strip()]
    if held:
        return reply.header("ETag") in held
    since = asked.headers.get("If-Modified-Since")
    return since is not None and since == reply.header("Last-Modified")


def _unchanged(reply: Reply) -> Reply:
    kept = tuple(pair for pair in reply.headers if pair[0].lower() in {"etag", "last-modified"})
    return Reply(304, b"", kept)
