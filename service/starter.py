"""The starter archive: recorded answers that come along, so that a new archive is of use at once and offline."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from archive import queries
from archive.log import head
from archive.run_queries import loaded
from archive.store import Archive
from crawlers.source import load_sources, source
from noticewatch.errors import NotFound
from noticewatch.models import Verdict
from noticewatch.settings import Settings

if TYPE_CHECKING:
    from crawlers.conductor import Progress

FOLDER: Final = Path(__file__).resolve().parent.parent / "starter"

_MANY: Final = 10_000
_PATIENCE: Final = 60.0


@dataclass(frozen=True, slots=True)
class StarterState:
    """Sources whose starter answers are loaded, and those that are not. ``begun``: a load was started at some time."""

    loaded: tuple[str, ...]
    due: tuple[str, ...]
    begun: bool


def starter_folder(settings: Settings) -> Path:
    """Where the starter archive stands. Raises NotFound where there is none."""
    folder = settings.starter or FOLDER
    if not folder.is_dir():
        raise NotFound(f"There is no starter archive at {folder}; set NOTICEWATCH_STARTER to its folder.")
    return folder


def starter_state(archive: Archive, folder: Path) -> StarterState:
    """What of the starter archive is loaded, by the ledger of runs."""
    with archive.reading() as connection:
        runs = [run for run in queries.runs(connection, limit=_MANY) if run.kind == "starter"]
    done = loaded(runs)
    there = [name for name in load_sources() if any((folder / name).glob("*.warc*"))]
    return StarterState(
        loaded=tuple(name for name in there if name in done),
        due=tuple(name for name in there if name not in done),
        begun=bool(runs),
    )


def is_due(archive: Archive, folder: Path) -> bool:
    """Whether ``run`` is to load the starter archive: the log is empty, or a load did not come to its end."""
    state = starter_state(archive, folder)
    with archive.reading() as connection:
        empty = head(connection) == 0
    return bool(state.due) and (empty or state.begun)


def load(
    archive: Archive, settings: Settings, folder: Path, progress: Callable[[str, "Progress"], None] | None = None
) -> dict[str, Verdict]:
    """Load what is due, source by source; gives the verdicts. What is there is read again if the parser is a newer one.

    ``progress`` is called with the source's name and how far its load is. Raises CrawlRunning where another process
    keeps a source for longer than a minute.
    """
    from crawlers.engine import CrawlRunning  # noqa: PLC0415 - Scrapy is loaded only where something is crawled
    from crawlers.reparsing import reparse  # noqa: PLC0415 - likewise

    for name in starter_state(archive, folder).loaded:
        reparse(archive, source(name), progress=partial(progress, name) if progress else None)
    verdicts: dict[str, Verdict] = {}
    ends = time.monotonic() + _PATIENCE
    while names := [name for name in starter_state(archive, folder).due if name not in verdicts]:
        tell = partial(progress, names[0]) if progress else None
        try:
            verdicts[names[0]] = load_source(archive, settings, folder, names[0], tell)
            ends = time.monotonic() + _PATIENCE
        except CrawlRunning:  # a load that was killed is still ending, or another process loads just now
            if time.monotonic() > ends:
                raise
            time.sleep(0.5)
    return verdicts


def load_source(
    archive: Archive,
    settings: Settings,
    folder: Path,
    name: str,
    progress: "Callable[[Progress], None] | None" = None,
) -> Verdict:
    """Load the starter answers of one source. Raises CrawlRunning where another process crawls it."""
    from crawlers.engine import crawl  # noqa: PLC0415 - as in load

    result = crawl(archive, settings, source(name), kind="starter", recordings=folder / name, progress=progress)
    return result.verdict
