"""The table of deadlines that lie ahead."""

from sqlalchemy import Column, ForeignKey, Index, String, Table

from noticewatch.database import metadata

deadlines = Table(
    "deadlines",
    metadata,
    Column("notice", ForeignKey("notices.number"), primary_key=True, autoincrement=False),
    Column("due_at", String, nullable=False),
    Column("next_at", String),
)
"""Deadlines that lay ahead when they were read (archive/deadlines.py). ``next_at``: the next moment at which the log
says that it is near; none where it has said so for the last time."""
Index("deadlines_by_due", deadlines.c.due_at)
