"""Who serves and who schedules a data folder: one process each, known by its id and address."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import orjson
from filelock import FileLock, Timeout

from noticewatch.errors import DataFolderError

Role = Literal["server", "scheduler"]

_WORDS: Final = {"server": "served", "scheduler": "scheduled"}


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds a role. ``address``: where it serves, empty for a scheduler."""

    process: int
    address: str


@contextmanager
def hold(folder: Path, *roles: Role) -> Iterator[None]:
    """Hold roles on a data folder. Raises DataFolderError naming the process that holds one already."""
    with ExitStack() as stack:
        for role in roles:
            stack.enter_context(_hold(folder, role))
        yield


@contextmanager
def _hold(folder: Path, role: Role) -> Iterator[None]:
    lock = FileLock(_lock(folder, role))
    try:
        (folder / "locks").mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=1)  # a process that only looks who is there holds it for an instant
    except Timeout:
        raise DataFolderError(_refusal(folder, role)) from None
    except OSError as error:
        raise DataFolderError(
            f"The data folder {folder} cannot be written ({error.strerror}); "
            "make it writable or set NOTICEWATCH_HOME to another folder."
        ) from error
    note = _note(folder, role)
    try:
        say_address(folder, role, "")
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def say_address(folder: Path, role: Role, address: str) -> None:
    """Let others know by which process, and where, a role is held. Call it only as its holder."""
    _note(folder, role).write_bytes(orjson.dumps({"process": os.getpid(), "address": address}))


def holder(folder: Path, role: Role) -> Holder | None:
    """The living process that holds a role; None where there is none."""
    file = _lock(folder, role)
    if not file.exists():
        return None
    try:
        with FileLock(file, timeout=0):
            return None
    except Timeout:
        pass
    try:
        stated = orjson.loads(_note(folder, role).read_bytes())
        return Holder(int(stated["process"]), str(stated["address"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Holder(0, "")  # it is just starting, or ending


def _refusal(folder: Path, role: Role) -> str:
    held = holder(folder, role)
    process = f"process {held.process}" if held and held.process else "another process"
    where = f" at {held.address}" if held and held.address else ""
    return (
        f"The data folder {folder} is already {_WORDS[role]} by {process}{where}; "
        "stop that one first, or set NOTICEWATCH_HOME to another folder."
    )


def _lock(folder: Path, role: Role) -> Path:
    return folder / "locks" / f"{role}.lock"


def _note(folder: Path, role: Role) -> Path:
    return folder / "locks" / f"{role}.json"
