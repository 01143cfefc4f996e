"""What a file is, by its bytes; its name is compared, never trusted. Pure."""

import re
import zipfile
from pathlib import PurePosixPath
from typing import BinaryIO, Final

from archive.documents.pages import WORDS, Finding, FindingKind, Format

_HEAD: Final = 4096

_MAGIC: Final = (
    (b"PK\x03\x04", Format.ZIP),
    (b"PK\x05\x06", Format.ZIP),
    (b"PK\x07\x08", Format.ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Format.OLD_OFFICE),
    (b"{\\rtf", Format.RICH_TEXT),
    (b"\x89PNG\r\n\x1a\n", Format.IMAGE),
    (b"\xff\xd8\xff", Format.IMAGE),
    (b"GIF8", Format.IMAGE),
    (b"II*\0", Format.IMAGE),
    (b"MM\0*", Format.IMAGE),
    (b"Rar!\x1a\x07", Format.PACKED),
    (b"7z\xbc\xaf\x27\x1c", Format.PACKED),
    (b"\x1f\x8b", Format.PACKED),
    (b"BZh", Format.PACKED),
    (b"\xfd7zXZ\0", Format.PACKED),
)

_PARTS: Final = (
    ("word/document", Format.WORD),
    ("xl/workbook", Format.WORKBOOK),
    ("ppt/presentation", Format.PRESENTATION),
)

_HTML = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_XML = re.compile(rb"\s*<(?:\?xml\b|!DOCTYPE\b|!--)")
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))

_SUFFIXES: Final[dict[str, frozenset[Format]]] = {
    ".pdf": frozenset({Format.PDF}),
    ".docx": frozenset({Format.WORD}),
    ".docm": frozenset({Format.WORD}),
    ".xlsx": frozenset({Format.WORKBOOK}),
    ".xlsm": frozenset({Format.WORKBOOK}),
    ".pptx": frozenset({Format.PRESENTATION}),
    ".zip": frozenset({Format.ZIP}),
    ".doc": frozenset({Format.OLD_OFFICE, Format.RICH_TEXT}),
    ".xls": frozenset({Format.OLD_OFFICE}),
    ".ppt": frozenset({Format.OLD_OFFICE}),
    ".rtf": frozenset({Format.RICH_TEXT}),
    ".txt": frozenset({Format.TEXT, Format.HTML, Format.XML}),
    ".csv": frozenset({Format.TEXT}),
    ".htm": frozenset({Format.HTML, Format.XML, Format.TEXT}),
    ".html": frozenset({Format.HTML, Format.XML, Format.TEXT}),
    ".xml": frozenset({Format.XML, Format.HTML}),
}


def format_of(stream: BinaryIO) -> Format:
    """The format of a file, by its bytes. ``stream``: seekable; its position is moved."""
    stream.seek(0)
    head = stream.read(_HEAD)
    if not head:
        return Format.EMPTY
    by_magic = next((found for magic, found in _MAGIC if head.startswith(magic)), None)
    if by_magic is Format.ZIP:
        return _packed(stream)
    return by_magic or _by_its_words(head)


def _by_its_words(head: bytes) -> Format:
    if b"%PDF-" in head[:1024]:  # readers of PDF allow for what mail programs put before it
        return Format.PDF
    bare = head.removeprefix(b"\xef\xbb\xbf")
    if _HTML.match(bare):
        return Format.HTML
    if _XML.match(bare):
        return Format.XML
    return Format.TEXT if is_text(head) else Format.UNKNOWN


def is_text(head: bytes) -> bool:
    """Whether the beginning of a file is that of plain text, in whatever encoding."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or utf_16_without_mark(head):
        return True
    return len(head.translate(None, _CONTROLS)) == len(head)


def utf_16_without_mark(head: bytes) -> str | None:
    """``utf-16-le`` or ``utf-16-be`` where nearly every other byte of the beginning is 0; None elsewhere."""
    if len(head) < 4:
        return None
    even, odd = head[0::2], head[1::2]
    if odd.count(0) * 4 >= len(odd) * 3 and even.count(0) * 10 <= len(even):
        return "utf-16-le"
    if even.count(0) * 4 >= len(even) * 3 and odd.count(0) * 10 <= len(odd):
        return "utf-16-be"
    return None


def differing_name(name: str, found: Format) -> Finding | None:
    """What is to be said where a file's name promises another format than its bytes have."""
    suffix = PurePosixPath(name.strip().lower()).suffix
    promised = _SUFFIXES.get(suffix)
    if promised is None or found in promised or found is Format.EMPTY:
        return None
    return Finding(FindingKind.OTHER_NAME, f"Its name ends in {suffix}; by its bytes it is {WORDS[found]}.")


def _packed(stream: BinaryIO) -> Format:
    try:
        with zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
    except Exception:  # a broken archive is one too; its reader says what is wrong with it
        return Format.ZIP
    if "[Content_Types].xml" in names:
        for start, found in _PARTS:
            if any(name.startswith(start) for name in names):
                return found
    if names and names[0] == "mimetype" and "content.xml" in names:
        return Format.OPEN_DOCUMENT
    return Format.ZIP
