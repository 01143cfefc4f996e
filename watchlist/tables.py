"""Tables of the watchlist."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from noticewatch.database import metadata

tags = Table(
    "tags",
    metadata,
    Column("notice", ForeignKey("notices.number"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("role", String, primary_key=True),
    Column("tier", String, nullable=False),
    Column("evidence", Text, nullable=False),
)
"""Tags of the current version. ``kind``: vendor or technology; ``role``: maker, product, seller or empty; ``tier``:
alert or review; ``evidence``: JSON list of Evidence."""
Index("tags_by_id", tags.c.kind, tags.c.id)

tagged = Table(
    "tagged",
    metadata,
    Column("notice", ForeignKey("notices.number"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("dictionary", String, nullable=False),
)
"""With which dictionary each notice's current version was tagged."""
