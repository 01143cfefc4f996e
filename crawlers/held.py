"""Captures of a crawl on their way: archived or adopted, not necessarily filed in the database yet."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Final

from archive.warc import Placed
from noticewatch.models import Capture

HELD: Final = "noticewatch_held"
"""Key in a request's meta: list of the captures that answer it, oldest first; the last one counts."""

SMALL: Final = 4 << 20
"""Payloads up to this many bytes are kept in memory until their window is closed."""


@dataclass(slots=True)
class Held:
    """A capture, its place in the archive, and a way to its payload. ``number``: once it is filed;
    ``asked_again_at``: the time from which on a refusing publisher wants to be asked again (``Retry-After``), UTC.
    """

    capture: Capture
    placed: Placed
    opener: Callable[[], BinaryIO]
    number: int | None = None
    payload: bytes | None = None
    asked_again_at: datetime | None = None

    @property
    def small(self) -> bool:
        """Whether the payload may stay in memory."""
        return self.capture.payload_length <= SMALL

    def open(self) -> BinaryIO:
        """The payload as a stream. Raises CaptureDamaged."""
        if not self.small:
            return self.opener()
        if self.payload is None:
            with self.opener() as stream:
                self.payload = stream.read()
        return io.BytesIO(self.payload)
