"""The folders of embedded indexes: their names, which of them is in use, and what may be wrong with their files."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from indexer.engine import SearchUnavailable
from noticewatch.errors import DataFolderError
from noticewatch.identifiers import new_id

_NAME: Final = re.compile(r"[\w-]+\.\d{1,9}\.[\w-]+", re.ASCII)


def index_name(epoch: str, schema: int) -> str:
    """A new name for an index of a log's epoch and a schema version."""
    return f"{epoch}.{schema}.{new_id()[-12:]}"


def parts(name: str) -> tuple[str, int]:
    """Epoch and schema version of a name."""
    epoch, schema, _ = name.rsplit(".", 2)
    return epoch, int(schema)


def stamp(folder: Path, name: str = "meta.json") -> tuple[int, int] | None:
    """Of an index's folder changes with every commit, whichever process made it; None where the file is not there."""
    try:
        status = os.stat(f"{folder}/{name}")  # noqa: PTH116 - with every search; a Path takes longer than the look
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_ino


class Pointer:
    """Which index of a folder is in use. The file that says so is read again only once it was replaced."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: tuple[int, int] | None = None
        self._name: str | None = None

    def name(self) -> str | None:
        """The name of the index in use; None where there is none."""
        seen = stamp(self._folder, "current")
        if seen != self._seen:
            self._name = current(self._folder)
            self._seen = seen
        return self._name


def current(folder: Path) -> str | None:
    """The name of the index in use; None where there is none, or where a damaged file names none."""
    try:
        name = (folder / "current").read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        return None
    return name if _NAME.fullmatch(name) else None


def point(folder: Path, name: str) -> None:
    """Make an index the one in use, atomically."""
    fresh = folder / "current.new"
    with fresh.open("w", encoding="utf-8") as file:
        file.write(name)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / "current")


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Tell of files that cannot be written by DataFolderError, in a sentence."""
    try:
        yield
    except OSError as error:
        raise _unwritable(folder, error.strerror or str(error)) from error
    except ValueError as error:  # the only kind tantivy raises
        if _FAULT_OF_FILES.search(str(error)) is None:
            raise
        raise _unwritable(folder, str(error)) from error


@contextmanager
def readable(folder: Path) -> Iterator[None]:
    """Tell of files that are damaged or missing by SearchUnavailable, in a sentence."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, ValueError) and type(error).__name__ != "PanicException":  # of cut off files it panics
            raise
        reason = " ".join(str(error).split())[:200]
        raise SearchUnavailable(
            f"The search index in {folder} cannot be read ({reason}); noticewatch index rebuild builds a new one."
        ) from error


_FAULT_OF_FILES: Final = re.compile(r"os error|IO ?error|IoError|was killed|Permission", re.IGNORECASE)


def _unwritable(folder: Path, reason: str) -> DataFolderError:
    return DataFolderError(
        f"The search index in {folder} cannot be written ({' '.join(reason.split())}); "
        "free space or make the data folder writable."
    )
