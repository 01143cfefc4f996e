"""The starter archive: recorded answers that come along, so that a new archive is of use at once and offline."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

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

LOADING: Final = "Loading the starter archive"

Tell: TypeAlias = Callable[[str, int, int, str], None]
"""Takes what is being done, how far that is, of how much, and what is counted."""

_MANY: Final = 10_000
_PATIENCE: Final = 60.0


@dataclass(frozen=True, slots=True)
class StarterState:
    """Sources whose starter answers are loaded, and those that are not. ``begun``: a load was started at some time."""

    loaded: tuple[str, ...]
    due: tuple[str, ...]
    begun: bool


@dataclass(slots=True)
class Way:
    """How far a load has come, in bytes of the recorded answers of all sources. It never goes back."""

    sizes: Mapping[str, int]
    reached: int = 0

    def told(self, passed: Collection[str], name: str = "", done: int = 0, windows: int = 0) -> tuple[int, int, str]:
        """The way behind, the whole way, and their unit. ``passed``: sources that were gone through; ``name``: one of
        which so many windows are done, of so many.
        """
        here = self.sizes[name] * done // windows if name in self.sizes and windows else 0
        self.reached = max(self.reached, sum(self.sizes[one] for one in passed) + here)
        return self.reached // 1000, sum(self.sizes.values()) // 1000, "kB"


def way(folder: Path) -> Way:
    """The way through a starter archive, from its beginning."""
    sizes = {name: sum(file.stat().st_size for file in (folder / name).glob("*.warc*")) for name in load_sources()}
    return Way({name: size for name, size in sizes.items() if size})


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
    there = way(folder).sizes
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


def load(archive: Archive, settings: Settings, folder: Path, tell: Tell = lambda *_: None) -> dict[str, Verdict]:
    """Load what is due, source by source; gives the verdicts. What is there is read again if the parser is a newer one.

    ``tell`` is called with what is done, how far that is, of how much, and the unit. Raises CrawlRunning where another
    process keeps a source for longer than a minute.
    """
    from crawlers.engine import CrawlRunning  # noqa: PLC0415 - Scrapy is loaded only where something is crawled
    from crawlers.reparsing import reparse  # noqa: PLC0415 - likewise

    for name in starter_state(archive, folder).loaded:
        reparse(archive, source(name), progress=partial(_read_again, tell, name))
    verdicts: dict[str, Verdict] = {}
    going, ends = way(folder), time.monotonic() + _PATIENCE
    while names := [name for name in starter_state(archive, folder).due if name not in verdicts]:
        passed = going.sizes.keys() - names
        tell(f"{LOADING}: {names[0]}", *going.told(passed))
        try:
            further = partial(_go_on, tell, going, passed, names[0])
            verdicts[names[0]] = load_source(archive, settings, folder, names[0], further)
            ends = time.monotonic() + _PATIENCE
        except CrawlRunning:  # a load that was killed is still ending, or another process loads just now
            if time.monotonic() > ends:
                raise
            time.sleep(0.5)
    if verdicts:
        tell(LOADING, *going.told(going.sizes))
    return verdicts


def _read_again(tell: Tell, name: str, step: "Progress") -> None:
    tell(f"Reading {name} again", step.windows_done, step.windows, "answers")


def _go_on(tell: Tell, going: Way, passed: Collection[str], name: str, step: "Progress") -> None:
    tell(f"{LOADING}: {name}", *going.told(passed, name, step.windows_done, step.windows))


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
