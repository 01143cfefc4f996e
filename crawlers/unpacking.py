"""What is packed in a file to be imported: itself, unpacked, or the members of a zip file."""

import gzip
import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

from noticewatch.errors import UsageError

_BLOCK: Final = 1 << 20
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
"""How a zip file with a member in it begins. It is read from its end, so one that is cut off is none to ``zipfile``."""


def payloads(path: Path) -> Iterator[tuple[str, BinaryIO]]:
    """Name and stream of each payload in a file. Raises UsageError, naming the fact, where it cannot be unpacked."""
    try:
        start = _start(path)
        if path.suffix == ".gz" or start.startswith(_GZIP):
            name = path.stem if path.suffix == ".gz" else path.name
            yield name, cast("BinaryIO", gzip.open(path, "rb"))  # noqa: SIM115 - the receiver closes it
        elif zipfile.is_zipfile(path):
            yield from _members(path)
        elif start == _ZIP:
            raise UsageError(
                f"{path} is a zip file that is cut off: its directory is missing; take a whole copy of it."
            )
        else:
            yield path.name, path.open("rb")
    except (OSError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path} cannot be read ({error}).") from error


def spooled(stream: BinaryIO, spool: BinaryIO, path: Path, name: str, megabytes: int) -> tuple[str, int]:
    """Unpack a payload of a file to a temporary file; gives SHA-256 and length.

    Raises UsageError where it is broken, is packed once more, or holds more than a live answer may have.
    """
    try:
        copied = copy(stream, spool, megabytes)
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise UsageError(f"{path} cannot be unpacked ({error}).") from error
    if copied is None:
        raise UsageError(
            f"{path} holds more than {megabytes} MB, the most that an answer of this source has; "
            "if it is right, raise max_megabytes in the source's source.toml."
        )
    start = spool.read(len(_ZIP))
    if start == _ZIP or start.startswith(_GZIP):
        raise UsageError(f"{path} holds a file that is packed once more, {name}; unpack it and import what it holds.")
    spool.seek(0)
    return copied


def copy(stream: BinaryIO, spool: BinaryIO, megabytes: int) -> tuple[str, int] | None:
    """Copy a stream to a temporary file, left at its beginning; gives SHA-256 and length, None where it is longer."""
    hashed, length = hashlib.sha256(), 0
    while block := stream.read(_BLOCK):
        hashed.update(block)
        length += len(block)
        if length > megabytes << 20:
            return None
        spool.write(block)
    spool.seek(0)
    return hashed.hexdigest(), length


def _start(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(len(_ZIP))


def _members(path: Path) -> Iterator[tuple[str, BinaryIO]]:
    with zipfile.ZipFile(path) as packed:
        members = [member for member in packed.infolist() if not member.is_dir()]
        if not members:
            raise UsageError(f"{path} is a zip file without a file in it.")
        for member in members:
            if member.flag_bits & 1:
                raise UsageError(f"{path} is encrypted; unpack it and import what it holds.")
            try:
                stream = packed.open(member)
            except NotImplementedError as error:
                raise UsageError(f"{path} is packed in a way that is not known here ({error}); unpack it.") from error
            yield Path(member.filename).name, cast("BinaryIO", stream)
