"""Tables of what crawls have listed; columns as in archive/tables.py."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from noticewatch.database import metadata

window_keys = Table(
    "window_keys",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("source", String, nullable=False),
    Column("scope", String, nullable=False),
    Column("key", String, nullable=False),
    Column("settled", String, nullable=False, server_default=""),
    UniqueConstraint("source", "scope", "key"),
)
"""What crawls walk again and again. ``settled``: notices that a crawl saw here last before that moment were looked at
when they had been missing for the third time."""

key_captures = Table(
    "key_captures",
    metadata,
    Column("capture", ForeignKey("captures.number"), primary_key=True),
    Column("key", ForeignKey("window_keys.number"), primary_key=True),
    Column("at", String, nullable=False),
)
"""Captures whose rows a crawl has found under a key; what only imports hold stands in none."""
Index("key_captures_by_key", key_captures.c.key, key_captures.c.at)

key_walks = Table(
    "key_walks",
    metadata,
    Column("key", ForeignKey("window_keys.number"), primary_key=True),
    Column("at", String, primary_key=True),
)
"""When a crawl has walked a key and found it complete: the time of its first capture."""

hidden_sightings = Table(
    "hidden_sightings",
    metadata,
    Column("record", ForeignKey("records.number"), primary_key=True, autoincrement=False),
    Column("seen_at", String, nullable=False),
    Column("capture", ForeignKey("captures.number"), nullable=False),
)
"""Where a crawl saw a record last, where an import has moved its last sighting on since."""
Index("hidden_sightings_by_capture", hidden_sightings.c.capture)

undecided = Table(
    "undecided",
    metadata,
    Column("key", ForeignKey("window_keys.number"), primary_key=True),
    Column("notice", ForeignKey("notices.number"), primary_key=True),
)
"""Notices that were missing three times where another source of the register has seen them meanwhile."""

departures = Table(
    "departures",
    metadata,
    Column("notice", ForeignKey("notices.number"), primary_key=True, autoincrement=False),
    Column("register", String, nullable=False),
    Column("listing", String, nullable=False),
    Column("key", ForeignKey("window_keys.number")),
    Column("since", String),
    Column("as_of", String, nullable=False),
    Column("said_at", String),
)
"""Notices that their source no longer lists or says to be withdrawn. ``since``: the first complete walk of ``key``
without it; ``as_of``: the observation that decided; ``said_at``: when a crawl first heard that it is withdrawn."""
Index("departures_by_register", departures.c.register)
