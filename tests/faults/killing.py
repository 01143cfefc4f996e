"""Processes to which something happens at random points: most are killed, at a line of the program that does a step or
after a random time.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from time import monotonic
from types import FrameType
from typing import Any, Final

from tests.forking import FORKED
from tests.waiting import PATIENCE

ROOT: Final = Path(__file__).parents[2]

Acknowledge = Callable[[Any], None]
"""By which a child says what it did, as soon as it is done."""
Task = Callable[..., None]
"""What a child does; its first argument is Acknowledge."""


def die() -> None:
    """Kill this process."""
    os.kill(os.getpid(), signal.SIGKILL)


class Lines:
    """Counts the lines that run in some files of the program; before the one numbered ``last`` something happens."""

    def __init__(self, files: Sequence[str], last: int | None, happens: Callable[[], None]) -> None:
        self.files, self.last, self.run = frozenset(str(ROOT / file) for file in files), last, 0
        self._happens = happens

    def watch(self) -> None:
        """Count from now on, in all threads."""
        threading.settrace(self._called)
        sys.settrace(self._called)

    def _called(self, frame: FrameType, _what: str, _argument: object) -> Callable[..., Any] | None:
        return self._line if frame.f_code.co_filename in self.files else None

    def _line(self, _frame: FrameType, what: str, _argument: object) -> Callable[..., Any]:
        if what == "line":
            self.run += 1
            if self.run == self.last:
                sys.settrace(None)
                self._happens()
        return self._line


@dataclass(frozen=True)
class Child:
    """A process at work. ``said``: what it has acknowledged so far, oldest first."""

    process: BaseProcess
    receiver: Connection
    said: list[Any]

    def listen(self, seconds: float) -> bool:
        """Take in what it says within this time; False where it has ended."""
        try:
            while self.receiver.poll(seconds):
                self.said.append(self.receiver.recv())
                seconds = 0
        except EOFError:
            return False
        return True

    def wait(self) -> int:
        """Wait for its end and give its exit code: that of a killed process is -9."""
        deadline = monotonic() + PATIENCE
        while self.listen(1) and monotonic() < deadline:
            pass
        self.process.join(max(0, deadline - monotonic()))
        assert self.process.exitcode is not None, f"{self.process} does not end"
        return self.process.exitcode

    def kill(self) -> int:
        """Kill it and give its exit code: 0 where it had ended by itself."""
        self.process.kill()
        return self.wait()


@contextmanager
def child(
    task: Task, *arguments: Any, files: Sequence[str] = (), at: int | None = None, happens: Callable[[], None] = die
) -> Iterator[Child]:
    """A process that does a task; killed at the line numbered ``at`` of those that run in the files, or what else
    ``happens``.
    """
    receiver, sender = FORKED.Pipe(duplex=False)
    process = FORKED.Process(target=_work, args=(sender, task, arguments, Lines(files, at, happens)))
    process.start()
    sender.close()
    try:
        yield Child(process, receiver, [])
    finally:
        process.kill()
        process.join()
        receiver.close()


def lines_of(task: Task, *arguments: Any, files: Sequence[str]) -> int:
    """How many lines run in the files while a process that nobody disturbs does a task."""
    with child(task, *arguments, files=files) as counted:
        assert counted.wait() == 0
        return int(counted.said[-1])


def spread(chance: Random, lines: int) -> int:
    """A random line. Half of them are among the first and last hundred: loops over rows have most of the others."""
    if chance.random() < 0.5:
        return chance.randint(1, lines)
    near = chance.randint(1, min(100, lines))
    return near if chance.random() < 0.5 else lines + 1 - near


def _work(sender: Connection, task: Task, arguments: Sequence[Any], counter: Lines) -> None:
    sender.send("begun")
    if counter.files:
        counter.watch()
    try:
        task(sender.send, *arguments)
    finally:
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]  # None takes it away
    sender.send(counter.run)
    sender.close()
