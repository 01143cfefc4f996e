"""A publisher on loopback that sends exactly the bytes it is told to, over HTTP or HTTPS, and may misbehave."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.waiting import PATIENCE

GOOD = b"id,title\nA1,one\n"


@dataclass(frozen=True)
class Asked:
    """A request as it came. ``headers``: by name in lower case; ``at``: monotonic seconds."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    at: float


Told = bytes | Callable[[socket.socket], None]


@dataclass
class Wires:
    """``answers``: what is sent for a request; bytes, or what is to be done with the connection."""

    port: int = 0
    scheme: str = "http"
    answers: Callable[[Asked], Told] = lambda asked: http(404, b"")
    robots: Callable[[Asked], Told] = lambda asked: http(404, b"")
    asked: list[Asked] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def targets(self) -> list[str]:
        return [asked.target for asked in self.asked]


def http(status: int, body: bytes = b"", *headers: tuple[str, str], length: int | None = None) -> bytes:
    """A whole answer; ``length``: what it claims, where that is not the truth."""
    told = [("Content-Length", str(len(body) if length is None else length)), ("Connection", "close")]
    if not any(name == "Content-Type" for name, _ in headers):
        told.append(("Content-Type", "text/csv"))
    lines = "".join(f"{name}: {value}\r\n" for name, value in (*headers, *told))
    return f"HTTP/1.1 {status} So\r\n{lines}\r\n".encode("latin-1") + body


def chunked(*blocks: bytes, end: bool = True, headers: str = "") -> bytes:
    head = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/csv\r\n{headers}\r\n".encode()
    body = b"".join(f"{len(block):x}\r\n".encode() + block + b"\r\n" for block in blocks)
    return head + body + (b"0\r\n\r\n" if end else b"")


def redirect(location: str, status: int = 302) -> bytes:
    return http(status, b"", ("Location", location))


@contextmanager
def wires(tls: ssl.SSLContext | None = None) -> Iterator[Wires]:
    told = Wires(scheme="https" if tls else "http")
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        told.port = server.getsockname()[1]
        thread = threading.Thread(target=_serve, args=(server, told, tls), daemon=True)
        thread.start()
        yield told
        server.shutdown(socket.SHUT_RDWR)
    thread.join(PATIENCE)


def _serve(server: socket.socket, told: Wires, tls: ssl.SSLContext | None) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_one, args=(connection, told, tls), daemon=True).start()


def _one(connection: socket.socket, told: Wires, tls: ssl.SSLContext | None) -> None:
    with contextlib.suppress(OSError), connection:
        plain: Any = tls.wrap_socket(connection, server_side=True) if tls else connection
        asked = _asked(plain)
        if asked is None:
            return
        told.asked.append(asked)
        answer = (told.robots if asked.target == "/robots.txt" else told.answers)(asked)
        if callable(answer):
            answer(plain)
        else:
            plain.sendall(answer)
        with contextlib.suppress(OSError):
            plain.shutdown(socket.SHUT_WR)


def _asked(connection: socket.socket) -> Asked | None:
    stream = connection.makefile("rb")
    first = stream.readline().decode().split()
    if len(first) != 3:
        return None
    headers: dict[str, str] = {}
    while (line := stream.readline().decode("latin-1").strip()) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", "0")))
    return Asked(first[0], first[1], headers, body, time.monotonic())
