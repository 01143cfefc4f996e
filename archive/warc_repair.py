"""WARC files of writers that died: cut back to their last whole member before anybody writes on.

A file that is being written has a lock file beside it; a lock that nobody holds marks a writer that died.
"""

import os
import zlib
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

_BLOCK: Final = 1 << 20


def lock_of(path: Path) -> Path:
    """The lock file of a WARC file that is being written."""
    return path.with_name(path.name + ".lock")


def repair(folder: Path) -> list[Path]:
    """Cut files of writers that died back to their last whole member; gives the files that were cut."""
    cut = []
    for lock_file in sorted(folder.glob("*.warc.gz.lock")):
        path = lock_file.with_suffix("")
        try:
            with FileLock(lock_file, timeout=0):
                if path.exists() and _cut_torn_tail(path):
                    cut.append(path)
        except Timeout:
            continue
        lock_file.unlink(missing_ok=True)
    return cut


def _cut_torn_tail(path: Path) -> bool:
    whole = _whole_members(path)
    if whole == path.stat().st_size:
        return False
    with path.open("r+b") as file:
        file.truncate(whole)
        os.fsync(file.fileno())
    return True


def _whole_members(path: Path) -> int:
    """Bytes up to the end of the last gzip member that can be read to its end."""
    whole = read = 0
    member = zlib.decompressobj(zlib.MAX_WBITS + 16)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            read += len(block)
            try:
                while block:
                    rest = _run_through(member, block)
                    if not member.eof:
                        break
                    block = rest
                    whole = read - len(block)
                    member = zlib.decompressobj(zlib.MAX_WBITS + 16)
            except zlib.error:
                return whole
    return whole


def _run_through(member: Any, block: bytes) -> bytes:
    """Take a block of a member, however much it unpacks to; gives what follows where the member ends in it."""
    while not member.eof and (block or member.decompress(b"", _BLOCK)):
        member.decompress(block, _BLOCK)
        block = member.unconsumed_tail
    return bytes(member.unused_data)
