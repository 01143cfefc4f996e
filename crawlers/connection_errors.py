"""Errors of the HTTP library as the facts that they state."""

import errno
import os
from typing import Final

import aiohttp

from crawlers.failures import (
    AnswerBrokeOff,
    AnswerNotHttp,
    AnswerTooSlow,
    CertificateRefused,
    ConnectionLost,
    HostUnreachable,
    NoAnswer,
)

_NO_WAY: Final = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL})

_FACTS: Final[tuple[tuple[type[Exception], type[NoAnswer], str], ...]] = (
    (aiohttp.ClientConnectorDNSError, HostUnreachable, "no network ({host} cannot be reached)"),
    (aiohttp.ClientConnectorCertificateError, CertificateRefused, "the certificate of {host} is refused ({fault})"),
    (aiohttp.ClientSSLError, CertificateRefused, "no secure connection to {host} can be made"),
    (aiohttp.ClientHttpProxyError, ConnectionLost, "the proxy does not lead to {host}"),
    (aiohttp.ServerDisconnectedError, ConnectionLost, "{host} closed the connection without an answer"),
    (aiohttp.ClientOSError, ConnectionLost, "{host} broke the connection off before an answer came"),
    (ConnectionError, ConnectionLost, "{host} broke the connection off before an answer came"),
    (TimeoutError, AnswerTooSlow, "{host} did not answer within {timeout:g} seconds"),
)
"""The first that an error is an instance of says what it means; narrower kinds come first."""

_HTTP_FAULTS: Final[dict[str, tuple[type[NoAnswer], str]]] = {
    "Got more than": (AnswerNotHttp, "the answer of {host} has headers beyond all measure"),
    "Too many headers": (AnswerNotHttp, "the answer of {host} has headers beyond all measure"),
    "Data after": (AnswerBrokeOff, "the answer of {host} goes on behind the length that it states"),
}
"""aiohttp 3.13 and later by their words: the library has no kinds for these."""

_NOT_HTTP: Final = (AnswerNotHttp, "the answer of {host} does not follow HTTP")


def no_answer(error: BaseException | None, host: str, timeout: float) -> NoAnswer:
    """What an error of the way to a host means, in a sentence. ``timeout``: seconds that an answer may take."""
    if isinstance(error, aiohttp.ClientConnectorError) and not isinstance(error, aiohttp.ClientSSLError):
        unconnected = _unconnected(error, host)
        if unconnected is not None:
            return unconnected
    for kind, fact, sentence in _FACTS:
        if isinstance(error, kind):
            return fact(sentence.format(host=host, timeout=timeout, fault=_certificate_fault(error)))
    fact, sentence = next((told for words, told in _HTTP_FAULTS.items() if words in str(error)), _NOT_HTTP)
    return fact(sentence.format(host=host))


def _unconnected(error: aiohttp.ClientConnectorError, host: str) -> NoAnswer | None:
    """Why no connection was made, where the system says so by its own number."""
    number = error.os_error.errno
    if isinstance(error.os_error, ConnectionRefusedError):
        return ConnectionLost(f"{host} refuses connections")
    if number in _NO_WAY:
        return HostUnreachable(f"no network ({host} cannot be reached)")
    if isinstance(error, (aiohttp.ClientConnectorDNSError, aiohttp.ClientConnectorCertificateError)) or not number:
        return None
    return ConnectionLost(f"{host} cannot be connected to ({os.strerror(number)})")


def _certificate_fault(error: BaseException | None) -> str:
    fault = getattr(error, "certificate_error", None)
    return str(getattr(fault, "verify_message", "") or "it cannot be verified").rstrip(".")
