"""Plain text in whatever encoding. Form feeds end pages, as they do in print."""

import codecs
from collections.abc import Iterator
from typing import BinaryIO, Final

from archive.documents.formats import utf_16_without_mark
from archive.documents.pages import Finding, FindingKind, Limits, Page, Told

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order marks, the longer ones first where one begins with another."""


def read(stream: BinaryIO, limits: Limits) -> Iterator[Told]:  # noqa: ARG001 - the pages are limited by who reads them
    """Pages of a text."""
    text, doubt = decoded(stream.read())
    if doubt:
        yield doubt
    pages = text.removesuffix("\f").split("\f")
    for number, page in enumerate(pages, start=1):
        yield Page(number, page, "page" if len(pages) > 1 else "text")
    if not text.strip():
        yield Finding(FindingKind.NO_TEXT, "No text: it holds only spaces.")


def decoded(data: bytes) -> tuple[str, Finding | None]:
    """Text of bytes, and what is to be said where its encoding is a guess."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace"), None
    bare = utf_16_without_mark(data[:4096])
    if bare:
        return data.decode(bare, "replace"), None
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError:
        guess = Finding(FindingKind.ENCODING, "Its encoding is stated nowhere; it is read as Windows-1252.")
        return data.decode("windows-1252", "replace"), guess
