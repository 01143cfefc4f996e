"""Where tests write: into memory where the machine has much of it to spare, so that none waits for a disk.

What a test shows does not rest on it: programs sync as ever, and one that is killed leaves in memory what it would have
left on a disk. ``TMPDIR`` names another place.
"""

import os
import re
import tempfile
from pathlib import Path
from typing import Final

import pytest

_MEMORY: Final = Path("/dev/shm")  # where Linux has its files in memory
_PLENTY: Final = 8 << 30
"""Bytes; a run of all tests holds about a fifth of it."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and "TMPDIR" not in os.environ and _has_plenty():
        os.environ["TMPDIR"] = str(_MEMORY)
        tempfile.tempdir = None  # else what it found before stays in force


def _has_plenty() -> bool:
    """Whether files in memory have space, may be executed, and leave programs the memory that they need."""
    if not os.access(_MEMORY, os.W_OK | os.X_OK):
        return False
    held = os.statvfs(_MEMORY)
    spare = re.search(r"^MemAvailable: *(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    least = min(held.f_bavail * held.f_frsize, int(spare[1]) << 10 if spare else 0)
    return least >= _PLENTY and not held.f_flag & os.ST_NOEXEC
