"""A file that grows by one line a message, or a command that gets it: for scripts of the operator's own machine.

Both get the JSON of a webhook. They are an operator's to set, never a reader's.
"""

import os
import shlex
import signal
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from filelock import FileLock, Timeout

from alerts.channels.channel import first_words
from alerts.channels.posting import MOST_READ
from alerts.guard import TargetRefused
from alerts.message import payload_bytes
from alerts.models import Message, Outcome, Target

_KEPT: Final = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ", "USER")
"""Variables that a command sees: none of our settings, which hold secrets."""


@dataclass(frozen=True)
class File:
    """Appends each message to a file as one line of JSON, on the disk before it counts as delivered. ``seconds``: that
    it waits for others who write to it.
    """

    seconds: float = 10.0

    def check(self, target: Target) -> None:
        """Raises TargetRefused where the address is not a whole path whose folder is there."""
        path = Path(target.address)
        if not path.is_absolute() or not path.parent.is_dir():
            raise TargetRefused(f"{target.address!r} is not the whole path of a file in a folder that is there.")
        if path.is_dir():
            raise TargetRefused(f"{target.address} is a folder; name a file.")

    def send(self, target: Target, message: Message) -> Outcome:
        """Append once. A full disk or a missing folder is tried again later, and leaves no part of a line."""
        try:
            self.check(target)
            with FileLock(f"{target.address}.lock", timeout=self.seconds):
                _append(Path(target.address), payload_bytes(message) + b"\n")
        except TargetRefused as error:
            return Outcome("retry", str(error))
        except Timeout:
            return Outcome("retry", "another process holds the file")
        except OSError as error:
            return Outcome("retry", error.strerror or str(error))
        return Outcome("delivered", "written")


def _append(path: Path, line: bytes) -> None:
    """Writes a whole line and syncs it, or nothing. What a killed writer left of a line is ended first."""
    with path.open("a+b", buffering=0) as file:
        length = file.seek(0, os.SEEK_END)
        if length and not _ends_a_line(file, length):
            line = b"\n" + line
        try:
            written = 0
            while written < len(line):
                written += file.write(line[written:]) or 0
            os.fsync(file.fileno())
        except OSError:
            file.truncate(length)
            raise


def _ends_a_line(file: IO[bytes], length: int) -> bool:
    file.seek(length - 1)
    return file.read(1) == b"\n"


@dataclass(frozen=True)
class Command:
    """Starts a command with the message on its standard input. Exit code 0 is delivered, any other is tried again."""

    seconds: float = 60.0

    def check(self, target: Target) -> None:
        """Raises TargetRefused for a command line that names nothing."""
        if not _words(target.address):
            raise TargetRefused("The command is empty, or a quotation mark in it is not closed.")

    def send(self, target: Target, message: Message) -> Outcome:
        """Run once, without a shell; after the time it and everything it started are ended."""
        try:
            self.check(target)
            return self._run(_words(target.address), payload_bytes(message) + b"\n")
        except TargetRefused as error:
            return Outcome("retry", str(error))
        except OSError as error:
            return Outcome("retry", f"it could not be started: {error.strerror or error}")

    def _run(self, words: list[str], given: bytes) -> Outcome:
        process = subprocess.Popen(  # noqa: S603 - the operator's own command
            words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            start_new_session=True, env={name: os.environ[name] for name in _KEPT if name in os.environ},
        )  # fmt: skip
        said = bytearray()
        assert process.stdin is not None
        assert process.stderr is not None
        threads = [
            threading.Thread(target=_feed, args=(process.stdin, given), daemon=True),
            threading.Thread(target=_listen, args=(process.stderr, said), daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            code = process.wait(self.seconds)
        except subprocess.TimeoutExpired:
            code = None
            os.killpg(process.pid, signal.SIGKILL)  # it is not waited for yet, so the number is still its own
            process.wait()
        threads[1].join(1.0)
        answer = first_words(said.decode("utf-8", "replace"), [])
        if code == 0:
            return Outcome("delivered", answer or "exit code 0")
        if code is None:
            return Outcome("retry", f"it took longer than {self.seconds:.0f} seconds")
        return Outcome("retry", f"exit code {code}: {answer}" if answer else f"exit code {code}")


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return []


def _feed(pipe: IO[bytes], given: bytes) -> None:
    """Gives the message; a command that does not read it is not at fault."""
    with suppress(OSError), pipe:
        pipe.write(given)


def _listen(pipe: IO[bytes], said: bytearray) -> None:
    """Hears everything, so that the command never waits, and keeps the beginning."""
    with suppress(OSError, ValueError), pipe:
        while part := pipe.read(8192):
            said += part[: MOST_READ - len(said)]
