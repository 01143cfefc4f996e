"""One request and its answer over HTTP: the body streams into a spool file, hashed, unpacked and within limits."""

import asyncio
import ssl
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import BinaryIO, Final, cast
from urllib.parse import urlsplit

import aiohttp
import yarl
from aiohttp.http_exceptions import HttpProcessingError

from crawlers.connection_errors import no_answer
from crawlers.decoding import unpack, unpackers
from crawlers.failures import AnswerBrokeOff, AnswerTooLarge, AnswerTooSlow, EncodingBroken, NoAnswer
from crawlers.masking import Mask
from crawlers.redirects import Asking
from crawlers.spooling import Spool

LEAST_RATE: Final = 16 << 10
"""Bytes a second that an answer must bring on average once it has taken longer than the source's time-out."""

GREATEST_HEADER: Final = 16 << 10
"""Bytes of one header line; there may be as many lines as aiohttp allows (128)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came, unpacked. ``body``: its spool, at its beginning; gone when it is closed.

    sha256, length: of the body as it is kept; masked: whether a secret stood in it or in a header.
    """

    status: int
    headers: Sequence[tuple[str, str]]
    body: BinaryIO
    sha256: str
    length: int
    masked: bool = False

    def header(self, name: str) -> str | None:
        """The first header of a name."""
        return next((value for own, value in self.headers if own.lower() == name.lower()), None)


class _Response(aiohttp.ClientResponse):
    """Keeps hold of the connection, which knows whether something followed the answer."""

    connection_held: aiohttp.client_proto.ResponseHandler | None = None

    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        self.connection_held = connection.protocol
        return await super().start(connection)

    @property
    def overrun(self) -> bool:
        """Whether more came than the answer's length, as far as can be known."""
        return self.connection_held is not None and isinstance(self.connection_held.exception(), HttpProcessingError)


class _Interrupted(aiohttp.ClientError):
    """A connection that was lost; its cause is the library's own error."""


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send a request once: the library would send it again by itself, uncounted and without a pause."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _Interrupted from error


class Wire:
    """Sends requests. TLS is verified; nothing is followed, kept or added that the request does not state."""

    def __init__(
        self, *, timeout: float, most_bytes: int, folder: Path, through: str | None = None, mask: Mask | None = None
    ) -> None:
        """timeout: seconds without an answer; most_bytes: of an answer, packed and unpacked; folder: where large
        answers are spooled; through: an address that is asked in place of every host; mask: hides the secrets.
        """
        self._timeout, self._most, self._folder = timeout, most_bytes, folder
        self._through = through.rstrip("/") if through else None
        self._mask = mask or Mask()
        self._session: aiohttp.ClientSession | None = None

    async def send(self, asked: Asking, secrets: Sequence[tuple[str, str]] = ()) -> Reply:
        """Send a request and take its whole answer. ``secrets``: headers that are sent and written nowhere.

        Raises NoAnswer with its sentence, DataFolderError where the spool cannot be written.
        """
        spool = Spool(self._folder, self._mask)
        try:
            async with self._opened(asked, secrets) as response:
                async for piece in self._pieces(asked, response):
                    spool.write(piece)
                return self._reply(response, spool)
        except BaseException:
            spool.close()
            raise

    async def close(self) -> None:
        """Close what is open."""
        if self._session is not None:
            await self._session.close()

    @asynccontextmanager
    async def _opened(self, asked: Asking, secrets: Sequence[tuple[str, str]]) -> AsyncIterator[_Response]:
        """The answer's head. Errors of the way become NoAnswer."""
        url = self._address(asked.url)
        headers = [("Host", urlsplit(asked.url).netloc), *asked.headers, *secrets]
        try:
            async with asyncio.timeout(self._timeout):
                response = await self.open().request(
                    asked.method, yarl.URL(url, encoded=True), headers=headers, data=asked.body or None,
                    allow_redirects=False, proxy=_proxy(url),
                )  # fmt: skip
        except _Interrupted as error:
            raise self._no_answer(asked, error.__cause__) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._no_answer(asked, error) from error
        try:
            yield cast("_Response", response)
        finally:
            response.close()

    def _reply(self, response: _Response, spool: Spool) -> Reply:
        plain = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers]
        hidden = [(name, self._mask.text(value)) for name, value in plain]
        body = spool.finish()
        return Reply(response.status, hidden, body, spool.sha256, spool.length, masked=spool.masked or hidden != plain)

    async def _pieces(self, asked: Asking, response: _Response) -> AsyncIterator[bytes]:
        """The unpacked body piece by piece, within limits."""
        unpacked = 0
        try:
            unpacking = unpackers(", ".join(response.headers.getall("Content-Encoding", [])))
            async for block in self._blocks(asked, response):
                for piece in unpack(unpacking, block):
                    unpacked += len(piece)
                    if unpacked > self._most:
                        raise AnswerTooLarge(f"the answer of {asked.url} unpacks to more than {self._megabytes}")
                    yield piece
            for unpacker in unpacking:
                unpacker.finish()
        except EncodingBroken as error:
            raise EncodingBroken(f"the answer of {asked.url} cannot be unpacked ({error})") from error

    async def _blocks(self, asked: Asking, response: _Response) -> AsyncIterator[bytes]:
        """The body as it comes over the wire. Raises NoAnswer where it is too long, too slow or not whole."""
        if (response.content_length or 0) > self._most:
            raise AnswerTooLarge(f"the answer of {asked.url} is larger than {self._megabytes}")
        began, received = monotonic(), 0
        while block := await self._block(asked, response):
            received += len(block)
            if received > self._most:
                raise AnswerTooLarge(f"the answer of {asked.url} is larger than {self._megabytes}")
            took = monotonic() - began
            if took > self._timeout and received < took * LEAST_RATE:
                raise AnswerTooSlow(
                    f"the answer of {asked.url} only drips ({received:,} bytes in {took:.0f} seconds) and was given up"
                )
            yield block
        if response.overrun:
            raise AnswerBrokeOff(f"the answer of {asked.url} goes on behind the length that it states")

    async def _block(self, asked: Asking, response: _Response) -> bytes:
        try:
            async with asyncio.timeout(self._timeout):
                return await response.content.readany()
        except (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError, ConnectionError) as error:
            raise AnswerBrokeOff(f"the answer of {asked.url} broke off") from error
        except TimeoutError as error:
            raise AnswerTooSlow(
                f"the answer of {asked.url} stopped coming; nothing for {self._timeout:g} seconds"
            ) from error

    def _no_answer(self, asked: Asking, error: BaseException | None) -> NoAnswer:
        host = f"{asked.host} (asked through {self._through})" if self._through else asked.host
        return no_answer(error, host, self._timeout)

    def _address(self, url: str) -> str:
        if self._through is None:
            return url
        parts = urlsplit(url)
        return f"{self._through}{parts.path or '/'}{'?' + parts.query if parts.query else ''}"

    def open(self) -> aiohttp.ClientSession:
        """What requests are sent with; made on first use, which takes a moment."""
        if self._session is None:
            plain = self._through is not None and self._through.startswith("http:")
            self._session = aiohttp.ClientSession(
                # A connection a request: nothing of one answer can be taken for the beginning of the next.
                # Trusted certificates take long to read, and where all is asked unencrypted nobody needs them.
                connector=aiohttp.TCPConnector(force_close=True, limit=0, ssl=plain or ssl.create_default_context()),
                cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, response_class=_Response, trust_env=False,
                middlewares=(_once,),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None), max_line_size=GREATEST_HEADER,
                max_field_size=GREATEST_HEADER,
                skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            )  # fmt: skip
        return self._session

    @property
    def _megabytes(self) -> str:
        return f"{self._most / (1 << 20):,.0f} MB, the most that this source's answers may have"


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for an address (``HTTPS_PROXY``, ``NO_PROXY``); None for none."""
    parts = urlsplit(url)
    if parts.hostname in {"localhost", "127.0.0.1", "::1"} or urllib.request.proxy_bypass(parts.netloc):
        return None
    return urllib.request.getproxies().get(parts.scheme)
