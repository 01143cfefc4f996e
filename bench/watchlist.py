"""Time of what works on the watchlist in the background: tagging the past again, counting phrases, suggesting.

``python -m bench.watchlist [FOLDER]`` works in a folder that ``python -m bench.starter FOLDER`` has loaded, by default
in one of its own. Limit: 60,000 notices are tagged again in 60 seconds. A starter load (bench.starter) does none of
this: it is done while nothing else is.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from sqlalchemy import delete

from archive.readers import LogReader, set_cursor
from archive.store import Archive
from bench import starter
from noticewatch.settings import Settings
from service.assembly import House, open_house
from watchlist import retag
from watchlist.matcher import Matcher
from watchlist.radar import tables
from watchlist.radar.counting import PhraseCounter
from watchlist.radar.reading import newest_day
from watchlist.radar.suggest import look
from watchlist.retag import Retagger

LIMIT_SECONDS = 60.0
LIMIT_NOTICES = 60_000

_T = TypeVar("_T")


def main(folder: Path) -> int:
    with open_house(Settings(home=folder)) as house:
        dictionary = house.dictionary
        anew = Matcher(replace(dictionary, version=f"{dictionary.version}-{time.time_ns()}"))
        with house.archive.reading() as connection:
            notices = retag.stale(connection, anew.dictionary.version)
        seconds, steps, longest = _drive(house.archive, Retagger(anew))
        limit = LIMIT_SECONDS * notices / LIMIT_NOTICES
        print(f"{notices:,} notices tagged again in {seconds:.1f} s, {100 * seconds / limit:.0f} % of the limit, "
              f"{steps} steps, the longest {longest:.2f} s")  # fmt: skip
        _forget(house.archive)
        counting, steps, longest = _drive(house.archive, PhraseCounter())
        print(f"phrases counted in {counting:.1f} s, {steps} steps, the longest {longest:.2f} s")
        suggesting, found = _timed(lambda: _suggestions(house, anew))
        print(f"{found} suggestions in {suggesting:.1f} s")
    return 0 if seconds <= limit else 1


def _drive(archive: Archive, reader: LogReader) -> tuple[float, int, float]:
    """Seconds in all, steps, and seconds of the longest one: as long as that something new may wait."""
    total, steps, longest, more = 0.0, 0, 0.0, True
    while more:
        seconds, more = _timed(lambda: reader.advance(archive))
        total, steps, longest = total + seconds, steps + 1, max(longest, seconds)
    return total, steps, longest


def _timed(work: Callable[[], _T]) -> tuple[float, _T]:
    began = time.perf_counter()
    made = work()
    return time.perf_counter() - began, made


def _forget(archive: Archive) -> None:
    with archive.writing() as connection:
        for table in (tables.counted, tables.phrase_counts, tables.agencies):
            connection.execute(delete(table))
        set_cursor(connection, PhraseCounter.name, 0)


def _suggestions(house: House, matcher: Matcher) -> int:
    with house.archive.reading() as connection:
        since = f"{int(newest_day(connection, '9999-12-31')[:4]) - 1}-01-01"
        return len(look(connection, matcher, since, most=50).suggestions)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1])))
    with tempfile.TemporaryDirectory(prefix="noticewatch-bench-") as temporary:
        starter.main(Path(temporary))
        sys.exit(main(Path(temporary)))
