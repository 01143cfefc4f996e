"""Tables of what was regrouped and of what corrections decided about it; columns as in archive/tables.py."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table

from noticewatch.database import metadata

chain_decisions = Table(
    "chain_decisions",
    metadata,
    Column("register", String, primary_key=True),
    Column("one", String, primary_key=True),
    Column("other", String, primary_key=True),
    Column("same", Boolean, nullable=False),
    Column("correction", ForeignKey("corrections.number"), nullable=False),
)
"""Pairs of postings (NoticeIds, letters and digits; ``one`` < ``other``) of which a correction decided whether they are
one notice. The last word on a pair stands."""

chain_keys = Table(
    "chain_keys",
    metadata,
    Column("key", String, primary_key=True),
    Column("notice", ForeignKey("notices.number"), primary_key=True),
)
"""Further chain keys of notices that have several, because a correction joined them."""

moved_versions = Table(
    "moved_versions",
    metadata,
    Column("notice", ForeignKey("notices.number"), primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("of_notice", ForeignKey("notices.number"), nullable=False),
    Column("of_version", Integer, nullable=False),
)
"""Versions that a regrouping brought, with the notice and number under which the same was told first."""

placements = Table(
    "placements",
    metadata,
    Column("subject", String, primary_key=True),
    Column("procurement", String, nullable=False),
    Column("correction", ForeignKey("corrections.number"), nullable=False),
)
"""What corrections decided of procurements: ``subject``, the id of a notice or of a procurement, stands in the
procurement with this id."""
Index("placements_by_procurement", placements.c.procurement)
