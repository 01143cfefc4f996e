"""One POST to an address that a stranger gave: the guard chooses the connection, and size and time are bounded.

httpcore makes the request, because it lets the caller make the connection: name, certificate and Host header are those
of the address, the connection is to what the guard has checked. No redirect is followed, no proxy or cookie is used.
"""

import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpcore

from alerts.guard import Guard, NoAnswer

MOST_READ: Final = 64 * 1024
"""Bytes that are read of an answer."""

_CONNECT: Final = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``headers`` by lower-case name; ``text``: at most MOST_READ of the body."""

    status: int
    headers: Mapping[str, str]
    text: str


class NoAnswerInTime(OSError):
    """The other side did not answer within the whole time that a request has."""


def post(
    url: str, headers: Mapping[str, str], body: bytes, *, guard: Guard, tls: ssl.SSLContext, seconds: float
) -> Answer:
    """Post once, within so many seconds altogether. An answer whose body is slow, endless or cut off still counts.

    Raises TargetRefused where the name now leads inside a network, OSError with a sentence for everything else.
    """
    deadline = time.monotonic() + seconds
    backend = _GuardedBackend(guard, deadline)
    try:
        with (
            httpcore.ConnectionPool(ssl_context=tls, network_backend=backend, max_keepalive_connections=0) as pool,
            pool.stream("POST", url, headers=_sent(headers), content=body) as response,
        ):
            held = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            return Answer(response.status, held, _read(response.iter_stream()))
    except (httpcore.TimeoutException, TimeoutError) as error:
        raise NoAnswerInTime(f"no answer within {seconds:.0f} seconds") from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise ConnectionError(_reason(error)) from error


def _sent(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    return [*headers.items(), ("Accept-Encoding", "identity"), ("Connection", "close")]


def _read(parts: Iterable[bytes]) -> str:
    """The beginning of a body; what goes wrong behind the status line no longer matters."""
    read = bytearray()
    try:
        for part in parts:
            read += part[: MOST_READ - len(read)]
            if len(read) >= MOST_READ:
                break
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, TimeoutError):
        pass
    return read.decode("utf-8", "replace")


def _reason(error: Exception) -> str:
    """What went wrong, in words."""
    cause = error.__cause__ or error.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {cause.verify_message}"
    if isinstance(cause, ssl.SSLError):
        return f"no secure connection: {cause.reason or cause}"
    return str(error) or "the connection was closed without an answer"


class _GuardedBackend(httpcore.NetworkBackend):
    """Connects to nothing but addresses that the guard has just checked."""

    def __init__(self, guard: Guard, deadline: float) -> None:
        self._guard = guard
        self._deadline = deadline
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline holds instead
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failed: Exception = NoAnswer(f"{host} has no address")
        for address in self._guard.addresses(host, port, _left(self._deadline, _CONNECT)):
            try:
                stream = self._sockets.connect_tcp(
                    address, port, _left(self._deadline, _CONNECT), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Stream(stream, self._deadline)
        raise failed


class _Stream(httpcore.NetworkStream):
    """A connection that ends at a deadline, however steadily the other side drips."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline holds instead
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the deadline holds instead
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the deadline holds instead
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline, _CONNECT))
        return _Stream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float, most: float = float("inf")) -> float:
    """Seconds that are left. Raises TimeoutError when none are."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return min(left, most)
