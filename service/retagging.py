"""Tags the past again for a command: itself, or by waiting for the server that does so in the background."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from sqlalchemy import Connection, select

from archive.readers import drive
from archive.tables import notices
from service.assembly import House
from service.holding import holder
from watchlist import retag
from watchlist.retag import Change, Retagger, Sum

PATIENCE: Final = 60.0
"""Seconds for which a command waits for the server without any notice being tagged again."""

_LOOK_EVERY: Final = 0.2
_TEXT: Final = "Tagging notices again"

Show: TypeAlias = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a retag has changed, or would; ``names``: ids of the notices in the samples by number; ``left_to``: who goes
    on with it, where it has not come to its end.
    """

    sentence: str
    dictionary: str
    looked_at: int
    sums: Sequence[Sum] = ()
    names: dict[int, str] = field(default_factory=dict)
    left_to: str = ""


def retag_preview(house: House, show: Show) -> Outcome:
    """What a retag would change. Writes nothing."""
    version = house.dictionary.version
    with house.archive.reading() as connection:
        total = retag.stale(connection, version)
    done, changes = 0, list[Change]()
    for looked_at, found in retag.preview(house.archive, house.watchlist.matcher):
        done += looked_at
        changes += found
        show("Comparing tags", done, total)
    found_sums = retag.sums_of(changes)
    sentence = (
        f"{done:,} notices would be tagged again with version {version}; the tags of "
        f"{len({change.notice for change in changes}):,} would change. Nothing was written."
        if done
        else f"Everything held is tagged with version {version}."
    )
    with house.archive.reading() as connection:
        return Outcome(sentence, version, done, found_sums, _names(connection, found_sums))


def retag_all(house: House, show: Show) -> Outcome:
    """Bring the tags of everything held to the dictionary in force, or wait for the server that does."""
    version = house.dictionary.version
    with house.archive.reading() as connection:
        total = retag.stale(connection, version)
    server = holder(house.archive.folder, "server")
    if server is None:
        _work(house, total, show)
        left = 0
    else:
        left = _wait(house, version, total, show)
    return _outcome(house, version, total, f"the server, process {server.process}" if server and left else "")


def _work(house: House, total: int, show: Show) -> None:
    drive(house.archive, house.readers())
    retagger = Retagger(house.watchlist)
    while retagger.advance(house.archive):
        with house.archive.reading() as connection:
            last = retag.latest(connection)
        show(_TEXT, min(last.notices, total) if last else 0, total)
    drive(house.archive, house.readers())


def _wait(house: House, version: str, total: int, show: Show) -> int:
    """Look until the server has tagged everything again; how many are left where it does not get on."""
    before, moved = total, time.monotonic()
    while True:
        with house.archive.reading() as connection:
            left = retag.stale(connection, version)
        if left != before:
            before, moved = left, time.monotonic()
        if not left or time.monotonic() - moved > PATIENCE:
            return left
        show(_TEXT, total - left, total)
        time.sleep(_LOOK_EVERY)


def _outcome(house: House, version: str, total: int, left_to: str) -> Outcome:
    with house.archive.reading() as connection:
        last = retag.latest(connection)
        if last is None or last.dictionary != version:
            return Outcome(f"Everything held is tagged with version {version}.", version, total, left_to=left_to)
        found = retag.sums(connection, last.number)
        names = _names(connection, found)
    was = (
        f"{last.notices:,} notices were tagged again with version {version}, begun {last.began_at:%Y-%m-%d %H:%M} UTC."
    )
    sentence = was if total else f"Nothing is left to do. {was}"
    changed = " What changed:" if found else " No tag changed."
    return Outcome(sentence + changed, version, total, found, names, left_to)


def _names(connection: Connection, sums: Sequence[Sum]) -> dict[int, str]:
    numbers = sorted({change.notice for one in sums for change in one.samples})
    n = notices.c
    found: dict[int, str] = {}
    for begin in range(0, len(numbers), 900):
        query = select(n.number, n.id).where(n.number.in_(numbers[begin : begin + 900]))
        found.update((number, name) for number, name in connection.execute(query))
    return found
