"""What the text of a file is made of: pages, findings, and what a reader says on the way. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, Final, TypeAlias

READER_VERSION: Final = 1
"""Of all readers together; a file that an older version has read is read again when it is seen again."""


class Format(StrEnum):
    """What a file is, by its bytes."""

    PDF = "pdf"
    WORD = "docx"
    WORKBOOK = "xlsx"
    HTML = "html"
    XML = "xml"
    TEXT = "txt"
    ZIP = "zip"
    OLD_OFFICE = "old_office"
    PRESENTATION = "pptx"
    OPEN_DOCUMENT = "open_document"
    RICH_TEXT = "rtf"
    IMAGE = "image"
    PACKED = "packed"
    EMPTY = "empty"
    UNKNOWN = "unknown"


WORDS: Final[dict[Format, str]] = {
    Format.PDF: "a PDF",
    Format.WORD: "a Word document",
    Format.WORKBOOK: "an Excel workbook",
    Format.HTML: "a web page",
    Format.XML: "XML",
    Format.TEXT: "plain text",
    Format.ZIP: "a ZIP archive",
    Format.OLD_OFFICE: "a file of an old Office program",
    Format.PRESENTATION: "a presentation",
    Format.OPEN_DOCUMENT: "an OpenDocument file",
    Format.RICH_TEXT: "rich text",
    Format.IMAGE: "an image",
    Format.PACKED: "an archive of a kind other than ZIP",
    Format.EMPTY: "empty",
    Format.UNKNOWN: "of an unknown format",
}
"""Formats in words, to stand after "is"."""


class FindingKind(StrEnum):
    """What can be found about a file beside its text."""

    EMPTY = "empty"
    NOT_READ = "not_read"
    BROKEN = "broken"
    ENCRYPTED = "encrypted"
    NO_TEXT = "no_text"
    PARTLY_NO_TEXT = "partly_no_text"
    OTHER_NAME = "other_name"
    LOG_IN = "log_in"
    ENCODING = "encoding"
    FORM = "form"
    TOO_LARGE = "too_large"
    TOO_MANY_PAGES = "too_many_pages"
    TOO_MUCH_TEXT = "too_much_text"
    TOO_MANY_MEMBERS = "too_many_members"
    TOO_DEEP = "too_deep"
    TOO_SLOW = "too_slow"
    TOO_MUCH_MEMORY = "too_much_memory"
    READER_ENDED = "reader_ended"


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a file's text that can be cited.

    number: from 1, within its file; unit: ``page``, ``sheet``, ``notes`` (headers, footers, notes) or ``text`` (the
    whole of a file without pages); name: of a sheet; member: path inside a ZIP archive or a PDF, empty for the file.
    """

    number: int
    text: str
    unit: str = "page"
    name: str = ""
    member: str = ""

    @property
    def words(self) -> str:
        """Where it is, for people: ``page 3``, ``sheet Prices``, ``offer.pdf, page 2``."""
        place = {
            "page": f"page {self.number}", "sheet": f"sheet {self.name or self.number}",
            "notes": "headers, footers and notes",
        }.get(self.unit, "")  # fmt: skip
        return ", ".join(part for part in (self.member, place) if part)


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence about a file, or about a member of it."""

    kind: FindingKind
    text: str
    member: str = ""

    @property
    def words(self) -> str:
        """The sentence, with the member that it is about."""
        return f"{self.member}: {self.text}" if self.member else self.text


@dataclass(frozen=True, slots=True)
class PageCount:
    """How many pages a file has, said before they are read."""

    pages: int


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a file. ``size``: bytes as declared; ``open`` gives them and may raise Unreadable."""

    name: str
    size: int
    open: Callable[[], BinaryIO]


Told: TypeAlias = Page | Finding | PageCount | Member
"""What a reader of a format says, one after the other."""


class Unreadable(Exception):
    """A file whose text cannot be had, with the sentence that says why."""

    def __init__(self, kind: FindingKind, sentence: str) -> None:
        super().__init__(sentence)
        self.kind, self.sentence = kind, sentence


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is read. ``seconds`` are of the clock and of the processor alike."""

    seconds: float = 60.0
    memory: int = 1 << 30
    size: int = 256 << 20
    unpacked: int = 512 << 20
    pages: int = 2_000
    characters: int = 20_000_000
    members: int = 500
    depth: int = 3


LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class FileText:
    """What was read of a file. ``declared``: pages that it says it has, None where it says nothing."""

    format: Format
    pages: tuple[Page, ...] = ()
    findings: tuple[Finding, ...] = ()
    declared: int | None = None


def counted(number: int, thing: str, things: str = "") -> str:
    """``1 page``, ``2,000 pages``."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"
