"""Who may move archived files: a thinning alone, and not while somebody goes through all of them.

Crawls and readers need no such lock: what they have open stays, and what has moved they find again.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from noticewatch.errors import UsageError

if TYPE_CHECKING:
    from archive.store import Archive

_NAME: Final = "archived-files.lock"


@contextmanager
def files_stay(archive: "Archive") -> Iterator[None]:
    """Keep archived files where they are, beside others who need that. Raises UsageError while they are thinned."""
    with _locked(archive, fcntl.LOCK_SH, "Archived files are being thinned; wait until that has ended and try again."):
        yield


@contextmanager
def files_move(archive: "Archive") -> Iterator[None]:
    """Be alone to move archived files. Raises UsageError while somebody needs them where they are."""
    said = "A backup, a verification or another thinning is under way; wait until it has ended and try again."
    with _locked(archive, fcntl.LOCK_EX, said):
        yield


@contextmanager
def _locked(archive: "Archive", how: int, said: str) -> Iterator[None]:
    with (archive.folder / "locks" / _NAME).open("ab") as file:  # the lock goes with the process, however it ends
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(said) from error
        yield
