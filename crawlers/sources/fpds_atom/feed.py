"""Finds the records of an FPDS feed in a stream of XML, with their byte ranges, by namespace and never by prefix.

Records become plain values in the form that xml2json gives them: attributes as ``@name``, text as ``#text``, repeated
elements as lists, an element without attributes and children as its text. A document type is refused, so there are no
entities but XML's own, and nothing outside the answer is ever read.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final
from xml.parsers import expat

from crawlers.encodings import foreign_encoding
from noticewatch.errors import SourceDrift

ATOM: Final = "http://www.w3.org/2005/Atom"
NAMESPACES: Final = frozenset({"http://www.fpdsng.com/FPDS", "https://www.fpds.gov/FPDS"})
"""Of records in schema 1.4 and 1.5."""

RECORDS: Final = ("award", "IDV", "OtherTransactionAward", "OtherTransactionIDV")
"""The four kinds of record."""

ROOTS: Final = frozenset({f"{ATOM} feed", *(f"{space} listOf{name}" for space in NAMESPACES for name in (
    "Awards", "IDVs", "OtherTransactionAwards", "OtherTransactionIDVs"
))})  # fmt: skip
"""An ATOM feed, and the lists in which FPDS's own service and its collectors keep records."""

_DELETED: Final = re.compile(r"[?&](?:FEEDNAME=DELETED|indexName=\w*deleted)\b", re.IGNORECASE)
_BLOCK: Final = 1 << 16
_DEEPEST: Final = 64
_LONGEST: Final = 8 << 20
_TAG: Final = 1 << 20
"""Bytes before the latest among which a tag may have begun that the parser still waits for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of a feed. kind: one of RECORDS, empty for an entry without; body: the record's own elements;
    modified: as printed in the entry; deleted: it comes from the feed of deleted records.
    """

    start: int
    end: int
    sha256: str
    kind: str
    body: Any
    modified: str
    deleted: bool


@dataclass(slots=True)
class _Element:
    name: str
    values: dict[str, Any]
    text: list[str] = field(default_factory=list)

    def value(self) -> Any:
        """The element in the form of xml2json."""
        text = "".join(self.text).strip()
        if not self.values:
            return text or None
        return {**self.values, "#text": text} if text else self.values


def entries(start: bytes, stream: BinaryIO) -> Iterator[Entry]:
    """All records of a feed, as their bytes come by. ``start``: what was read of the stream already.

    Raises SourceDrift where the stream is no feed of FPDS, is cut off, or goes beyond what a feed can be.
    """
    reader = _Reader()
    yield from reader.feed(start)
    while block := stream.read(_BLOCK):
        yield from reader.feed(block)
    yield from reader.close()


def links(stream: BinaryIO) -> dict[str, str]:
    """Addresses in the head of a feed by relation (``next``, ``last`` …). Raises SourceDrift as :func:`entries`."""
    reader = _Reader()
    while block := stream.read(_BLOCK):
        if list(reader.feed(block)):
            break
    return reader.links


class _Reader:
    """Follows the parser; keeps the elements of one record and the bytes since it began."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._begins
        self._parser.EndElementHandler = self._ends
        self._parser.CharacterDataHandler = self._says
        self._parser.StartDoctypeDeclHandler = self._refuses
        self._stack: list[_Element] = []
        self._root = ""
        self._depth = 0
        self._start = -1
        self._held, self._held_from = bytearray(), 0
        self._found: list[tuple[int, int, Any]] = []
        self.links: dict[str, str] = {}
        self._deleted = False
        self._head = b""

    def feed(self, block: bytes) -> Iterator[Entry]:
        """The records that end in a block of bytes."""
        self._held += block
        self._head += block[: 200 - len(self._head)] if len(self._head) < 200 else b""
        self._parse(block, last=False)
        if self._held_from + len(self._held) - max(self._parser.CurrentByteIndex, 0) > _LONGEST:
            raise SourceDrift("A tag or text of the feed is longer than any of FPDS.")
        for start, end, value in self._found:
            raw = bytes(self._held[start - self._held_from : end - self._held_from])
            yield entry_of(value, start, end, digest(raw, deleted=self._deleted), deleted=self._deleted)
        self._found.clear()
        self._forget()

    def close(self) -> Iterator[Entry]:
        """Check that the feed came to its end."""
        self._parse(b"", last=True)
        yield from ()

    def _parse(self, block: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(block, last)
        except expat.ExpatError as error:
            raise SourceDrift(self._broken(error)) from error

    def _broken(self, error: expat.ExpatError) -> str:
        encoding = foreign_encoding(self._head)
        if encoding:
            return f"The answer is {encoding} where an FPDS feed in UTF-8 was due."
        start = self._head.lstrip(b"\xef\xbb\xbf \t\r\n")
        if not start:
            return "The answer is empty where a feed was due."
        if start.lower().startswith((b"<!doctype html", b"<html")):
            return "The answer is an HTML page where an FPDS feed was due."
        if not start.startswith(b"<"):
            return "The answer is something else where an FPDS feed was due."
        why = expat.errors.messages.get(error.code, "broken")
        return f"The feed is cut off or broken at byte {self._parser.ErrorByteIndex} ({why}); fetch it again."

    def _begins(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise SourceDrift("The feed nests deeper than any record of FPDS.")
        if not self._root:
            self._root = name
            if name.rpartition(" ")[2].lower() == "html":
                raise SourceDrift("The answer is an HTML page where an FPDS feed was due.")
            if name not in ROOTS:
                raise SourceDrift(f"The answer begins with {_local(name)[:40]!r} where an FPDS feed was due.")
        elif not self._stack and name == f"{ATOM} link":
            self.links.setdefault(attributes.get("rel", ""), attributes.get("href", ""))
            self._deleted = self._deleted or says_deleted(attributes.get("href", ""))
        if self._stack or self._begins_row(name):
            if not self._stack:
                self._start = self._parser.CurrentByteIndex
            self._stack.append(_Element(name, {f"@{_local(key)}": value for key, value in attributes.items()}))

    def _begins_row(self, name: str) -> bool:
        if self._depth != 2:
            return False
        space, _, local = name.rpartition(" ")
        return name == f"{ATOM} entry" if self._root.startswith(ATOM) else space in NAMESPACES and local in RECORDS

    def _says(self, text: str) -> None:
        if self._stack:
            self._stack[-1].text.append(text)

    def _ends(self, name: str) -> None:
        self._depth -= 1
        if not self._stack:
            return
        done = self._stack.pop()
        if self._stack:
            _put(self._stack[-1].values, _kept_name(name), done.value())
            return
        tag = self._parser.GetInputContext() or b""
        end = self._parser.CurrentByteIndex + tag.index(b">") + 1
        value = done.value() if self._root.startswith(ATOM) else {"content": {_local(name): done.value()}}
        self._found.append((self._start, end, value))
        self._start = -1

    def _refuses(self, name: str, *_: Any) -> None:
        if name.lower() == "html":
            raise SourceDrift("The answer is an HTML page where an FPDS feed was due.")
        raise SourceDrift("The answer declares a document type, which a feed of FPDS has not; it is not read.")

    def _forget(self) -> None:
        """Let go of bytes that no record needs any more; a tag may have begun among the latest."""
        end = self._held_from + len(self._held)
        if self._start >= 0 and end - self._start > _LONGEST:
            raise SourceDrift("An entry of the feed is longer than any record of FPDS.")
        keep = self._start if self._start >= 0 else max(self._held_from, end - _TAG)
        del self._held[: keep - self._held_from]
        self._held_from = keep


def digest(raw: bytes, *, deleted: bool) -> str:
    """SHA-256 of a record's bytes; a deleted one, which may repeat them, is hashed behind that word."""
    return hashlib.sha256(b"deleted " + raw if deleted else raw).hexdigest()


def says_deleted(address: str) -> bool:
    """Whether an address is one of the feed of deleted records."""
    return _DELETED.search(address) is not None


def entry_of(value: Any, start: int, end: int, sha256: str, *, deleted: bool) -> Entry:
    """An entry from its value in the form of xml2json."""
    members = value if isinstance(value, dict) else {}
    content = members.get("content")
    inside = content if isinstance(content, dict) else {}
    kind = next((name for name in RECORDS if name in inside), "")
    return Entry(start, end, sha256, kind, inside.get(kind), str(members.get("modified") or ""), deleted)


def _put(values: dict[str, Any], name: str, value: Any) -> None:
    if name not in values:
        values[name] = value
    elif isinstance(values[name], list):
        values[name].append(value)
    else:
        values[name] = [values[name], value]


def _kept_name(name: str) -> str:
    """The local name of an ATOM or FPDS element; a strange namespace stays before it, so that nobody reads it."""
    space, _, local = name.rpartition(" ")
    return local if space == ATOM or space in NAMESPACES or not space else f"{{{space}}}{local}"


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
