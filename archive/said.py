"""What the archive has found out about a notice, in words: its listing, its recorder, why it is withheld. Pure."""

from datetime import UTC, datetime
from typing import Protocol

from archive.gone import Gone
from archive.rows import NoticeRow
from noticewatch import words
from noticewatch.models import Origin


class Stone(Protocol):
    """Whatever says why something is withheld: a tombstone of the archive, or of a result."""

    @property
    def reason(self) -> str:
        """The reason of the correction."""

    @property
    def since(self) -> datetime:
        """Since when, UTC."""


def stone_words(stone: Stone) -> str:
    """``Taken down 28 November 2026: …``."""
    return f"Taken down {words.day_words(stone.since.date())}: {stone.reason}"


def listing_words(listing: str, gone: Gone | None) -> str:
    """Whether the source lists a notice: ``no longer listed by the source since 3 May 2026 (4 complete crawls)``."""
    said = words.LISTINGS.get(listing, listing)
    if gone is None:
        return said
    crawls = f" ({words.count_words(gone.crawls, 'complete crawl')})" if gone.crawls else ""
    return f"{said} since {words.day_words(gone.since.astimezone(UTC).date())}{crawls}"


def rebuilt_sentence(row: NoticeRow) -> str:
    """Said wherever a rebuilt notice is shown; empty for what noticewatch received itself."""
    if row.origin is not Origin.REBUILT:
        return ""
    return (
        f"Rebuilt from a record of {words.day_words(row.captured_at.date())} by {row.recorder}; "
        "noticewatch did not fetch it."
    )
