"""A disk of a few megabytes for a server of the tests: a file system in memory, in a mount namespace of its own.

Only root may mount one; elsewhere these tests are skipped.
"""

import os
import subprocess
from pathlib import Path

from tests.plugins.postgresql_server import Place

MEGABYTE = 1 << 20


def can_be_mounted() -> bool:
    """Whether this machine lets us mount one."""
    if os.getuid() != 0:
        return False
    tried = subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
    )
    return tried.returncode == 0


class SmallDisk:
    """Mounted over a folder for the processes whose commands begin with its prefix; gone when it is closed."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        folder.mkdir()
        owner = folder.parent.stat()
        mount = f"mount -t tmpfs -o size={megabytes}m,mode=700,uid={owner.st_uid},gid={owner.st_gid} none {folder}"
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", f"{mount} && echo ready && exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"ready\n", "the file system was not mounted"
        self._seen = Path(f"/proc/{self._holder.pid}/root") / folder.relative_to("/")

    @property
    def place(self) -> Place:
        """Where programs must run to see it, and how we do."""
        return Place(["nsenter", "--mount", f"--target={self._holder.pid}", "--"], self._seen)

    def fill(self, *, leaving: int) -> None:
        """Take all its space but so many bytes."""
        space = os.statvfs(self._seen)
        with self._filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, space.f_bavail * space.f_frsize - leaving)

    def free(self) -> None:
        """Give the space back."""
        self._filler.unlink()

    def close(self) -> None:
        """Let it go, with everything on it."""
        self._holder.communicate()

    @property
    def _filler(self) -> Path:
        return self._seen / "filler"
