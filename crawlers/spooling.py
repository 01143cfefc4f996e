"""The body of an answer between wire and archive: in memory while it is small, then in a file without a name."""

import contextlib
import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from crawlers.held import SMALL
from crawlers.masking import Mask, MaskedStream
from noticewatch.errors import DataFolderError


class Spool:
    """Takes a body piece by piece, hides secrets in it, hashes what is kept. Its file is gone when it is closed,
    and when the process ends in whatever way.
    """

    def __init__(self, folder: Path, mask: Mask) -> None:
        self._folder, self._masked, self._digest = folder, MaskedStream(mask), hashlib.sha256()
        self._file = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=SMALL, dir=str(folder)))  # noqa: SIM115 - closed by its owner
        self.length = 0

    @property
    def masked(self) -> bool:
        """Whether a secret stood in the body."""
        return self._masked.found

    @property
    def sha256(self) -> str:
        """Hash of what is kept, in hex."""
        return self._digest.hexdigest()

    def write(self, piece: bytes) -> None:
        """Take the next piece. Raises DataFolderError on a full disk."""
        self._keep(self._masked.feed(piece))

    def finish(self) -> BinaryIO:
        """The whole body as a stream from its beginning. Raises DataFolderError on a full disk."""
        self._keep(self._masked.finish())
        with self._disk():
            self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Forget the body."""
        with contextlib.suppress(OSError):  # what is still to be written to a full disk
            self._file.close()

    def _keep(self, piece: bytes) -> None:
        self._digest.update(piece)
        self.length += len(piece)
        with self._disk():
            self._file.write(piece)

    @contextlib.contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise DataFolderError(f"{self._folder} cannot be written ({why}); free space and go on.") from error
