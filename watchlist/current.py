"""The dictionary in force: read again when its files change, and the last good one where they cannot be used."""

import logging
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

from watchlist.dictionary import DATA, Dictionary, DictionaryError, load_dictionary
from watchlist.matcher import Matcher

_log = logging.getLogger("noticewatch.watchlist")

Stamp: TypeAlias = tuple[tuple[str, int, int, int], ...]
"""Names, sizes, times and file numbers of the data files."""


class Watchlist:
    """The dictionary of a folder and its matcher, for a process that runs for long. Safe to share between threads.

    ``refusal``: why the files as they stand now are not used, a sentence; empty where they are.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Read the folder, the program's own where None. Raises DictionaryError."""
        self.folder: Final = folder or DATA
        self.refusal = ""
        self._looked = self._read = _stamp(self.folder)
        self._matcher = Matcher(load_dictionary(self.folder))

    @property
    def dictionary(self) -> Dictionary:
        """The last dictionary that could be used."""
        return self._matcher.dictionary

    @property
    def matcher(self) -> Matcher:
        """The matcher of that dictionary."""
        return self._matcher

    def refresh(self) -> bool:
        """Read the files again where they have changed since, and not between this look and the one before: an editor
        may be at work. True where another dictionary is in force now. A bad one is refused and said once.
        """
        stamp = _stamp(self.folder)
        settled, self._looked = stamp == self._looked, stamp
        if not settled or stamp == self._read:
            return False
        self._read = stamp
        try:
            dictionary = load_dictionary(self.folder)
        except DictionaryError as error:
            self.refusal = str(error)
            _log.warning("%s The watchlist stays as it was, version %s.", error, self.dictionary.version)
            return False
        self.refusal = ""
        if dictionary.version == self.dictionary.version:
            return False
        self._matcher = Matcher(dictionary)
        _log.info("The watchlist has changed to version %s; what is held is tagged again.", dictionary.version)
        return True

    def put_in_force(self) -> None:
        """Let this process name tags by this dictionary where none is given."""
        global _in_force  # noqa: PLW0603 - a process has one watchlist, as it has one archive
        _in_force = self


_in_force: Watchlist | None = None


def dictionary_in_force() -> Dictionary:
    """The dictionary that this process names tags by: of the settings where a house was opened, else the program's."""
    return _in_force.dictionary if _in_force is not None else _own()


def dictionary_of(given: Dictionary | Watchlist) -> Dictionary:
    """A dictionary itself, or the one that a watchlist has in force at the moment."""
    return given if isinstance(given, Dictionary) else given.dictionary


def matcher_of(given: Matcher | Watchlist) -> Matcher:
    """A matcher itself, or the one that a watchlist has in force at the moment."""
    return given if isinstance(given, Matcher) else given.matcher


@lru_cache(maxsize=1)
def _own() -> Dictionary:
    return load_dictionary()


def _stamp(folder: Path) -> Stamp:
    found = []
    for path in sorted(folder.iterdir() if folder.is_dir() else ()):
        try:
            state = path.stat()
        except OSError:
            continue  # gone since it was listed: the next look sees it
        found.append((path.name, state.st_size, state.st_mtime_ns, state.st_ino))
    return tuple(found)
