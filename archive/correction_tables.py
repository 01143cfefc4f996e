"""Tables of corrections and of what is withheld from readers; columns as in archive/tables.py."""

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, String, Table, Text

from noticewatch.database import BIG, metadata

WHOLE: Final = 0
"""In the place of a version: the notice with all its versions."""

corrections = Table(
    "corrections",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("concerns", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("made_at", String, nullable=False),
    Column("first_seq", BIG, nullable=False),
    Column("last_seq", BIG, nullable=False),
    Column("details", Text, nullable=False, server_default="{}"),
    CheckConstraint("kind IN ('join','split','takedown','restore')", name="correction_kind"),
)
"""The public log of corrections, numbered without a gap. ``concerns``: JSON list of what a correction names;
``first_seq`` to ``last_seq``: its events; ``details``: JSON object, by kind."""

takedowns = Table(
    "takedowns",
    metadata,
    Column("notice", ForeignKey("notices.number"), primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("correction", ForeignKey("corrections.number"), nullable=False),
)
"""Versions that are withheld from readers; 0 stands for the whole notice with all that comes later, and then alone."""

withheld_files = Table(
    "withheld_files",
    metadata,
    Column("sha256", String, primary_key=True),
    Column("correction", ForeignKey("corrections.number"), nullable=False),
)
"""Files of documents that are withheld from readers, by their bytes, under whatever notice they stand."""
