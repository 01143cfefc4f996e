"""Work in other processes, begun by a process of one thread; ``python -m tests.archive.working_beside HOME CASE``."""

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select

from archive.beside import Told, Work, ahead, at_once
from archive.store import Archive
from archive.tables import meta
from noticewatch.errors import UsageError
from noticewatch.settings import Settings


def where(archive: Archive, told: Told) -> int:
    """The number of the process that does the work; it reads the database on the way."""
    with archive.reading() as connection:
        assert connection.scalar(select(meta.c.value).where(meta.c.name == "epoch"))
    told(3)
    return os.getpid()


def fails(_archive: Archive, _told: Told) -> int:
    """Work that does not hold."""
    raise UsageError(f"It does not hold, says {os.getpid()}.")


def breaks(_archive: Archive, _told: Told) -> int:
    """Work that is killed, or that fails as nobody foresaw; in the process that waits for it it comes to its end."""
    if os.getpid() != STARTED:
        os._exit(1)
    return os.getpid()


def fails_last(archive: Archive, _told: Told) -> int:
    """Work that does not hold, which shows when other work has failed already."""
    while not (archive.folder / "failed").exists():
        pass
    raise UsageError("The first does not hold.")


def fails_first(archive: Archive, _told: Told) -> int:
    """Work that does not hold, which shows at once."""
    (archive.folder / "failed").touch()
    raise UsageError("The second does not hold.")


def waits(archive: Archive, _told: Told) -> int:
    """Work that never ends."""
    (archive.folder / "working").write_text(str(os.getpid()))
    threading.Event().wait()
    return 0


def killed(archive: Archive) -> None:
    """End as by ``kill -9`` while the second process works."""
    with at_once(archive, [Work(waits, 1), Work(where, 1)]):
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


def in_order(archive: Archive) -> None:
    """Say what is raised of two works that fail, of which the second fails first."""
    works = [Work(fails_last, 1), Work(fails_first, 1)]
    with at_once(archive, works) as results:
        try:
            results.of(works, lambda _: None)
        except UsageError as error:
            sys.stdout.write(str(error))


if __name__ == "__main__":
    opened = Archive.open(Settings(home=Path(sys.argv[1])))
    if sys.argv[2] == "killed":
        killed(opened)
    if sys.argv[2] == "in order":
        in_order(opened)
        sys.exit()
    if sys.argv[2].endswith("threads"):
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    if made := {"ahead": numbers, "ahead breaks": breaks_off, "ahead of threads": numbers}.get(sys.argv[2]):
        with ahead(opened, made) as coming:
            sys.stdout.write(" ".join(str(number) for number, by in coming if by >> 2_000_000 != STARTED))
        sys.exit()
    one, other = Work(CASES.get(sys.argv[2], where), 1), Work(where, 2)
    with at_once(opened, [one, other]) as results:
        try:
            [number] = results.of([one], lambda _: None)
            sys.stdout.write("another" if number != STARTED else "this")
        except UsageError as error:
            by = "another" if str(STARTED) not in str(error) else "this"
            sys.stdout.write(f"{by} process raised: {str(error)[:16]}")
