"""A PostgreSQL server of the tests' own, started from the installed programs in a temporary folder.

Its databases order text by a language, not by bytes, its users need passwords, and it acknowledges before it has
written: what depends on any of these shows itself.
"""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dev.ports import free_port

_DEBIAN: Final = Path("/usr/lib/postgresql")
_USERS: Final = ("postgres", "nobody")


def programs() -> Path | None:
    """Folder of the newest installed server's programs; None where there is none."""
    found = sorted(
        (folder for folder in _DEBIAN.glob("*/bin") if (folder / "initdb").exists()),
        key=lambda folder: int(folder.parent.name) if folder.parent.name.isdigit() else 0,
    )
    if found:
        return found[-1]
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@dataclass(frozen=True, slots=True)
class Place:
    """What the programs' commands begin with, and under which path this process sees the server's data folder."""

    prefix: list[str]
    seen: Path


class PostgresqlServer:
    """A server on loopback in a folder, owned by an unprivileged user where the tests run as root."""

    def __init__(self, place: Callable[[Path], Place] | None = None) -> None:
        """``place`` says of its data folder where its programs run and how we see it."""
        self.folder = Path(tempfile.mkdtemp(prefix="noticewatch-postgresql-"))
        self.password = secrets.token_hex(8)
        self.port = free_port()
        self._data = self.folder / "data"
        self._prefix = _unprivileged(self.folder)
        seen = self._data
        if place is not None:
            placed = place(self._data)
            self._prefix, seen = [*placed.prefix, *self._prefix], placed.seen
        secret = self.folder / "password"
        secret.write_text(self.password)
        secret.chmod(0o644)
        self._run(
            "initdb", "-D", str(self._data), "--auth=scram-sha-256", f"--pwfile={secret}", "-U", "tests", "-E", "UTF8",
            "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en", "--no-sync",
        )  # fmt: skip
        secret.unlink()
        with (seen / "postgresql.conf").open("a") as settings:
            settings.write(
                f"\nport={self.port}\nlisten_addresses='127.0.0.1'\nunix_socket_directories=''\nfsync=off\n"
                "synchronous_commit=off\nfull_page_writes=off\nmax_connections=200\nshared_buffers=64MB\n"
                "autovacuum=off\nmax_wal_size=4GB\n"
            )

    def url(self, database: str = "postgres") -> str:
        """Address of a database, as people write it."""
        return f"postgresql://tests:{self.password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-t", "600", "start")

    def stop(self) -> None:
        """End it at once, as a machine that goes down does."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", "immediate", "stop", check=False)

    def remove(self) -> None:
        """End it and delete its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        _run(self._prefix, program, *arguments, log=self.folder / "log", check=check)


def remove(folder: Path) -> None:
    """End the server of a folder and delete the folder."""
    _run(_unprivileged(folder), "pg_ctl", "-D", str(folder / "data"), "-w", "-m", "immediate", "stop",
         log=folder / "log", check=False)  # fmt: skip
    shutil.rmtree(folder, ignore_errors=True)


def _run(prefix: list[str], program: str, *arguments: str, log: Path, check: bool) -> None:
    """Run a program; what it says goes to a file, because a server that it leaves behind would keep a pipe open."""
    folder = programs()
    assert folder is not None
    with log.open("ab") as said:
        done = subprocess.run(
            [*prefix, str(folder / program), *arguments], cwd="/", stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            check=False, timeout=900,
        )  # fmt: skip
    if check and done.returncode:
        raise RuntimeError(f"{program} ended with {done.returncode}: {log.read_text()[-2000:]}")


def _unprivileged(folder: Path) -> list[str]:
    """What a command begins with, so that it runs as a user who is not root; the folder is given to that user."""
    if os.getuid() != 0:
        return []
    for name in _USERS:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, user.pw_uid, user.pw_gid)
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]
    raise RuntimeError(f"PostgreSQL does not run as root, and there is no user {' or '.join(_USERS)} here.")
