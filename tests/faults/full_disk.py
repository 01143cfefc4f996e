"""A disk that is full, by the kernel's own answer: from a moment on every write of this process to a file fails.

A filter of seccomp answers the calls that write with ENOSPC, for all threads and children of the process. It needs no
rights, no mount and no compiler, and cannot be taken back: space is free again for the next process. What is not a file
(sockets, pipes) and standard output and error are left alone. Linux on two kinds of machine; others skip these tests.
"""

import ctypes
import errno
import os
import platform
import stat
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ARCHITECTURE, _NUMBER, _ARGUMENTS = 4, 0, 16
"""Offsets in ``struct seccomp_data``."""
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000 | errno.ENOSPC
_NO_NEW_PRIVILEGES, _SET_FILTER, _ALL_THREADS = 38, 1, 1


@dataclass(frozen=True)
class _Machine:
    """audit: its number in ``linux/audit.h``; seccomp: number of that call; writing: those of write, pwrite64, writev,
    pwritev, pwritev2, sendfile, fallocate, whose first argument is the file; copying: that of copy_file_range.
    """

    audit: int
    seccomp: int
    writing: tuple[int, ...]
    copying: int


_MACHINES: Final = {
    "x86_64": _Machine(0xC000003E, 317, (1, 18, 20, 296, 328, 40, 285), 326),
    "aarch64": _Machine(0xC00000B7, 277, (64, 68, 66, 70, 287, 71, 47), 285),
}


def can_be_full() -> bool:
    """Whether this machine can do it."""
    return sys.platform == "linux" and platform.machine() in _MACHINES


def fill() -> None:
    """Let every later write to a file fail, in all threads of this process and in its children."""
    machine = _MACHINES[platform.machine()]
    program = _program(machine, [1, 2, *_not_files()])
    held = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    given = Program(len(program) // 8, ctypes.addressof(held))
    libc = ctypes.CDLL(None, use_errno=True)
    for done in (
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0),
        libc.syscall(machine.seccomp, _SET_FILTER, _ALL_THREADS, ctypes.byref(given)),
    ):
        if done:
            raise OSError(ctypes.get_errno(), "the filter cannot be set")


def _not_files() -> list[int]:
    found = []
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - numbers, not paths
        try:
            if not stat.S_ISREG(os.fstat(int(name)).st_mode) and int(name) > 2:
                found.append(int(name))
        except OSError:  # the folder itself, closed by now
            continue
    return found


def _program(machine: _Machine, left_alone: list[int]) -> bytes:
    """The filter in the kernel's packet language: which machine, which call, which file."""
    calls, alone = len(machine.writing), len(left_alone)
    assert alone < 250, "jumps reach no further"
    steps = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, machine.audit, 1, 0),
        _step(_RETURN, _ALLOW),
        _step(_LOAD, _NUMBER),
        _step(_EQUAL, machine.copying, calls + 1 + 1 + alone, 0),
        *(_step(_EQUAL, number, calls - place, 0) for place, number in enumerate(machine.writing)),
        _step(_RETURN, _ALLOW),
        _step(_LOAD, _ARGUMENTS),
        *(_step(_EQUAL, number, alone - place, 0) for place, number in enumerate(left_alone)),
        _step(_RETURN, _FAIL),
        _step(_RETURN, _ALLOW),
    ]
    return b"".join(steps)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)


def is_full(folder: Path) -> bool:
    """Whether a write into a folder fails for want of space."""
    try:
        (folder / "probe").write_bytes(b"x")
    except OSError as error:
        return error.errno == errno.ENOSPC
    finally:
        (folder / "probe").unlink(missing_ok=True)
    return False
