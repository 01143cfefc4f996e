"""Work in a second process, begun by a process of one thread; ``python -m tests.archive.working_beside HOME CASE``."""

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select

from archive.proof.beside import Told, ahead, beside
from archive.store import Archive
from archive.tables import meta
from noticewatch.errors import UsageError
from noticewatch.settings import Settings


def where(archive: Archive, told: Told) -> int:
    """The number of the process that does the work; it reads the database on the way."""
    with archive.reading() as connection:
        assert connection.scalar(select(meta.c.value).where(meta.c.name == "epoch"))
    told(3, 4)
    return os.getpid()


def fails(_archive: Archive, _told: Told) -> int:
    """Work that does not hold."""
    raise UsageError(f"It does not hold, says {os.getpid()}.")


def breaks(_archive: Archive, _told: Told) -> int:
    """Work that is killed, or that fails as nobody foresaw; in the process that waits for it it comes to its end."""
    if os.getpid() != STARTED:
        os._exit(1)
    return os.getpid()


def waits(archive: Archive, _told: Told) -> int:
    """Work that never ends."""
    (archive.folder / "working").write_text(str(os.getpid()))
    threading.Event().wait()
    return 0


def killed(archive: Archive) -> None:
    """End as by ``kill -9`` while the second process works."""
    with beside(archive, waits):
        while not (archive.folder / "working").exists() or not (archive.folder / "working").read_text():
            pass
        os.kill(os.getpid(), 9)


def numbers(archive: Archive) -> Iterator[tuple[int, int]]:
    """Three numbers, more than a pipe holds at once between them, each with the process that made it."""
    for number in range(3):
        with archive.reading() as connection:
            assert connection.scalar(select(meta.c.value).where(meta.c.name == "epoch"))
        yield number, os.getpid() << 2_000_000


def breaks_off(archive: Archive) -> Iterator[tuple[int, int]]:
    """The same, until it is killed before the last one."""
    for number, made_by in numbers(archive):
        if number == 2:
            os.kill(os.getpid(), 9)
        yield number, made_by


STARTED = os.getpid()
CASES = {"where": where, "fails": fails, "breaks": breaks}

if __name__ == "__main__":
    opened = Archive.open(Settings(home=Path(sys.argv[1])))
    if sys.argv[2] == "killed":
        killed(opened)
    if sys.argv[2].endswith("threads"):
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    if made := {"ahead": numbers, "ahead breaks": breaks_off, "ahead of threads": numbers}.get(sys.argv[2]):
        with ahead(opened, made) as coming:
            sys.stdout.write(" ".join(str(number) for number, by in coming if by >> 2_000_000 != STARTED))
        sys.exit()
    with beside(opened, CASES.get(sys.argv[2], where)) as result:
        try:
            sys.stdout.write("another" if result(lambda *_: None) != STARTED else "this")
        except UsageError as error:
            by = "another" if str(STARTED) not in str(error) else "this"
            sys.stdout.write(f"{by} process raised: {str(error)[:16]}")
