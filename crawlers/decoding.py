"""Bodies unpacked as they come, in pieces of bounded size: a body of any length never stands in memory whole."""

import contextlib
import importlib
import zlib
from collections.abc import Iterator
from typing import Any, Final, Protocol

from crawlers.failures import EncodingBroken


def _library(*names: str) -> Any:
    """The first of some libraries that is installed; None for none. Scrapy brings these along from 2.18 on."""
    for name in names:
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    return None


_BROTLI: Final = _library("brotli", "brotlicffi")
_ZSTD: Final = _library("compression.zstd", "backports.zstd")

PIECE: Final = 1 << 18
"""Greatest size of an unpacked piece in bytes."""

_LIBRARIES: Final = frozenset({"zlib", "brotli", "_brotli", "brotlicffi", "backports", "compression", "_zstd"})
_NAMES: Final = {"x-gzip": "gzip", "x-deflate": "deflate"}


class Unpacker(Protocol):
    """Takes the bytes of one encoding in order and gives what they hold."""

    def feed(self, block: bytes) -> Iterator[bytes]:
        """The pieces that a block leads to. Raises EncodingBroken, or the library's own error."""

    def finish(self) -> None:
        """Raise EncodingBroken where the stream has not come to its end."""


def accepted() -> str:
    """The encodings that can be unpacked, for the header ``Accept-Encoding``."""
    return ", ".join(["gzip", "deflate", *(["br"] if _BROTLI else []), *(["zstd"] if _ZSTD else [])])


def unpackers(stated: str) -> list[Unpacker]:
    """Unpackers for a header ``Content-Encoding``, in the order in which they are to be used.

    Raises EncodingBroken for an encoding that nobody asked for.
    """
    names = [_NAMES.get(name, name) for part in stated.split(",") if (name := part.strip().lower())]
    return [_unpacker(name) for name in reversed(names) if name != "identity"]


def unpack(unpacking: list[Unpacker], block: bytes) -> Iterator[bytes]:
    """A block of a body through all its unpackers, piece by piece. Raises EncodingBroken."""
    if not unpacking:
        yield block
        return
    try:
        for piece in unpacking[0].feed(block):
            yield from unpack(unpacking[1:], piece)
    except EncodingBroken:
        raise
    except Exception as error:  # zlib, brotli and zstd each raise errors of their own
        if type(error).__module__.split(".")[0] not in _LIBRARIES:
            raise
        raise EncodingBroken(str(error)) from error


def _unpacker(name: str) -> Unpacker:
    if name == "gzip":
        return _Gzip()
    if name == "deflate":
        return _Deflate()
    if name == "br" and _BROTLI:
        return _Brotli()
    if name == "zstd" and _ZSTD:
        return _Zstd()
    raise EncodingBroken(f"the encoding {name[:40]!r} is not known")


class _Gzip:
    """gzip, several members after each other and zeros at the end included."""

    def __init__(self) -> None:
        self._member, self._begun = zlib.decompressobj(zlib.MAX_WBITS + 16), False

    def feed(self, block: bytes) -> Iterator[bytes]:
        while block:
            if self._member.eof:
                block = block.lstrip(b"\0")
                if not block:
                    return
                self._member = zlib.decompressobj(zlib.MAX_WBITS + 16)
            self._begun = True
            yield self._member.decompress(block, PIECE)
            block = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            while not block and not self._member.eof and (more := self._member.decompress(b"", PIECE)):
                yield more

    def finish(self) -> None:
        if self._begun and not self._member.eof:
            raise EncodingBroken("it is cut off")


class _Deflate:
    """deflate with the header of zlib, or without, as some servers send it."""

    def __init__(self) -> None:
        self._stream, self._begun = zlib.decompressobj(), False

    def feed(self, block: bytes) -> Iterator[bytes]:
        if not self._begun:
            self._begun = True
            try:
                zlib.decompressobj().decompress(block, 1)
            except zlib.error:
                self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
        while block and not self._stream.eof:
            yield self._stream.decompress(block, PIECE)
            block = self._stream.unconsumed_tail
            while not block and not self._stream.eof and (more := self._stream.decompress(b"", PIECE)):
                yield more
        if block or self._stream.unused_data:
            raise EncodingBroken("something follows its end")

    def finish(self) -> None:
        if self._begun and not self._stream.eof:
            raise EncodingBroken("it is cut off")


class _Brotli:
    def __init__(self) -> None:
        self._stream: Any = _BROTLI.Decompressor()
        self._begun = False

    def feed(self, block: bytes) -> Iterator[bytes]:
        self._begun = True
        yield self._stream.process(block, output_buffer_limit=PIECE)
        while not self._stream.is_finished():
            more = self._stream.process(b"", output_buffer_limit=PIECE)
            if not more and self._stream.can_accept_more_data():
                return
            yield more

    def finish(self) -> None:
        if self._begun and not self._stream.is_finished():
            raise EncodingBroken("it is cut off")


class _Zstd:
    """zstd, several frames after each other included."""

    def __init__(self) -> None:
        self._frame: Any = _ZSTD.ZstdDecompressor()
        self._begun = False

    def feed(self, block: bytes) -> Iterator[bytes]:
        while block or not (self._frame.eof or self._frame.needs_input):
            if self._frame.eof:
                self._frame = _ZSTD.ZstdDecompressor()
            self._begun = True
            yield self._frame.decompress(block, PIECE)
            block = self._frame.unused_data if self._frame.eof else b""

    def finish(self) -> None:
        if self._begun and not self._frame.eof:
            raise EncodingBroken("it is cut off")
