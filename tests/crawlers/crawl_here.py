"""A crawl in a process of its own: ``python -m tests.crawlers.crawl_here HOME SOURCE-FOLDER [RECORDINGS [KIND]]``, or
one of the fork server.
"""

import os
import sys
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from archive.store import Archive
from crawlers.engine import crawl
from crawlers.source import read_source
from noticewatch.settings import Settings
from tests.databases import settings_at
from tests.forking import FORKED
from tests.waiting import PATIENCE


@dataclass(frozen=True)
class Crawling:
    """A crawl under way; ``home`` takes what it prints."""

    process: BaseProcess
    home: Path

    def ended(self) -> tuple[int, str]:
        """Wait for its end: its exit code and what it has said. Raises AssertionError where it shows a traceback."""
        self.process.join(PATIENCE)
        assert self.process.exitcode is not None, "the crawl does not end"
        said, errors = ((self.home / name).read_text() for name in ("said.txt", "errors.txt"))
        assert "Traceback" not in errors, errors
        return self.process.exitcode, said


def start(settings: Settings, folder: Path, address: str, *more: str) -> Crawling:
    """Begin a crawl of a source whose publisher has this address."""
    settings.home.mkdir(parents=True, exist_ok=True)
    process = FORKED.Process(target=_work, args=(settings, folder, address, *more))
    process.start()
    return Crawling(process, settings.home)


def _work(settings: Settings, folder: Path, address: str, *more: str) -> None:
    for number, name in ((1, "said.txt"), (2, "errors.txt")):
        os.dup2(os.open(settings.home / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.environ["TINY_ADDRESS"] = address
    sys.exit(crawl_in(settings, folder, *more))


def main(home: str, folder: str, recordings: str | None = None, kind: str = "replay") -> int:
    return crawl_in(settings_at(Path(home), contact="test@example.org"), Path(folder), recordings, kind)


def crawl_in(settings: Settings, folder: Path, recordings: str | None = None, kind: str = "replay") -> int:
    archive = Archive.open(settings)
    found = read_source(folder)
    if recordings is None:
        result = crawl(archive, settings, found, kind="crawl")
    else:
        result = crawl(archive, settings, found, kind=kind, recordings=Path(recordings))  # type: ignore[arg-type]  # text
    sys.stdout.write("".join(f"{line}\n" for line in (result.verdict, *result.reasons)))
    return result.exit_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
