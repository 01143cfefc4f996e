"""Processes by machine, number and start: whether one that is noted in the database is known to be dead."""

import contextlib
import ctypes
import gc
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_PARENT_DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG of Linux


@dataclass(frozen=True, slots=True)
class Process:
    """A process. ``host``: the machine, its boot and its space of process numbers, so that equal hosts mean comparable
    numbers; ``started``: when it began as the system states it, empty where it does not.
    """

    host: str
    number: int
    started: str


def this_process() -> Process:
    """The process that asks."""
    number = os.getpid()
    return Process(this_host(), number, started(number) or "")


@cache
def this_host() -> str:
    """Name of the machine with its boot and its space of process numbers, as far as the system tells them."""
    parts = [socket.gethostname()]
    try:
        parts.append((_PROC / "sys/kernel/random/boot_id").read_text().strip()[:8])
        parts.append(str(Path("/proc/self/ns/pid").readlink()).strip("pid:[]"))
    except OSError:
        pass  # no Linux: the name has to do
    return "/".join(parts)


def host_name(host: str) -> str:
    """The name of a machine alone, for people."""
    return host.partition("/")[0]


def is_dead(process: Process) -> bool:
    """Whether a process is known to have ended. False for one of another machine: nothing is known of it here."""
    if process.host != this_host():
        return False
    began = started(process.number)
    return began is None or (bool(began and process.started) and began != process.started)


def started(number: int) -> str | None:
    """When a process of this machine began, in the system's own words; empty where it is hidden from this user; None
    where it is not there or has ended.
    """
    if _PROC.joinpath("self", "stat").exists():
        return _started_by_proc(number)
    said = subprocess.run(  # noqa: S603 - a number of our own
        ["ps", "-o", "stat=,lstart=", "-p", str(number)],  # noqa: S607 - wherever the system keeps it
        capture_output=True, text=True, check=False,
    ).stdout.strip()  # fmt: skip
    state, _, began = said.partition(" ")
    return began.strip() if began and not state.startswith("Z") else None


def die_with_parent() -> None:
    """Have this process killed when its parent ends, on Linux; elsewhere nothing."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)


@contextlib.contextmanager
def few_collections() -> Iterator[None]:
    """Let the garbage collector look less often, where many objects and few cycles are made (a fifth faster)."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _started_by_proc(number: int) -> str | None:
    try:
        stated = (_PROC / str(number) / "stat").read_text()
    except OSError:
        return "" if _exists(number) else None  # some systems hide the processes of other users
    fields = stated.rpartition(")")[2].split()  # the name before may hold anything
    return None if fields[0] in {"Z", "X"} else fields[19]


def _exists(number: int) -> bool:
    try:
        os.kill(number, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True
