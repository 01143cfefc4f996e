"""Real servers on loopback that behave as bad receivers do: HTTP with faults, over TLS where asked for."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.waiting import PATIENCE


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes


Act = Callable[[socket.socket, threading.Event], None]
"""What the server does with a connection whose request it has read; the event is set when the test is over."""


@dataclass
class Server:
    """An HTTP server. ``acts``: what it does with the first request, the second …; the last one goes on."""

    port: int
    acts: list[Act]
    requests: list[Received] = field(default_factory=list)
    connections: int = 0

    def url(self, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}/hook?room=token12345"


def answer(status: str, *headers: str, body: bytes = b"") -> Act:
    """Answers and closes."""

    def act(connection: socket.socket, _over: threading.Event) -> None:
        head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""])
        connection.sendall(head.encode("latin-1") + body)

    return act


def close(_connection: socket.socket, _over: threading.Event) -> None:
    """Closes without a word."""


def hang(_connection: socket.socket, over: threading.Event) -> None:
    """Says nothing until the test is over."""
    over.wait(PATIENCE)


def drip(head: bytes, rest: bytes) -> Act:
    """Answers the head at once and then a byte now and then, until the test is over."""

    def act(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(head)
        while not over.wait(0.02):
            connection.sendall(rest)

    return act


def flood(head: bytes, sent: list[int], most: int = 1_000_000_000) -> Act:
    """Answers with a gigabyte, as fast as it is taken; how much was taken goes to ``sent``."""

    def act(connection: socket.socket, _over: threading.Event) -> None:
        connection.sendall(head)
        chunk, total = bytes(1 << 20), 0
        try:
            while total < most:
                connection.sendall(chunk)
                total += len(chunk)
        finally:
            sent.append(total)

    return act


@contextmanager
def serving(*acts: Act, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0) -> Iterator[Server]:
    """A server on loopback, on a free port where none is named."""
    over = threading.Event()
    with socket.create_server((host, port)) as listener:
        server = Server(listener.getsockname()[1], list(acts))
        thread = threading.Thread(target=_accept, args=(listener, server, over, tls), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            over.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE)


def _accept(listener: socket.socket, server: Server, over: threading.Event, tls: ssl.SSLContext | None) -> None:
    threads = []
    while not over.is_set():
        try:
            connection, _ = listener.accept()
        except OSError:
            break
        act = server.acts[min(server.connections, len(server.acts) - 1)]
        server.connections += 1
        thread = threading.Thread(target=_serve, args=(connection, server, act, over, tls), daemon=True)
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join(PATIENCE)


def _serve(
    connection: socket.socket, server: Server, act: Act, over: threading.Event, tls: ssl.SSLContext | None
) -> None:
    with suppress(OSError, ValueError), connection:
        connection.settimeout(PATIENCE)
        if tls is not None:
            with tls.wrap_socket(connection, server_side=True) as secured:
                _answer(secured, server, act, over)
        else:
            _answer(connection, server, act, over)


def _answer(connection: socket.socket, server: Server, act: Act, over: threading.Event) -> None:
    with connection.makefile("rb") as reader:
        line = reader.readline().decode().strip()
        headers = {}
        while header := reader.readline().decode().strip():
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        server.requests.append(Received(line, headers, reader.read(int(headers.get("content-length", 0)))))
        act(connection, over)


def certificate(folder: Path, *names: str, days: int = 1) -> Path:
    """A certificate of its own for names or addresses, with its key in one file; ``days`` < 0: run out."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    ends = datetime.now(UTC) + timedelta(days=days)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends - timedelta(days=30))
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{names[0]}.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(IPv4Address(name))
    except ValueError:
        return x509.DNSName(name)


def server_tls(file: Path) -> ssl.SSLContext:
    """What a server with this certificate speaks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
