"""Tables of the radar, beside the log: they can be deleted and are counted anew from it."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from noticewatch.database import BIG, metadata

agencies = Table(
    "radar_agencies",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("agency", String, nullable=False, unique=True),
)
"""Whose notices are counted apart: an id of the buyers table, else a name as printed, else empty."""

phrase_counts = Table(
    "radar_phrases",
    metadata,
    Column("phrase", BIG, primary_key=True, autoincrement=False),
    Column("agency", ForeignKey("radar_agencies.number"), primary_key=True, autoincrement=False),
    Column("notices", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""How many notices of an agency have ever said a phrase, in any version. ``phrase``: its key (radar/phrases.py), not
its words: what was taken down cannot be read from here."""

counted = Table(
    "radar_notices",
    metadata,
    Column("notice", ForeignKey("notices.number"), primary_key=True, autoincrement=False),
    Column("agency", ForeignKey("radar_agencies.number"), nullable=False),
    Column("day", String, nullable=False),
)
"""Notices that were counted: for whom, and the day that each is dated by."""
Index("radar_notices_by_day", counted.c.day, counted.c.notice)
