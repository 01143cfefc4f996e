"""Identifiers the archive makes itself."""

from datetime import UTC, datetime

import uuid_utils


def new_id() -> str:
    """A new UUIDv7 as text: sorts by the time it was made."""
    return str(uuid_utils.uuid7())


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)
