"""A crawl in a process of its own: ``python -m tests.crawlers.crawl_here HOME SOURCE-FOLDER [RECORDINGS [KIND]]``."""

import sys
from pathlib import Path

from archive.store import Archive
from crawlers.engine import crawl
from crawlers.source import read_source
from tests.databases import settings_at


def main(home: str, folder: str, recordings: str | None = None, kind: str = "replay") -> int:
    settings = settings_at(Path(home), contact="test@example.org")
    archive = Archive.open(settings)
    found = read_source(Path(folder))
    if recordings is None:
        result = crawl(archive, settings, found, kind="crawl")
    else:
        result = crawl(archive, settings, found, kind=kind, recordings=Path(recordings))  # type: ignore[arg-type]  # text
    sys.stdout.write("".join(f"{line}\n" for line in (result.verdict, *result.reasons)))
    return result.exit_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
