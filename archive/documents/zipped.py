"""ZIP archives: their members, and what of one is refused before anything is unpacked."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, Final

from archive.documents.pages import Finding, FindingKind, Limits, Member, Told, Unreadable

_ENCRYPTED: Final = 0x1

_NOT_MEMBERS: Final = ("__MACOSX/",)
"""What one system puts beside every member, which says nothing about it."""


def read(stream: BinaryIO, limits: Limits) -> Iterator[Told]:
    """Members of an archive. Raises Unreadable where it is broken."""
    archive = opened(stream)
    members = [info for info in archive.infolist() if not info.is_dir() and not info.filename.startswith(_NOT_MEMBERS)]
    for info in members[: limits.members]:
        if info.flag_bits & _ENCRYPTED:
            yield Finding(FindingKind.ENCRYPTED, "It is encrypted.", info.filename)
            continue
        yield Member(info.filename, info.file_size, partial(_unpacked, archive, info))
    if len(members) > limits.members:
        yield Finding(
            FindingKind.TOO_MANY_MEMBERS,
            f"It holds {len(members):,} files, of which the first {limits.members:,} are looked at.",
        )
    if not members:
        yield Finding(FindingKind.NO_TEXT, "No text: it holds no files.")


def opened(stream: BinaryIO) -> zipfile.ZipFile:
    """An archive opened. Raises Unreadable where it is broken."""
    try:
        return zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        raise Unreadable(FindingKind.BROKEN, "It is a broken ZIP archive and cannot be opened.") from error


def refuse_large(stream: BinaryIO, limits: Limits) -> None:
    """Raise Unreadable for a file made of a ZIP archive, as those of Office are, that unpacks to more than is read."""
    archive = opened(stream)
    if any(info.flag_bits & _ENCRYPTED for info in archive.infolist()):
        raise Unreadable(FindingKind.ENCRYPTED, "It is encrypted.")
    size = sum(info.file_size for info in archive.infolist())
    if size > limits.unpacked:
        raise Unreadable(
            FindingKind.TOO_LARGE, f"It unpacks to {size / 1e6:,.0f} MB; at most {limits.unpacked / 1e6:,.0f} are read."
        )
    stream.seek(0)


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    """A member's bytes; never more than it declares."""
    try:
        return io.BytesIO(archive.read(info))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise Unreadable(FindingKind.BROKEN, "It is broken and cannot be unpacked.") from error
