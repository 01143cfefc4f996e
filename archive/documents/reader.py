"""Starts the process that reads one file, listens to it, and ends it where it takes too long.

What the process tells comes from a stranger's file: it is measured and checked, and nothing in it is believed further
than that it is text.
"""

import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from archive.documents.pages import LIMITS, FileText, Finding, FindingKind, Format, Limits, Page, counted

_BLOCK: Final = 1 << 20
_NAME: Final = 500
_LINE: Final = 1_000
"""Bytes that a line may have beside its text."""

CHILD: Final = (sys.executable, "-I", "-m", "archive.documents.child")
"""The command of the child, without environment and working folder of ours."""

_MEMORY_SIGNALS: Final = frozenset({signal.SIGABRT, signal.SIGTRAP, signal.SIGILL, signal.SIGSEGV, signal.SIGBUS})


def read_file(
    payload: BinaryIO, name: str = "", *, limits: Limits = LIMITS, folder: Path | None = None,
    command: Sequence[str] = CHILD,
) -> FileText:  # fmt: skip
    """The text of a file, in a process of its own. Never raises for what the file is or does.

    name: as published, may be empty; folder: where the file waits while it is read, without a name. Raises OSError
    where it cannot be written there.
    """
    with tempfile.TemporaryFile(dir=folder) as file:
        size = _copy(payload, file, limits.size)
        if size > limits.size:
            sentence = f"It has more than the {limits.size / 1e6:,.0f} MB that are read."
            return FileText(Format.UNKNOWN, findings=(Finding(FindingKind.TOO_LARGE, sentence),))
        file.flush()
        file.seek(0)
        return _heard(file, name, limits, command).file_text()


@dataclass(slots=True)
class _Heard:
    """What the child has told so far."""

    limits: Limits
    format: Format = Format.UNKNOWN
    pages: list[Page] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    declared: int | None = None
    ended: bool = False
    nonsense: bool = False

    def take(self, line: bytes | bytearray) -> None:
        """Take a line. Anything but what a child tells makes the rest of it nonsense."""
        try:
            self._take(orjson.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            self.nonsense = True

    def _take(self, told: dict[str, Any]) -> None:
        if "format" in told:
            self.format = Format(told["format"])
        elif "pages" in told:
            self.declared = int(told["pages"])
        elif "page" in told:
            words = [told[name] for name in ("text", "unit", "name", "member")]
            if not all(isinstance(word, str) for word in words):
                raise TypeError
            self.pages.append(Page(int(told["page"]), *words))
        elif "finding" in told:
            self.findings.append(Finding(FindingKind(told["finding"]), str(told["text"]), str(told["member"])))
        else:
            self.ended = told["end"] is True

    def file_text(self) -> FileText:
        """What was heard, as the text of the file."""
        return FileText(self.format, tuple(self.pages), tuple(self.findings), self.declared)

    def broke_off(self, why: FindingKind, sentence: str) -> None:
        """Note that the child did not come to its end."""
        place = f" What was read up to {self.pages[-1].words or 'there'} is kept." if self.pages else ""
        self.findings.append(Finding(why, sentence + place))


def _heard(file: Any, name: str, limits: Limits, command: Sequence[str]) -> _Heard:
    heard = _Heard(limits)
    asked = orjson.dumps({"name": _sayable(name), "limits": asdict(limits)}).decode()
    process = subprocess.Popen(  # noqa: S603 - our own program with arguments of our own
        [*command, asked], stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment(),
        start_new_session=True,
    )  # fmt: skip
    pipe = process.stdout
    assert pipe is not None
    with pipe:
        try:
            in_time, within = _listen(pipe, heard, limits)
        finally:
            if process.poll() is None and not heard.ended:
                process.kill()
            code = process.wait()
    if not in_time or -code == signal.SIGXCPU:
        heard.broke_off(FindingKind.TOO_SLOW, f"Reading it takes more than {counted(round(limits.seconds), 'second')}.")
    elif not within:
        heard.broke_off(FindingKind.TOO_MUCH_TEXT, "It holds more text than is read.")
    elif not heard.ended or heard.nonsense:
        heard.broke_off(FindingKind.READER_ENDED, f"It made its reader break off ({_ending(code)}).")
    return heard


def _listen(pipe: Any, heard: _Heard, limits: Limits) -> tuple[bool, bool]:
    """Take lines until the child closes its end; gives whether it did so in time, and within its measure."""
    deadline, rest = time.monotonic() + limits.seconds, bytearray()
    measure = 6 * limits.characters + _LINE * (limits.pages + 2 * limits.members + 100)
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                return False, True
            block = os.read(pipe.fileno(), _BLOCK)
            if not block:
                return True, True
            measure -= len(block)
            if measure < 0:
                return True, False
            rest += block
            if b"\n" in block:
                *lines, rest = rest.split(b"\n")
                for line in lines:
                    heard.take(line)


def _copy(payload: BinaryIO, file: Any, most: int) -> int:
    """Copy a payload; gives its bytes, or more than the most where it has more."""
    size = 0
    while block := payload.read(_BLOCK):
        size += len(block)
        if size > most:
            break
        file.write(block)
    return size


def _environment() -> dict[str, str]:
    """What the child is told of ours: nothing that could hold a key."""
    return {name: value for name in ("PATH", "LANG", "LC_ALL", "SYSTEMROOT") if (value := os.environ.get(name))}


def _sayable(name: str) -> str:
    return name[-_NAME:].encode("utf-8", "replace").decode()


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        ended = signal.Signals(-code)
    except ValueError:
        return f"signal {-code}"
    memory = ", perhaps for want of memory" if ended in _MEMORY_SIGNALS else ""
    return f"{ended.name}{memory}"
